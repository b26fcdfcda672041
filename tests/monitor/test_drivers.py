"""drivers: each cause goes where it belongs, and together they are the difference, exactly."""

import doctest
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headgate.monitor.drivers
from headgate.monitor.drivers import apportion, explain
from headgate.values import Usage
from tests.monitor.plans import EXAMPLE, RETRIES, cheap, classified, premium

AS_PLANNED = [classified(100), cheap(80), premium(20)]


def found(totals, requests=100, planned=EXAMPLE):
    """The drivers that are not zero."""
    return {d.name: d.nano for d in explain(planned, requests, totals) if d.nano}


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.monitor.drivers).failed == 0


def test_a_bill_as_planned_has_no_drivers():
    assert found(AS_PLANNED) == {}


def test_more_escalation_is_mix():
    assert found([classified(100), cheap(70), premium(30)]) == {"escalation mix": 10 * 6_000_000}


def test_longer_answers_are_tokens():
    longer = premium(20, usage=Usage(20_000, 16_000), cost_nano=20 * 15_000_000)
    assert found([classified(100), cheap(80), longer]) == {"tokens per hard answer": 20 * 6_000_000}


def test_longer_answers_of_one_tier_do_not_hide_behind_shorter_ones_of_another():
    shorter = cheap(80, usage=Usage(80_000, 24_000), cost_nano=80 * 2_500_000)
    longer = premium(20, usage=Usage(20_000, 16_000), cost_nano=20 * 15_000_000)
    assert found([classified(100), shorter, longer]) == {
        "tokens per easy answer": -80 * 500_000,
        "tokens per hard answer": 20 * 6_000_000,
    }


def test_cheaper_cached_tokens_are_prices_and_caching():
    cached = cheap(
        80, usage=Usage(input=0, cache_read=80_000, output=32_000), cost_nano=80 * 2_100_000
    )
    assert found([classified(100), cached, premium(20)]) == {"prices and caching": -80 * 900_000}


def test_failed_attempts_are_retries():
    failed = premium(5, role="retry", cost_nano=1_000_000)
    drivers = explain(EXAMPLE, 100, [*AS_PLANNED, failed])
    (retries,) = [driver for driver in drivers if driver.nano]
    assert (retries.name, retries.nano) == ("retries", 1_000_000)
    assert retries.detail == "5 attempts; premium's are $0.001000"


def test_planned_retries_that_did_not_happen_are_a_gain():
    planned = msgspec.structs.replace(EXAMPLE, lines=(*EXAMPLE.lines, RETRIES))
    assert found(AS_PLANNED, planned=planned) == {"retries": -100 * 100_000}


def test_a_dearer_classifier_is_the_classifier():
    assert found([classified(100, cost_nano=20_000_000), cheap(80), premium(20)]) == {
        "classifier": 6_000_000
    }


def test_requests_without_an_answer_cost_less_than_planned():
    assert found([classified(100), cheap(40), premium(10)]) == {
        "unserved requests": -50 * 4_200_000
    }


def test_answers_of_unknown_cost_are_missing_money_and_nothing_else():
    unknown = cheap(10, priced=False, cost_nano=0)
    assert found([classified(100), cheap(70), unknown, premium(20)]) == {
        "unpriced answers": -10 * 3_000_000
    }


def test_a_tier_that_was_never_planned_stands_by_itself():
    huge = premium(10, tier="huge", cost_nano=10 * 50_000_000)
    assert found([classified(100), cheap(72), premium(18), huge]) == {
        "tiers outside the plan": 10 * (50_000_000 - 4_200_000)
    }


def test_details_say_what_was_and_what_was_planned():
    details = {
        driver.name: driver.detail
        for driver in explain(EXAMPLE, 100, [classified(99), cheap(60), premium(30)])
    }
    assert details["escalation mix"] == "33.3 % premium, planned 20.0 %"
    assert details["tokens per easy answer"] == "1,000 in / 400 out, planned 1,000 / 400"
    assert details["unserved requests"] == "10 of 100 got no answer"
    assert details["classifier"] == "99 calls for 100 requests"
    assert details["retries"] == "none"
    assert details["tiers outside the plan"] == "none"


def test_nothing_at_all_came_of_the_requests():
    drivers = found([])
    assert drivers == {"unserved requests": -100 * 4_200_000, "classifier": -100 * 140_000}


COUNT = st.integers(0, 5000)
NANO = st.integers(0, 10**13)
USAGE = st.builds(Usage, *[st.integers(0, 10**7)] * 5)
TOTALS = st.lists(
    st.one_of(
        st.builds(lambda n, c: classified(n, cost_nano=c), COUNT, NANO),
        st.builds(
            lambda make, n, c, u, role, tier, priced: make(
                n,
                cost_nano=c if priced else 0,
                usage=u,
                role=role,
                priced=priced,
                **({"tier": tier} if tier else {}),
            ),
            st.sampled_from([cheap, premium]),
            COUNT,
            NANO,
            USAGE,
            st.sampled_from(["answer", "retry"]),
            st.sampled_from([None, "huge"]),
            st.booleans(),
        ),
    ),
    max_size=8,
)
SHARES = st.fractions(0, 1, max_denominator=997)


@given(TOTALS, st.integers(0, 10_000), SHARES, st.fractions(0, 10**7, max_denominator=991))
@settings(max_examples=300)
def test_the_drivers_add_up_to_the_difference_to_the_nano(totals, requests, share, nano):
    lines = (
        EXAMPLE.lines[0],
        msgspec.structs.replace(EXAMPLE.lines[1], calls=1 - share, nano_per_call=nano),
        msgspec.structs.replace(EXAMPLE.lines[2], calls=share),
        RETRIES,
    )
    planned = msgspec.structs.replace(EXAMPLE, lines=lines, escalation_rate=share)
    drivers = explain(planned, requests, totals)
    paid = sum(total.cost_nano for total in totals)
    assert sum(driver.nano for driver in drivers) == round(
        paid - requests * planned.nano_per_request
    )


@given(st.lists(st.fractions(-(10**9), 10**9, max_denominator=997), max_size=12))
def test_apportioned_parts_add_up_and_stay_next_to_their_value(parts):
    whole = apportion(parts)
    assert sum(whole) == round(sum(parts, Fraction(0)))
    assert all(abs(w - p) <= 1 for w, p in zip(whole, parts, strict=True))


@pytest.mark.parametrize("requests", [0, 1, 10**9])
def test_any_volume_can_be_explained(requests):
    assert sum(d.nano for d in explain(EXAMPLE, requests, AS_PLANNED)) == (
        434_000_000 - requests * 4_340_000
    )
