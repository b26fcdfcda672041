"""How the gateway bears what it should never meet: `python -m benchmarks.reliability`."""
