"""worst case: what is set aside for a request, by the models that may answer it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from headgate.gateway.record import Pricer
from headgate.gateway.worst_case import Bill, Step, worst_case
from headgate.prices.book import Book
from headgate.prices.charge import charge
from headgate.values import ModelRef, Usage
from tests.gateway.clocks import NOON

AT_US = int(NOON * 1e6)
HAIKU, SONNET, GEMINI, DEEPSEEK, GPT = (
    ModelRef.parse(name)
    for name in (
        "anthropic/claude-haiku-4-5",
        "anthropic/claude-sonnet-4-6",
        "google/gemini-2.5-pro",
        "deepseek/deepseek-chat",
        "openai/gpt-5.2",
    )
)
UNKNOWN = ModelRef("x", "y")
MARKED = b'{"cache_control":{"type":"ephemeral"}}'
"""A request whose input is to be kept in a cache."""


@pytest.fixture
def pricer() -> Pricer:
    return Pricer(Book.shipped(), {})


def test_it_is_the_dearest_answer_and_all_that_comes_besides(pricer):
    answers = Bill((HAIKU, SONNET), 1000, 400)
    assert worst_case(answers, pricer, AT_US, 1.0) == (9_000_000, None)
    assert worst_case(answers, pricer, AT_US, 1.25) == (9_750_000, None)
    both = replace(answers, besides=[Step(HAIKU, 100, 10)])
    assert worst_case(both, pricer, AT_US, 1.0) == (9_000_000 + 150_000, None)


def test_input_that_is_to_be_kept_is_taken_at_an_hours_write(pricer):
    cached = Bill((SONNET,), 1000, 400, MARKED)
    assert worst_case(cached, pricer, AT_US, 1.0) == (12_000_000, None), "which is twice"
    draft = Bill((HAIKU,), 0, 0, besides=[Step(SONNET, 1000, 400, MARKED)])
    assert worst_case(draft, pricer, AT_US, 1.0) == (12_000_000, None)


def test_a_model_without_a_price_is_named_and_counts_nothing(pricer):
    bill = Bill((HAIKU, SONNET, UNKNOWN), 1000, 400)
    assert worst_case(bill, pricer, AT_US, 1.0) == (9_000_000, UNKNOWN)
    besides = Bill((HAIKU, SONNET), 1000, 400, besides=[Step(UNKNOWN, 1, 1), Step(HAIKU, 100, 10)])
    assert worst_case(besides, pricer, AT_US, 1.0) == (9_150_000, UNKNOWN)
    assert worst_case(Bill((UNKNOWN,), 1000, 400), pricer, AT_US, 1.0) == (0, UNKNOWN)


@pytest.mark.parametrize(
    ("tier", "times"), [(None, 1), ("priority", 2), ("flex", 1), ("no-such-tier", 1)]
)
def test_a_service_tier_that_is_asked_for_counts_where_it_is_dearer(pricer, tier, times):
    """GPT-5.2 costs twice in `priority` and half in `flex`; either may be served as standard."""
    plain = worst_case(Bill((GPT,), 1000, 400), pricer, AT_US, 1.0)
    bill = Bill((GPT, HAIKU), 1000, 400, service_tier=tier)
    assert worst_case(bill, pricer, AT_US, 1.0) == (plain[0] * times, None)
    drafts = Bill((HAIKU,), 0, 0, besides=[Step(GPT, 1000, 400, service_tier=tier)])
    assert worst_case(drafts, pricer, AT_US, 1.0) == (plain[0] * times, None)


def test_a_tier_of_a_model_whose_own_price_is_unknown_does_not_make_it_known(pricer):
    bill = Bill((UNKNOWN, HAIKU), 1000, 400, service_tier="priority")
    assert worst_case(bill, pricer, AT_US, 1.0)[1] == UNKNOWN


@pytest.mark.parametrize("body", [b"", MARKED])
def test_a_price_that_lacks_what_a_call_may_give_is_an_unknown_one(pricer, body):
    embedding = ModelRef.parse("openai/text-embedding-3-small")
    bill = Bill((embedding,), 1000, 400, body)
    assert worst_case(bill, pricer, AT_US, 1.0) == (0, embedding)


@pytest.mark.parametrize("tokens", [1000, 199_999, 200_001, 1_000_000])
def test_a_model_that_is_dearer_for_long_requests_counts_at_the_length_it_has(pricer, tokens):
    card = pricer.card(GEMINI, AT_US)
    assert card is not None
    assert card.tiers
    alone = charge(card, Usage(input=tokens, output=4000))
    assert worst_case(Bill((GEMINI,), tokens, 4000), pricer, AT_US, 1.0) == (alone, None)
    cheaper = Bill((GEMINI, HAIKU), tokens, 4000)
    assert worst_case(cheaper, pricer, AT_US, 1.0) == (alone, None)


def test_a_price_of_another_hour_counts_from_its_minute_on(pricer):
    bill = Bill((DEEPSEEK,), 1000, 400)
    noon = worst_case(bill, pricer, AT_US, 1.0)
    assert noon == (710_000, None)
    night = AT_US + 8 * 3600 * 1_000_000
    assert worst_case(bill, pricer, night, 1.0) == (355_000, None), "from 16:30 UTC it is half"
    assert worst_case(bill, pricer, AT_US, 1.0) == noon
