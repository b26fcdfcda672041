"""Traffic whose conversations, hours and days have rates of their own, and some days are bad."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

__all__ = ["KINDS", "Kind", "Requests", "hits", "level", "strained", "traffic"]

QUIET = 0.3
"""How much traffic a Saturday and a Sunday have of a weekday's."""


@dataclass(frozen=True)
class Kind:
    """How requests go together: standard deviations are of the logarithm of the odds."""

    name: str
    turns: float = 1.0
    """Of a conversation, on average; their number is geometric."""
    by_talk: float = 0.0
    by_hour: float = 0.0
    by_day: float = 0.0
    bad: float = 0.0
    """The chance of a bad day."""
    worse: float = 1.5
    """By how much the odds' logarithm is higher on a bad day."""


KINDS = (
    Kind("requests by themselves"),
    Kind("conversations", turns=5, by_talk=1.5),
    Kind("and hours", turns=5, by_talk=1.5, by_hour=0.4),
    Kind("and days", turns=5, by_talk=1.5, by_hour=0.4, by_day=0.7),
    Kind("and bad days", turns=5, by_talk=1.5, by_hour=0.4, by_day=0.3, bad=0.1),
)


@dataclass(frozen=True)
class Requests:
    """One line a request, in the order they came."""

    day: np.ndarray
    hour: np.ndarray
    """Since the beginning."""
    talk: np.ndarray
    """The number of its conversation."""
    first: np.ndarray
    """It begins a conversation."""
    common: np.ndarray
    """What its hour and day add to the logarithm of the odds."""
    strain: np.ndarray
    """What its conversation, hour and day add to the logarithm of the odds."""

    def __len__(self) -> int:
        return len(self.day)

    def only(self, chosen: np.ndarray) -> Requests:
        """Those of an index, or of a mask."""
        return Requests(*(column[chosen] for column in vars(self).values()))


def traffic(
    kind: Kind, days: int, draw: np.random.Generator, a_day: float = 300, *, begins: int = 0
) -> Requests:
    """So many days with `a_day` requests on a weekday, from the weekday `begins` (0: Monday) on."""
    weekend = (np.arange(days) + begins) % 7 >= 5
    counts = draw.poisson(a_day / kind.turns * np.where(weekend, QUIET, 1.0))
    day = np.repeat(np.arange(days), counts)
    talks = len(day)
    at = day * 24 + np.clip(draw.normal(13, 4, talks), 0, 23.99)
    turns = draw.geometric(1 / kind.turns, talks)
    talk = np.repeat(np.arange(talks), turns)
    turn = np.arange(len(talk)) - np.repeat(np.cumsum(turns) - turns, turns)
    hour = (at[talk] + turn * draw.exponential(0.05, talks)[talk]).astype(int)
    order = np.argsort(hour, kind="stable")
    talk, turn, hour = talk[order], turn[order], hour[order]
    length = days + 1 + int(hour.max(initial=0)) // 24
    by_day = kind.by_day * draw.normal(size=length)
    by_day += kind.worse * (draw.random(length) < kind.bad)
    by_hour = kind.by_hour * draw.normal(size=24 * length)
    common = by_day[hour // 24] + by_hour[hour]
    strain = common + kind.by_talk * draw.normal(size=talks)[talk]
    return Requests(hour // 24, hour, talk, turn == 0, common, strain)


def level(kind: Kind, rate: float, *, days: int = 5_000) -> float:
    """The logarithm of the odds to begin from for a mean chance of `rate` in the long run."""
    strain = traffic(kind, days, np.random.default_rng(7), 50).strain
    low, high = -15.0, 15.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(middle + strain).mean() < rate else (low, middle)
    return (low + high) / 2


def hits(requests: Requests, at: float, draw: np.random.Generator) -> np.ndarray:
    """Which requests are one of those that come at a rate."""
    return np.asarray(draw.random(len(requests)) < expit(at + requests.strain))


def strained(chance: np.ndarray, requests: Requests) -> np.ndarray:
    """Chances as conversations, hours and days move them."""
    return np.asarray(expit(logit(np.clip(chance, 1e-6, 1 - 1e-6)) + requests.strain))
