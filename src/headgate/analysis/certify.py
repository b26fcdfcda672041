"""The certificate: the threshold that keeps a promise, chosen on rows the router has not seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from statistics import NormalDist
from typing import Literal

import msgspec
import numpy as np

from headgate.analysis.betting import MOST_STAKE, betting_p, design_effect, grouped_p
from headgate.analysis.days import DAY, days_of
from headgate.analysis.grouping import groups_of
from headgate.analysis.operating import operating_points, tenths
from headgate.analysis.rows import GradedRow
from headgate.analysis.train import fingerprint, gains
from headgate.analysis.vectors import Vectors
from headgate.errors import ConfigError
from headgate.routing.artifact import Certificate
from headgate.routing.reference import Reference
from headgate.routing.router import Router
from headgate.stats.grouped import Groups, independent
from headgate.stats.risk import binomial_p, fixed_sequence
from headgate.values import NANO_PER_USD

__all__ = ["Calibrating", "Goal", "certify", "choose", "thresholds"]

STEPS = 10
"""Thresholds tried between two knots of the router's calibration."""

ASSUMPTIONS = (
    "Future requests are exchangeable with these rows: the same mix, models, prompts and grading.",
    "The router was not trained on these rows.",
    "The grades are right; what grading gets wrong is not covered.",
    "Answers are as good as those graded: the providers' models stay as they are.",
    "The promise holds for traffic of at least as many requests as there are rows here.",
)


class Goal(msgspec.Struct, frozen=True):
    """What is to be kept, and how likely it may fail.

    `target`: for quality the share of the premium quality to keep; for escalation the most premium
    share; for a bill the most nano-USD a request, on average.
    """

    kind: Literal["quality", "escalation", "bill"]
    target: float
    risk: float = 0.05


class Calibrating(msgspec.Struct, frozen=True):
    """Calibration rows as columns, in random order: scores of router and models, costs."""

    score: np.ndarray
    cheap: np.ndarray
    premium: np.ndarray
    cheap_nano: np.ndarray | None = None
    premium_nano: np.ndarray | None = None
    group: np.ndarray | None = None
    """The number of each row's conversation; None where each row is by itself."""
    time: np.ndarray | None = None
    """When each came, seconds since 1970; None where that is not known of all."""


def thresholds(router: Router) -> list[float]:
    """The thresholds tried, rising, between "all to premium" and "all to cheap".

    Training fixed them by its own quantiles: they may not depend on the rows they are tested on.
    """
    knots = router.calibration.probabilities
    inner = [
        low + (high - low) * step / STEPS
        for low, high in pairwise(knots[1:-1])
        for step in range(STEPS)
    ]
    return [0.0, knots[1] / 2, *inner, *knots[-2:], 1.01]


def certify(
    router: Router,
    rows: Sequence[GradedRow],
    goal: Goal,
    *,
    cascade: bool = False,
    vectors: Vectors | None = None,
    seed: int = 0,
    on: date,
) -> Certificate:
    """Choose the threshold for a goal on rows kept from training, by Learn-then-Test.

    Thresholds are tested in a fixed order from the harmless end, so that no correction for their
    number is needed: for quality and bill with a betting test, for escalation with the exact
    binomial. Angelopoulos et al. (2021), "Learn then test", arXiv:2110.01052.

    In a cascade what premium answers has paid for cheap too. Rows of one conversation, or of one
    id, count for as many independent rows as tell as much. Where rows have their times a threshold
    has to pass over whole days as well, or over hours where the days are too few.

    Raises:
        ConfigError: no rows, a bill to keep and costs that are not known, or a router that needs
            embeddings and a row without one.
    """
    if not rows:
        raise ConfigError("There are no rows to certify on.", fix="Bring graded rows.")
    order = np.random.default_rng(seed).permutation(len(rows)).tolist()
    table = _columns(router, [rows[at] for at in order], cascade=cascade, vectors=vectors)
    if goal.kind == "bill" and table.cheap_nano is None:
        raise ConfigError(
            "A bill can be promised only where every row has the cost of both answers.",
            fix="Map the columns with the costs, or promise a quality or an escalation rate.",
        )
    grid = thresholds(router)
    passed, p_value = choose(table, grid, goal)
    taken = table.score >= (0.0 if passed is None else passed)
    return Certificate(
        goal=goal.kind,
        target=goal.target,
        risk=goal.risk,
        method="Learn-then-Test, fixed sequence, "
        + ("exact binomial" if goal.kind == "escalation" else "betting")
        + ("" if table.group is None else ", by the design effect of conversations")
        + ("" if (days := days_of(table.time)) is None else f", and Student's over {days.by}s"),
        threshold=passed,
        p_value=p_value,
        rows=len(rows),
        sample=fingerprint(rows),
        issued_on=on.isoformat(),
        escalation=float(taken.mean()),
        quality=float(np.where(taken, table.premium, table.cheap).mean()),
        premium_quality=float(table.premium.mean()),
        cheap_quality=float(table.cheap.mean()),
        assumptions=_assumptions(table, goal),
        advice="" if passed is not None else _advice(table, goal),
        reference=Reference.of(
            table.score.tolist(), [row.tokens for row in rows], (row.category for row in rows)
        ),
        points=operating_points(
            table.score, table.cheap, table.premium, _costs(table), grid, passed
        ),
        calibration=tenths(table.score, table.cheap, table.premium),
    )


