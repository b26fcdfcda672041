"""Which calls of a simulated provider fail, how, and how long answers take: rates, and a seed."""

from __future__ import annotations

import math
from collections import Counter
from statistics import NormalDist
from typing import Literal, TypeAlias, get_args

import msgspec

from headgate.testing.brain import Prompt, directives, uniform

__all__ = ["FAULTS", "Fault", "FaultPlan", "Faults", "Pace"]

Fault: TypeAlias = Literal["overloaded", "rate_limited", "error", "empty", "stall", "reset"]
"""The ways to fail.

- `overloaded`: 503 (OpenAI) or 529 (Anthropic) with Retry-After; not billed.
- `rate_limited`: 429 with Retry-After; not billed.
- `error`: 500; not billed.
- `empty`: 200, but nothing in it that could be used (`choices` or `content` is empty). Billed like
  the answer that it withholds, as a model that thought and said nothing would be.
- `stall`: silence, after the first piece of a stream, or in place of an answer that is not
  streamed.
- `reset`: the connection is reset half-way through the answer, streamed or not.
"""

FAULTS: tuple[Fault, ...] = get_args(Fault)


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The share of calls, between 0 and 1, that fail in each way; the shares add up to at most 1.

    `retry_after` and `stall_seconds` are in seconds.
    """

    overloaded: float = 0.0
    rate_limited: float = 0.0
    error: float = 0.0
    empty: float = 0.0
    stall: float = 0.0
    reset: float = 0.0
    retry_after: int = 1
    stall_seconds: float = 3600.0
    seed: int = 0

    def __post_init__(self) -> None:
        rates = [self.rate(kind) for kind in FAULTS]
        if not all(0 <= rate <= 1 for rate in rates) or math.fsum(rates) > 1:
            raise ValueError("failure rates lie between 0 and 1 and add up to at most 1")

    def rate(self, kind: Fault) -> float:
        """The share of calls that fail in this way."""
        return float(getattr(self, kind))

    def draw(self, prompt: Prompt, nth: int) -> Fault | None:
        """How the `nth` call with this very request fails, 0 being the first; None: it does not."""
        point = uniform("fault", self.seed, prompt.model, prompt.text, nth)
        edge = 0.0
        for kind in FAULTS:
            edge += self.rate(kind)
            if point < edge:
                return kind
        return None


class Faults:
    """Deals out failures: those a request orders first, else those of the plan."""

    def __init__(self, plan: FaultPlan) -> None:
        self.plan = plan
        self._any = any(plan.rate(kind) for kind in FAULTS)
        self._calls: Counter[float] = Counter()

    def next(self, prompt: Prompt) -> Fault | None:
        """How this call fails, or None.

        `[[overloaded]]` in the last user turn fails every time, `[[overloaded:2]]` the first two
        times that this request is seen, `[[overloaded@MODEL]]` only on that model.
        """
        orders = [(kind, times) for kind, times in directives(prompt).items() if kind in FAULTS]
        if not orders and not self._any:
            return None  # and nothing to remember, however many calls there are
        seen = uniform("seen", prompt.model, prompt.text)  # a digest: texts can be long
        nth = self._calls[seen]
        self._calls[seen] += 1
        for kind, times in orders:
            if not times or nth < int(times):
                return kind
        return self.plan.draw(prompt, nth)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long answers take: log-normal around `first` until the first byte, `gap` between pieces.

    Seconds; `spread` is the standard deviation of the logarithm (0.5: one in six takes more than
    1.6 times as long).
    """

    first: float = 0.0
    spread: float = 0.0
    gap: float = 0.0
    seed: int = 0

    def wait(self, prompt: Prompt) -> float:
        """Seconds until the first byte of the answer to this request."""
        if not self.first or not self.spread:
            return self.first
        share = uniform("pace", self.seed, prompt.model, prompt.text)
        return self.first * math.exp(self.spread * NormalDist().inv_cdf(max(share, 1e-9)))
