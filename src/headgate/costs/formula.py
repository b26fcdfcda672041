"""The formula sheet: what each strategy costs a month, for any kind of number.

Amounts are nano-dollars a month and are not rounded. docs/plan.md states the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headgate.costs.call import Call, call, expected_retries
from headgate.costs.quantities import Inputs, Quantity, TierInputs

__all__ = ["Amounts", "Month", "total"]


class Amounts(msgspec.Struct, gc=False):
    """The parts of one strategy's monthly bill."""

    classifier: Quantity
    tiers: Sequence[Quantity]
    """First attempts of each tier that may answer."""
    verifier: Quantity
    retries: Quantity
    overhead: Quantity


def total(amounts: Amounts) -> Quantity:
    """The whole bill."""
    whole = amounts.classifier + amounts.retries + amounts.overhead + amounts.verifier
    for amount in amounts.tiers:
        whole = whole + amount
    return whole


class Month:
    """A month of a scenario: which requests there are, where they go, what a call of each costs.

    A request is of the kind of the tier that it is meant for, and keeps its tokens wherever it is
    answered. Where all kinds have the same tokens they are taken as one.
    """

    __slots__ = ("_again", "_calls", "_flow", "_kinds", "_mix", "inputs", "scale", "shares")

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        tiers = inputs.tiers
        reads, writes = tiers[0].reads, tiers[0].writes
        alike = True
        for tier in tiers:
            if tier.reads is not reads or tier.writes is not writes:
                alike = False
        self._kinds = tiers[:1] if alike else tiers
        rate = inputs.rate
        self.shares = [*_split(1 - rate, inputs.weights), rate]
        self._mix: Sequence[Quantity] | None = None
        self._flow: list[Sequence[Quantity]] | None = None
        if not alike:
            self._mix, self._flow = _flow(inputs, self.shares)
        # from pico-dollars of one request to nano-dollars of a month
        self.scale = inputs.requests_per_day * inputs.days / 1000
        self._calls = [self._row(tier) for tier in tiers]
        self._again = [
            0 if tier.retry is None else expected_retries(tier.retry, tier.attempts)
            for tier in tiers
        ]

    def routed(self) -> Amounts:
        """The classifier is asked, then one tier answers."""
        x = self.inputs
        lines, retries = self._answers(self.shares, self._flow)
        return Amounts(self.scale * x.classify, lines, 0, retries, x.overhead)

    def cascade(self, *, behind_router: bool = False) -> Amounts:
        """Every tier drafts, cheapest first, until the verifier takes a draft.

        Behind a router the share `direct` goes to the premium tier at once; such a request is of
        the premium tier's kind.
        """
        x, scale = self.inputs, self.scale
        classify = scale * x.classify if behind_router else 0
        flow = [(share,) for share in self.shares] if self._flow is None else self._flow
        reached: list[Sequence[Quantity]] = [flow[-1]]
        for row in reversed(flow[:-1]):
            reached.append([old + new for old, new in zip(reached[-1], row, strict=True)])
        reached.reverse()
        if behind_router and x.direct is not None:
            most = flow[-1][-1]
            direct = x.direct + (x.direct > most) * (most - x.direct)
            reached[:-1] = [(*row[:-1], row[-1] - direct) for row in reached[:-1]]
        shares = [sum(row) for row in reached]
        lines, retries = self._answers(shares, None if self._flow is None else reached)
        return Amounts(classify, lines, scale * sum(shares[:-1]) * x.verify, retries, x.overhead)

    def single(self, which: int | TierInputs) -> Amounts:
        """One model answers every request: that of a tier, or of another one altogether."""
        if isinstance(which, int):
            tier, calls, again = self.inputs.tiers[which], self._calls[which], self._again[which]
        else:
            tier, calls = which, self._row(which)
            again = expected_retries(which.retry, which.attempts)
        if self._mix is None:
            first, raw = calls[0].first(tier.hit), calls[0].raw
        else:
            first, raw = _mean(self._mix, calls, tier.hit)
        return Amounts(0, (self.scale * first,), 0, self.scale * raw * again, 0)

    def _answers(
        self, shares: Sequence[Quantity], flow: Sequence[Sequence[Quantity]] | None
    ) -> tuple[list[Quantity], Quantity]:
        """First attempts of each tier, and the retries of all.

        `shares` are the requests that each tier answers, `flow` the same by kind of request.
        """
        scale, loss = self.scale, self.inputs.split_loss
        retries, lines = 0, []
        for n, tier in enumerate(self.inputs.tiers):
            share, calls, hit = shares[n], self._calls[n], tier.hit
            if hit is not None and loss is not None:  # the other tiers take some of its hits away
                hit = hit * (1 - loss * (1 - share))
            if flow is None:
                one = calls[0]
                first = share * (one.raw if hit is None and one.gain is None else one.first(hit))
                raw = share * one.raw
            else:
                first, raw = _mean(flow[n], calls, hit)
            lines.append(scale * first)
            if tier.retry is not None:
                retries = retries + raw * self._again[n]
        return lines, scale * retries

    def _row(self, tier: TierInputs) -> list[Call]:
        x = self.inputs
        return [call(tier, kind.reads, kind.writes, x.prefix, x.batch) for kind in self._kinds]


def _mean(
    weights: Sequence[Quantity], calls: Sequence[Call], hit: Quantity | None
) -> tuple[Quantity, Quantity]:
    """A first attempt, and a raw call, over a mix of requests."""
    first = raw = 0
    for weight, one in zip(weights, calls, strict=True):
        first = first + weight * one.first(hit)
        raw = raw + weight * one.raw
    return first, raw


def _flow(
    x: Inputs, shares: Sequence[Quantity]
) -> tuple[Sequence[Quantity], list[Sequence[Quantity]]]:
    """Share of each kind of request, and for each tier the share of each kind that it answers."""
    if x.matrix is None:
        count = len(shares)
        diagonal = [
            [share if t == k else 0 for k in range(count)] for t, share in enumerate(shares)
        ]
        return shares, list(diagonal)
    hard, caught, wasted = x.matrix
    easy = _split(1 - hard, x.weights)
    missed = _split(hard * (1 - caught), x.weights)
    flow: list[Sequence[Quantity]] = [
        [*((kept * (1 - wasted)) if t == k else 0 for k in range(len(easy))), missed[t]]
        for t, kept in enumerate(easy)
    ]
    flow.append([*(share * wasted for share in easy), hard * caught])
    return [*easy, hard], flow


def _split(whole: Quantity, weights: Sequence[Quantity]) -> list[Quantity]:
    """The whole by weights that add to 1; the last part is what is left: nothing is lost."""
    if len(weights) == 1:
        return [whole]
    parts, left = [], whole
    for weight in weights[:-1]:
        part = weight * whole
        parts.append(part)
        left = left - part
    return [*parts, left]