def choose(
    table: Calibrating, grid: Sequence[float], goal: Goal
) -> tuple[float | None, float | None]:
    """The threshold furthest along that passes, with its p-value; None where none does."""
    # a quality promise starts from "all premium" and dares more; the others from "all cheap"
    order = list(grid) if goal.kind == "quality" else list(reversed(grid))
    risk = _stricter(goal.risk)
    tested: list[float] = []

    def testing() -> Iterator[float]:
        test = _tests(table, goal, risk)
        for threshold in order:
            tested.append(test(threshold))
            yield tested[-1]

    count = fixed_sequence(testing(), risk)
    return (order[count - 1], tested[count - 1]) if count else (None, None)


def _stricter(risk: float) -> float:
    """The risk to test at, so that the promise holds for as much traffic again as was sampled.

    A test speaks of the mean of endless traffic. The mean of n further requests strays from it
    as that of the n rows did, so the difference of both has twice the variance.
    """
    normal = NormalDist()
    return normal.cdf(math.sqrt(2) * normal.inv_cdf(risk)) if risk < 0.5 else risk


def _tests(table: Calibrating, goal: Goal, risk: float) -> Callable[[float], float]:
    """The p-value of a threshold: the greater of that over rows and that over days."""
    group, days = table.group, days_of(table.time)
    gains_of, least = _gaining(table, goal)

    def over_rows(threshold: float, gains: np.ndarray) -> float:
        if goal.kind == "escalation":
            return _escalation_p(table.score >= threshold, group, goal.target, risk)
        if gains.mean() <= 0:
            return 1.0
        if group is not None:
            return grouped_p(gains, group, least, risk)
        return betting_p(gains, least, risk)

    def test(threshold: float) -> float:
        gains = gains_of(threshold)
        p_value = over_rows(threshold, gains)
        return p_value if days is None or p_value > risk else max(p_value, days.p_value(gains))

    return test


def _gaining(table: Calibrating, goal: Goal) -> tuple[Callable[[float], np.ndarray], float]:
    """What each row is on the good side of the goal by, at a threshold; the least that can be."""
    if goal.kind == "escalation":
        return lambda threshold: goal.target - (table.score >= threshold), goal.target - 1
    if goal.kind == "quality":
        # quality >= floor · premium quality, where each row gains: served − floor · premium
        on_premium = (1 - goal.target) * table.premium
        on_cheap = table.cheap - goal.target * table.premium
        least = -goal.target
    else:
        assert table.cheap_nano is not None  # noqa: S101 - `certify` has refused this
        assert table.premium_nano is not None  # noqa: S101
        on_premium = goal.target - table.premium_nano
        on_cheap = goal.target - table.cheap_nano
        least = min(float(on_premium.min()), float(on_cheap.min()), -1.0)
    return lambda t: np.where(table.score >= t, on_premium, on_cheap), least


