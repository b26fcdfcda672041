"""classifier: what the small model is asked, and how strictly its answer is read."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.routing import classifier
from headgate.routing.classifier import excerpt, question, verdict
from headgate.routing.tier import Tier
from headgate.values import Ask, ModelRef

TIERS = [Tier(name=name, model=ModelRef("p", name)) for name in ("low", "mid", "high")]


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(classifier).failed == 0


@pytest.mark.parametrize(
    ("answer", "tier"), [("1", 0), ("3", 2), (" 2\n", 1), ("2.", 1), ("4", None), ("0", None)]
)
def test_one_valid_digit_is_a_verdict(answer, tier):
    assert verdict(answer, 3) == tier


@pytest.mark.parametrize(
    "answer", ["", "two", "2 3", "level 2", "22", "²", "٢", "2..", "-1", "1\n2"]
)
def test_anything_else_is_none(answer):
    assert verdict(answer, 3) is None


@given(st.text())
def test_no_answer_is_read_as_a_tier_that_does_not_exist(answer):
    choice = verdict(answer, 2)
    assert choice is None or choice in (0, 1)


def test_each_tier_has_a_numbered_level_in_the_words_of_the_file():
    tiers = [*TIERS[:2], Tier(name="x", model=ModelRef("p", "x"), description="legal questions")]
    system, _ = question(Ask(model="auto", last_user="Hello"), tiers, 1000)
    assert "1 = routine" in system
    assert "2 = moderate" in system
    assert "3 = legal questions" in system


def test_the_request_is_shown_as_data_with_its_shape():
    ask = Ask(model="auto", last_user="Sort this", turns=3, tokens=42, tools=2, images=1)
    _, user = question(ask, TIERS, 1000)
    assert "<request>\n[user]" not in user  # no label where there is no system prompt
    assert "<request>\nSort this\n</request>" in user
    assert "turns: 3, tokens: about 42, tools: 2, images: 1" in user


def test_a_long_request_is_shown_by_both_ends_within_the_room():
    ask = Ask(model="auto", last_user="BEGIN" + "x" * 10_000 + "END", system="s" * 10_000)
    shown = excerpt(ask, 400)
    assert len(shown) <= 400 + len("[system] \n[user] ")
    assert "BEGIN" in shown
    assert shown.endswith("END")
    assert shown.count("s" * 40) == 2


@given(system=st.text(max_size=300), user=st.text(max_size=300), room=st.integers(16, 500))
def test_an_excerpt_never_grows_beyond_its_room(system, user, room):
    shown = excerpt(Ask(model="auto", system=system, last_user=user), room)
    assert len(shown) <= room + len("[system] \n[user] ")
