"""Judging: blind cases that no answer can break out of, marks read strictly, both orders."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.analysis.judging import Ruling, both_orders, case, ruling


def test_a_case_shows_request_and_answers_in_their_places():
    text = case("Why?", "one", "two")
    assert re.findall(r"^--- (.*) [0-9a-f]{12} ---$", text, re.MULTILINE) == [
        "REQUEST",
        "END OF REQUEST",
        "ANSWER A",
        "END OF ANSWER A",
        "ANSWER B",
        "END OF ANSWER B",
    ]


@given(st.text(max_size=60), st.text(max_size=60))
def test_an_answer_cannot_close_its_own_part(a, b):
    text = case("Why?", a, b)
    mark = text.splitlines()[0].split()[2]
    assert mark not in a
    assert mark not in b
    assert text.count(mark) == 6


def test_of_a_long_answer_both_ends_are_shown():
    text = case("x", "a" * 20_000 + "b" * 20_000, "")
    assert "characters left out" in text
    assert "aabb" not in text
    assert "(nothing)" in text


@pytest.mark.parametrize(
    "text",
    ['{"A": 3, "B": 1}', 'A is {good}. {"a": 3.0, "b": 1}', '{"A": 0, "B": 0} no: {"B":1,"A":3}'],
)
def test_the_last_marks_count(text):
    assert ruling(text) == Ruling(3, 1)


@pytest.mark.parametrize(
    "text",
    ["", "A: 3, B: 1", '{"A": 3}', '{"A": 5, "B": 1}', '{"A": 1.5, "B": 1}', '{"A": "3", "B": 1}'],
)
def test_what_are_no_marks_is_none(text):
    assert ruling(text) is None


@given(st.text())
def test_a_judge_may_say_anything(text):
    assert ruling(text) is None or isinstance(ruling(text), Ruling)


def test_both_orders_are_averaged():
    found = both_orders(Ruling(1, 4), Ruling(3, 2))
    assert found.grades == ((1 + 2) / 8, (4 + 3) / 8)
    assert not found.swung


def test_a_preference_that_turns_with_the_order_is_told():
    assert both_orders(Ruling(4, 1), Ruling(4, 1)).swung
    assert not both_orders(Ruling(2, 2), Ruling(4, 1)).swung
