"""decision: a request's rows told as one story, with nothing made up where nothing is known."""

from __future__ import annotations

import json

import pytest

from headgate.monitor.decision import Alternative, explained, why
from headgate.values import ModelRef, Usage
from tests.ledger.samples import NOON_US, entry

CHEAP, PREMIUM = ModelRef("p", "cheap"), ModelRef("p", "premium")
TIERS = [Alternative("cheap", CHEAP), Alternative("premium", PREMIUM)]
TRACE = json.dumps({"threshold": 0.4, "ruled_out": {"cheap": "context"}})


def row(attempt: int, **more):
    given = {
        "request_id": "r",
        "attempt": attempt,
        "at_us": NOON_US + attempt,
        "served": False,
        "premium": False,
        "tier": "cheap",
        "cost_nano": 10,
        "premium_nano": None,
        "trace": None,
    }
    return entry(**(given | more))


def priced(model: ModelRef, usage: Usage, at_us: int) -> int | None:
    return None if model == CHEAP else usage.output * 7


STORY = [
    row(0, purpose="classifier", tier="classifier", score=None),
    row(1, tier="premium", premium=True, error="timeout", cost_nano=5, trace=TRACE, score=0.7),
    row(
        2,
        tier="premium",
        premium=True,
        served=True,
        cause="retry",
        cost_nano=100,
        premium_nano=100,
        usage=Usage(input=3, output=2),
        trace=TRACE,
        score=0.7,
        reason="classifier",
    ),
    row(3, purpose="shadow", cost_nano=1_000_000),
]


def test_every_step_is_there_in_its_order():
    told = explained(STORY, TIERS, priced)
    assert [step["attempt"] for step in told["steps"]] == [0, 1, 2, 3]
    assert told["steps"][2]["usage"]["output"] == 2
    assert told["steps"][1]["trace"] == json.loads(TRACE)
    json.dumps(told)


def test_the_decision_the_outcome_and_the_alternatives():
    told = explained(STORY, TIERS, priced)
    assert (told["decision"]["tier"], told["decision"]["score"]) == ("premium", 0.7)
    assert told["decision"]["threshold"] == 0.4
    assert (told["outcome"]["served"], told["outcome"]["escalated"]) == (True, True)
    cheap, premium = told["alternatives"]
    assert (cheap["cost_usd"], cheap["ruled_out"], cheap["answered"]) == (None, "context", False)
    assert (premium["cost_usd"], premium["answered"]) == ("0.000000014", True)


def test_the_bill_has_all_that_was_paid_for_the_answer_and_no_shadow():
    cost = explained(STORY)["cost"]
    assert cost == {
        "paid_usd": "0.000000115",
        "unpriced_attempts": 0,
        "all_premium_usd": "0.0000001",
        "saved_usd": "-0.000000015",
    }


def test_what_is_not_known_is_null_and_not_nothing():
    told = explained([row(0, cost_nano=None, served=True, premium_nano=None)])
    assert told["cost"]["unpriced_attempts"] == 1
    assert told["cost"]["paid_usd"] is None
    assert told["cost"]["saved_usd"] is None
    assert told["steps"][0]["cost_usd"] is None
    assert told["alternatives"] == []


def test_a_request_that_nobody_answered_says_what_went_wrong_last():
    told = explained([row(0, error="connect"), row(1, error="timeout")])
    assert told["outcome"]["served"] is False
    assert (told["outcome"]["model"], told["outcome"]["error"]) == (None, "timeout")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("rule:hard", "the rule hard held"),
        ("guard:images", "lacks images"),
        ("guard:key", "not open to this API key"),
        ("session:rule:hard", "in a further turn of its conversation the rule hard held"),
        ("session:sticky", "its conversation is there"),
        ("pinned", "by name"),
        ("something-new", "something-new"),
    ],
)
def test_a_reason_in_words(reason, words):
    assert words in why(reason)
