"""Is routing paying: the saving with its interval, and the verdict that rests on it.

Requests of one conversation, one caller or one day cost alike. Sums by the hour know no
conversations, but nearly all of one are in few hours and surely in few days: so whole days are
taken as what is drawn, or hours where the days are too few (docs/decisions/0079).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from headgate.ledger.store import RequestTotal
from headgate.monitor.figures import between, money, percent
from headgate.monitor.planned import Planned
from headgate.stats.blocks import Block, equal_blocks, over_blocks
from headgate.stats.intervals import Interval, Pairs, ratio

__all__ = ["LEAST_REQUESTS", "Saving", "Verdict", "saving_of", "unit_of", "verdict_of"]

LEAST_REQUESTS = 100
"""Comparable requests below which no verdict is given: the interval of the saving rests on the
normal approximation, which is too sure of itself with fewer (`headgate.stats.intervals.ratio`)."""


LEAST_DAYS, LEAST_HOURS = 5, 8
"""Days, and hours, of equal weight below which the next smaller block is taken: Student's quantile
for fewer leaves nothing to be said (`benchmarks.intervals.blocks`)."""

_NOTHING = Block(0.0, 0.0)


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """Everything paid for the comparable requests, against their served tokens all-premium."""

    comparable: int
    """Routed requests whose every attempt is priced; the others are left out here."""
    left_out: int
    planned_baseline_nano: int | None
    """What the plan expects as many requests to cost all-premium; None without a plan."""
    baseline_nano: int
    paid_nano: int
    saved_nano: int
    share: float | None
    """Of the baseline; below zero where routing costs more; None where the baseline is 0."""
    low: float | None
    high: float | None
    """The 95 % interval of `share`; None where it cannot be told."""
    by: Literal["day", "hour", "request"] = "request"
    """What the interval takes as independent of each other."""
    blocks: int = 0
    """So many days or hours, as if they weighed the same."""
    planned: float | None

    @property
    def unpriced(self) -> int:
        """Those left out, where the others came to nothing: the amounts here say nothing."""
        return 0 if self.baseline_nano or self.paid_nano else self.left_out


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Is routing paying, and what the answer rests on."""

    answer: Literal["yes", "no", "too little"]
    sentence: str
    rests_on: str


def saving_of(
    routed: RequestTotal, planned: Planned | None, parts: Iterable[RequestTotal] = ()
) -> Saving:
    """What was saved on the comparable ones among routed requests, with its interval.

    Args:
        parts: the same by the hour, that being the first of what they are told apart by.
    """
    alone = ratio(
        Pairs(
            n=routed.comparable,
            x=routed.paid_nano,
            y=routed.baseline_nano,
            xx=routed.paid_squared,
            yy=routed.baseline_squared,
            xy=routed.paid_baseline,
        )
    )
    by, blocks = _blocks(parts)
    spent = _wider(alone, over_blocks(blocks)) if blocks else alone
    saved = routed.baseline_nano - routed.paid_nano
    saving = planned.saving if planned else None
    baseline = round(routed.comparable * planned.all_premium_nano) if planned else None
    return Saving(
        comparable=routed.comparable,
        left_out=routed.requests - routed.comparable,
        planned_baseline_nano=baseline,
        baseline_nano=routed.baseline_nano,
        paid_nano=routed.paid_nano,
        saved_nano=saved,
        share=saved / routed.baseline_nano if routed.baseline_nano else None,
        low=None if spent is None else 1 - spent.high,
        high=None if spent is None else 1 - spent.low,
        by=by,
        blocks=round(equal_blocks(blocks)),
        planned=None if saving is None else float(saving),
    )


def _blocks(
    parts: Iterable[RequestTotal],
) -> tuple[Literal["day", "hour", "request"], list[Block]]:
    """Days where there are enough of them, else hours, else nothing but single requests."""
    timed = [total for total in parts if total.comparable and total.of]
    units: tuple[tuple[Literal["day", "hour"], int, float], ...] = (
        ("day", 24, LEAST_DAYS),
        ("hour", 1, LEAST_HOURS),
    )
    for by, hours, least in units:
        sums: dict[int, Block] = {}
        for total in timed:
            at = int(total.of[0]) // hours
            before = sums.get(at, _NOTHING)
            sums[at] = Block(before.x + total.paid_nano, before.y + total.baseline_nano)
        blocks = list(sums.values())
        if equal_blocks(blocks) >= least:
            return by, blocks
    return "request", []


def _wider(one: Interval | None, other: Interval | None) -> Interval | None:
    """Of two intervals around the same share; a few blocks that happen to agree narrow nothing."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda interval: interval.high - interval.low)


def unit_of(saving: Saving) -> str:
    """What the interval rests on, to be said behind the number of requests."""
    if saving.by == "request":
        return ", each taken by itself"
    return f", of {saving.blocks:,} {saving.by}s"


def verdict_of(routed: RequestTotal, saving: Saving) -> Verdict:
    """The answer: only where the whole interval of the saving lies on one side of nothing."""
    rests_on = _rests_on(routed, saving)
    if saving.low is None or saving.high is None or saving.comparable < LEAST_REQUESTS:
        return Verdict(
            answer="too little",
            sentence="Too little to tell whether routing pays: "
            f"{saving.comparable:,} comparable request{'' if saving.comparable == 1 else 's'}, "
            f"{LEAST_REQUESTS} are needed.",
            rests_on=rests_on,
        )
    amount, share = money(abs(saving.saved_nano)), percent(abs(saving.share or 0.0))
    if saving.low > 0:
        return Verdict(
            answer="yes",
            sentence=f"Routing pays: it saved {amount}, {share} of all-premium "
            f"(95 %: {between(saving.low, saving.high)}).",
            rests_on=rests_on,
        )
    if saving.high < 0:
        return Verdict(
            answer="no",
            sentence=f"Routing does not pay: it cost {amount} more than all-premium, {share} "
            f"(95 %: {between(-saving.high, -saving.low)}).",
            rests_on=rests_on,
        )
    return Verdict(
        answer="too little",
        sentence="Too little to tell whether routing pays: the saving may be anything from "
        f"{between(saving.low, saving.high)} of all-premium (95 %).",
        rests_on=rests_on,
    )


def _rests_on(routed: RequestTotal, saving: Saving) -> str:
    text = f"{saving.comparable:,} of {routed.requests:,} routed requests"
    if saving.left_out:
        text += f"; {saving.left_out:,} left out, an attempt of theirs has no known price"
    if routed.requests > routed.served:
        text += "; what unserved requests cost counts against routing"
    return text
