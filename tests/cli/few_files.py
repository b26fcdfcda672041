"""`headgate`, where only 160 files may be open."""

from __future__ import annotations

import resource

from headgate.cli.main import main as headgate

__all__ = ["main"]

FILES = 160


def main() -> None:
    """Run a command of headgate."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    headgate()
