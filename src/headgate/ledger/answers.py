"""What a store with SQL answers: the same questions to SQLite and to PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import isclose
from typing import Any, get_args

from headgate.ledger.columns import entry_of
from headgate.ledger.days import Days, Hour, whole
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.parts import Part, Parts, sums_of_hour
from headgate.ledger.prompts_sql import SqlPrompts
from headgate.ledger.rollups import (
    ATTEMPTS,
    CUBES,
    DAILY,
    LATENCIES,
    REQUESTS,
    SPEND,
    Cube,
    merged,
    split,
)
from headgate.ledger.search import searched
from headgate.ledger.statements import Ask, Row
from headgate.ledger.store import (
    EVER,
    FAR,
    MOST_KEPT,
    MOST_STORED,
    REACH_US,
    Found,
    Narrowing,
    Outcome,
    Search,
    Timed,
    Window,
)
from headgate.ledger.totals import (
    HOUR_US,
    AttemptDimension,
    DayTotal,
    Latency,
    LatencyDimension,
    RequestDimension,
    RequestTotal,
    TierTotal,
)
from headgate.values import Usage

__all__ = ["PAGE_ROWS", "SETTLE_US", "Answers", "touched"]

PAGE_ROWS = 1_000
"""Rows of a page where a result may be too large to hold."""

SETTLE_US = 5 * 60 * 1_000_000
"""How long an hour is over before it is summed up: by then, few rows of it are still to come."""

_PREMIUM = Outcome._fields.index("premium")
"""The column that SQLite gives back as a number."""

_TIER = ("routed", "role", "tier", "premium", "priced")


class Answers(SqlPrompts):
    """The half of a store that is the same for every database with SQL."""

    def __init__(self) -> None:
        self._parts, self._days = Parts(), Days()

    def tiers(self, window: Window = EVER, by: Sequence[AttemptDimension] = ()) -> list[TierTotal]:
        """Sums over attempts, by routed, role, tier, premium and priced."""
        return [
            TierTotal(
                routed=bool(row[0]),
                role=row[1],
                tier=row[2],
                premium=bool(row[3]),
                priced=bool(row[4]),
                of=row[5:-10],
                attempts=row[-10],
                estimated=row[-9],
                aborted=row[-8],
                cost_nano=row[-7],
                usage=Usage(*row[-6:]),
            )
            for row in self._sums(ATTEMPTS, window, (*_TIER, *by))
        ]

    def requests(
        self, window: Window = EVER, by: Sequence[RequestDimension] = ()
    ) -> list[RequestTotal]:
        """Sums over requests, pinned ones first."""
        fields = RequestTotal.__struct_fields__[2:]
        return [
            RequestTotal(
                routed=bool(row[0]),
                of=row[1 : len(by) + 1],
                **dict(zip(fields, row[len(by) + 1 :], strict=True)),
            )
            for row in self._sums(REQUESTS, window, ("routed", *by))
        ]

    def latencies(
        self, window: Window = EVER, by: Sequence[LatencyDimension] = ()
    ) -> list[Latency]:
        """Histograms of how long answers took, by measure."""
        rows = self._sums(LATENCIES, window, ("measure", *by, "from_us"))
        return [
            Latency(
                measure=key[0], of=key[1:], buckets=tuple((row[-2], row[-1]) for row in buckets)
            )
            for key, buckets in groupby(rows, key=lambda row: row[:-2])
        ]

    def days(self, window: Window = EVER) -> list[DayTotal]:
        """Sums by day over attempts."""
        hours = self._sums(SPEND, window, ("hour",))
        days = merged(((row[0] // 24, *row[1:]) for row in hours), 1, SPEND.folds)
        fields = DayTotal.__struct_fields__
        return [DayTotal(**dict(zip(fields, row, strict=True))) for row in days]

    def entries(self, window: Window = EVER) -> Iterator[Entry]:
        """Every attempt, whole requests in a row; read an hour at a time."""
        since, until = window.ends
        with self._reading() as ask:
            hours = ask("hours", first=since // HOUR_US, ceiling=-(-until // HOUR_US))
        for hour, _, _ in hours:
            begin, end = max(hour * HOUR_US, since), min((hour + 1) * HOUR_US, until)
            with self._reading() as ask:
                rows = ask("entries", since=begin, until=end, reach=REACH_US)
            yield from map(entry_of, rows)

    def request(self, request_id: str) -> list[Entry]:
        """The attempts of one request, in their order."""
        return [entry_of(row) for row in self._ask("whole", ids=[request_id])]

    def stored(self, answer_id: str) -> list[Entry]:
        """The attempts whose answers are stored under an id, the latest first."""
        found = self._ask("stored", answer=answer_id, most=MOST_STORED)
        return [entry_of(row) for row in found]

    def search(self, search: Search, *, read: int) -> Found:
        """The requests that fit, the latest first."""
        since, until = search.window.ends
        with self._reading() as ask:
            return searched(ask, search, since=since, until=until, read=read)

    def timed(
        self, window: Window, only: Mapping[Narrowing, str], *, read: int, most: int
    ) -> list[Timed]:
        """How long the latest answers took and first attempts waited, the latest first."""
        since, until = window.ends
        narrow = {name: only.get(name) for name in get_args(Narrowing)}
        rows = self._ask("timed", since=since, until=until, read=read, most=most, **narrow)
        return [Timed(bool(first), bool(answer), *rest) for first, answer, *rest in rows]

    def outcomes(self, after: int = 0) -> Iterator[Outcome]:
        """The served routed requests in the order stored, read a page at a time."""
        while page := self._ask("outcomes", after=after, page=PAGE_ROWS):
            for row in page:
                values = list(row)
                values[_PREMIUM] = bool(row[_PREMIUM])
                yield Outcome._make(values)
            after = page[-1][0]

    def events(self, window: Window = EVER, kinds: Sequence[str] = ()) -> list[Event]:
        """The events within the window, in the order of time and id."""
        fields = Event.__struct_fields__
        since, until = window.ends
        if kinds:
            rows = self._ask("events_of", since=since, until=until, kinds=list(kinds))
        else:
            rows = self._ask("events", since=since, until=until)
        return [Event(**dict(zip(fields, row, strict=True))) for row in rows]

    def keep(self, name: str, sequence: int, state: bytes) -> None:
        """Keep a state in one short transaction."""
        with self._changing() as (_, write):
            write("keep", subject=name, sequence=sequence, state=state)
            write("drop", most=MOST_KEPT)

    def recall(self, name: str) -> bytes | None:
        """What was kept under a name."""
        found = self._ask("recall", subject=name)
        return bytes(found[0][0]) if found else None

    def roll(self, now_us: int, *, most: int = 1_000_000) -> int:
        """Sum up the hours and days that are over and have changed, `most` of them."""
        settled, over = (now_us - SETTLE_US) // HOUR_US, (now_us - REACH_US) // HOUR_US
        with self._reading() as ask:
            hours = ask("hours", first=-FAR, ceiling=settled)
        # Once more only when no rows are to be expected: those that come late come one by one.
        stale = [
            hour
            for hour, changes, rolled in hours
            if rolled != changes and (not rolled or hour < over)
        ]
        made = sum(self._roll_hour(hour) for hour in stale[:most])
        left = most - min(len(stale), most)
        return made + sum(map(self._roll_day, self._unsummed(settled)[:left] if left else ()))

    def _roll_hour(self, hour: int) -> bool:
        """False where rows came while the sums were made: then the next round makes them."""
        with self._reading() as ask:
            ((_, changes, _),) = _hours(ask, hour, hour + 1)
            sums = sums_of_hour(ask, CUBES, hour)
        with self._changing() as (_, write):
            if not write("claim", hour=hour, changes=changes):
                return False
            for cube, rows in sums.items():
                write(f"unroll_{cube.name}", hour=hour)
                write(f"roll_{cube.name}", [(hour, False, *row) for row in rows])
        return True

    def _unsummed(self, settled: int) -> list[int]:
        """The days that are over and whose hours are summed up, but not they themselves."""
        with self._reading() as ask:
            hours = _hours(ask, -FAR, settled // 24 * 24)
            kept: dict[int, int] = dict(ask("days", first=-FAR, ceiling=FAR))
        return [day for day, changes in sorted(whole(hours).items()) if kept.get(day) != changes]

    def _roll_day(self, day: int) -> bool:
        """False where a row has come to it meanwhile."""
        with self._changing() as (ask, write):
            changes = whole(_hours(ask, day * 24, (day + 1) * 24)).get(day)
            if changes is None:
                return False
            for cube in DAILY:
                write(f"unroll_day_{cube.name}", day=day)
                write(f"roll_day_{cube.name}", day=day)
            write("claim_day", day=day, changes=changes)
        return True

    def check_sums(self) -> list[str]:
        """Which sums are not those of their rows, a sentence each."""
        with self._reading() as ask:
            hours = _hours(ask, -FAR, FAR)
            kept: dict[int, int] = dict(ask("days", first=-FAR, ceiling=FAR))
        days = [day for day, changes in whole(hours).items() if kept.get(day) == changes]
        return [
            *(wrong for hour, _, fresh in hours if fresh for wrong in self._check_hour(hour)),
            *(wrong for day in days for wrong in self._check_day(day)),
        ]

    def _check_day(self, day: int) -> Iterator[str]:
        within = {"first": day * 24, "end": (day + 1) * 24, "ceiling": (day + 1) * 24}
        with self._reading() as ask:
            for cube in DAILY:
                made = ask(f"rolled_{cube.name}", cube.dimensions, **within)
                if not _alike(made, ask(f"daily_{cube.name}", cube.dimensions, day=day)):
                    yield (
                        f"The sums of {cube.name} of day {day} are not those of its hours; "
                        "make them again with `headgate ledger rollup --rebuild`."
                    )

    def _check_hour(self, hour: int) -> Iterator[str]:
        with self._reading() as ask:
            for cube, made in sums_of_hour(ask, CUBES, hour).items():
                kept = [row[2:] for row in ask(f"kept_{cube.name}", hour=hour)]
                if not _alike(made, kept):
                    yield (
                        f"The sums of {cube.name} of hour {hour} are not those of its rows; "
                        "make them again with `headgate ledger rollup --rebuild`."
                    )

    def unroll(self) -> None:
        """Trust no sums any more: all are to be made again from the rows there are."""
        with self._changing() as (_, write):
            write("forget")

    def prune(self, before_us: int) -> Iterator[int]:
        """Delete the rows of requests that began in hours before a moment; their sums stay.

        An hour at a time, each in one transaction; yields how many rows each had. The prompts of
        these requests go with them.
        """
        newest = self._ask("newest")
        if not newest:
            return
        (oldest,) = self._ask("oldest")[0]
        # The row that came last stays: its sequence number must not be given out again.
        end = min(before_us // HOUR_US, newest[0][0] // HOUR_US - 1)
        for hour, *_ in self._ask("hours", first=oldest // HOUR_US, ceiling=end):
            yield self._prune_hour(hour)
        for _ in self.prune_prompts(end * HOUR_US):
            pass

    def _prune_hour(self, hour: int) -> int:
        within: dict[str, Any] = {
            "since": hour * HOUR_US,
            "until": (hour + 1) * HOUR_US,
            "reach": REACH_US,
        }
        with self._changing() as (ask, write):
            spent = ask("pruned_spend", **within)
            if not spent:
                return 0
            for cube, rows in sums_of_hour(ask, (ATTEMPTS, REQUESTS, LATENCIES), hour).items():
                write(f"roll_{cube.name}", [(hour, True, *row) for row in rows])
            write("roll_spend", [(sent, True, *sums) for sent, *sums in spent])
            gone = write("prune", **within)
            write("change", [(touched,) for touched in {hour, *(row[0] for row in spent)}])
        return gone

    def _sums(self, cube: Cube, window: Window, by: Sequence[str]) -> list[Row]:
        since, until = window.ends
        unknown = {*by} - {"hour", *cube.dimensions}
        if unknown:
            raise ValueError(f"the ledger keeps no sums of {cube.name} by {min(unknown)}")
        with self._reading() as ask:
            ((latest,),) = ask("latest")
            if latest is None or until > latest:  # then the hour may as well be taken whole
                until = -(-until // HOUR_US) * HOUR_US
            hours = _hours(ask, since // HOUR_US, -(-until // HOUR_US))
            parts = split(since, until, hours)
            rows = self._days(ask, cube, by, parts, hours)
            changes = {row[0]: row[1] for row in hours}
            places = [("hour", *cube.dimensions).index(name) for name in by]
            width = len(cube.dimensions) + 1
            for part in map(Part._make, parts.raw):
                rows += (
                    (*(row[place] for place in places), *row[width:])
                    for row in self._parts(ask, cube, part, changes[part.hour])
                )
        return merged(rows, len(by), cube.folds)

    def _ask(self, name: str, **parameters: Any) -> list[Row]:
        with self._reading() as ask:
            return ask(name, **parameters)

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
            *self._unsound_prompts(),
        ]


def _alike(made: list[Row], kept: list[Row]) -> bool:
    """The same sums; those of squares are floats, and depend on the order of adding in the end."""
    return len(made) == len(kept) and all(
        isclose(one, other, rel_tol=1e-9) if isinstance(one, float) else one == other
        for pair in zip(sorted(made), sorted(kept), strict=True)
        for one, other in zip(*pair, strict=True)
    )


def _hours(ask: Ask, first: int, ceiling: int) -> list[Hour]:
    rows = ask("hours", first=first, ceiling=ceiling)
    return [(hour, changes, rolled == changes) for hour, changes, rolled in rows]


def touched(ask: Ask, entries: Sequence[Entry]) -> list[Row]:
    """The hours whose sums will no longer hold once these entries are stored; asked before that.

    An attempt counts where its request began: in its own hour, or in that of an attempt of the same
    request that is stored already. It may itself be the earliest, and take these with it.
    """
    requests = list({entry.request_id for entry in entries})
    stored = ask("touched", requests=requests)
    return sorted({*stored, *((entry.at_us // HOUR_US,) for entry in entries)})
