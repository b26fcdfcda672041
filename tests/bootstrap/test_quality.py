"""The quality watch of a configuration: who judges, at what rate, with how much money a day."""

from __future__ import annotations

import asyncio
import json

import pytest

from headgate.bootstrap.quality import feedback_of, shadow_of, spent_today
from headgate.errors import ConfigError
from headgate.ledger.memory import MemoryStore
from headgate.settings import Settings, read, read_with_sources
from tests.known import known
from tests.ledger.samples import NOON_US, entry

DAY_US = 86_400_000_000


class Clock:
    def time(self) -> float:
        return NOON_US / 1e6

    def monotonic(self) -> float:
        return 0.0


def settings(*sets: str) -> Settings:
    chosen = ("quality.shadow_rate=0.02", "quality.judge=google/gemini-2.5-flash")
    return read(None, env={}, sets=(*chosen, *sets))


def shadow(store: MemoryStore, *sets: str):
    def no_plant():
        raise AssertionError("nothing is called yet")

    return shadow_of(settings(*sets), no_plant, store, Clock(), lambda _: None)


def paid(number: int, nano: int, *, purpose: str = "shadow", at_us: int = NOON_US):
    return entry(
        request_id=f"r{number}", purpose=purpose, at_us=at_us, cost_nano=nano, served=False
    )


def test_what_shadows_have_cost_today_is_counted_and_nothing_else():
    store = MemoryStore()
    store.append(
        [
            paid(1, 5),
            paid(2, 7),
            paid(3, 11, purpose="answer"),
            paid(4, 13, at_us=NOON_US - DAY_US),
        ]
    )
    assert spent_today(store, NOON_US / 1e6) == 12


def test_the_days_money_is_shared_out_among_the_workers():
    store = MemoryStore()
    store.append([paid(1, 300_000_001)])
    made = known(shadow(store, "quality.daily_cap=3", "server.workers=3"))
    purse = made._purse
    assert (purse.cap, purse.spent) == (1_000_000_000, 100_000_001)
    assert made.rate == 0.02
    assert str(made._judge.model) == "google/gemini-2.5-flash"


def test_without_a_rate_nobody_samples():
    assert shadow(MemoryStore(), "quality.shadow_rate=0") is None


def test_feedback_goes_to_the_ledger():
    store = MemoryStore()
    request_id = f"req_{NOON_US // 1000:012x}{1:020x}"
    store.append([entry(request_id=request_id)])
    body = json.dumps({"request_id": request_id, "thumb": "up"}).encode()
    taken = feedback_of(store, Clock())
    assert json.loads(asyncio.run(taken.take(body, None)))["new"] is True
    assert json.loads(asyncio.run(taken.take(body, None)))["new"] is False
    assert [event.kind for event in store.events()] == ["feedback"]


@pytest.mark.parametrize("rate", ["0.5", "1"])
def test_a_rate_needs_a_judge(rate):
    with pytest.raises(ConfigError) as caught:
        read(None, env={}, sets=(f"quality.shadow_rate={rate}",))
    assert "Nobody is named who would compare" in str(caught.value)


def test_a_judge_without_a_rate_is_a_warning():
    found = read_with_sources(None, env={}, sets=("quality.judge=google/gemini-2.5-flash",))
    assert any("never asked" in str(warning) for warning in found.warnings)
