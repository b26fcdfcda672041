"""The documentation as tests: what drifts from the code fails."""
