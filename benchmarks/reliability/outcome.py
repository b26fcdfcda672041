"""What a test of reliability has to say."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Missing", "Outcome"]


class Outcome(NamedTuple):
    """One line of the table."""

    test: str
    """What was done, with its count."""
    held: bool
    """What does not depend on how fast this machine is."""
    measured: str
    """The numbers that say so."""
    in_time: bool = True
    """What must be quick was; on a machine with other things to do it may not be."""


class Missing(Exception):  # noqa: N818 - it is no error
    """What a test needs is not to be had on this machine."""
