"""For what a test takes for granted: a value that may be missing, and is there."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["known"]

_T = TypeVar("_T")


def known(value: _T | None) -> _T:
    """The value; a test that finds none has failed."""
    assert value is not None
    return value
