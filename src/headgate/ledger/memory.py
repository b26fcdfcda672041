"""The store's twin in memory: the same answers, computed plainly; gone with the process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.prompts_memory import MemoryPrompts
from headgate.ledger.search import fits
from headgate.ledger.store import (
    EVER,
    MOST_KEPT,
    MOST_STORED,
    Found,
    Mark,
    Narrowing,
    Outcome,
    Search,
    Timed,
    Window,
)
from headgate.ledger.totals import (
    DAY_US,
    HOUR_US,
    AttemptDimension,
    DayTotal,
    Latency,
    LatencyDimension,
    RequestDimension,
    RequestTotal,
    Role,
    TierTotal,
    latency_from,
)
from headgate.values import Usage

__all__ = ["MemoryStore", "role_of"]

Key = tuple[Any, ...]

PAGE_ROWS = 100
"""Rows that are looked at in one go where more may have come by every look: to copy all of them
takes the interpreter from whoever serves for some milliseconds."""


class MemoryStore(MemoryPrompts):
    """Entries in a dictionary; for tests and for a gateway that need not remember."""

    def __init__(self) -> None:
        super().__init__()
        self._by_request: dict[str, tuple[Entry, ...]] = {}
        """Attempts in their order; a request's are put in anew as a whole, never changed in place,
        so that who reads needs the lock only while the list of them is copied."""
        self._in_order: list[Entry] = []
        """As they were stored; grows at its end alone."""
        self._events: dict[str, Event] = {}
        self._states: dict[str, tuple[int, bytes]] = {}
        self._lock = threading.Lock()

    def append(self, entries: Sequence[Entry]) -> int:
        """Keep the entries that are new."""
        with self._lock:
            before = len(self._in_order)
            for entry in entries:
                held = self._by_request.get(entry.request_id, ())
                if all(one.attempt != entry.attempt for one in held):
                    whole = sorted((*held, entry), key=_attempt)
                    self._by_request[entry.request_id] = tuple(whole)
                    self._in_order.append(entry)
            return len(self._in_order) - before

    def tiers(self, window: Window = EVER, by: Sequence[AttemptDimension] = ()) -> list[TierTotal]:
        """Sums over attempts, by routed, role, tier, premium and priced."""
        keyed: dict[Key, list[Entry]] = {}
        for request in self._requests(window):
            for entry in request:
                of = tuple(_attempt_of(request, entry, name) for name in by)
                keyed.setdefault((*_tier_key(entry), *of), []).append(entry)
        return [_tier_total(key[5:], keyed[key]) for key in sorted(keyed)]

    def requests(
        self, window: Window = EVER, by: Sequence[RequestDimension] = ()
    ) -> list[RequestTotal]:
        """Sums over requests, pinned ones first."""
        keyed: dict[Key, list[list[Entry]]] = {}
        for whole in self._requests(window):
            request = [entry for entry in whole if role_of(entry) != "shadow"]
            if request:
                of = tuple(_request_of(request, name) for name in by)
                keyed.setdefault((_routed(request), *of), []).append(request)
        return [_request_total(key[1:], keyed[key]) for key in sorted(keyed)]

    def latencies(
        self, window: Window = EVER, by: Sequence[LatencyDimension] = ()
    ) -> list[Latency]:
        """Histograms of how long answers took, by measure."""
        keyed: dict[Key, Counter[int]] = {}
        for request in self._requests(window):
            for entry in request:
                if role_of(entry) != "answer":
                    continue
                of = tuple(_attempt_of(request, entry, name) for name in by)
                keyed.setdefault(("total", *of), Counter())[latency_from(entry.total_us)] += 1
                if entry.first_token_us is not None:
                    first = keyed.setdefault(("first", *of), Counter())
                    first[latency_from(entry.first_token_us)] += 1
        return [
            Latency(measure=key[0], of=key[1:], buckets=tuple(sorted(keyed[key].items())))
            for key in sorted(keyed)
        ]

    def entries(self, window: Window = EVER) -> Iterator[Entry]:
        """Every attempt, whole requests in a row."""
        for request in self._requests(window):
            yield from request

    def request(self, request_id: str) -> list[Entry]:
        """The attempts of one request, in their order."""
        return list(self._by_request.get(request_id, ()))

    def stored(self, answer_id: str) -> list[Entry]:
        """The attempts whose answers are stored under an id, the latest first."""
        found = [row for row in self._in_order[:] if row.answer_id == answer_id]
        return sorted(found, key=lambda row: -row.at_us)[:MOST_STORED]

    def search(self, search: Search, *, read: int) -> Found:
        """The requests that fit, the latest first."""
        up = search.after is not None
        within = [
            row
            for row in self._in_order[:]
            if search.window.holds(row.at_us)
            and (search.after is None or _place(row) > search.after)
            and (search.before is None or _place(row) < search.before)
        ]
        within.sort(key=_place, reverse=not up)
        requests = ((row, self.request(row.request_id)) for row in within[:read])
        found = [
            request for row, request in requests if row is request[0] and fits(request, search)
        ][: search.most]
        ended = len(found) < search.most and len(within) >= read
        return Found(found[:: -1 if up else 1], _place(within[read - 1]) if ended else None)

    def timed(
        self, window: Window, only: Mapping[Narrowing, str], *, read: int, most: int
    ) -> list[Timed]:
        """How long the latest answers took and first attempts waited, the latest first."""
        rows = [row for row in self._in_order[:] if window.holds(row.at_us)]
        rows.sort(key=lambda row: row.at_us, reverse=True)
        found = (_timed(row) for row in rows[:read] if _agrees(row, only))
        return list(islice((one for one in found if one.first or one.answer), most))

    def outcomes(self, after: int = 0) -> Iterator[Outcome]:
        """The served routed requests in the order stored."""
        while rows := self._in_order[after : after + PAGE_ROWS]:
            yield from self._among(rows, after)
            after += len(rows)

    def _among(self, rows: Sequence[Entry], after: int) -> Iterator[Outcome]:
        for sequence, entry in enumerate(rows, start=after + 1):
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
                    entry.policy,
                    entry.router,
                    entry.category,
                    entry.key,
                    entry.score,
                    entry.usage.total_input if entry.usage_source == "measured" else 0,
                )

    def days(self, window: Window = EVER) -> list[DayTotal]:
        """Sums by day over attempts."""
        rows = [row for row in self._in_order[:] if window.holds(row.at_us)]
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
            if window.holds(event.at_us) and (not kinds or event.kind in kinds)
        ]
        return sorted(within, key=lambda event: (event.at_us, event.id))

    def keep(self, name: str, sequence: int, state: bytes) -> None:
        """Keep a state as long as the process lives."""
        with self._lock:
            if sequence >= self._states.get(name, (sequence, b""))[0]:
                self._states[name] = sequence, state
            farthest = sorted(self._states.items(), key=lambda item: -item[1][0])
            self._states = dict(farthest[:MOST_KEPT])

    def recall(self, name: str) -> bytes | None:
        """What was kept under a name."""
        with self._lock:
            found = self._states.get(name)
        return None if found is None else found[1]

    def roll(self, now_us: int, *, most: int = 1_000_000) -> int:  # noqa: ARG002 - as every store
        """No sums are kept: whatever is asked is counted."""
        return 0

    def unroll(self) -> None:
        """No sums are kept."""

    def prune(self, before_us: int) -> Iterator[int]:  # noqa: ARG002 - as every store
        """Nothing: what is in memory goes with the process, and there are no sums to keep."""
        return iter(())

    def check(self) -> list[str]:
        """A dictionary has nothing that could break."""
        return []

    def check_sums(self) -> list[str]:
        """No sums are kept."""
        return []

    def close(self) -> None:
        """Nothing to let go of: what was stored can still be read."""

    def _requests(self, window: Window) -> list[tuple[Entry, ...]]:
        """The requests that began within the window, by when they did; only these are sorted."""
        with self._lock:
            held = list(self._by_request.values())
        begun = ((_began(request), request) for request in held)
        within = [(at_us, request) for at_us, request in begun if window.holds(at_us)]
        within.sort(key=lambda one: (one[0], one[1][0].request_id))
        return [request for _, request in within]


def _attempt(entry: Entry) -> int:
    return entry.attempt


def _place(row: Entry) -> Mark:
    return Mark(row.at_us, row.request_id)


def _began(request: Sequence[Entry]) -> int:
    return min(entry.at_us for entry in request)


def _routed(request: Sequence[Entry]) -> bool:
    return any(entry.routed for entry in request)


def _day(entry: Entry) -> int:
    return entry.at_us // DAY_US


def _day_total(day: int, entries: list[Entry]) -> DayTotal:
    return DayTotal(
        day=day,
        attempts=len(entries),
        unpriced=sum(entry.cost_nano is None for entry in entries),
        cost_nano=sum(entry.cost_nano or 0 for entry in entries),
    )


def _agrees(row: Entry, only: Mapping[Narrowing, str]) -> bool:
    names = {"model": "model_asked"}
    return all(getattr(row, names.get(name, name)) == value for name, value in only.items())


def _timed(row: Entry) -> Timed:
    return Timed(
        row.attempt == 0,
        role_of(row) == "answer",
        row.tier,
        row.provider,
        row.model_asked,
        row.first_token_us,
        row.total_us,
        row.queue_us,
    )


def role_of(entry: Entry) -> Role:
    """What the attempt was to its request; the databases have a column for it."""
    if entry.purpose == "shadow" or entry.cause == "shadow":
        return "shadow"
    if entry.purpose == "classifier":
        return "classifier"
    if entry.purpose in ("verifier", "judge"):
        return "check"
    if entry.served:
        return "answer"
    return "draft" if entry.error == "rejected" else "retry"


def _tier_key(entry: Entry) -> Key:
    priced = entry.cost_nano is not None
    return entry.routed, role_of(entry), entry.tier, entry.premium, priced


def _attempt_of(request: Sequence[Entry], entry: Entry, name: str) -> str | int:
    if name == "hour":
        return _began(request) // HOUR_US
    return getattr(entry, "model_asked" if name == "model" else name) or ""


def _request_of(request: Sequence[Entry], name: str) -> str | int:
    if name == "model":
        return max((entry.model_asked for entry in request if entry.served), default="")
    return max(_attempt_of(request, entry, name) for entry in request)


def _tier_total(of: Key, entries: list[Entry]) -> TierTotal:
    first = entries[0]
    return TierTotal(
        routed=first.routed,
        role=role_of(first),
        tier=first.tier,
        premium=first.premium,
        priced=first.cost_nano is not None,
        of=of,
        attempts=len(entries),
        estimated=sum(entry.usage_source == "estimated" for entry in entries),
        aborted=sum(entry.aborted for entry in entries),
        cost_nano=sum(entry.cost_nano or 0 for entry in entries),
        usage=sum((entry.usage for entry in entries), Usage()),
    )


def _comparable(request: Sequence[Entry]) -> bool:
    return all(
        entry.cost_nano is not None and (entry.premium_nano is not None or not entry.served)
        for entry in request
    )


def _request_total(of: Key, requests: list[list[Entry]]) -> RequestTotal:
    compared = [request for request in requests if _comparable(request)]
    paid = [sum(entry.cost_nano or 0 for entry in request) for request in compared]
    baseline = [
        sum(entry.premium_nano or 0 for entry in request if entry.served) for request in compared
    ]
    begins = [_began(request) for request in requests]
    return RequestTotal(
        routed=_routed(requests[0]),
        of=of,
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
