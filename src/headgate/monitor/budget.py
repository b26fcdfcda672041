"""The escalation budget: is the rate within it, and if not, since when and because of whom?

Outcomes are folded in one by one, in the order the ledger stored them, and never kept: what remains
is a detector for all requests and one for each scope (a route, or a key or policy with a budget of
its own), counts by hour, and the last outcome's sequence number. An outcome that was folded in
already is left alone. Outcomes that the watch itself has decided, having pinned all traffic to
premium, say nothing of the router: they are set aside. Those that go on with a conversation are
counted, and no detector bets on them, whatever their tier: only on what begins one, or has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from headgate.ledger.store import Outcome
from headgate.monitor.assessment import Assessment, Creep, Scope, ScopeKind
from headgate.monitor.attribution import Attribution, attribute_levels
from headgate.monitor.hours import HOUR_US, MOST_HOURS, Hours, HoursState
from headgate.monitor.watched import WatchedRate, WatchedState
from headgate.routing.policy import PINNED_BY_WATCH
from headgate.routing.session import FURTHER
from headgate.stats.changepoint import locate
from headgate.stats.sequential import confidence_sequence, threshold

__all__ = [
    "ALARM_AT",
    "FALSE_ALARMS",
    "FALSE_ALARM_REQUESTS",
    "FAST_PARTS",
    "MOST_HOURS",
    "BudgetState",
    "EscalationBudget",
]

FALSE_ALARMS, FALSE_ALARM_REQUESTS = 0.05, 100_000
"""The chance of any false alarm, and for how many requests it is stated."""

ALARM_AT = threshold(FALSE_ALARMS / 2, FALSE_ALARM_REQUESTS)
"""One half of the chance is for all requests together. The other is for the scopes: each route may
give a false alarm in proportion to its own requests, and these add up to all of them; so may each
key and each policy, which is why the half is shared by the kinds of scope that are watched."""

FAST_PARTS = 28
"""The fast window is this part of the slow one: 6 hours of 7 days."""

MINUTE_US = 60_000_000
FORGET_EVERY = 100_000
"""Outcomes between two clearances, so that one long fold stays small too."""
HOURS_ENOUGH = 48
"""Windows of so many hours are counted by the hour, shorter ones by the minute."""


class BudgetState(msgspec.Struct, frozen=True, kw_only=True):
    """All that the account remembers, to be stored and gone on from."""

    cursor: int
    all: WatchedState
    scopes: tuple[tuple[ScopeKind, str, WatchedState], ...]
    first_route: str | None
    hours: HoursState
    restarts: tuple[int, ...]
    """The moments from which the detectors have begun anew."""
    set_aside: int
    first_us: int | None
    last_us: int | None


class EscalationBudget:
    """The running account of who escalates.

    Args:
        budget: share of served routed requests that may go to the premium tier, 0 to 1; None
            watches without judging. Budgets of 0 and 1 are no rates that could be exceeded by
            chance: the first is breached by the first escalation, the second never.
        window_us: the slow window, microseconds.
        own: budgets that a route, a key or a policy has for itself.
        restarts: moments, microseconds since 1970, from which the detectors begin anew, since what
            was before no longer speaks of what is now.
    """

    def __init__(
        self,
        budget: float | None,
        window_us: int,
        *,
        own: Mapping[tuple[ScopeKind, str], float] | None = None,
        restarts: Sequence[int] = (),
    ) -> None:
        self.budget = budget
        self.window_us = window_us
        self.cursor = 0
        """Sequence number of the last outcome that was folded in."""
        self._unit = HOUR_US if window_us >= HOURS_ENOUGH * HOUR_US else MINUTE_US
        self._own = dict(own or {})
        self._kinds = {"route"} | {kind for kind, _ in self._own}
        self._scope_at = threshold(FALSE_ALARMS / 2 / len(self._kinds), FALSE_ALARM_REQUESTS)
        self._all = WatchedRate(budget, self._unit, ALARM_AT)
        self._scopes: dict[tuple[ScopeKind, str], WatchedRate] = {}
        self._first_route: str | None = None
        self._hours = Hours()
        self._restarts = sorted(restarts)
        self._restarted = 0
        self.in_time = True
        """Each restart was known before an outcome at or after it was folded in: then the account
        is the same as if all was read again from the beginning."""
        self._set_aside = 0
        self.first_us: int | None = None
        self.last_us: int | None = None

    def restart(self, at_us: int) -> None:
        """Begin anew from a moment on; one that is known already changes nothing."""
        if at_us not in self._restarts:
            self._restarts = sorted([*self._restarts, at_us])
            self._restarted = min(self._restarted, self._restarts.index(at_us))
            if self.last_us is not None and at_us <= self.last_us:
                self.in_time = False

    @property
    def state(self) -> BudgetState:
        """What to store; `resume` goes on from there, bit for bit."""
        return BudgetState(
            cursor=self.cursor,
            all=self._all.state,
            scopes=tuple((kind, name, one.state) for (kind, name), one in self._scopes.items()),
            first_route=self._first_route,
            hours=self._hours.state,
            restarts=tuple(self._restarts[: self._restarted]),
            set_aside=self._set_aside,
            first_us=self.first_us,
            last_us=self.last_us,
        )

    def resume(self, state: BudgetState) -> bool:
        """Go on from a state of the same budgets and window, all restarts being known.

        False, and nothing is changed, where the state was made not knowing one that it should have.
        """
        last_us = state.last_us
        past = [at for at in self._restarts if last_us is not None and at <= last_us]
        if past != list(state.restarts):
            return False
        self._take(state)
        return True

    def _take(self, state: BudgetState) -> None:
        self._restarted = len(state.restarts)
        self._all.resume(state.all)
        for kind, name, watched in state.scopes:
            scope = self._scope(self._own.get((kind, name), self.budget))
            scope.resume(watched)
            self._scopes[kind, name] = scope
        self._hours.resume(state.hours)
        self.cursor, self._first_route = state.cursor, state.first_route
        self._set_aside = state.set_aside
        self.first_us, self.last_us = state.first_us, state.last_us

    def fold(self, outcomes: Iterable[Outcome]) -> int:
        """Take in what is new among these; return how many were."""
        new = 0
        for outcome in outcomes:
            if outcome.sequence > self.cursor:
                self._add(outcome)
                new += 1
                if new % FORGET_EVERY == 0:
                    self._forget()
        self._forget()
        return new

    def _add(self, outcome: Outcome) -> None:
        (
            sequence, at_us, route, asked, reason, model, config, hit, policy, router, category,
            key, _, _,
        ) = outcome  # fmt: skip
        self.cursor = sequence
        if reason == PINNED_BY_WATCH:
            self._set_aside += 1
            return
        if self._restarted < len(self._restarts):
            self._restart_until(at_us)
        if self.first_us is None or at_us < self.first_us:
            self.first_us = at_us
        if self.last_us is None or at_us > self.last_us:
            self.last_us = at_us
        decided = not reason.startswith(FURTHER)  # known before its tier is (decision 0031)
        self._watch_route(route, at_us, hit, decided)
        if self._own:
            self._watch_own("key", key, at_us, hit, decided)
            self._watch_own("policy", policy, at_us, hit, decided)
        self._all.update(at_us, hit, decided=decided)
        levels = (route, asked, reason, model, config, policy, router, category, key)
        self._hours.add(at_us, levels, hit)

    def _watch_own(
        self, kind: ScopeKind, name: str | None, at_us: int, hit: bool, decided: bool
    ) -> None:
        """Keys and policies are watched where they have a budget of their own."""
        if name is None or (budget := self._own.get((kind, name))) is None:
            return
        watched = self._scopes.get((kind, name))
        if watched is None:
            watched = self._scopes[kind, name] = self._scope(budget)
        watched.update(at_us, hit, decided=decided)

    def _watch_route(self, route: str, at_us: int, hit: bool, decided: bool) -> None:
        """While there is one route only, the detector of all requests is its own too."""
        if self._first_route is None:
            self._first_route = route
            if ("route", route) in self._own:
                self._scopes["route", route] = self._scope(self._own["route", route])
        first = ("route", self._first_route)
        if route == self._first_route and first not in self._scopes:
            return
        if first not in self._scopes:
            self._scopes["route", self._first_route] = self._as_all()
        watched = self._scopes.get(("route", route))
        if watched is None:
            budget = self._own.get(("route", route), self.budget)
            watched = self._scopes["route", route] = self._scope(budget)
        watched.update(at_us, hit, decided=decided)

    def _scope(self, budget: float | None) -> WatchedRate:
        return WatchedRate(budget, self._unit, self._scope_at)

    def _as_all(self) -> WatchedRate:
        """The first route's own account, from when a second one comes up."""
        return self._all.copy(self._scope_at)

    def _restart_until(self, at_us: int) -> None:
        while self._restarted < len(self._restarts) and self._restarts[self._restarted] <= at_us:
            for watched in (self._all, *self._scopes.values()):
                watched.restart(self._restarts[self._restarted])
            self._restarted += 1

    def _forget(self) -> None:
        """Keep the last hours and windows only, so that memory does not grow with the ledger."""
        self._hours.forget()
        if self.last_us is not None:
            for watched in (self._all, *self._scopes.values()):
                watched.forget(self.last_us - self.window_us)

    def assess(self, now_us: int) -> Assessment:
        """Where the budget stands at a moment, all that was folded in considered, and left alone.

        A restart since the last outcome is looked at on a copy: outcomes of before may still come.
        """
        if self._restarted < len(self._restarts) and self._restarts[self._restarted] <= now_us:
            twin = EscalationBudget(
                self.budget, self.window_us, own=self._own, restarts=self._restarts
            )
            twin._take(self.state)
            twin._restart_until(now_us)
            return twin.assess(now_us)
        watched = self._all
        creep = self._creep()
        rate = watched.whole.hits / watched.whole.n if watched.whole.n else None
        low, high = confidence_sequence(watched.whole.hits, watched.whole.n)
        return Assessment(
            budget=self.budget,
            first_us=self.first_us,
            last_us=self.last_us,
            served=watched.whole.n,
            escalated=watched.whole.hits,
            rate=rate,
            low=low,
            high=high,
            evidence=watched.evidence,
            alarm_us=watched.alarm_us,
            cleared_us=watched.cleared_us,
            creep=creep,
            attribution=None if creep is None else self._attribution(creep, now_us),
            fast=watched.burn(now_us, self._fast_us),
            slow=watched.burn(now_us, self.window_us),
            scopes=self._shown(now_us),
            set_aside=self._set_aside,
        )

    @property
    def _fast_us(self) -> int:
        return max(self.window_us // FAST_PARTS, MINUTE_US)

    def _shown(self, now_us: int) -> tuple[Scope, ...]:
        found = [
            self._assessed(kind, name, one, now_us) for (kind, name), one in self._scopes.items()
        ]
        routes = sum(scope.kind == "route" for scope in found)
        return tuple(
            sorted(
                (scope for scope in found if scope.own or routes > 1),
                key=lambda one: (not one.own, -one.served, one.kind, one.name),
            )
        )

    def _assessed(self, kind: ScopeKind, name: str, watched: WatchedRate, now_us: int) -> Scope:
        low, high = confidence_sequence(watched.whole.hits, watched.whole.n)
        return Scope(
            kind=kind,
            name=name,
            budget=watched.budget,
            own=(kind, name) in self._own,
            served=watched.whole.n,
            escalated=watched.whole.hits,
            low=low,
            high=high,
            fast=watched.burn(now_us, self._fast_us),
            window=watched.burn(now_us, self.window_us),
            evidence=watched.evidence,
            alarm_us=watched.alarm_us,
            cleared_us=watched.cleared_us,
        )

    def _creep(self) -> Creep | None:
        """The rise that raised the alarm, looked for since the last one was cleared."""
        if self._all.alarm_us is None or not self._hours:
            return None
        first, bins = self._hours.series((self._all.cleared_us or 0) // HOUR_US)
        found = locate(bins)
        if found is None or found.after <= found.before:
            return None
        return Creep(
            shape=found.shape,
            began_us=(first + found.at) * HOUR_US,
            earliest_us=(first + int(found.interval.low)) * HOUR_US,
            latest_us=(first + int(found.interval.high) + 1) * HOUR_US,
            before=found.before,
            after=found.after,
        )

    def _attribution(self, creep: Creep, now_us: int) -> Attribution | None:
        began = creep.began_us // HOUR_US
        cleared = (self._all.cleared_us or 0) // HOUR_US
        recent = max(began, (now_us - self.window_us) // HOUR_US)
        before = self._hours.levels(cleared, began)
        return attribute_levels(before, self._hours.levels(recent)) or attribute_levels(
            before, self._hours.levels(began)
        )
