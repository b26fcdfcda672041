"""The gateway beside its peers: the same upstream, the same load, one run."""
