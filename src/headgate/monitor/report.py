"""The bill against the plan: line by line, the escalation rate, the saving, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import msgspec

from headgate.ledger.store import EVER, RequestTotal, Role, TierTotal, Window
from headgate.monitor.blocked import Unit, escalated
from headgate.monitor.drivers import Driver, apportion, explain
from headgate.monitor.merged import merged
from headgate.monitor.planned import Planned, PlannedLine
from headgate.monitor.saving import Saving, Verdict, saving_of, verdict_of
from headgate.stats.intervals import Interval

__all__ = [
    "Bill",
    "Escalation",
    "Line",
    "Part",
    "Pinned",
    "Report",
    "Shadows",
    "report",
]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one tier has to do with a line."""

    tier: str
    premium: bool
    attempts: int
    actual_nano: int
    unpriced: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the bill of the routed requests."""

    name: str
    role: Role
    tier: str | None
    attempts: int
    planned_nano: int | None
    """The plan for as many requests; None without a plan."""
    actual_nano: int
    """What the priced attempts cost."""
    unpriced: int
    """Attempts of unknown cost; they are in no sum of money."""
    parts: tuple[Part, ...] = ()
    """Drafts, checks and retries by tier; empty for other lines."""


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """All lines, and their sums."""

    lines: tuple[Line, ...]
    planned_nano: int | None
    actual_nano: int
    unpriced: int
    estimated: int
    """Attempts whose tokens are an estimate."""


class Escalation(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the served routed requests the premium tier answered; shares from 0 to 1."""

    served: int
    escalated: int
    rate: float | None
    low: float
    high: float
    """The 95 % interval: over days or hours, else Wilson's over requests."""
    by: Unit = "request"
    """What the interval takes as independent of each other."""
    blocks: int = 0
    """So many days or hours, as if they weighed the same."""
    planned: float | None
    budget: float | None
    state: Literal["within", "unclear", "over", "none"]
    """Against the budget: the whole interval within it, over it, or neither; none without one."""


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """The requests whose caller chose tier or model: in no other figure of the report."""

    requests: int
    served: int
    actual_nano: int
    unpriced: int


