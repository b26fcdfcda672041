"""What a ledger adds up to: sums over attempts, over requests and over days, and latencies."""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal

import msgspec

from headgate.values import Usage

__all__ = [
    "DAY_US",
    "HOUR_US",
    "LATENCY_BOUNDS",
    "AttemptDimension",
    "DayTotal",
    "Latency",
    "LatencyDimension",
    "RequestDimension",
    "RequestTotal",
    "Role",
    "TierTotal",
    "latency_from",
]

HOUR_US = 3_600_000_000
"""An hour in microseconds."""
DAY_US = 24 * HOUR_US
"""A day in microseconds; days begin at midnight UTC."""

Role = Literal["classifier", "answer", "draft", "check", "retry", "shadow"]
"""What an attempt was to its request.

`answer` was served; `draft` was a cheap answer that a check rejected; `retry` failed or was
superseded, and its bill bought nothing; `classifier` decided; `check` asked a verifier or a judge
about a draft; `shadow` was asked, or judged, for the watch alone, and is no part of the request.
"""

AttemptDimension = Literal[
    "hour", "provider", "model", "route", "key", "team", "policy", "reason", "error"
]
"""What sums over attempts can further be told apart by.

`hour` is when the request began, in hours since 1970; of `key`, `team` and `error`, none is "".
"""
RequestDimension = Literal["hour", "route", "key", "team", "policy", "model"]
"""What sums over requests can further be told apart by.

`model` is the one that answered, as it was called; "" for a request that none answered, and for
those pruned before the ledger kept it. Over attempts, `model` is the one that each attempt called.
"""
LatencyDimension = Literal["hour", "tier", "provider", "model"]


class TierTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the attempts that agree in the first five fields, and in what else was asked."""

    routed: bool
    role: Role
    tier: str
    premium: bool
    priced: bool
    """`cost_nano` is known; where it is not, `cost_nano` here is 0 and means nothing."""
    of: tuple[str | int, ...] = ()
    """The values of the further dimensions that were asked for, in their order."""
    attempts: int
    estimated: int
    """Attempts whose tokens are an estimate."""
    aborted: int = 0
    """Attempts that the caller or the provider broke off."""
    cost_nano: int
    usage: Usage


class RequestTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over whole requests, for those Headgate routed or those the caller pinned.

    A request is *comparable* when every attempt of it is priced and, if it was served, its answer
    is priced on the premium tier too. Only then can its bill be held against all-premium. The
    moments are sums over the comparable requests of paid² , baseline² and paid × baseline in
    nano-USD²: statistics, hence floats. Attempts with the role `shadow` are no part of a request.
    """

    routed: bool
    of: tuple[str | int, ...] = ()
    """The values of the further dimensions that were asked for, in their order."""
    requests: int
    served: int
    escalated: int
    """Served by the premium tier."""
    comparable: int
    paid_nano: int
    """Everything the comparable requests cost: classifier, checks, answers, drafts, retries."""
    baseline_nano: int
    """The served tokens of the comparable requests, priced on the premium tier."""
    paid_squared: float
    baseline_squared: float
    paid_baseline: float
    first_us: int
    last_us: int
    """When the first and the last of these requests were sent."""


class DayTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the attempts sent on one day (UTC), routed and pinned alike."""

    day: int
    """Days since 1970-01-01."""
    attempts: int
    unpriced: int
    """Attempts of unknown cost; they are not in `cost_nano`."""
    cost_nano: int


LATENCY_BOUNDS = (0, *(round(1000 * 2 ** (step / 8)) for step in range(161)))
"""Where the buckets of a latency begin, microseconds: 1 ms to 17 minutes, each 9 % above the last;
what is below 1 ms has one bucket, what is above 17 minutes another."""


def latency_from(latency_us: int) -> int:
    """Where the bucket of a latency begins.

    >>> latency_from(999), latency_from(1000), latency_from(210_000)
    (0, 1000, 197403)
    """
    return LATENCY_BOUNDS[bisect_right(LATENCY_BOUNDS, latency_us) - 1]


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long answers took: a histogram, so that those of several hours add up."""

    measure: Literal["first", "total"]
    """From sending to the first byte of the answer, or to its end."""
    of: tuple[str | int, ...] = ()
    """The values of the further dimensions that were asked for, in their order."""
    buckets: tuple[tuple[int, int], ...]
    """Where a bucket begins (see `LATENCY_BOUNDS`), and how many answers are in it; ascending."""

    @property
    def answers(self) -> int:
        """How many answers were measured."""
        return sum(count for _, count in self.buckets)

    def quantile(self, share: float) -> float | None:
        """The latency, in microseconds, that a `share` (0 to 1) of the answers kept; None for none.

        Within a bucket they are taken to lie evenly, so it is off by 9 % at most.
        """
        left = share * self.answers
        for begin, count in self.buckets:
            if left <= count:
                place = LATENCY_BOUNDS.index(begin) + 1
                end = LATENCY_BOUNDS[min(place, len(LATENCY_BOUNDS) - 1)]
                return begin + (end - begin) * max(left, 0.0) / count
            left -= count
        return None
