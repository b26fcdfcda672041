"""When a rate changed: the likelihood of every moment it may have been, and an interval of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, NamedTuple

from headgate.stats.intervals import Interval

__all__ = ["ChangePoint", "Count", "locate", "ramp", "step"]

MOST_RAMP_BINS = 256
"""A ramp is looked for on at most so many bins; neighbours are put together until they fit."""


class Count(NamedTuple):
    """What a stretch of time held: so many requests, so many of them hits."""

    n: int
    hits: int


class ChangePoint(NamedTuple):
    """One change, as an index into the bins that were given."""

    shape: Literal["step", "ramp"]
    at: int
    """The likeliest first bin of the new rate, or of the slope towards it."""
    interval: Interval
    """Bins between which the change began with the confidence asked for, both included."""
    before: float
    """The rate up to there."""
    after: float
    """The rate from there on; of a ramp, what it has come to in the last bin."""
    gain: float
    """Log-likelihood over that of no change at all, in nats."""


def locate(bins: Sequence[Count], confidence: float = 0.95) -> ChangePoint | None:
    """The step or the ramp that explains the bins best; None where no rise or fall can be told.

    Both have three things to choose (a moment and two rates), so the likelier one is taken. A step
    is preferred on a tie.

    Raises:
        ValueError: confidence is not between 0 and 1, or a bin is no count.
    """
    found = [one for one in (step(bins, confidence), ramp(bins, confidence)) if one is not None]
    return max(found, key=lambda one: one.gain, default=None)


def step(bins: Sequence[Count], confidence: float = 0.95) -> ChangePoint | None:
    """One rate up to a moment, another from there on.

    Every split k of the bins has the likelihood of the best rate on either side,

        ℓ(k) = h₁ log(h₁/n₁) + m₁ log(m₁/n₁) + h₂ log(h₂/n₂) + m₂ log(m₂/n₂),

    h hits and m misses of n. The likeliest is the estimate. With a flat prior over requests and
    over both rates, a split's posterior probability is proportional to B(h₁+1, m₁+1)·B(h₂+1, m₂+1)
    times the requests of its bin; the interval is the span of the likeliest splits that hold
    `confidence` between them. None for fewer than two bins with requests, or equal rates.

    Hinkley (1970), "Inference about the change-point in a sequence of random variables",
    Biometrika 57; the posterior is Smith (1975), "A Bayesian approach to inference about a
    change-point in a sequence of random variables", Biometrika 62.

    >>> found = step([Count(100, 14)] * 5 + [Count(100, 22)] * 5)
    >>> found.at, found.before, found.after
    (5, 0.14, 0.22)

    Raises:
        ValueError: confidence is not between 0 and 1, or a bin is no count.
    """
    _check(bins, confidence)
    sums = list(accumulate(bins, lambda a, b: Count(a.n + b.n, a.hits + b.hits)))
    if not sums or not sums[-1].n:
        return None
    whole = sums[-1]
    splits: list[tuple[int, Count, Count]] = []
    for k in range(1, len(bins)):
        first = sums[k - 1]
        second = Count(whole.n - first.n, whole.hits - first.hits)
        if first.n and bins[k].n and second.n:
            splits.append((k, first, second))
    if not splits:
        return None
    likelihoods = [_log_likelihood(first) + _log_likelihood(second) for _, first, second in splits]
    best = max(range(len(splits)), key=likelihoods.__getitem__)
    at, first, second = splits[best]
    before, after = first.hits / first.n, second.hits / second.n
    if before == after:
        return None
    logs = [_log_beta(one) + _log_beta(two) + math.log(bins[k].n) for k, one, two in splits]
    span = _span([k for k, _, _ in splits], logs, confidence)
    gain = likelihoods[best] - _log_likelihood(whole)
    return ChangePoint("step", at, span, before, after, gain)


def ramp(bins: Sequence[Count], confidence: float = 0.95) -> ChangePoint | None:
    """One rate up to a moment, then a straight slope until the end: a creep.

    For every moment k the line r + s·max(0, t − k) is fitted by least squares, each bin weighted by
    its requests; the variance is taken as the binomial one of the overall rate. Moments whose end
    would lie outside 0 to 1 are left out. The interval comes from the posterior with a flat prior
    over moments, rate and slope. None for fewer than three bins with requests, or no slope.

    Quandt (1958), "The estimation of the parameters of a linear regression system obeying two
    separate regimes", JASA 53; the posterior of the moment is that of Smith (1975), as for `step`.

    Raises:
        ValueError: confidence is not between 0 and 1, or a bin is no count.
    """
    _check(bins, confidence)
    group = max(1, -(-len(bins) // MOST_RAMP_BINS))
    coarse = [
        Count(sum(one.n for one in part), sum(one.hits for one in part))
        for part in (bins[start : start + group] for start in range(0, len(bins), group))
    ]
    whole = Count(sum(one.n for one in coarse), sum(one.hits for one in coarse))
    if sum(one.n > 0 for one in coarse) < 3 or whole.hits in (0, whole.n):
        return None
    overall = whole.hits / whole.n
    fits = _slopes(coarse, whole)
    if not fits:
        return None
    variance = overall * (1 - overall)
    logs = [fit.explained / (2 * variance) - fit.log_determinant / 2 for fit in fits]
    best = max(fits, key=lambda fit: fit.explained)
    low, high = _span([fit.at for fit in fits], logs, confidence)
    rates = [best.before + best.slope * max(0, t - best.at) for t in range(len(coarse))]
    gain = sum(
        one.hits * math.log(rate / overall)
        + (one.n - one.hits) * math.log((1 - rate) / (1 - overall))
        for one, rate in zip(coarse, rates, strict=True)
    )
    return ChangePoint(
        "ramp",
        best.at * group,
        Interval(low * group, min(len(bins), (high + 1) * group) - 1),
        best.before,
        rates[-1],
        gain,
    )


class _Slope(NamedTuple):
    """The best line that is level until `at`."""

    at: int
    before: float
    slope: float
    explained: float
    """Weighted sum of squares that the slope takes away from that of the overall rate."""
    log_determinant: float


def _slopes(bins: Sequence[Count], whole: Count) -> list[_Slope]:
    """A fit for every moment, from sums over the bins after it: Σn·d, Σn·d², Σh·d with d = t − k.

    Going back one bin adds 1 to every d, and so the sums follow from those of the next moment.
    """
    fits = []
    n = hits = nd = ndd = hd = 0
    for at in range(len(bins) - 2, -1, -1):
        n, hits = n + bins[at + 1].n, hits + bins[at + 1].hits
        nd, ndd, hd = nd + n, ndd + 2 * nd + n, hd + hits
        centred = ndd - nd * nd / whole.n
        if centred <= 0:
            continue
        together = hd - nd * whole.hits / whole.n
        slope = together / centred
        before = (whole.hits - slope * nd) / whole.n
        end = before + slope * (len(bins) - 1 - at)
        if slope and 0 < before < 1 and 0 < end < 1:
            explained = together * together / centred
            fits.append(_Slope(at, before, slope, explained, math.log(centred)))
    return fits[::-1]


def _log_likelihood(count: Count) -> float:
    return sum(
        part * math.log(part / count.n) for part in (count.hits, count.n - count.hits) if part
    )


def _log_beta(count: Count) -> float:
    misses = count.n - count.hits
    return math.lgamma(count.hits + 1) + math.lgamma(misses + 1) - math.lgamma(count.n + 2)


def _span(moments: Sequence[int], logs: Sequence[float], confidence: float) -> Interval:
    """From the first to the last of the likeliest moments that hold `confidence` between them."""
    top = max(logs)
    weights = [math.exp(log - top) for log in logs]
    missing = confidence * sum(weights)
    taken = []
    for index in sorted(range(len(weights)), key=weights.__getitem__, reverse=True):
        taken.append(moments[index])
        missing -= weights[index]
        if missing <= 0:
            break
    return Interval(min(taken), max(taken))


def _check(bins: Sequence[Count], confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    for one in bins:
        if not 0 <= one.hits <= one.n:
            raise ValueError(f"{one.hits} of {one.n} is not a share")
