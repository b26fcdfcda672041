"""What a store with SQL answers: the same questions to SQLite and to PostgreSQL."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from headgate.ledger.columns import entry_of
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.store import (
    DAY_US,
    EVER,
    REACH_US,
    DayTotal,
    Outcome,
    RequestTotal,
    TierTotal,
    Window,
)
from headgate.values import Usage

__all__ = ["PAGE_ROWS", "Answers", "Row"]

PAGE_ROWS = 5_000
"""Rows of a page where a result may be too large to hold."""

Row = tuple[Any, ...]

_OPEN_ENDS = Window(-(1 << 62), 1 << 62)


class Answers(ABC):
    """The reading half of a store, over the one method `_ask`."""

    @abstractmethod
    def _ask(self, name: str, **parameters: int | str) -> list[Row]:
        """All rows of the statement that `name` is the file of, in the store's own dialect."""

    def tiers(self, window: Window = EVER) -> list[TierTotal]:
        """Sums over attempts, by routed, role, tier, premium and priced."""
        return [
            TierTotal(
                routed=bool(row[0]),
                role=row[1],
                tier=row[2],
                premium=bool(row[3]),
                priced=bool(row[4]),
                attempts=row[5],
                estimated=row[6],
                cost_nano=row[7],
                usage=Usage(*row[8:14]),
            )
            for row in self._ask("tiers", **_bounds(window), reach=REACH_US)
        ]

    def requests(self, window: Window = EVER) -> list[RequestTotal]:
        """Sums over requests, pinned ones first."""
        fields = RequestTotal.__struct_fields__[1:]
        return [
            RequestTotal(routed=bool(row[0]), **dict(zip(fields, row[1:], strict=True)))
            for row in self._ask("requests", **_bounds(window), reach=REACH_US)
        ]

    def entries(self, window: Window = EVER) -> Iterator[Entry]:
        """Every attempt, whole requests in a row."""
        return map(entry_of, self._ask("entries", **_bounds(window), reach=REACH_US))

    def outcomes(self, after: int = 0) -> Iterator[Outcome]:
        """The served routed requests in the order stored, read a page at a time."""
        while page := self._ask("outcomes", after=after, page=PAGE_ROWS):
            for row in page:
                yield Outcome._make((*row[:-1], bool(row[-1])))
            after = page[-1][0]

    def days(self, window: Window = EVER) -> list[DayTotal]:
        """Sums by day over attempts."""
        fields = DayTotal.__struct_fields__
        rows = self._ask("days", **_bounds(window), day=DAY_US)
        return [DayTotal(**dict(zip(fields, row, strict=True))) for row in rows]

    def events(self, window: Window = EVER, kinds: Sequence[str] = ()) -> list[Event]:
        """The events within the window, in the order of time and id."""
        fields = Event.__struct_fields__
        rows = self._ask("events", **_bounds(window), kinds=json.dumps(list(kinds)))
        return [Event(**dict(zip(fields, row, strict=True))) for row in rows]

    def _unsound(self) -> list[str]:
        """What no sound ledger holds, a sentence each."""
        return [
            *(
                f"Request {request} has {served} served attempts; a caller gets one answer."
                for request, served in self._ask("twice_served")
            ),
            *(
                f"Attempt {attempt} of request {request} holds a number below zero."
                for request, attempt in self._ask("negative")
            ),
        ]


def _bounds(window: Window) -> dict[str, int]:
    since, until = (
        end if given is None else given for given, end in zip(window, _OPEN_ENDS, strict=True)
    )
    assert since is not None and until is not None  # noqa: S101, PT018 - both ends are closed now
    return {"since": since, "until": until}
