"""What users say of answers: a rating for a request, kept as an event, summed up by tier."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from headgate.ledger.event import Event
from headgate.monitor.facts import fact_event, facts_of
from headgate.stats.sequential import confidence_sequence

__all__ = ["FEEDBACK", "Signal", "TierFeedback", "by_tier", "signal_event", "signals"]

FEEDBACK = "feedback"
"""The kind of the event that a signal is."""
GOOD = 0.5
"""A rating above it counts as good, one at it as neither, one below as bad."""


class Signal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rating of one answer."""

    request_id: str
    at_us: int
    rating: float
    """0 (bad) to 1 (good)."""
    source: str = "user"
    """Who says so, in the caller's word: `user`, `test`, `reviewer`, …"""
    tier: str = ""
    premium: bool = False
    model: str = ""
    route: str = ""
    policy: str = ""
    key: str | None = None


msgspec.json.Decoder(Signal)  # so that threads find it learned; see settings/reader.py


def signal_event(signal: Signal) -> Event:
    """The event that keeps a signal: one for each request and source; the first word stands."""
    return fact_event(signal, FEEDBACK, name=f"{signal.request_id}/{signal.source}")


def signals(events: Iterable[Event]) -> list[Signal]:
    """The signals among events; those that a newer Headgate wrote otherwise are left out."""
    return facts_of(events, FEEDBACK, Signal)


class TierFeedback(msgspec.Struct, frozen=True, kw_only=True):
    """What users say of one tier's answers."""

    tier: str
    premium: bool
    rated: int
    good: int
    bad: int
    mean: float
    """Of the ratings, 0..1."""
    low: float
    high: float
    """The 95 % confidence sequence of the share of good ones among good and bad, for every look."""


def by_tier(found: Iterable[Signal]) -> list[TierFeedback]:
    """Sums by tier, premium last. Users choose whether to rate: this is no random sample."""
    tiers: dict[tuple[bool, str], list[float]] = {}
    for signal in found:
        tiers.setdefault((signal.premium, signal.tier), []).append(signal.rating)
    return [_tier(name, premium, ratings) for (premium, name), ratings in sorted(tiers.items())]


def _tier(name: str, premium: bool, ratings: list[float]) -> TierFeedback:
    good = sum(rating > GOOD for rating in ratings)
    bad = sum(rating < GOOD for rating in ratings)
    low, high = confidence_sequence(good, good + bad)
    return TierFeedback(
        tier=name,
        premium=premium,
        rated=len(ratings),
        good=good,
        bad=bad,
        mean=sum(ratings) / len(ratings),
        low=low,
        high=high,
    )
