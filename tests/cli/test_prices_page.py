"""prices_page: doctests, and figures that only odd cards have."""

import doctest
from fractions import Fraction

import headgate.cli.prices_page
from headgate.cli.prices_page import Sheet, compared, comparison_table, found_table, sheet_page
from headgate.prices.card import Card, Rates
from headgate.prices.catalogue import Found
from headgate.values import Usage
from tests.prices.feeds import TODAY


def card(name="m", **more) -> Card:
    rates = more.pop("rates", Rates(input=1_000_000, output=5_000_000))
    return Card(
        id=f"p/{name}", provider="p", model=name, name=name, source="s", rates=rates, **more
    )


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.cli.prices_page).failed == 0


def test_marks_stand_behind_a_name_and_never_in_csv():
    found = [Found(card(overridden=True, deprecated=True), Fraction(1), 1.0)]
    assert found_table(found).rows[0][0] == "p/m * †"
    assert found_table(found, exact=True).rows[0][0] == "p/m"


def test_a_free_model_is_no_yardstick():
    free, dear = card("free", rates=Rates(input=0, output=0)), card("dear")
    rows = compared([dear, free], Usage(input=10), 30)
    assert [(row.card.model, row.month_nano, row.times) for row in rows] == [
        ("free", 0, None),
        ("dear", 300_000, Fraction(1)),
    ]
    assert comparison_table(rows).rows[0][-1] == ""


def test_a_fee_a_deprecation_and_a_name_with_control_characters_are_shown_plainly():
    odd = card(rates=Rates(input=1, output=1, request=5 * 10**9), deprecated=True)
    text = sheet_page(Sheet(odd, {}, None, TODAY, ()))
    assert "$0.005 beside the tokens" in text
    assert "by its provider" in text
    assert "not known" in text
