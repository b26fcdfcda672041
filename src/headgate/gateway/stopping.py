"""What a signal to stop means: to end when all is done, or at once."""

from __future__ import annotations

import signal
from typing import Literal

__all__ = ["AT_ONCE", "Stopping"]

AT_ONCE = 3
"""This many SIGTERM mean "at once". Two may be one stop: a service manager tells all processes of a
service, and the parent of workers, or whatever command has started us, passes its own on."""


class Stopping:
    """The signals of one stop."""

    def __init__(self) -> None:
        self._begun = False
        self._terminations = 0

    def begin(self) -> None:
        """It has begun without a signal."""
        self._begun = True

    def hear(self, name: int) -> Literal["drain", "at once"] | None:
        """What SIGTERM or SIGINT asks for now; None: what has been asked for already."""
        begun, self._begun = self._begun, True
        self._terminations += name == signal.SIGTERM
        if not begun:
            return "drain"
        if name == signal.SIGINT or self._terminations >= AT_ONCE:
            return "at once"
        return None
