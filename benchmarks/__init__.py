"""Benchmarks and replays: each prints what it measured and the command that does it again."""
