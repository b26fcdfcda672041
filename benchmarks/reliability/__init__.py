"""How the gateway bears what it should never meet: each file is a command."""
