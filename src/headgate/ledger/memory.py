"""The store's twin in memory: the same answers, computed plainly; gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice

from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.store import (
    DAY_US,
    EVER,
    DayTotal,
    Outcome,
    RequestTotal,
    Role,
    TierTotal,
    Window,
)
from headgate.values import Usage

__all__ = ["MemoryStore"]


class MemoryStore:
    """Entries in a dictionary; for tests and for a gateway that need not remember."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], Entry] = {}
        self._events: dict[str, Event] = {}
        self._lock = threading.Lock()

    def append(self, entries: Sequence[Entry]) -> int:
        """Keep the entries that are new."""
        with self._lock:
            before = len(self._rows)
            for entry in entries:
                self._rows.setdefault((entry.request_id, entry.attempt), entry)
            return len(self._rows) - before

    def tiers(self, window: Window = EVER) -> list[TierTotal]:
        """Sums over attempts, by routed, role, tier, premium and priced."""
        entries = sorted(self.entries(window), key=_tier_key)
        return [_tier_total(list(group)) for _, group in groupby(entries, key=_tier_key)]

    def requests(self, window: Window = EVER) -> list[RequestTotal]:
        """Sums over requests, pinned ones first."""
        requests = self._requests(window)
        halves = ([r for r in requests if _routed(r) is routed] for routed in (False, True))
        return [_request_total(half) for half in halves if half]

    def entries(self, window: Window = EVER) -> Iterator[Entry]:
        """Every attempt, whole requests in a row."""
        for request in self._requests(window):
            yield from request

    def outcomes(self, after: int = 0) -> Iterator[Outcome]:
        """The served routed requests in the order stored."""
        with self._lock:
            rows = list(enumerate(self._rows.values(), start=1))
        for sequence, entry in islice(rows, after, None):
            if entry.routed and entry.served:
                yield Outcome(
                    sequence,
                    entry.at_us,
                    entry.route,
                    entry.asked,
                    entry.reason,
                    f"{entry.provider}/{entry.model_asked}",
                    entry.config,
                    entry.premium,
                )

    def days(self, window: Window = EVER) -> list[DayTotal]:
        """Sums by day over attempts."""
        with self._lock:
            rows = [row for row in self._rows.values() if _within(window, row.at_us)]
        rows.sort(key=_day)
        return [_day_total(day, list(group)) for day, group in groupby(rows, key=_day)]

    def note(self, events: Sequence[Event]) -> int:
        """Keep the events that are new."""
        with self._lock:
            before = len(self._events)
            for event in events:
                self._events.setdefault(event.id, event)
            return len(self._events) - before

    def events(self, window: Window = EVER, kinds: Sequence[str] = ()) -> list[Event]:
        """The events within the window, in the order of time and id."""
        with self._lock:
            events = list(self._events.values())
        within = [
            event
            for event in events
            if _within(window, event.at_us) and (not kinds or event.kind in kinds)
        ]
        return sorted(within, key=lambda event: (event.at_us, event.id))

    def check(self) -> list[str]:
        """A dictionary has nothing that could break."""
        return []

    def close(self) -> None:
        """Nothing to let go of: what was stored can still be read."""

    def _requests(self, window: Window) -> list[list[Entry]]:
        with self._lock:
            rows = sorted(self._rows.values(), key=lambda row: (row.request_id, row.attempt))
        grouped = (list(group) for _, group in groupby(rows, key=lambda row: row.request_id))
        within = [request for request in grouped if _within(window, _began(request))]
        return sorted(within, key=lambda request: (_began(request), request[0].request_id))


def _began(request: Sequence[Entry]) -> int:
    return min(entry.at_us for entry in request)


def _routed(request: Sequence[Entry]) -> bool:
    return any(entry.routed for entry in request)


def _within(window: Window, at_us: int) -> bool:
    since, until = window
    return (since is None or at_us >= since) and (until is None or at_us < until)


def _day(entry: Entry) -> int:
    return entry.at_us // DAY_US


def _day_total(day: int, entries: list[Entry]) -> DayTotal:
    return DayTotal(
        day=day,
        attempts=len(entries),
        unpriced=sum(entry.cost_nano is None for entry in entries),
        cost_nano=sum(entry.cost_nano or 0 for entry in entries),
    )


def _role(entry: Entry) -> Role:
    if entry.purpose == "classifier":
        return "classifier"
    return "answer" if entry.served else "retry"


def _tier_key(entry: Entry) -> tuple[bool, str, str, bool, bool]:
    priced = entry.cost_nano is not None
    return entry.routed, _role(entry), entry.tier, entry.premium, priced


def _tier_total(entries: list[Entry]) -> TierTotal:
    first = entries[0]
    return TierTotal(
        routed=first.routed,
        role=_role(first),
        tier=first.tier,
        premium=first.premium,
        priced=first.cost_nano is not None,
        attempts=len(entries),
        estimated=sum(entry.usage_source == "estimated" for entry in entries),
        cost_nano=sum(entry.cost_nano or 0 for entry in entries),
        usage=sum((entry.usage for entry in entries), Usage()),
    )


def _comparable(request: Sequence[Entry]) -> bool:
    return all(
        entry.cost_nano is not None and (entry.premium_nano is not None or not entry.served)
        for entry in request
    )


def _request_total(requests: list[list[Entry]]) -> RequestTotal:
    compared = [request for request in requests if _comparable(request)]
    paid = [sum(entry.cost_nano or 0 for entry in request) for request in compared]
    baseline = [
        sum(entry.premium_nano or 0 for entry in request if entry.served) for request in compared
    ]
    begins = [_began(request) for request in requests]
    return RequestTotal(
        routed=_routed(requests[0]),
        requests=len(requests),
        served=_count(requests, lambda entry: entry.served),
        escalated=_count(requests, lambda entry: entry.served and entry.premium),
        comparable=len(compared),
        paid_nano=sum(paid),
        baseline_nano=sum(baseline),
        paid_squared=float(sum(p * p for p in paid)),
        baseline_squared=float(sum(b * b for b in baseline)),
        paid_baseline=float(sum(p * b for p, b in zip(paid, baseline, strict=True))),
        first_us=min(begins),
        last_us=max(begins),
    )


def _count(requests: Sequence[Sequence[Entry]], holds: Callable[[Entry], bool]) -> int:
    return sum(any(map(holds, request)) for request in requests)
