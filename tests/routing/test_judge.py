"""judge: the question about a draft, and the strict reading of the grade."""

from __future__ import annotations

import pytest

from headgate.routing.judge import grade, judging
from headgate.values import Ask, Draft, ToolUse


def test_request_answer_and_calls_stand_in_the_question():
    draft = Draft(text="It is 4.", calls=(ToolUse("add", '{"a": 2}'),))
    system, body = judging(Ask(model="auto", last_user="2 + 2?"), draft, 1000)
    assert "2 + 2?" in body
    assert "It is 4." in body
    assert 'add with {"a": 2}' in body
    assert "digit" in system


def test_long_texts_are_cut_from_both_ends():
    draft = Draft(text="start " + "x" * 10_000 + " end")
    ask = Ask(model="auto", last_user="first " + "y" * 10_000 + " last")
    _, body = judging(ask, draft, 1000)
    assert len(body) < 1200
    for word in ("start", "end", "first", "last"):
        assert word in body


@pytest.mark.parametrize("answer", ["", "0", "6", "4/5", "four", "4 5", "The grade is 4"])
def test_anything_but_one_valid_digit_is_no_grade(answer):
    assert grade(answer) is None


@pytest.mark.parametrize(("answer", "found"), [("1", 1), (" 5\n", 5), ("3.", 3)])
def test_one_digit_is_the_grade(answer, found):
    assert grade(answer) == found
