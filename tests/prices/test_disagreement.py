"""disagreement: own prices against the list's, and those that are likely in a wrong unit."""

from datetime import date
from decimal import Decimal

import pytest

from headgate.prices.book import Book, Override
from headgate.prices.card import Rates, pico_from_usd
from headgate.prices.disagreement import disagreements
from headgate.prices.table import Table
from headgate.values import ModelRef

TODAY = date(2026, 11, 20)
HAIKU = "anthropic/claude-haiku-4-5"


def own(name=HAIKU, *, input="1", output="5", valid_from=None):  # noqa: A002
    return Override(
        model=ModelRef.parse(name),
        rates=Rates(input=pico_from_usd(input), output=pico_from_usd(output)),
        source="mine.toml",
        valid_from=valid_from,
        line=3,
    )


def found(*overrides, **more):
    return list(disagreements(Book(Table.shipped(), overrides), TODAY, **more))


def test_the_lists_own_prices_agree():
    assert found(own()) == []


def test_both_numbers_and_both_sources_are_told():
    (differing,) = found(own(input="0.90"))
    assert (differing.kind, differing.factor) == ("input", Decimal("0.9"))
    assert str(differing).startswith("input is $0.90 in mine.toml, $1.00 in genai-prices ")
    assert not differing.doubtful


def test_a_model_that_no_list_has_cannot_differ():
    assert found(own("acme/llama")) == []


def test_a_provider_of_another_name_is_held_against_the_list_it_names():
    other = own("work/claude-haiku-4-5", input="2")
    assert found(other) == []
    assert len(found(other, prices_of={"work": "anthropic"})) == 1


@pytest.mark.parametrize(
    ("price", "suspicion"),
    [
        ("0.000001", "per token;"),
        ("0.00001", "per token;"),
        ("0.001", "per 1,000 tokens;"),
        ("1000", "another unit or currency"),
    ],
)
def test_a_price_a_thousand_times_off_is_in_a_wrong_unit(price, suspicion):
    (differing,) = found(own(input=price))
    assert differing.doubtful
    assert suspicion in differing.suspicion


@pytest.mark.parametrize("price", ["0.0011", "999", "0"])
def test_a_price_less_than_a_thousand_times_off_is_a_discount_and_nothing_is_free_of_charge(price):
    (differing,) = found(own(input=price))
    assert not differing.doubtful


def test_only_the_price_in_force_is_held_against_the_list():
    later, now = own(input="9", valid_from=date(2026, 12, 1)), own(input="2")
    (differing,) = found(later, now)
    assert differing.own == 2_000_000
