"""refusals: each is counted at once; those of keys are added up before the ledger hears of them."""

import asyncio

from headgate.gateway.refusals import Refusals
from headgate.ledger.event import Event
from headgate.ledger.refused import refused_by_key


class Noon:
    def time(self) -> float:
        return 1000.0

    def monotonic(self) -> float:
        return 0.0


class Desk:
    """Refusals, and what became of them."""

    def __init__(self) -> None:
        self.counted: list[str] = []
        self.noted: list[Event] = []
        self.refusals = Refusals(self.counted.append, self.noted.append, Noon(), holder="h")


def test_every_refusal_is_counted_and_a_key_s_are_one_event():
    async def case() -> Desk:
        desk = Desk()
        for _ in range(500):
            desk.refusals.take("rate_limit_exceeded", "k1")
        desk.refusals.take("budget_exhausted", "k1")
        desk.refusals.take("overloaded", "k2")
        assert desk.noted == []
        desk.refusals.tell()
        return desk

    desk = asyncio.run(case())
    assert len(desk.counted) == 502
    assert len(desk.noted) == 2
    assert refused_by_key(desk.noted) == {"k1": 501, "k2": 1}


def test_a_refusal_without_a_known_key_is_counted_and_no_event():
    async def case() -> Desk:
        desk = Desk()
        desk.refusals.take("invalid_api_key", None)
        desk.refusals.tell()
        return desk

    desk = asyncio.run(case())
    assert (desk.counted, desk.noted) == (["invalid_api_key"], [])


def test_what_was_told_is_not_told_again():
    async def case() -> Desk:
        desk = Desk()
        desk.refusals.take("x", "k1")
        assert len(desk.refusals.events()) == 1
        desk.refusals.tell()
        return desk

    assert asyncio.run(case()).noted == []