def _escalation_p(taken: np.ndarray, group: np.ndarray | None, bound: float, risk: float) -> float:
    if group is None:
        return binomial_p(int(taken.sum()), len(taken), bound)
    rows = np.bincount(group).tolist()
    hits = np.bincount(group, weights=taken).astype(int).tolist()
    n = independent(Groups.of(zip(rows, hits, strict=True)), 1 - 2 * risk)
    return binomial_p(float(taken.mean()) * n, n, bound)


def _columns(
    router: Router, rows: Sequence[GradedRow], *, cascade: bool, vectors: Vectors | None
) -> Calibrating:
    priced = all(row.cheap_nano is not None and row.premium_nano is not None for row in rows)
    return Calibrating(
        score=np.array([router.calibration(g) for g in gains(router, rows, vectors).tolist()]),
        cheap=np.array([row.cheap for row in rows]),
        premium=np.array([row.premium for row in rows]),
        cheap_nano=np.array([row.cheap_nano for row in rows], dtype=float) if priced else None,
        premium_nano=np.array(
            [(row.premium_nano or 0) + cascade * (row.cheap_nano or 0) for row in rows], dtype=float
        )
        if priced
        else None,
        group=groups_of(rows),
        time=np.array([row.time for row in rows], dtype=float)
        if all(row.time is not None for row in rows)
        else None,
    )


def _costs(table: Calibrating) -> tuple[np.ndarray, np.ndarray] | None:
    if table.cheap_nano is None or table.premium_nano is None:
        return None
    return table.cheap_nano, table.premium_nano


def _assumptions(table: Calibrating, goal: Goal) -> tuple[str, ...]:
    assumed: tuple[str, ...] = ASSUMPTIONS
    if table.group is not None:
        number = f"{int(table.group.max()) + 1:,} conversations"
        drawn = f"The rows are of {number}, drawn at random and whole; future ones are as long."
        assumed = (*assumed, drawn)
    assumed = (*assumed, _days_assumed(table.time))
    if goal.kind != "bill" or table.cheap_nano is None or table.premium_nano is None:
        return assumed
    most = max(float(table.cheap_nano.max()), float(table.premium_nano.max())) / NANO_PER_USD
    return (*assumed, f"No request costs more than the dearest of these rows, {most:.6f} USD.")


def _days_assumed(time: np.ndarray | None) -> str:
    """What is taken for granted of days, which may be unlike each other."""
    if time is None:
        return "The rows have no times: that one day is like another is taken for granted."
    days, number = days_of(time), len(np.unique(time // DAY))
    if days is not None and days.by == "day":
        return f"The rows are of {number} days, drawn at random; no season or trend is among them."
    rows = "one day" if number == 1 else f"{number} days, too few to tell days apart"
    return f"The rows are of {rows}: that others are like that is taken for granted."


def _advice(table: Calibrating, goal: Goal) -> str:
    """What would be needed where nothing passed, not even the harmless end."""
    risk = _stricter(goal.risk)
    group = table.group
    if goal.kind == "escalation":
        # where nobody escalates, all rows of a conversation count as alike
        worth = 1.0 if group is None else float((np.bincount(group) ** 2).sum() / len(group))
        rate = min(goal.target, 1 - 1e-9)
        needed = math.ceil(worth * math.log(risk) / math.log(1 - rate))
        return f"At least {needed:,} rows are needed, with nobody escalated."
    if goal.kind == "bill":
        assert table.cheap_nano is not None  # noqa: S101 - `certify` has refused this
        mean = float(table.cheap_nano.mean()) / NANO_PER_USD
        return (
            f"The cheap tier alone costs {mean:.6f} USD a request. Allow for a higher bill, "
            "or bring more rows where the cheap tier alone is below it."
        )
    room = (1 - goal.target) * float(table.premium.mean())
    if room <= 0:
        return "A floor of 100 % leaves no room for any loss; choose a lower floor."
    worth = 1.0 if group is None else design_effect(table.premium, group)
    needed = math.ceil(worth * math.log(1 / risk) * goal.target / (MOST_STAKE * room))
    return (
        f"At least {needed:,} rows are needed before even a few requests may go to cheap; "
        "or choose a lower floor."
    )
