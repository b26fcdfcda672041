"""The prompts of a ledger in memory: the newest of them, gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from headgate.ledger.prompt import Prompt
from headgate.ledger.store import EVER, Window

__all__ = ["MOST_IN_MEMORY", "MemoryPrompts"]

MOST_IN_MEMORY = 1_000
"""Prompts that are kept; the oldest give way."""


class MemoryPrompts:
    """Prompts in a dictionary, by the id of their request."""

    def __init__(self) -> None:
        self._prompts: dict[str, Prompt] = {}
        self._turn = threading.Lock()

    def keep_prompts(self, prompts: Sequence[Prompt]) -> int:
        """Keep the prompts that are new."""
        with self._turn:
            before = len(self._prompts)
            for prompt in prompts:
                self._prompts.setdefault(prompt.request_id, prompt)
            new = len(self._prompts) - before
            for oldest in list(self._prompts)[:-MOST_IN_MEMORY]:
                del self._prompts[oldest]
            return new

    def prompt(self, request_id: str) -> Prompt | None:
        """What was kept of one request."""
        return self._prompts.get(request_id)

    def prompts(self, window: Window = EVER) -> Iterator[Prompt]:
        """The prompts of a window, in the order of time and id."""
        with self._turn:
            found = [prompt for prompt in self._prompts.values() if window.holds(prompt.at_us)]
        yield from sorted(found, key=lambda prompt: (prompt.at_us, prompt.request_id))

    def count_prompts(self, window: Window = EVER) -> int:
        """How many prompts a window has."""
        return len(list(self.prompts(window)))

    def prune_prompts(self, before_us: int) -> Iterator[int]:
        """Forget the prompts from before a moment."""
        with self._turn:
            old = [name for name, prompt in self._prompts.items() if prompt.at_us < before_us]
            for name in old:
                del self._prompts[name]
        if old:
            yield len(old)
