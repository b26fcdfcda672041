"""The pages of a running gateway, made for the first visitor: until then they take no memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from headgate.gateway.caller import Caller, Handler
from headgate.prices.book import Book
from headgate.settings import Reading

__all__ = ["LatePages", "Shown"]


class Shown(Protocol):
    """The pages, made: `bootstrap.site.Pages`."""

    @property
    def site(self) -> Handler:
        """Answers a visitor."""

    def adopt(self, reading: Reading, book: Book | None = None) -> None:
        """Show a changed configuration from the next visit on."""


class LatePages:
    """A `Handler` that makes the pages when they are first asked for, and has them answer.

    What they are made of (templates, planner, calculator) is a third of the memory of the process
    beside the gateway, and most of the time nobody looks at them.

    Args:
        reading: the configuration.
        make: makes them of a configuration; called in a thread, for it loads modules and may wait
            for the ledger.
    """

    def __init__(self, reading: Reading, make: Callable[[Reading], Shown]) -> None:
        self._reading = reading
        self._make = make
        self._one = asyncio.Lock()
        self._made: Shown | None = None

    async def __call__(self, caller: Caller) -> None:
        """Answer a visitor.

        Raises:
            ConfigError, StoreError: the pages cannot be made now; the next visitor has them tried
                again.
        """
        async with self._one:
            if self._made is None:
                asked = self._reading
                made = await asyncio.to_thread(self._make, asked)
                if self._reading is not asked:  # it was changed meanwhile
                    made.adopt(self._reading)
                self._made = made
        await self._made.site(caller)

    def adopt(self, reading: Reading, book: Book) -> None:
        """Show a changed configuration from the next visit on."""
        self._reading = reading
        if self._made is not None:
            self._made.adopt(reading, book)
