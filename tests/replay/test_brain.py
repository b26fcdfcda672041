"""replay brains: one answers as recorded, the other cannot know what was recorded."""

import msgspec
import pytest
from benchmarks.replay.brain import (
    CHEAP_MODEL,
    PREMIUM_MODEL,
    RecordedBrain,
    ShapeBrain,
    looks_hard,
    right,
)
from benchmarks.replay.data import Recorded

from headgate.routing.classifier import question, verdict
from headgate.routing.tier import Tier
from headgate.testing.brain import Prompt, Turn
from headgate.values import Ask, ModelRef

EASY = "Which of these rivers flows through Paris?\nA. Rhine\nB. Seine\nC. Po\nD. Ebro\nAnswer:"
HARD = "Compute the integral of f(x) = x^2 + 3*x from 0 to 7.\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer:"


def ask(text: str, model: str) -> Prompt:
    return Prompt(model=model, system="", turns=(Turn("user", text),), text=text)


@pytest.fixture
def brain(tmp_path):
    rows = [
        Recorded(
            prompt_id="p",
            prompt=" what? \n",
            category="",
            cheap_right=False,
            premium_right=True,
            premium_chars=120,
        )
    ]
    (tmp_path / "rows.json").write_bytes(msgspec.json.encode(rows))
    return RecordedBrain(path=str(tmp_path / "rows.json"))


def test_each_model_answers_as_it_did_and_as_long_as_it_did(brain):
    cheap = brain.answer(ask("what?", CHEAP_MODEL))
    premium = brain.answer(ask("what?", PREMIUM_MODEL))
    assert (right(cheap.text), right(premium.text)) == (False, True)
    assert len(premium.text) == 120


def test_an_answer_that_nobody_recorded_has_no_mark():
    assert right("Paris") is None


def test_a_prompt_that_was_never_recorded_is_no_question_for_it(brain):
    with pytest.raises(KeyError):
        brain.answer(ask("who?", CHEAP_MODEL))


@pytest.mark.parametrize(("text", "hard"), [(EASY, False), (HARD, True)])
def test_the_judge_guesses_from_the_gateways_own_question(text, hard):
    tiers = [Tier(name=name, model=ModelRef("p", name)) for name in ("cheap", "premium")]
    asked = Ask(model="auto", last_user=text, tokens=5000, tools=12)
    system, user = question(asked, tiers, max_chars=8000)
    put = Prompt(model="judge", system=system, turns=(Turn("user", user),), text=system + user)
    assert looks_hard(text) is hard
    assert verdict(ShapeBrain().answer(put).text, 2) == int(hard)


def test_one_sign_alone_is_not_enough():
    assert not looks_hard("In 1914, 1918, 1939 and 1945 something began or ended. What?")
    assert not looks_hard("word " * 300)
