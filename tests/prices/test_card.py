"""card: prices as integers, and the rates that a long context pays."""

import doctest
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import headgate.prices.card
from headgate.prices.card import Card, Rates, pico_from_usd, usd_per_million


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.prices.card).failed == 0


@given(st.integers(0, 10**15))
def test_a_price_written_as_text_reads_back_as_the_same_integer(pico):
    assert pico_from_usd(usd_per_million(pico)) == pico


def test_a_price_may_be_text_a_decimal_or_a_whole_number():
    assert pico_from_usd("3") == pico_from_usd(Decimal("3.000")) == pico_from_usd(3) == 3_000_000


@pytest.mark.parametrize("text", ["", "three", "NaN", "Infinity", "1,5", "$3", "1e9999999"])
def test_a_price_that_is_no_number_is_refused_by_name(text):
    with pytest.raises(ValueError, match="is not a price"):
        pico_from_usd(text)


def test_a_negative_price_is_refused():
    with pytest.raises(ValueError, match="negative"):
        pico_from_usd("-0.01")


def test_a_price_finer_than_the_unit_is_refused_rather_than_rounded():
    with pytest.raises(ValueError, match="finer than"):
        pico_from_usd("0.0000001")


def test_a_context_tier_begins_after_its_number_of_tokens():
    short, long, longest = Rates(input=1), Rates(input=2), Rates(input=3)
    card = Card(
        id="x",
        provider="p",
        model="m",
        name="M",
        source="s",
        rates=short,
        tiers=((200, long), (400, longest)),
    )
    found = [card.rates_for(tokens) for tokens in (0, 200, 201, 400, 401, 10_000)]
    assert found == [short, short, long, long, longest, longest]
