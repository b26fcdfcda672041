"""classifying: an open request is decided by who is asked, and by nobody where none answers."""

from __future__ import annotations

import pytest

from headgate.gateway.asking import Asking
from headgate.gateway.books import Books
from headgate.gateway.classifying import classified
from headgate.routing.policies import Origin
from headgate.routing.signals import Verdict
from headgate.testing.brain import Answer, Prompt
from tests.gateway.house import CONFIG, house
from tests.gateway.leaping import run_leaping
from tests.gateway.plants import exchange, inbound


class Saying:
    def __init__(self, text: str) -> None:
        self._text = text

    def answer(self, prompt: Prompt) -> Answer:
        return Answer(text=self._text)


def told(text: str, seconds: float = 20.0) -> tuple[Verdict, list[str | None]]:
    """The verdict of a classifier model that says a text, and the errors of its rows."""

    async def main() -> tuple[Verdict, list[str | None]]:
        async with house(CONFIG, brain=Saying(text)) as home:
            plant, asked = home.app.plant, inbound(dialect="openai")
            origin = Origin("/v1/chat/completions")
            now = plant.clock.monotonic()
            books = Books(plant, asked, "req_1", origin, now, exchange(plant))
            asking = Asking(plant, asked, books)
            policy = plant.policies.policy(asked.ask)
            assert policy is not None
            found = await classified(plant, asked, asking, policy, seconds)
            return found, [row.error for row in home.entries]

    return run_leaping(main())


@pytest.mark.parametrize(("text", "choice"), [("1", 0), ("2", 1)])
def test_a_digit_is_the_tier_of_that_place(text: str, choice: int):
    assert told(text) == (Verdict(choice), [None])


@pytest.mark.parametrize("text", ["3", "premium", ""])
def test_any_other_answer_is_no_choice_and_its_row_says_so(text: str):
    verdict, (error,) = told(text)
    assert verdict == Verdict(None)
    assert error is not None


def test_without_time_nobody_is_asked():
    assert told("1", seconds=0.0) == (Verdict(None), [])
