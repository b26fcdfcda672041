"""Tools of the maintainers: what generates files that are then committed."""
