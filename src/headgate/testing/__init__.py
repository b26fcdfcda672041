"""The doll's-house twin that ships: simulated providers and generated traffic."""
