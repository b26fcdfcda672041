"""agreement: what counts as saying the same."""

from __future__ import annotations

import pytest

from headgate.routing.checks.agreement import agreement
from headgate.values import Draft, ToolUse

LONG = "The sum of the angles of a triangle in the plane is one hundred and eighty degrees"


def texts(one: str, other: str) -> float:
    return agreement(Draft(text=one), Draft(text=other))


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("B", "b.", 1.0),
        ("B", "C", 0.0),
        ("42", "The answer is 42", 0.0),
        ('{"a": 1, "b": [2]}', '{"b":[2],"a":1}', 1.0),
        ('{"a": 1}', '{"a": 2}', 0.0),
        (LONG, LONG.lower() + ".", 1.0),
        (LONG, "completely different words stand here yet nothing matches at all indeed", 0.0),
        ("", "", 1.0),
    ],
)
def test_texts(one, other, share):
    assert texts(one, other) == share
    assert texts(other, one) == share


def test_longer_texts_agree_by_the_words_they_share():
    changed = LONG.replace("plane", "sphere")
    assert texts(LONG, changed) == pytest.approx(16 / 17)


def test_calls_must_be_the_same_in_any_order_and_spelling():
    one = Draft(calls=(ToolUse("f", '{"a": 1, "b": 2}'), ToolUse("g", "")))
    other = Draft(calls=(ToolUse("g", "{}"), ToolUse("f", '{"b":2,"a":1}')))
    assert agreement(one, other) == 1.0
    assert agreement(one, Draft(calls=other.calls[:1])) == 0.0
    assert agreement(one, Draft(text="f")) == 0.0
