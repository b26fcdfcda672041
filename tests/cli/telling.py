"""`headgate`, which says at its end which modules it has loaded."""

from __future__ import annotations

import atexit
import sys

import click

from headgate.cli import main as front

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    atexit.register(lambda: click.echo(f"loaded {' '.join(sorted(sys.modules))}"))
    front.main(sys.argv[1:])
