"""Brings the ledger, the settings and the monitor together: a status, and the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from time import monotonic
from typing import NamedTuple

from headgate.bootstrap.certified import floor_of, routers_of
from headgate.bootstrap.ends import calls_of, endings
from headgate.bootstrap.planned import held_against
from headgate.errors import ConfigError
from headgate.ledger.store import (
    DAY_US,
    REACH_US,
    DayTotal,
    Outcome,
    RequestTotal,
    Store,
    StoreError,
    TierTotal,
    Window,
)
from headgate.monitor.account import Account, Terms
from headgate.monitor.actions import Held, held_threshold
from headgate.monitor.assessment import ScopeKind
from headgate.monitor.drift import Drift
from headgate.monitor.endings import Ending
from headgate.monitor.feedback import FEEDBACK, Signal, TierFeedback, by_tier, signals
from headgate.monitor.headroom import Headroom
from headgate.monitor.mishaps import MISHAPS, mishaps
from headgate.monitor.planned import Planned
from headgate.monitor.quality import COMPARED, Quality, QualityWatch, comparisons
from headgate.monitor.standing import KINDS, standing
from headgate.monitor.status import HISTORY_DAYS, Status, status
from headgate.prices.book import Book
from headgate.settings import seconds
from headgate.settings.schema import Settings

__all__ = ["Watch", "own_budgets"]

PAGE, PIECE = 1_000, 50
"""Outcomes that are held at a time; the fewer, some 0.2 ms, where others need the interpreter."""
MONTH_DAYS = 31
RESTS = 20
"""Money is summed again after so many times as long as it took: at most a twentieth of the time."""


def own_budgets(settings: Settings) -> dict[tuple[ScopeKind, str], float]:
    """The budgets that routes, keys and policies have for themselves."""
    return {(entry.kind, entry.match): entry.budget for entry in settings.escalation_budgets}


class _Money(NamedTuple):
    at_us: int
    window: Window
    tiers: list[TierTotal]
    requests: list[RequestTotal]
    days: list[DayTotal]
    planned: Planned | None
    headroom: Headroom | None
    ends: tuple[Ending, ...]


class Watch:
    """Looks at a ledger again and again, reading only what is new of its outcomes.

    Where an account of the same settings is kept in the ledger, reading begins behind it.

    Args:
        store: the ledger; it is only read, but for the account that is kept there.
        settings: plan and budget; None watches without either.
        book: the prices that the plan and the headroom are computed at.
        follow: passes on the outcomes that are read, one by one; a place for a progress bar.
        money_every: seconds of the looks' own time between two sums of money; 0 sums at each look
            that has not had enough of it.
        keeps: False writes nothing to the ledger, not even the account.
        rest: called after every few outcomes; where others wait for the interpreter they get it.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings | None,
        book: Book | None,
        *,
        follow: Callable[[Iterable[Outcome]], Iterable[Outcome]] = lambda outcomes: outcomes,
        money_every: float = 0.0,
        keeps: bool = True,
        rest: Callable[[], object] | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._book = book
        self._follow = follow
        self._keeps = keeps
        self._rest = rest
        self._money: _Money | None = None
        self._money_every_us = round(money_every * 1_000_000)
        self._money_due = 0.0
        self.unplanned: ConfigError | None = None
        """Why the last look had no plan and no headroom, such as a model without a price."""
        escalation = settings.escalation if settings is not None else None
        window_us = round(
            seconds(escalation.window if escalation is not None else "7d") * 1_000_000
        )
        self.routers = [] if settings is None else routers_of(settings)
        self._account = Account(
            Terms(
                budget=None if escalation is None else escalation.budget,
                window_us=window_us,
                own={} if settings is None else own_budgets(settings),
                references={
                    router.certified.version: router.reference
                    for router in self.routers
                    if router.reference is not None
                },
                drift_factor=0.0 if settings is None else settings.watch.drift_factor,
            )
        )
        self.budget = self._account.budget
        self._recalled = False
        floor = None if settings is None else floor_of(settings, self.routers)
        self._quality = QualityWatch(floor)
        self._sampling = settings is not None and settings.quality.shadow_rate > 0
        self._signals: dict[str, Signal] = {}
        self._judged_us: int | None = None
        self.standing = standing(())
        """What the events said at the last look."""

    def look(self, now: datetime, window: Window) -> Status:
        """The status at a moment, its money over `window`.

        Outcomes and events are always the newest; sums of money that take long are not made at
        every look, and the report says which window they are of.

        Raises:
            StoreError: the ledger does not answer.
        """
        at_us = int(now.timestamp() * 1_000_000)
        self.read()
        quality, feedback = self.heard()
        money = self._sums(now, window)
        return status(
            looked_us=at_us,
            tiers=money.tiers,
            requests=money.requests,
            window=money.window,
            days=money.days,
            escalation=self.budget.assess(at_us),
            planned=money.planned,
            headroom=money.headroom,
            drift=self.drift(at_us),
            action=self.standing.action,
            quality=quality,
            feedback=feedback,
            beside=mishaps(self._store.events(Window(at_us - DAY_US, None), MISHAPS)),
            ends=money.ends,
        )

    def held(self) -> Held:
        """What a hold would come to, by the traffic of the window."""
        budget = self.budget.budget
        if budget is None:
            return Held(None, "no budget is set")
        routers = [router.certified for router in self.routers]
        return held_threshold(routers, self._account.scores.rates(), budget)

    def drift(self, at_us: int) -> tuple[Drift, ...]:
        """Each certified router against the sample of its certificate, by what has been read."""
        return tuple(drift.assess(at_us) for drift in self._account.drift)

    def read(self) -> None:
        """Take in the outcomes that are new: for the budget, the scores and the drift.

        Raises:
            StoreError: the ledger does not answer.
        """
        account = self._account
        self.standing = standing(self._store.events(kinds=KINDS))
        for restart_us in self.standing.restarts:
            account.budget.restart(restart_us)
        if not self._recalled:
            kept = self._store.recall(account.terms.name)
            self._recalled = True
            if kept is not None:
                account.resume(kept)
        outcomes = iter(self._follow(self._store.outcomes(account.cursor)))
        while page := list(islice(outcomes, PIECE if self._rest else PAGE)):
            account.fold(page)
            state = account.due()
            if state is not None and self._keeps:
                with suppress(StoreError):  # then a restart reads more again, and that is all
                    self._store.keep(account.terms.name, account.cursor, state)
            if self._rest is not None:
                self._rest()

    def heard(self) -> tuple[Quality | None, tuple[TierFeedback, ...]]:
        """The quality kept, and what users say, read anew; the rest is left alone.

        Raises:
            StoreError: the ledger does not answer.
        """
        self._hear()
        return self._quality_now(), tuple(by_tier(self._signals.values()))

    def _hear(self) -> None:
        """Comparisons and feedback that are new; both may come in an hour late, and count once."""
        since = None if self._judged_us is None else self._judged_us - REACH_US
        events = self._store.events(Window(since), (COMPARED, FEEDBACK))
        self._quality.fold(comparisons(events))
        for event in events:
            for signal in signals([event]):
                self._signals.setdefault(event.id, signal)
        if events:
            self._judged_us = events[-1].at_us

    def _quality_now(self) -> Quality | None:
        found = self._quality.assess()
        return found if self._sampling or found.funnel.sampled else None

    def _sums(self, now: datetime, window: Window) -> _Money:
        at_us = int(now.timestamp() * 1_000_000)
        if self._money is not None:
            asked_again = 0 <= at_us - self._money.at_us < self._money_every_us
            if asked_again or monotonic() < self._money_due:
                return self._money
        began = monotonic()
        back = max(HISTORY_DAYS, MONTH_DAYS) + 1
        tiers = self._store.tiers(window, ("error", "hour"))
        requests = self._store.requests(window, ("hour",))
        days = self._store.days(Window((at_us // DAY_US - back) * DAY_US, None))
        planned = found = self.unplanned = None
        if self._settings is not None and self._book is not None:
            day = now.astimezone(UTC).date()
            planned, found, self.unplanned = held_against(
                self._settings, self._book, day, tiers, requests
            )
        called = self._store.tiers(Window(at_us - DAY_US, None), ("provider", "model"))
        ends = endings(self._settings, self._book, now.astimezone(UTC).date(), calls_of(called))
        self._money = _Money(at_us, window, tiers, requests, days, planned, found, ends)
        self._money_due = monotonic() + RESTS * (monotonic() - began)
        return self._money
