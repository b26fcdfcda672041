"""Why the bill differs from the plan: the difference split into drivers that add up to it exactly.

The plan is turned into the bill one step at a time, in a fixed order, and each step's change is its
driver: first what was answered, then by whom, then how long the answers were, then at what price;
classifier, drafts, checks and retries stand apart from these and from each other. (The
price-volume-mix analysis of cost accounting. What two drivers do together goes to the later one:
more escalation *and* longer premium answers shows as tokens.) The volume of requests is no driver:
the plan is scaled to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise

import msgspec

from headgate.ledger.store import Role, TierTotal
from headgate.monitor.figures import money, percent
from headgate.monitor.planned import Planned, PlannedLine
from headgate.values import Usage

__all__ = ["Driver", "apportion", "explain"]


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for the difference, and what it comes to."""

    name: str
    nano: int
    """nano-USD; above zero where it made the bill higher than the plan."""
    detail: str


def apportion(parts: Sequence[Fraction]) -> list[int]:
    """Whole numbers for parts, each off by less than one, whose sum is the rounded total.

    >>> apportion([Fraction(1, 2), Fraction(1, 2), Fraction(1, 2), Fraction(1, 2)])
    [0, 1, 1, 0]
    """
    edges = [round(edge) for edge in accumulate(parts, initial=Fraction(0))]
    return [after - before for before, after in pairwise(edges)]


def explain(planned: Planned, requests: int, totals: Iterable[TierTotal]) -> tuple[Driver, ...]:
    """The drivers between the plan for `requests` routed requests and what these totals paid.

    Their sum is what was paid less the plan, rounded to a nano-dollar.
    """
    of: defaultdict[Role, list[TierTotal]] = defaultdict(list)
    for total in totals:
        of[total.role].append(total)
    steps = [
        *_answers(planned, requests, of["answer"]),
        _classifier(planned, requests, of["classifier"]),
        _attempted("drafts", "draft", planned, requests, of["draft"]),
        _attempted("checks", "check", planned, requests, of["check"]),
        _attempted("retries", "retry", planned, requests, of["retry"]),
    ]
    whole = apportion([change for _, change, _ in steps])
    return tuple(
        Driver(name=name, nano=nano, detail=detail)
        for (name, _, detail), nano in zip(steps, whole, strict=True)
    )


_Step = tuple[str, Fraction, str]


def _answers(planned: Planned, requests: int, totals: Sequence[TierTotal]) -> list[_Step]:
    """From the planned answers to the answers' bill, in the order of the module's docstring."""
    known = {
        line.tier: (line, [total for total in totals if total.tier == line.tier])
        for line in planned.lines
        if line.role == "answer"
    }
    foreign = [total for total in totals if total.tier not in known]
    average = _planned(planned, "answer")
    given, here = _attempts(totals), _attempts(totals) - _attempts(foreign)
    by_plan = {tier: _attempts(own) * line.nano_per_call for tier, (line, own) in known.items()}
    stretched = {tier: _stretched(line, own) for tier, (line, own) in known.items()}
    unpriced = sum(
        (_stretched(line, own, priced=False) for line, own in known.values()), Fraction(0)
    )
    paid = sum(total.cost_nano for _, own in known.values() for total in own)
    return [
        (
            "unserved requests",
            (given - requests) * average,
            f"{requests - given:,} of {requests:,} got no answer",
        ),
        (
            "escalation mix",
            sum(by_plan.values(), Fraction(0)) - here * average,
            _mix(planned, totals),
        ),
        *(
            (
                f"tokens per {line.name} answer",
                stretched[tier] - by_plan[tier],
                _lengths(line, own),
            )
            for tier, (line, own) in known.items()
        ),
        (
            "prices and caching",
            paid - (sum(stretched.values(), Fraction(0)) - unpriced),
            "other rates, cache reads and writes",
        ),
        (
            "unpriced answers",
            -unpriced,
            f"{_attempts(totals, lambda total: not total.priced):,} answers of unknown cost",
        ),
        (
            "tiers outside the plan",
            sum(total.cost_nano for total in foreign) - (given - here) * average,
            ", ".join(sorted({total.tier for total in foreign})) or "none",
        ),
    ]


def _stretched(
    line: PlannedLine, totals: Sequence[TierTotal], *, priced: bool | None = None
) -> Fraction:
    """What these answers would have cost at the plan's prices, their own tokens given."""
    of = (total for total in totals if priced in (None, total.priced))
    return sum((line.at_planned_rates(total.attempts, total.usage) for total in of), Fraction(0))


def _classifier(planned: Planned, requests: int, totals: Sequence[TierTotal]) -> _Step:
    paid = sum(total.cost_nano for total in totals)
    calls = _attempts(totals)
    return (
        "classifier",
        paid - requests * _planned(planned, "classifier"),
        f"{calls:,} calls for {requests:,} requests",
    )


def _attempted(
    name: str, role: Role, planned: Planned, requests: int, totals: Sequence[TierTotal]
) -> _Step:
    """Attempts that are no answers: drafts turned down, checks, retries."""
    paid = sum(total.cost_nano for total in totals)
    premium = sum(total.cost_nano for total in totals if total.premium)
    calls = _attempts(totals)
    spent = f"; premium's are {money(premium)}" if premium else ""
    return (
        name,
        paid - requests * _planned(planned, role),
        (f"{calls:,} attempts{spent}" if calls else "none"),
    )


def _planned(planned: Planned, role: Role) -> Fraction:
    """nano-USD for an average request, over the lines of one role."""
    lines = (line.nano_per_request for line in planned.lines if line.role == role)
    return sum(lines, Fraction(0))


def _attempts(
    totals: Iterable[TierTotal], counts: Callable[[TierTotal], bool] = lambda _: True
) -> int:
    return sum(total.attempts for total in totals if counts(total))


def _mix(planned: Planned, totals: Sequence[TierTotal]) -> str:
    answers = _attempts(totals)
    if not answers:
        return "no answers"
    escalated = _attempts(totals, lambda total: total.premium) / answers
    return f"{percent(escalated)} premium, planned {percent(float(planned.escalation_rate))}"


def _lengths(line: PlannedLine, totals: Sequence[TierTotal]) -> str:
    answers = _attempts(totals)
    if not answers:
        return "no answers"
    usage = sum((total.usage for total in totals), Usage())
    return (
        f"{usage.total_input / answers:,.0f} in / {usage.output / answers:,.0f} out, "
        f"planned {line.input_tokens:,} / {line.output_tokens:,}"
    )
