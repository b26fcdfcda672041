"""The only reader of headgate.toml, of flags for it and of the environment."""
