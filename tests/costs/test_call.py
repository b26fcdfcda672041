"""call: one call's price with and without a prompt cache, and the retries to be expected."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.costs.call import call, expected_retries, prices_of, raw_call, steps_of
from headgate.costs.quantities import TierInputs
from headgate.prices.card import Rates
from headgate.prices.charge import itemise
from headgate.values import Usage
from tests.costs.cards import FLASH, HAIKU, SONNET, card

shares = st.decimals(0, 1, places=4)


def cached(of, prefix="0.5", hits="0.4", life="5m", reads=1000, writes=400):
    tier = TierInputs(
        prices=prices_of(of.rates, long=life == "1h"), reads=None, writes=None, steps=steps_of(of)
    )
    return call(tier, Decimal(reads), Decimal(writes), Decimal(prefix)).first(Decimal(hits))


@pytest.mark.parametrize(
    ("of", "reads", "writes", "usd"),
    [
        (SONNET, 1000, 400, "0.009"),
        (HAIKU, 1000, 400, "0.003"),
        (FLASH, 300, 20, "0.00014"),
        (SONNET, 300, 20, "0.0012"),
    ],
)
def test_one_call_costs_its_golden_number(of, reads, writes, usd):
    assert raw_call(of, Decimal(reads), Decimal(writes)) == Decimal(usd) * 10**12


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_raw_call_is_what_the_ledger_would_charge_for_it(reads, writes):
    parts = itemise(SONNET, Usage(input=reads, output=writes))
    assert parts is not None
    assert raw_call(SONNET, Decimal(reads), Decimal(writes)) == sum(parts.values())


def test_a_fee_for_each_request_is_part_of_the_call():
    assert raw_call(card("sonar", 1, 1, request=500), Decimal(10), Decimal(10)) == 520


def test_a_long_call_pays_the_rates_of_its_context_tier():
    tiered = msgspec.structs.replace(SONNET, tiers=((1000, Rates(input=7, output=9)),))
    assert raw_call(tiered, Decimal(1000), Decimal(1)) == 1000 * 3_000_000 + 15_000_000
    assert raw_call(tiered, Decimal("1000.5"), Decimal(1)) == Decimal("1000.5") * 7 + 9


def test_a_cached_first_attempt_follows_the_formula():
    # 1,000·[0.5·3 + 0.5·(0.4·0.3 + 0.6·3.75)] + 400·15, USD per million
    expected = 1000 * (Decimal("1.5") + Decimal("0.5") * Decimal("2.37")) + 400 * 15
    assert cached(SONNET) == expected * 10**6


def test_a_write_for_an_hour_has_its_own_price_where_the_model_has_one():
    assert cached(SONNET, prefix="1", hits="0", life="1h", writes=0) == 6_000_000 * 1000
    assert cached(HAIKU, prefix="1", hits="0", life="1h", writes=0) == 1_250_000 * 1000


def test_a_model_without_cache_prices_gains_and_loses_nothing_by_caching():
    assert cached(FLASH) == raw_call(FLASH, Decimal(1000), Decimal(400))


@given(shares, shares, shares)
def test_more_hits_never_cost_more(prefix, hits, other):
    low, high = sorted((hits, other))
    assert cached(SONNET, prefix, high) <= cached(SONNET, prefix, low)


def test_retries_are_the_sum_of_the_chances_to_need_them():
    assert expected_retries(Decimal("0.08"), 3) == Decimal("0.0864")  # 0.08 + 0.08²
    assert expected_retries(Decimal("0.5"), 4) == Decimal("0.875")


def test_no_failures_or_no_second_attempt_mean_no_retries():
    assert expected_retries(Decimal(0), 5) == 0
    assert expected_retries(Decimal("0.9"), 1) == 0


def test_where_every_attempt_fails_all_of_them_are_made():
    assert expected_retries(Decimal(1), 7) == 6


def test_without_a_limit_the_sum_is_its_limit():
    assert expected_retries(Decimal("0.5"), None) == 1


@given(st.decimals("0.0001", "0.9999", places=4), st.integers(1, 12))
def test_retries_equal_the_closed_form(failure, attempts):
    f = Fraction(failure)
    closed = (f - f**attempts) / (1 - f)
    assert abs(Fraction(expected_retries(failure, attempts)) - closed) < Fraction(1, 10**20)
