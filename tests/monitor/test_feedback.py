"""Users' ratings: kept once for each request and source, summed up by tier."""

from __future__ import annotations

from typing import Any

import msgspec

from headgate.monitor.feedback import Signal, by_tier, signal_event, signals

NOON_US = 1_795_435_200_000_000


def signal(number: int, rating: float = 1.0, **more: Any) -> Signal:
    return Signal(request_id=f"req_{number}", at_us=NOON_US + number, rating=rating, **more)


def test_an_event_holds_a_signal_whole():
    one = signal(1, 0.25, source="test", tier="cheap", model="a/b", route="/v1", policy="auto")
    assert signals([signal_event(one)]) == [one]


def test_a_request_has_one_signal_of_a_source():
    first, second = signal_event(signal(1, 1.0)), signal_event(signal(1, 0.0))
    assert first.id == second.id
    assert first.id != signal_event(signal(1, source="reviewer")).id


def test_other_events_and_broken_ones_are_left_out():
    good = signal_event(signal(1))
    broken = msgspec.structs.replace(good, detail='{"rating": "very"}')
    other = msgspec.structs.replace(good, kind="key.made")
    assert signals([other, broken, good]) == [signal(1)]


def test_ratings_are_summed_up_by_tier_premium_last():
    found = by_tier(
        [
            signal(1, 1.0, tier="premium", premium=True),
            signal(2, 1.0, tier="cheap"),
            signal(3, 0.5, tier="cheap"),
            signal(4, 0.0, tier="cheap"),
        ]
    )
    assert [tier.tier for tier in found] == ["cheap", "premium"]
    cheap = found[0]
    assert (cheap.rated, cheap.good, cheap.bad, cheap.mean) == (3, 1, 1, 0.5)
    assert cheap.low < 0.5 < cheap.high


def test_nobody_has_said_anything():
    assert by_tier([]) == []
