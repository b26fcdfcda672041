"""wording: refusals and repetition, in what models really write."""

from __future__ import annotations

import pytest

from headgate.routing.checks.wording import declines, repetition


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I cannot assist with this request.",
        "I cannot provide instructions for that.",
        "I'm unable to help with that.",
        "As an AI language model, I do not have opinions.",
        "I must decline.",
        "Es tut mir leid, dabei kann ich nicht helfen.",
        "Je ne peux pas vous aider avec cela.",
    ],
)
def test_a_refusal_is_seen(text):
    assert declines(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The server can't help here, so the client must retry.",
        "Sorry is what the letter should say first.",
        "You cannot divide by zero.",
        "x" * 200 + " I cannot help with that.",
        "I can help with that.",
    ],
)
def test_an_answer_is_no_refusal(text):
    assert not declines(text)


def test_a_text_that_goes_round_in_circles_repeats_nearly_all_its_runs():
    assert repetition("The answer is that the answer depends. " * 40) > 0.9


def test_prose_and_short_texts_do_not_repeat():
    assert repetition(" ".join(f"word{number}" for number in range(500))) == 0
    assert repetition("yes " * 44) == 0.0
    assert repetition("yes " * 45) > 0.9


def test_half_a_loop_is_half():
    fresh = " ".join(f"word{number}" for number in range(200))
    assert repetition(fresh + " " + "again and again " * 67) == pytest.approx(0.5, abs=0.03)
