"""planned: the arithmetic of a plan, for one request and for given tokens."""

from fractions import Fraction

import msgspec

from headgate.monitor.planned import Planned
from headgate.values import Usage
from tests.monitor.plans import EASY, EXAMPLE, HARD, RETRIES


def test_an_average_request_of_the_example_costs_what_the_formula_sheet_says():
    assert EXAMPLE.nano_per_request * 30_000 == 130_200_000_000
    assert EXAMPLE.all_premium_nano * 30_000 == 270_000_000_000


def test_the_saving_counts_every_line():
    assert EXAMPLE.saving == 1 - Fraction(1302, 2700)
    with_retries = msgspec.structs.replace(EXAMPLE, lines=(*EXAMPLE.lines, RETRIES))
    assert with_retries.nano_per_request == EXAMPLE.nano_per_request + 100_000


def test_no_saving_is_stated_against_nothing():
    free = Planned(
        requests_per_month=1, escalation_rate=Fraction(0), all_premium_nano=Fraction(0), lines=()
    )
    assert free.saving is None
    assert free.nano_per_request == 0


def test_a_tiers_answers_have_one_line_and_an_unknown_tier_has_none():
    assert EXAMPLE.answer("premium") is HARD
    assert EXAMPLE.answer("classifier") is None
    assert EXAMPLE.answer("huge") is None


def test_tokens_as_planned_cost_as_planned():
    assert HARD.at_planned_rates(7, Usage(7000, 2800)) == 7 * 9_000_000


def test_longer_answers_stretch_the_planned_price():
    assert HARD.at_planned_rates(1, Usage(1000, 800)) == 15_000_000


def test_cached_tokens_count_as_plain_ones():
    usage = Usage(input=100, cache_read=600, cache_write_5m=200, cache_write_1h=100, output=400)
    assert HARD.at_planned_rates(1, usage) == 9_000_000


def test_a_planned_price_below_the_list_price_is_stretched_from_where_it_is():
    cached = msgspec.structs.replace(EASY, nano_per_call=Fraction(2_400_000))
    assert cached.at_planned_rates(2, Usage(4000, 1600)) == 2 * 2 * 2_400_000


def test_without_rates_tokens_make_no_difference():
    bare = msgspec.structs.replace(EASY, input_rate=None)
    assert bare.at_planned_rates(3, Usage(10**6, 10**6)) == 9_000_000
    free = msgspec.structs.replace(EASY, input_rate=Fraction(0), output_rate=Fraction(0))
    assert free.at_planned_rates(3, Usage(10**6, 10**6)) == 9_000_000
