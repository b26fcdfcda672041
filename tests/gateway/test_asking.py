"""Asking: a small model's answer as it is understood, and a row for each question whatever came."""

from __future__ import annotations

import pytest

from headgate.gateway.asking import Asking
from headgate.gateway.books import Books
from headgate.routing.exchange import Exchange
from headgate.routing.policies import Origin
from headgate.testing.brain import Answer, Prompt
from headgate.wire.lane import DIALECTS
from tests.gateway.house import CONFIG, House, house
from tests.gateway.leaping import run_leaping

BODY = b'{"model":"auto","messages":[{"role":"user","content":"Hi"}]}'


class Sure:
    def answer(self, prompt: Prompt) -> Answer:
        return Answer(text=f"{prompt.model} says 4")


def asked(read, config: str = CONFIG, seconds: float = 20.0):
    """What came of one question to the cheap tier's model, and its rows."""

    async def main():
        async with house(config, brain=Sure()) as home:
            return await _ask(home, read, seconds), home.entries

    return run_leaping(main())


async def _ask(home: House, read, seconds: float):
    plant = home.app.plant
    tiers = plant.policies.tiers
    inbound = DIALECTS["openai"].read(BODY, {})
    exchange = Exchange(plant.terms[None], None)
    origin = Origin("/v1/chat/completions")
    books = Books(plant, inbound, "req_1", origin, plant.clock.monotonic(), exchange)
    asking = Asking(plant, inbound, books)
    return await asking.ask("judge", tiers[0], ("Grade.", "Hi"), seconds, read, max_tokens=8)


def test_an_answer_is_what_its_reader_makes_of_it_and_is_billed():
    found, (row,) = asked(lambda text: text.partition(" says ")[2])
    assert found == "4"
    assert (row.purpose, row.error, row.served, row.status) == ("judge", None, False, 200)
    assert row.cost_nano > 0


def test_an_answer_without_a_meaning_is_none_and_is_billed_all_the_same():
    found, (row,) = asked(lambda _: None)
    assert found is None
    assert row.error == "verdict"
    assert row.cost_nano > 0


def test_a_refusal_is_none_and_keeps_its_status():
    found, (row,) = asked(str, config=CONFIG.replace('"{anthropic}"', '"{anthropic}/nowhere"'))
    assert found is None
    assert (row.error, row.status) == ("status", 404)


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_without_time_nothing_is_asked_and_nothing_billed(seconds):
    assert asked(str, seconds=seconds) == (None, [])
