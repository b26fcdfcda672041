"""What a watch may change while requests are being routed, without a new configuration."""

from __future__ import annotations

import msgspec

__all__ = ["STEADY", "Controls", "Helm"]


class Controls(msgspec.Struct, frozen=True, kw_only=True):
    """How far the watch has taken over; the default is not at all.

    `pinned` sends every routed request to the premium tier. `threshold` stands in the place of a
    learned router's own (0 to 1; a higher one sends fewer requests to premium). Whoever sets it
    keeps it within what the router's certificate covers.
    """

    pinned: bool = False
    threshold: float | None = None


STEADY = Controls()
"""Nobody has taken over."""


class Helm:
    """Holds the controls in force. One assignment changes them, for every decision after it."""

    __slots__ = ("controls",)

    def __init__(self) -> None:
        self.controls = STEADY
