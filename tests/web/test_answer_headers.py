"""answer_headers: what is read back from the rows is what the gateway said."""

from typing import Any

import pytest

from headgate.gateway.driver import LEFT_OUT, REFERENCE
from headgate.web.answer_headers import answer_headers
from tests.gateway.house import EASY, HARD, House, run
from tests.ledger.samples import entry


def named(*entries: Any) -> dict[str, str]:
    return dict(answer_headers(entries))


def said(headers: Any) -> dict[str, str]:
    """What the gateway said of its decision, but for what no row holds."""
    return {
        name: headers[name]
        for name in headers
        if name.startswith("x-headgate-") and name not in (LEFT_OUT, REFERENCE)
    }


@pytest.mark.parametrize("words", [EASY, HARD, f"{EASY} [[overloaded:1@claude-haiku-4-5]]"])
def test_they_are_those_of_the_gateway(words: str):
    async def case(home: House):
        _, headers = await home.ask(f"Hello {words}")
        rows = sorted(home.entries, key=lambda one: one.attempt)
        assert dict(answer_headers(rows)) == said(headers)

    run(case)


def test_a_fallback_is_told_as_the_gateway_tells_it():
    async def case(home: House):
        _, headers = await home.ask(f"Hello {EASY} [[overloaded:9@claude-haiku-4-5]]")
        rows = sorted(home.entries, key=lambda one: one.attempt)
        assert headers["x-headgate-reason"] == "classifier, fallback"
        assert dict(answer_headers(rows)) == said(headers)

    run(case)


def test_a_rejected_draft_is_told_in_the_reason():
    draft = entry(served=False, error="rejected", reason="cascade")
    answer = entry(attempt=1, tier="premium", premium=True, cause="escalation", reason="cascade")
    found = named(draft, answer)
    assert found["x-headgate-reason"] == "cascade, rejected"
    assert found["x-headgate-attempts"] == "2"
    assert found["x-headgate-cost-usd"] == "0.006"


def test_a_stream_had_no_cost_and_neither_has_a_call_without_a_price():
    assert "x-headgate-cost-usd" not in named(entry(streamed=True))
    assert "x-headgate-cost-usd" not in named(entry(served=False, cost_nano=None), entry(attempt=1))


def test_what_the_watch_compared_later_is_not_in_them():
    shadow = entry(attempt=1000, purpose="shadow", served=False, cost_nano=7)
    assert named(entry(), shadow) == named(entry())


@pytest.mark.parametrize("purpose", ["embedding", "passed"])
def test_what_is_passed_through_has_no_tier(purpose):
    assert list(named(entry(purpose=purpose))) == [
        "x-headgate-request-id", "x-headgate-model", "x-headgate-attempts", "x-headgate-cost-usd",
    ]  # fmt: skip


def test_where_nobody_answered_there_are_none():
    assert answer_headers([entry(served=False, error="timeout")]) == []
