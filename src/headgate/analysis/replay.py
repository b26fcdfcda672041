"""Replay: what bill, quality and escalation rate a policy would have had on graded requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from headgate.analysis.curve import Measure
from headgate.analysis.rows import GradedRow
from headgate.routing.features import CATEGORY_HEADER, ROUTE_HEADER
from headgate.routing.guard import Guard, fitting
from headgate.routing.learned import Learned
from headgate.routing.policy import AUTO, Policy
from headgate.routing.tier import Tier
from headgate.values import Ask, tokens_in

__all__ = ["Course", "Replayed", "ask_of", "courses", "decided", "limits", "replay", "scored"]

OPEN = "a model decides"


class Course(NamedTuple):
    """Where a policy sends each row: the share that premium answers, 0 or 1 but for a lottery."""

    name: str
    premium: np.ndarray
    reasons: Mapping[str, int] = {}
    """How often each reason decided."""
    note: str = ""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """A policy on the rows. Intervals are of the bootstrap, conversations drawn whole."""

    name: str
    escalation: Measure
    """Share of the requests that premium answers."""
    quality: Measure
    """Mean score."""
    of_premium: Measure
    """The same as a share of what all-premium reaches; None where that is nothing."""
    cost: Measure
    """Mean nano-USD a request; None where a cost is not known."""
    saving: Measure
    """Share of the all-premium bill that is saved; None where a cost is not known."""
    missed: float | None
    """Of the requests that only premium answers well, the share sent to cheap."""
    wasted: float | None
    """Of the requests sent to premium, the share that it answers no better than cheap."""
    reasons: Mapping[str, int] = {}
    note: str = ""


def ask_of(row: GradedRow, model: str = AUTO) -> Ask:
    """The request of a row as a policy is told it; of earlier turns only the number is known."""
    headers = {CATEGORY_HEADER: row.category, ROUTE_HEADER: row.route}
    text = f"{row.system}{row.prompt}"
    return Ask(
        model=model,
        system=row.system,
        last_user=row.prompt,
        turns=row.turns,
        tokens=row.tokens or tokens_in(text),
        tools=row.tools,
        images=row.images,
        json_schema=row.json_schema,
        headers={name: value for name, value in headers.items() if value},
    )


def decided(
    policy: Policy, tiers: Sequence[Tier], rows: Sequence[GradedRow]
) -> tuple[list[bool | None], Counter[str]]:
    """Of each row whether premium answers, and how often each reason decided.

    None where that is not to be known: a model would be asked, or a tier between the two would
    answer, or a draft be checked. The gateway's own code decides, its guard included.
    """
    guard = Guard(tiers)
    first, last = tiers[0].name, tiers[-1].name
    chosen: list[bool | None] = []
    reasons: Counter[str] = Counter()
    for row in rows:
        ask = ask_of(row)
        found = policy.decide(ask)
        if found is None:
            reasons[OPEN] += 1
            chosen.append(None)
            continue
        found = fitting(found, tiers, guard.bars(ask)) or found
        reasons[found.reason] += 1
        known = not found.draft and found.tier.name in (first, last)
        chosen.append(found.tier.name == last if known else None)
    return chosen, reasons


def courses(
    policy: Policy, tiers: Sequence[Tier], rows: Sequence[GradedRow], name: str
) -> Iterator[Course]:
    """The course of a policy; two, at the ends of what is possible, where not all is known."""
    chosen, reasons = decided(policy, tiers, rows)
    open_ones = sum(one is None for one in chosen)
    if not open_ones:
        yield Course(name, np.array(chosen, dtype=float), reasons)
        return
    for tier, value in (("cheap", 0.0), ("premium", 1.0)):
        sent = np.array([value if one is None else float(one) for one in chosen])
        note = f"{open_ones:,} requests that a replay cannot decide, all sent to {tier}"
        yield Course(f"{name}, open: {tier}", sent, reasons, note)


def scored(router: Learned, rows: Sequence[GradedRow], name: str) -> Course:
    """The course of a learned router at its threshold, without rules before it."""
    scores = np.array([router.score(ask_of(row)) for row in rows])
    return Course(name, (scores >= router.threshold).astype(float))


def limits(rows: Sequence[GradedRow], like: Course | None = None) -> Iterator[Course]:
    """What every policy lies between: all cheap, all premium, the oracle, and a lottery.

    The lottery sends as many requests to premium as `like` does, and asks no question.
    """
    up = np.array([row.premium > row.cheap for row in rows], dtype=float)
    yield Course("all cheap", np.zeros(len(rows)))
    yield Course("all premium", np.ones(len(rows)))
    if like is not None:
        share = float(np.mean(like.premium))
        yield Course("lottery", np.full(len(rows), share), note=f"as many as {like.name}")
    yield Course("oracle", up, note="knows the grades: nobody can do better")


def replay(
    rows: Sequence[GradedRow],
    policies: Sequence[Course],
    *,
    good: float = 0.5,
    times: int = 1000,
    seed: int = 0,
) -> list[Replayed]:
    """Every course over the same rows, and the same draws of them.

    Args:
        rows: at least one.
        policies: where each sends the rows.
        good: least score of an answer that will do, for `missed`.
        times: bootstrap draws.
        seed: of the draws.

    Raises:
        ValueError: there are no rows.
    """
    if not rows:
        raise ValueError("there are no rows to replay")
    table = _Table(rows, good)
    even = np.full(table.groups, 1 / table.groups)
    # how often each conversation is drawn, the same for all courses
    draws = np.random.default_rng(seed).multinomial(table.groups, even, size=times)
    return [_replayed(course, table, draws) for course in policies]


class _Table:
    """The rows as columns; costs are None where one is not known."""

    def __init__(self, rows: Sequence[GradedRow], good: float) -> None:
        self.cheap = np.array([row.cheap for row in rows])
        self.premium = np.array([row.premium for row in rows])
        self.hard = (self.cheap < good) & (self.premium >= good)
        priced = all(row.cheap_nano is not None and row.premium_nano is not None for row in rows)
        self.costs: tuple[np.ndarray, np.ndarray] | None = None
        if priced:
            self.costs = (
                np.array([row.cheap_nano for row in rows], dtype=float),
                np.array([row.premium_nano for row in rows], dtype=float),
            )
        names = {row.conversation or f"\0{at}": None for at, row in enumerate(rows)}
        place = {name: at for at, name in enumerate(names)}
        self.group = np.array([place[row.conversation or f"\0{at}"] for at, row in enumerate(rows)])
        self.groups = len(names)


def _replayed(course: Course, table: _Table, draws: np.ndarray) -> Replayed:
    sent = course.premium

    def measure(over: np.ndarray, under: np.ndarray | None = None) -> Measure:
        """The ratio of two sums over the rows; of `under`, one a row where it is None."""
        base = np.ones(len(over)) if under is None else under
        tops, bases = (
            np.bincount(table.group, weights=column, minlength=table.groups)
            for column in (over, base)
        )
        if not bases.sum():
            return Measure(None, None, None)
        drawn_bases = draws @ bases
        found = (draws @ tops)[drawn_bases > 0] / drawn_bases[drawn_bases > 0]
        low, high = np.quantile(found, [0.025, 0.975]) if len(found) else (None, None)
        ends = [None if end is None else float(end) for end in (low, high)]
        return Measure(float(tops.sum() / bases.sum()), ends[0], ends[1])

    quality = sent * table.premium + (1 - sent) * table.cheap
    nothing = Measure(None, None, None)
    cost, saving = nothing, nothing
    if table.costs is not None:
        cheap, premium = table.costs
        paid = sent * premium + (1 - sent) * cheap
        cost, saving = measure(paid), measure(premium - paid, premium)
    hard, up = table.hard.astype(float), (table.premium > table.cheap).astype(float)
    return Replayed(
        name=course.name,
        escalation=measure(sent),
        quality=measure(quality),
        of_premium=measure(quality, table.premium),
        cost=cost,
        saving=saving,
        missed=_share(hard * (1 - sent), hard),
        wasted=_share(sent * (1 - up), sent),
        reasons=dict(course.reasons),
        note=course.note,
    )


def _share(part: np.ndarray, whole: np.ndarray) -> float | None:
    total = float(whole.sum())
    return float(part.sum()) / total if total else None
