"""ceiling: never less and never more than the dearest of the cards by `charge`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.prices.card import Card, Rates
from headgate.prices.ceiling import Ceiling, is_flat
from headgate.prices.charge import charge
from headgate.values import Usage

prices = st.integers(0, 10**9)
maybe = st.none() | prices
tokens = st.integers(0, 10**7)
cards = st.builds(
    lambda read, written, short, long, fee: card(
        input=read, output=written, cache_write_5m=short, cache_write_1h=long, request=fee
    ),
    prices,
    prices,
    maybe,
    maybe,
    prices,
)


def card(*, tiers: tuple[tuple[int, Rates], ...] = (), **rates: Any) -> Card:
    return Card(
        id="p/m", provider="p", model="m", name="M", rates=Rates(**rates), tiers=tiers, source="s"
    )


def charged(one: Card, usage: Usage) -> int:
    cost = charge(one, usage)
    assert cost is not None
    return cost


@given(st.lists(cards, min_size=1, max_size=5), tokens, tokens)
def test_it_is_what_the_dearest_card_charges(several, read, written):
    dearest = max(charged(one, Usage(input=read, output=written)) for one in several)
    assert Ceiling(several).nano(read, written) == dearest


@given(st.lists(cards, min_size=1, max_size=5), tokens, tokens)
def test_input_that_may_be_kept_costs_what_is_dearer_of_keeping_and_reading(several, read, written):
    dearest = max(
        charged(one, usage)
        for one in several
        for usage in (
            Usage(input=read, output=written),
            Usage(cache_write_1h=read, output=written),
        )
    )
    ceiling = Ceiling(several)
    assert ceiling.nano(read, written, kept=True) == dearest
    assert ceiling.keeps or ceiling.nano(read, written) == dearest, "who asks for it need not look"


def test_two_cards_that_are_each_dearer_in_something_both_count():
    reads, writes = card(input=3_000_000, output=1), card(input=1, output=9_000_000)
    both = Ceiling([reads, writes])
    assert both.nano(1000, 0) == 3_000_000
    assert both.nano(0, 1000) == 9_000_000


def test_cards_of_the_same_prices_do_not_rule_each_other_out():
    same = [card(input=1_000_000, output=5_000_000) for _ in range(2)]
    assert Ceiling(same).nano(1000, 100) == 1_500_000


def test_without_cards_nothing_is_owed():
    assert Ceiling([]).nano(1000, 1000) == 0


@pytest.mark.parametrize(
    ("one", "flat"),
    [
        (card(input=1, output=1), True),
        (card(input=1, output=1, cache_write_1h=2, request=3), True),
        (card(input=1), False),
        (card(output=1), False),
        (card(input=1, output=1, tiers=((200_000, Rates(input=2, output=2)),)), False),
    ],
)
def test_a_card_is_flat_where_input_and_output_have_one_price_each(one, flat):
    assert is_flat(one) is flat
