"""What entries of one kind add up to, before it is counted: most entries are of a few kinds."""

from __future__ import annotations

from operator import attrgetter
from typing import Protocol

from headgate.ledger.entry import Entry

__all__ = ["KIND", "TOKENS", "Observed", "Sums"]

KIND = attrgetter(
    "purpose", "tier", "provider", "model_asked", "error", "served", "routed", "premium", "route",
    "policy", "streamed",
)  # fmt: skip
"""What tells kinds apart: all that a label is made of. Entries that agree in it are added up."""

TOKENS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "reasoning")
"""Names of a usage's tokens, as in `Sums.tokens`."""


class Observed(Protocol):
    """Takes one value after the other, in seconds."""

    def observe(self, amount: float) -> None:
        """Take one."""


class Sums:
    """Integers are added up, times go to where they are observed.

    Args:
        first: one of the entries; all of the kind have its labels.
        seconds: takes how long each took.
        first_token: takes how long it was to the first token; None where that is not observed.
        queue: takes how long a request waited, of its first attempt.
    """

    __slots__ = (
        "_first_token", "_queue", "_seconds", "_tokens", "compared", "cost_nano", "entries",
        "first", "premium_nano", "unpriced",
    )  # fmt: skip

    def __init__(
        self, first: Entry, seconds: Observed, first_token: Observed | None, queue: Observed
    ) -> None:
        self.first = first
        self.entries = self.unpriced = self.cost_nano = 0
        self.compared = self.premium_nano = 0
        self._tokens = [0] * len(TOKENS)
        self._seconds, self._first_token, self._queue = seconds, first_token, queue

    @property
    def tokens(self) -> tuple[int, ...]:
        """By kind, as in `TOKENS`."""
        return tuple(self._tokens)

    def add(self, entry: Entry) -> None:
        """One more of the kind."""
        self.entries += 1
        if entry.cost_nano is None:
            self.unpriced += 1
        else:
            self.cost_nano += entry.cost_nano
        if entry.premium_nano is not None:
            self.compared += 1
            self.premium_nano += entry.premium_nano
        usage, tokens = entry.usage, self._tokens
        tokens[0] += usage.input
        tokens[1] += usage.output
        if usage.cache_read or usage.cache_write_5m or usage.cache_write_1h or usage.reasoning:
            tokens[2] += usage.cache_read
            tokens[3] += usage.cache_write_5m
            tokens[4] += usage.cache_write_1h
            tokens[5] += usage.reasoning
        self._seconds.observe(entry.total_us / 1e6)
        if self._first_token is not None and entry.first_token_us is not None:
            self._first_token.observe(entry.first_token_us / 1e6)
        if entry.attempt == 0 and entry.queue_us is not None:
            self._queue.observe(entry.queue_us / 1e6)
