"""Looks at a ledger for the pages: sums from what is summed up, the budget from its account."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from time import monotonic
from typing import Any, Literal, NamedTuple, TypeVar

from msgspec.structs import replace

from headgate.bootstrap.ends import calls_of, endings
from headgate.bootstrap.measured import Measurement, measured_settings
from headgate.bootstrap.planned import held_against
from headgate.bootstrap.watch import Watch
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.prompt import Prompt
from headgate.ledger.store import Found, Mark, Search, Store, StoreError, Timed, Window
from headgate.ledger.totals import (
    DAY_US,
    HOUR_US,
    Latency,
    LatencyDimension,
    RequestTotal,
    TierTotal,
    latency_from,
)
from headgate.monitor.assessment import Assessment
from headgate.monitor.drift import Drift
from headgate.monitor.feedback import TierFeedback
from headgate.monitor.quality import Quality
from headgate.monitor.report import report
from headgate.monitor.status import HISTORY_DAYS, month, retries
from headgate.prices.book import Book
from headgate.settings.schema import Settings
from headgate.web.observer import Group, Hour, Seen, Timing, Unplanned
from headgate.web.period import DIMENSIONS, Period

__all__ = ["LedgerObserver"]

MONTH_DAYS = 31
TIMED: tuple[LatencyDimension, ...] = ("tier", "provider", "model")
MOST_RECENT = 4000
MOST_TIMED = 50_000
"""Attempts that are read at most for how long those of a part took."""
READS = (2_000, 18_000, 80_000)
"""Attempts that a search reads: as a rule the first are enough, and the last take 300 ms."""
RESTS, MOST_KEPT = 40, 64
"""How many times as long as it took something is kept, and how many such things are."""
_Made = TypeVar("_Made")
WAIT_SECONDS = 0.15
"""How long a page waits for the budget's account before it is shown without."""


class _Ground(NamedTuple):
    """What the ledger is held against; replaced as a whole."""

    settings: Settings
    book: Book
    watch: Watch


