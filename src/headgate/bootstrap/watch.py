"""Brings the ledger, the settings and the monitor together: a status, and the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from time import monotonic
from typing import NamedTuple

from headgate.bootstrap.planned import planned_of
from headgate.bootstrap.scenario import scenario_of
from headgate.ledger.store import (
    DAY_US,
    DayTotal,
    Outcome,
    RequestTotal,
    Store,
    TierTotal,
    Window,
)
from headgate.monitor.budget import EscalationBudget, ScopeKind
from headgate.monitor.headroom import headroom
from headgate.monitor.status import HISTORY_DAYS, Status, status
from headgate.prices.book import Book
from headgate.settings import seconds
from headgate.settings.schema import Settings

__all__ = ["Watch", "own_budgets"]

MONTH_DAYS = 31
RESTS = 20
"""Money is summed again after so many times as long as it took: at most a twentieth of the time."""


def own_budgets(settings: Settings) -> dict[tuple[ScopeKind, str], float]:
    """The budgets that routes, keys and policies have for themselves."""
    return {(entry.kind, entry.match): entry.budget for entry in settings.escalation_budgets}


class _Money(NamedTuple):
    window: Window
    tiers: list[TierTotal]
    requests: list[RequestTotal]
    days: list[DayTotal]


class Watch:
    """Looks at a ledger again and again, reading only what is new of its outcomes.

    Args:
        store: the ledger; it is only read.
        settings: plan and budget; None watches without either.
        book: the prices that the plan and the headroom are computed at.
        follow: passes on the outcomes that are read, one by one; a place for a progress bar.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings | None,
        book: Book | None,
        *,
        follow: Callable[[Iterable[Outcome]], Iterable[Outcome]] = lambda outcomes: outcomes,
    ) -> None:
        self._store = store
        self._settings = settings
        self._book = book
        self._follow = follow
        self._money: _Money | None = None
        self._money_due = 0.0
        escalation = settings.escalation if settings is not None else None
        self.budget = EscalationBudget(
            escalation.budget if escalation is not None else None,
            round(seconds(escalation.window if escalation is not None else "7d") * 1_000_000),
            own={} if settings is None else own_budgets(settings),
        )

    def look(self, now: datetime, window: Window) -> Status:
        """The status at a moment, its money over `window`.

        Outcomes are always the newest; sums of money that take long are not made at every look, and
        the report says which window they are of.

        Raises:
            StoreError: the ledger does not answer.
            ConfigError: a model of the settings has no price.
        """
        at_us = int(now.timestamp() * 1_000_000)
        self.budget.fold(self._follow(self._store.outcomes(self.budget.cursor)))
        money = self._sums(at_us, window)
        day = now.astimezone(UTC).date()
        planned = scenario = None
        if self._settings is not None and self._book is not None:
            planned = planned_of(self._settings, self._book, day)
            scenario = scenario_of(self._settings, self._book, day)
        return status(
            looked_us=at_us,
            tiers=money.tiers,
            requests=money.requests,
            window=money.window,
            days=money.days,
            escalation=self.budget.assess(at_us),
            planned=planned,
            headroom=None if scenario is None else headroom(scenario, money.tiers, money.requests),
        )

    def _sums(self, at_us: int, window: Window) -> _Money:
        if self._money is not None and monotonic() < self._money_due:
            return self._money
        began = monotonic()
        back = max(HISTORY_DAYS, MONTH_DAYS) + 1
        self._money = _Money(
            window,
            self._store.tiers(window),
            self._store.requests(window),
            self._store.days(Window((at_us // DAY_US - back) * DAY_US, None)),
        )
        self._money_due = monotonic() + RESTS * (monotonic() - began)
        return self._money
