"""Books: each attempt is one row with its reason, its money and its times; together, the bill."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.gateway.books import OUTAGES, REJECTED
from headgate.gateway.record import Attempt
from headgate.ledger.entry import Entry, Purpose
from headgate.routing.checks import Finding
from headgate.routing.policy import Decision
from headgate.routing.signals import Failed, Start
from headgate.routing.tier import Tier
from headgate.values import NANO_PER_USD, Usage, nano_from_usd, usd
from tests.gateway.clocks import NOON, Stopped
from tests.gateway.plants import CHEAP, PREMIUM, SMALL, books, exchange, inbound, plant

DEFAULT = Decision(CHEAP, "default", policy="auto")
USAGE = Usage(input=1000, output=400)


def measured(attempt: Attempt, usage: Usage = USAGE, status: int = 200) -> Attempt:
    attempt.status = status
    attempt.measured(usage, Usage())
    return attempt


def test_attempts_are_numbered_over_all_purposes_in_the_order_sent():
    made, _, kept = plant()
    own = books(made, inbound(), exchange(made, DEFAULT))
    calls: list[tuple[Purpose, Tier]] = [
        ("classifier", SMALL),
        ("answer", CHEAP),
        ("answer", PREMIUM),
    ]
    for purpose, tier in calls:
        own.close(measured(own.begin(purpose, tier, "first")), served=False)
    assert [(row.attempt, row.purpose, row.tier) for row in kept.entries] == [
        (0, "classifier", "judge"),
        (1, "answer", "cheap"),
        (2, "answer", "premium"),
    ]
    assert {row.request_id for row in kept.entries} == {"req_1"}


def test_an_attempt_is_open_from_when_it_is_sent_until_it_is_written_down():
    made, _, _ = plant()
    own = books(made, inbound())
    before = own.open
    assert before is None
    attempt = own.begin("answer", CHEAP, "first")
    under_way = own.open
    assert under_way is attempt
    own.close(measured(attempt), served=True)
    assert own.open is None


def test_a_row_says_where_the_request_came_in_what_was_asked_and_who_answered():
    made, _, kept = plant()
    headers = {
        "x-headgate-category": "maths",
        "x-headgate-session": "talk-7",
        "x-headgate-tags": "beta",
    }
    own = books(made, inbound(dialect="openai", headers=headers), exchange(made, DEFAULT))
    attempt = measured(own.begin("answer", CHEAP, "retry"))
    attempt.model_answered = "claude-haiku-4-5-20251001"
    own.close(attempt, served=True)
    (row,) = kept.entries
    assert (row.dialect_in, row.dialect_out, row.route) == ("openai", "anthropic", "/v1/messages")
    assert (row.asked, row.routed, row.reason, row.cause) == ("auto", True, "default", "retry")
    assert (row.provider, row.model_asked) == ("anthropic", "claude-haiku-4-5")
    assert row.model_answered == "claude-haiku-4-5-20251001"
    assert (row.key, row.team) == ("a-key", "a-team")
    assert (row.category, row.session, row.tags) == ("maths", "talk-7", "beta")
    assert row.config == "0123456789abcdef"
    assert row.trace is None, "a plain decision says all in its columns"


def test_every_value_stands_in_its_own_field():
    """The entry is made by position: here no two values are alike."""
    clock = Stopped()
    made, _, kept = plant(clock=clock)
    headers = {
        "x-headgate-category": "a category",
        "x-headgate-session": "a session",
        "x-headgate-tags": "tags",
    }
    decision = Decision(CHEAP, "a reason", 0.25, policy="ignored", threshold=0.5, router="a router")
    talk = exchange(made, decision)
    talk.policy = "a policy"
    own = books(made, inbound(dialect="openai", headers=headers, stream=True), talk)
    for _ in range(7):
        own.begin("answer", PREMIUM, "first")
    clock.at += 0.125
    attempt = own.begin("answer", PREMIUM, "fallback")
    attempt.status, attempt.error, attempt.model_answered = 529, "status", "a model"
    attempt.first_token = clock.at + 0.5
    clock.at += 2.0
    attempt.measured(USAGE, Usage())
    own.close(attempt, served=False, aborted=True)
    assert kept.entries == [
        Entry(
            request_id="req_1",
            attempt=7,
            at_us=int((NOON + 0.125) * 1e6),
            purpose="answer",
            dialect_in="openai",
            dialect_out="anthropic",
            route="/v1/messages",
            asked="auto",
            routed=True,
            tier="premium",
            premium=True,
            provider="anthropic",
            model_asked="claude-sonnet-4-6",
            model_answered="a model",
            reason="a reason",
            cause="fallback",
            score=0.25,
            served=False,
            status=529,
            error="status",
            streamed=True,
            aborted=True,
            usage=USAGE,
            usage_source="measured",
            card=kept.entries[0].card,
            cost_nano=9_000_000,
            premium_nano=9_000_000,
            first_token_us=500_000,
            total_us=2_000_000,
            queue_us=125_000,
            key="a-key",
            team="a-team",
            policy="a policy",
            router="a router",
            category="a category",
            trace='{"threshold":0.5}',
            session="a session",
            tags="tags",
            config="0123456789abcdef",
        )
    ]
    assert str(kept.entries[0].card).startswith("anthropic/claude-sonnet-4-6@")


def test_times_are_whole_microseconds_and_the_wait_before_is_not_the_attempts():
    clock = Stopped()
    made, _, kept = plant(clock=clock)
    own = books(made, inbound(), exchange(made, DEFAULT))
    clock.at += 0.25
    attempt = own.begin("answer", CHEAP, "first")
    attempt.first_token = NOON + 0.75
    clock.at += 2.0
    own.close(measured(attempt), served=True)
    (row,) = kept.entries
    assert row.at_us == int((NOON + 0.25) * 1e6)
    assert (row.queue_us, row.first_token_us, row.total_us) == (250_000, 500_000, 2_000_000)


def test_a_draft_ends_when_it_was_whole_not_when_it_had_been_judged():
    clock = Stopped()
    made, _, kept = plant(clock=clock)
    own = books(made, inbound(), exchange(made, DEFAULT))
    attempt = measured(own.begin("answer", CHEAP, "first"))
    attempt.ended = clock.at + 1.0
    clock.at += 5.0
    own.close(attempt, served=True)
    assert kept.entries[0].total_us == 1_000_000


@pytest.mark.parametrize(
    ("dialect", "stream", "purpose", "streamed"),
    [
        ("anthropic", True, "answer", True),
        ("anthropic", False, "answer", False),
        ("openai", True, "classifier", False),
    ],
)
def test_only_an_answer_to_a_stream_is_streamed(dialect, stream, purpose, streamed):
    made, _, kept = plant()
    own = books(made, inbound(dialect=dialect, stream=stream))
    own.close(measured(own.begin(purpose, CHEAP, "first")), served=False)
    assert kept.entries[0].streamed is streamed


def test_a_classifiers_row_is_written_before_anything_is_decided():
    made, _, kept = plant()
    own = books(made, inbound())
    own.close(measured(own.begin("classifier", SMALL, "first")), served=False)
    (row,) = kept.entries
    assert (row.reason, row.routed, row.score, row.router) == ("classifier", True, None, None)


def test_a_callers_own_choice_is_not_routed():
    made, _, kept = plant()
    talk = exchange(made, Decision(PREMIUM, "pinned", routed=False))
    own = books(made, inbound(), talk)
    own.close(measured(own.begin("answer", PREMIUM, "first")), served=True)
    assert (kept.entries[0].routed, kept.entries[0].reason) == (False, "pinned")


def test_the_trace_holds_what_the_columns_do_not():
    made, _, kept = plant()
    decision = Decision(CHEAP, "cascade", 0.4, threshold=0.5, trace={"moved": "up"}, draft=True)
    own = books(made, inbound(), exchange(made, decision, barred={"middle": "images"}))
    findings = [Finding("empty", True), Finding("judge", False, 2.0)]
    own.close(measured(own.begin("answer", CHEAP, "first")), served=False, findings=findings)
    assert json.loads(kept.entries[0].trace or "") == {
        "moved": "up",
        "threshold": 0.5,
        "ruled_out": {"middle": "images"},
        "checks": [
            {"check": "empty", "good": True},
            {"check": "judge", "good": False, "value": 2.0},
        ],
    }


# ---- money


@given(
    st.lists(st.tuples(st.sampled_from([CHEAP, PREMIUM, SMALL]), st.integers(0, 10**6)), max_size=6)
)
def test_the_bill_of_a_request_is_the_sum_of_its_rows_to_the_nano_dollar(attempts):
    made, _, kept = plant()
    own = books(made, inbound(), exchange(made, DEFAULT))
    for tier, tokens in attempts:
        own.close(measured(own.begin("answer", tier, "first"), Usage(output=tokens)), served=False)
    total = sum(row.cost_nano or 0 for row in kept.entries)
    assert dict(own.headers(CHEAP, final=True))["x-headgate-cost-usd"] == usd(total)


def test_what_a_request_would_cost_with_its_last_attempt_is_known_before_it_is_written_down():
    made, _, kept = plant()
    own = books(made, inbound(), exchange(made, DEFAULT))
    own.close(measured(own.begin("answer", CHEAP, "first")), served=False)
    attempt = own.begin("answer", PREMIUM, "fallback")
    told = own.cost(attempt, USAGE)
    own.close(measured(attempt), served=True)
    assert told == usd(sum(row.cost_nano or 0 for row in kept.entries))
    assert nano_from_usd(told or "") > 0


def test_one_attempt_without_a_price_leaves_the_bill_unknown_and_never_too_low():
    made, _, kept = plant()
    own = books(made, inbound(), exchange(made, DEFAULT))
    own.close(
        measured(own.begin("answer", CHEAP, "first"), Usage(10, 10, service_tier="no-such-tier")),
        served=False,
    )
    attempt = own.begin("answer", PREMIUM, "fallback")
    assert own.cost(attempt, USAGE) is None
    own.close(measured(attempt), served=True)
    assert [row.cost_nano is None for row in kept.entries] == [True, False]
    assert "x-headgate-cost-usd" not in dict(own.headers(PREMIUM, final=True))


def test_the_cost_of_an_attempt_in_a_tier_without_a_price_is_not_told():
    made, _, _ = plant()
    own = books(made, inbound())
    attempt = own.begin("answer", CHEAP, "first")
    assert own.cost(attempt, Usage(10, 10, service_tier="no-such-tier")) is None


def test_an_attempt_that_nothing_came_of_costs_nothing_and_is_a_row_all_the_same():
    made, _, kept = plant()
    own = books(made, inbound(), exchange(made, DEFAULT))
    attempt = own.begin("answer", CHEAP, "first")
    attempt.error = "connect"
    own.close(attempt, served=False)
    (row,) = kept.entries
    assert (row.cost_nano, row.premium_nano, row.usage_source) == (0, None, "none")
    assert dict(own.headers(CHEAP, final=True))["x-headgate-cost-usd"] == "0"


def test_the_baseline_is_what_the_premium_tier_would_have_billed():
    made, _, kept = plant()
    own = books(made, inbound(), exchange(made, DEFAULT))
    own.close(measured(own.begin("answer", CHEAP, "first")), served=True)
    (row,) = kept.entries
    assert (row.cost_nano, row.premium_nano) == (
        3 * NANO_PER_USD // 1000,
        9 * NANO_PER_USD // 1000,
    )


# ---- what is said of an upstream


@pytest.mark.parametrize(
    ("error", "status", "counts"),
    [
        *((kind, None, True) for kind in sorted(OUTAGES)),
        ("status", 500, True),
        ("status", 529, True),
        ("status", 429, False),
        ("status", 400, False),
        ("unusable", 200, False),
        (REJECTED, 200, False),
        ("verdict", 200, False),
        ("caller-left", None, False),
        ("internal", None, False),
        ("overloaded", None, False),
        (None, 200, False),
    ],
)
def test_an_outage_is_the_upstreams_fault_and_nothing_else_is(error, status, counts):
    made, _, _ = plant(failures=1)
    own = books(made, inbound())
    attempt = own.begin("answer", CHEAP, "first")
    attempt.error, attempt.status = error, status
    own.close(attempt, served=False)
    assert made.brakes.rests(CHEAP.model) is counts
    assert not made.brakes.rests(PREMIUM.model)


@pytest.mark.parametrize("error", ["caller-left", "internal", "overloaded"])
def test_an_end_on_this_side_does_not_close_an_open_breaker_either(error):
    clock = Stopped()
    made, _, _ = plant(clock=clock, failures=1)
    made.brakes.note(CHEAP.model, False, clock.at, clock.at)
    clock.at += 10.0
    own = books(made, inbound())
    attempt = own.begin("answer", CHEAP, "first")
    attempt.error = error
    own.close(attempt, served=False)
    assert made.brakes.rests(CHEAP.model)


def test_a_model_that_is_left_alone_and_one_that_works_again_are_told_of_once(caplog):
    clock = Stopped()
    made, _, _ = plant(clock=clock, failures=2)
    own = books(made, inbound())

    def ended(error: str | None) -> None:
        attempt = own.begin("answer", CHEAP, "first")
        attempt.error = error
        clock.at += 1.0
        own.close(attempt, served=False)

    with caplog.at_level(logging.INFO, "headgate.gateway"):
        for error in ("connect", "connect", "connect", None, None):
            ended(error)
    told = [record.message for record in caplog.records if "attempt" not in record.message]
    assert told == [
        f"{CHEAP.model} keeps failing: it is left alone, and tried every 5 s",
        f"{CHEAP.model} works again",
    ]


def test_a_failure_is_logged_with_its_detail_and_a_success_or_a_rejection_is_not(caplog):
    made, _, _ = plant()
    own = books(made, inbound("a secret question"))
    with caplog.at_level(logging.INFO, "headgate.gateway"):
        for error in (None, REJECTED):
            attempt = measured(own.begin("answer", CHEAP, "first"))
            attempt.error = error
            own.close(attempt, served=False)
        assert caplog.messages == []
        attempt = own.begin("answer", CHEAP, "retry")
        attempt.error, attempt.detail = "connect", "10.0.0.7:443 refused"
        own.close(attempt, served=False)
        attempt = own.begin("answer", PREMIUM, "fallback")
        attempt.error, attempt.status = "status", 503
        own.close(attempt, served=False)
    assert caplog.messages == [
        "req_1 attempt 2 on anthropic/claude-haiku-4-5: connect (10.0.0.7:443 refused)",
        "req_1 attempt 3 on anthropic/claude-sonnet-4-6: status 503",
    ]


# ---- what the caller is told


def test_the_headers_explain_the_decision():
    made, _, _ = plant()
    talk = exchange(made, Decision(PREMIUM, "router", 0.123456, policy="auto", threshold=0.1))
    own = books(made, inbound(), talk)
    own.close(measured(own.begin("answer", PREMIUM, "first")), served=True)
    assert own.headers(PREMIUM, final=True) == [
        ("x-headgate-request-id", "req_1"),
        ("request-id", "req_1"),
        ("x-headgate-tier", "premium"),
        ("x-headgate-model", "anthropic/claude-sonnet-4-6"),
        ("x-headgate-reason", "router"),
        ("x-headgate-attempts", "1"),
        ("x-headgate-escalated", "true"),
        ("x-headgate-score", "0.1235"),
        ("x-headgate-cost-usd", "0.009"),
    ]


def test_a_cost_that_is_not_final_is_not_told():
    made, _, _ = plant()
    own = books(made, inbound(dialect="openai"), exchange(made, DEFAULT))
    headers = dict(own.headers(CHEAP, final=False))
    assert "x-headgate-cost-usd" not in headers
    assert headers["x-request-id"] == "req_1", "the header that this dialect's SDKs read"


def test_before_a_decision_there_is_no_reason():
    made, _, _ = plant()
    assert dict(books(made, inbound()).headers(PREMIUM, final=False))["x-headgate-reason"] == "none"


def test_a_tier_that_answers_instead_says_so():
    made, _, _ = plant()
    talk = exchange(made, DEFAULT)
    talk.step(Start(), NOON)
    talk.step(Failed("timeout"), NOON + 1)
    own = books(made, inbound(), talk)
    assert dict(own.headers(talk.tier, final=True))["x-headgate-reason"] == "default, fallback"