class LedgerObserver:
    """The `Observer` of a store.

    Args:
        store: it is only read.
        settings: plan and budget.
        book: the prices that plan and headroom are computed at.
        now_us: the time, microseconds since 1970.
    """

    def __init__(
        self, store: Store, settings: Settings, book: Book, *, now_us: Callable[[], int]
    ) -> None:
        self._store = store
        self._ground = _Ground(settings, book, Watch(store, settings, book))
        self._next: tuple[Settings, Book] | None = None
        self._now_us = now_us
        self._rested = _Rested()
        self._account = threading.Lock()
        self._reader: threading.Thread | None = None
        self._assessed: Assessment | None = None
        self._drift: tuple[Drift, ...] = ()
        self._heard: tuple[Quality | None, tuple[TierFeedback, ...]] = (None, ())

    def adopt(self, settings: Settings, book: Book) -> None:
        """Look by changed settings from the next look on; the budget's account is kept till then.

        Takes no time: routers are loaded by the page that needs them.
        """
        self._next = settings, book

    def look(self, period: Period) -> Seen:
        """See `Observer.look`."""
        now, (settings, book, watch) = self._now_us(), self._standing()
        self._read_on(now)
        store, only = self._store, period.only
        narrow = [name for name in DIMENSIONS if name in only]
        wanted = tuple(only[name] for name in narrow)
        names = ("provider", *dict.fromkeys(("model", *narrow)))
        tiers = [
            total
            for total in store.tiers(period.window, by=names)  # type: ignore[arg-type]
            if all(total.of[names.index(name)] == only[name] for name in narrow)
        ]
        hourly = [
            total
            for total in store.requests(period.window, by=("hour", *narrow))  # type: ignore[arg-type]
            if total.of[1:] == wanted
        ]
        since = period.window.since_us, period.first, period.last
        latencies, waits, newest = self._times(period)
        day = datetime.fromtimestamp(now / 1e6, UTC).date()
        planned, room, missing = held_against(settings, book, day, tiers, hourly)
        back = max(HISTORY_DAYS, MONTH_DAYS) + 1
        days = store.days(Window((now // DAY_US - back) * DAY_US, None))
        groups = self._rested(("groups", period.since, *since), lambda: dict(self._groups(period)))
        self._account_of(watch)
        quality, feedback = self._heard
        return Seen(
            at_us=now,
            report=report(tiers, hourly, planned, period.window),
            escalation=self._assessed,
            drift=self._drift,
            # by provider and model here, where a status has errors and hours
            retries=retries([replace(total, of=()) for total in tiers]),
            month=month(days, now, planned),
            headroom=room,
            unplanned=None if missing is None else Unplanned.of(missing.told),
            hours=tuple(_hours(hourly)),
            groups=groups,
            timings=tuple(_timings(tiers, latencies)),
            newest=newest,
            overhead_us=_overhead(waits),
            waited=len(waits),
            quality=quality,
            feedback=feedback,
            tiers=tuple(tier.name for tier in settings.tiers),
            ends=endings(settings, book, day, calls_of(tiers)),
        )

    def requests(self, search: Search) -> Found:
        """See `Observer.requests`."""
        found: list[Sequence[Entry]] = []
        reached: Mark | None = None
        for read in READS:
            wanted = replace(search, most=search.most - len(found))
            more, reached = self._store.search(wanted, read=read)
            # the latest stand first, whichever way it goes
            found = [*more, *found] if search.after else [*found, *more]
            if reached is None:
                break
            search = replace(search, **{"after" if search.after else "before": reached})
        return Found(found, reached)

    def request(self, request_id: str) -> Sequence[Entry]:
        """See `Observer.request`."""
        return tuple(self._store.request(request_id))

    def prompt(self, request_id: str) -> Prompt | None:
        """See `Observer.prompt`."""
        return self._store.prompt(request_id)

    def events(self, window: Window, kinds: Sequence[str] = ()) -> Sequence[Event]:
        """See `Observer.events`."""
        return list(reversed(self._store.events(window, kinds)))

    def measurement(self, settings: Settings, book: Book, day: date) -> Measurement:
        """The last thirty days as settings, for the calculator."""
        now = self._now_us()
        window = Window((now - 30 * DAY_US) // HOUR_US * HOUR_US, now + 1)
        tiers, requests = self._store.tiers(window), self._store.requests(window, ("hour",))
        return measured_settings(settings, book, day, tiers, requests)

    # ---- the budget's account

    def _standing(self) -> _Ground:
        if self._next is not None:
            (settings, book), self._next = self._next, None
            self._ground = _Ground(settings, book, Watch(self._store, settings, book))
        return self._ground

    def _read_on(self, now: int) -> None:
        """Read the account on beside the page's own questions, unless that is under way."""
        if self._reader is None or not self._reader.is_alive():
            self._reader = threading.Thread(
                target=self._read, args=(now,), name="headgate-pages-account", daemon=True
            )
            self._reader.start()

    def _account_of(self, watch: Watch) -> None:
        """Take what the account says; a first reading is waited for, a long ledger's is not."""
        assert self._reader is not None  # noqa: S101 - it was started above
        if self._assessed is None:
            self._reader.join(WAIT_SECONDS)
        elif self._account.acquire(timeout=WAIT_SECONDS):
            try:
                self._heard = watch.heard()
            finally:
                self._account.release()

    def _read(self, now: int) -> None:
        watch = self._ground.watch
        with self._account:
            try:
                self._heard = watch.heard()  # at once: what follows can take a minute
                watch.read()
            except StoreError:
                return  # the page's own questions to the store say what is wrong
            self._drift = watch.drift(now)
            self._assessed = watch.budget.assess(now)

    def _groups(self, period: Period) -> Iterator[tuple[str, tuple[Group, ...]]]:
        for name in DIMENSIONS:
            totals = self._store.requests(period.window, by=(name,))  # type: ignore[arg-type]
            groups = [_group(total) for total in totals if total.routed]
            groups.sort(key=lambda group: -group.requests)
            if any(group.name for group in groups):
                yield name, tuple(groups[:50])

    def _times(self, period: Period) -> tuple[Sequence[Latency], Sequence[int], int | None]:
        """How long answers took, how long the newest requests waited, and see `Seen.newest`.

        Histograms are kept by model alone: by key and route too they would be as many as the rows.
        So what is narrowed to a part is told of the newest of it; and so is what requests waited,
        of which there are no sums.
        """
        only, window = period.only, period.window
        asked = (period.since, window.since_us, period.first, period.last)
        timed = self._rested(
            ("timed", *asked, *only.items()),
            lambda: self._store.timed(
                window,
                only,  # type: ignore[arg-type]
                read=MOST_TIMED if only else MOST_RECENT,
                most=MOST_RECENT,
            ),
        )
        waits = [one.queue_us for one in timed if one.first and one.queue_us is not None]
        if set(only) - {"model"}:
            answers = [one for one in timed if one.answer]
            return _histograms(answers), waits, len(answers)
        latencies = self._rested(
            ("latencies", *asked), lambda: self._store.latencies(window, by=TIMED)
        )
        return latencies, waits, None


class _Rested:
    """Keeps what took long for so many times as long as it took, so that it costs little.

    Only what hardly changes from one look to the next is kept: how the parts compare, latencies.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def __call__(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        with self._lock:
            due, kept = self._kept.get(key, (0.0, None))
        if monotonic() < due:
            found: _Made = kept
            return found
        began = monotonic()
        made = make()
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = monotonic() + RESTS * (monotonic() - began), made
        return made


def _hours(totals: Iterable[RequestTotal]) -> Iterator[Hour]:
    for total in totals:
        if total.routed:
            yield Hour(
                hour=int(total.of[0]),
                served=total.served,
                escalated=total.escalated,
                left_out=total.requests - total.comparable,
                paid_nano=total.paid_nano,
                baseline_nano=total.baseline_nano,
            )


def _group(total: RequestTotal) -> Group:
    return Group(
        name=str(total.of[0]),
        requests=total.requests,
        served=total.served,
        escalated=total.escalated,
        left_out=total.requests - total.comparable,
        paid_nano=total.paid_nano,
        baseline_nano=total.baseline_nano,
    )


def _timings(tiers: Iterable[TierTotal], latencies: Iterable[Latency]) -> Iterator[Timing]:
    measured = {(one.measure, one.of): one for one in latencies}
    kinds: dict[tuple[str, str, str], list[TierTotal]] = defaultdict(list)
    for total in tiers:
        if total.role in ("answer", "draft", "retry"):
            kinds[total.tier, str(total.of[0]), str(total.of[1])].append(total)
    for (tier, provider, model), own in sorted(
        kinds.items(), key=lambda item: (item[1][0].premium, item[0])
    ):
        of = (tier, provider, model)
        yield Timing(
            tier=tier,
            premium=own[0].premium,
            model=f"{provider}/{model}",
            attempts=sum(one.attempts for one in own),
            failed=sum(one.attempts for one in own if one.role == "retry"),
            cost_nano=sum(one.cost_nano for one in own),
            unpriced=sum(one.attempts for one in own if not one.priced),
            first_us=_quantiles(measured.get(("first", of))),
            total_us=_quantiles(measured.get(("total", of))),
        )


def _histograms(answers: Iterable[Timed]) -> list[Latency]:
    """What the store would tell of these answers, by `TIMED`."""
    counts: dict[tuple[Literal["first", "total"], tuple[str, ...]], Counter[int]] = {}
    for one in answers:
        of = (one.tier, one.provider, one.model)
        counts.setdefault(("total", of), Counter())[latency_from(one.total_us)] += 1
        if one.first_token_us is not None:
            counts.setdefault(("first", of), Counter())[latency_from(one.first_token_us)] += 1
    return [
        Latency(measure=measure, of=of, buckets=tuple(sorted(buckets.items())))
        for (measure, of), buckets in counts.items()
    ]


def _overhead(waits: Iterable[int]) -> tuple[float, float, float] | None:
    """p50, p95, p99."""
    found = sorted(waits)
    if not found:
        return None
    last = len(found) - 1
    return (
        float(found[round(0.5 * last)]),
        float(found[round(0.95 * last)]),
        float(found[round(0.99 * last)]),
    )


def _quantiles(latency: Latency | None) -> tuple[float | None, float | None, float | None]:
    if latency is None:
        return None, None, None
    return latency.quantile(0.5), latency.quantile(0.95), latency.quantile(0.99)