class Shadows(msgspec.Struct, frozen=True, kw_only=True):
    """What the watch asked for comparison, and its judges: in no other figure of the report."""

    attempts: int
    actual_nano: int
    unpriced: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A period of the ledger against the plan."""

    since_us: int | None
    until_us: int | None
    """The period asked for, end not included; None is open."""
    first_us: int | None
    last_us: int | None
    """When its first and its last request were sent; None without any."""
    requests: int
    """Routed requests; so are all figures but `pinned`."""
    unserved: int
    bill: Bill
    escalation: Escalation
    saving: Saving
    drivers: tuple[Driver, ...]
    """Of the difference between plan and bill; empty without a plan."""
    verdict: Verdict
    pinned: Pinned
    shadows: Shadows
    planned_requests_per_month: int | None
    basis: str


_NONE = RequestTotal(
    routed=True,
    requests=0,
    served=0,
    escalated=0,
    comparable=0,
    paid_nano=0,
    baseline_nano=0,
    paid_squared=0.0,
    baseline_squared=0.0,
    paid_baseline=0.0,
    first_us=0,
    last_us=0,
)


_AT_ONCE: dict[Role, str] = {"draft": "drafts", "check": "checks", "retry": "retries"}
"""The roles whose attempts are one line each, over all tiers, and its name."""


def report(
    tiers: Sequence[TierTotal],
    requests: Sequence[RequestTotal],
    planned: Planned | None = None,
    window: Window = EVER,
) -> Report:
    """Hold what a store's `tiers(window)` and `requests(window, ("hour",))` say against the plan.

    Requests that are told apart by the hour have their intervals made from blocks of time; those
    that are not, as if each was independent of the others.
    """
    parts = [total for total in requests if total.routed]
    routed = next(iter(merged(parts)), _NONE)
    ours = [total for total in tiers if total.routed and total.role != "shadow"]
    saving = saving_of(routed, planned, parts)
    return Report(
        since_us=window.since_us,
        until_us=window.until_us,
        first_us=min((total.first_us for total in requests), default=None),
        last_us=max((total.last_us for total in requests), default=None),
        requests=routed.requests,
        unserved=routed.requests - routed.served,
        bill=_bill(ours, planned, routed.requests),
        escalation=_escalation(parts, routed, planned),
        saving=saving,
        drivers=explain(planned, routed.requests, ours) if planned and routed.requests else (),
        verdict=verdict_of(routed, saving),
        pinned=_pinned(requests, tiers),
        shadows=_shadows(tiers),
        planned_requests_per_month=planned.requests_per_month if planned else None,
        basis=planned.basis if planned else "",
    )


def _bill(totals: Sequence[TierTotal], planned: Planned | None, requests: int) -> Bill:
    kinds = _kinds(totals, planned)
    nanos = apportion([requests * kind.nano_per_request for kind in kinds])
    lines = tuple(
        _line(kind, nano if planned else None, [total for total in totals if _on(kind, total)])
        for kind, nano in zip(kinds, nanos, strict=True)
    )
    return Bill(
        lines=lines,
        planned_nano=sum(nanos) if planned else None,
        actual_nano=sum(line.actual_nano for line in lines),
        unpriced=sum(line.unpriced for line in lines),
        estimated=sum(total.estimated for total in totals),
    )


def _kinds(totals: Sequence[TierTotal], planned: Planned | None) -> list[PlannedLine]:
    """The lines to show: the plan's, then those of attempts nobody planned.

    Drafts, checks and retries are one line each; only that of the retries is always there.
    """
    lines = planned.lines if planned else ()
    kinds = [line for line in lines if line.role not in _AT_ONCE]
    for total in sorted(totals, key=lambda total: (total.premium, total.tier)):
        if total.role not in _AT_ONCE and not any(_on(kind, total) for kind in kinds):
            kinds.append(_unplanned(total, totals, planned))
    kinds.sort(key=lambda kind: kind.role != "classifier")
    for role, name in _AT_ONCE.items():
        own = [line for line in lines if line.role == role]
        if role == "retry" or own or any(total.role == role for total in totals):
            nano = sum((line.nano_per_request for line in own), Fraction(0))
            kinds.append(PlannedLine(name=name, role=role, calls=Fraction(1), nano_per_call=nano))
    return kinds


def _on(line: PlannedLine, total: TierTotal) -> bool:
    """The attempts of this total belong on this line."""
    return line.role == total.role and line.tier in (None, total.tier)


def _unplanned(
    total: TierTotal, totals: Sequence[TierTotal], planned: Planned | None
) -> PlannedLine:
    """A line for answers, or a classifier, that no line of the plan is for."""
    classifier = total.role == "classifier"
    name = "classifier" if classifier else total.tier
    if not classifier and planned is None and _two_tiers(totals):
        name = "hard" if total.premium else "easy"
    return PlannedLine(
        name=name,
        role=total.role,
        tier=None if classifier else total.tier,
        premium=total.premium,
        calls=Fraction(0),
        nano_per_call=Fraction(0),
    )


def _two_tiers(totals: Sequence[TierTotal]) -> bool:
    """At most one cheap and one premium tier answered: their lines are called easy and hard."""
    tiers = {(total.premium, total.tier) for total in totals if total.role == "answer"}
    return len(tiers) == len({premium for premium, _ in tiers})


def _line(kind: PlannedLine, planned_nano: int | None, totals: Sequence[TierTotal]) -> Line:
    return Line(
        name=kind.name,
        role=kind.role,
        tier=kind.tier,
        attempts=_attempts(totals),
        planned_nano=planned_nano,
        actual_nano=_cost(totals),
        unpriced=_attempts(totals, priced=False),
        parts=_parts(totals) if kind.role in _AT_ONCE else (),
    )


def _parts(totals: Sequence[TierTotal]) -> tuple[Part, ...]:
    tiers = sorted({(total.premium, total.tier) for total in totals})
    of = {key: [total for total in totals if (total.premium, total.tier) == key] for key in tiers}
    return tuple(
        Part(
            tier=tier,
            premium=premium,
            attempts=_attempts(theirs),
            actual_nano=_cost(theirs),
            unpriced=_attempts(theirs, priced=False),
        )
        for (premium, tier), theirs in of.items()
    )


def _attempts(totals: Sequence[TierTotal], *, priced: bool | None = None) -> int:
    return sum(total.attempts for total in totals if priced in (None, total.priced))


def _cost(totals: Sequence[TierTotal]) -> int:
    return sum(total.cost_nano for total in totals)


def _escalation(
    parts: Sequence[RequestTotal], routed: RequestTotal, planned: Planned | None
) -> Escalation:
    interval, by, blocks = escalated(parts)
    budget = planned.budget if planned else None
    return Escalation(
        served=routed.served,
        escalated=routed.escalated,
        rate=routed.escalated / routed.served if routed.served else None,
        low=interval.low,
        high=interval.high,
        by=by,
        blocks=blocks,
        planned=float(planned.escalation_rate) if planned else None,
        budget=None if budget is None else float(budget),
        state=_against(budget, interval),
    )


def _against(
    budget: Fraction | None, interval: Interval
) -> Literal["within", "unclear", "over", "none"]:
    if budget is None:
        return "none"
    if interval.high <= budget:
        return "within"
    return "over" if interval.low > budget else "unclear"


def _pinned(requests: Sequence[RequestTotal], tiers: Sequence[TierTotal]) -> Pinned:
    theirs = [total for total in tiers if not total.routed and total.role != "shadow"]
    return Pinned(
        requests=sum(total.requests for total in requests if not total.routed),
        served=sum(total.served for total in requests if not total.routed),
        actual_nano=_cost(theirs),
        unpriced=_attempts(theirs, priced=False),
    )


def _shadows(tiers: Sequence[TierTotal]) -> Shadows:
    theirs = [total for total in tiers if total.role == "shadow"]
    return Shadows(
        attempts=_attempts(theirs),
        actual_nano=_cost(theirs),
        unpriced=_attempts(theirs, priced=False),
    )
