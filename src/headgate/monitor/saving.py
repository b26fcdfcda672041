"""Is routing paying: the saving with its interval, and the verdict that rests on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from headgate.ledger.store import RequestTotal
from headgate.monitor.blocked import Blocked, Unit, blocked
from headgate.monitor.figures import between, money, percent
from headgate.monitor.planned import Planned
from headgate.stats.blocks import Block
from headgate.stats.intervals import Pairs, ratio

__all__ = ["LEAST_REQUESTS", "SURE", "Saving", "Verdict", "saving_of", "verdict_of"]

LEAST_REQUESTS = 100
"""Comparable requests below which no verdict is given: the interval of the saving rests on the
normal approximation, which is too sure of itself with fewer (`headgate.stats.intervals.ratio`)."""


STRAY = 0.1
"""How far one day's saving is thought to be from that of all days, as a standard deviation and a
share of all-premium, before the days can tell: what 15 points more or less that escalate come to
where a cheap answer costs a third of a premium one."""

SURE = 0.999
"""Confidence of an alarm that is looked at every hour: with 95 % there would be a false one in two
years of three where routing is exactly even (`benchmarks.intervals.looks`)."""


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
    by: Unit = "request"
    """What the interval takes as independent of each other."""
    blocks: int = 0
    """So many days or hours, as if they weighed the same."""
    stray: float | None = None
    """How far a day was thought to stray from all days; None where the days themselves tell."""
    sure_high: float | None = None
    """The upper end of its 99.9 % interval, for an alarm that is looked at all year."""
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
    own = tuple(parts)
    spent, by, blocks, stray = _spent(routed, own, 0.95)
    surely = _spent(routed, own, SURE).interval
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
        blocks=blocks,
        stray=stray,
        sure_high=None if surely is None else 1 - surely.low,
        planned=None if saving is None else float(saving),
    )


def _spent(routed: RequestTotal, parts: Sequence[RequestTotal], confidence: float) -> Blocked:
    """The interval of what was paid as a share of all-premium."""
    alone = ratio(
        Pairs(
            n=routed.comparable,
            x=routed.paid_nano,
            y=routed.baseline_nano,
            xx=routed.paid_squared,
            yy=routed.baseline_squared,
            xy=routed.paid_baseline,
        ),
        confidence,
    )

    def block_of(total: RequestTotal) -> Block:
        return Block(total.paid_nano, total.baseline_nano)

    return blocked(alone, parts, block_of, confidence, STRAY)


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
