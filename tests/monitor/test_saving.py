"""saving: its interval decides whether routing pays, does not, or cannot be told."""

import numpy as np
import pytest
from benchmarks.intervals.blocks import KINDS, holds, hours_of, truth

from headgate.ledger.store import RequestTotal
from headgate.monitor.blocked import unit_text
from headgate.monitor.merged import merged
from headgate.monitor.saving import LEAST_REQUESTS, STRAY, Verdict, saving_of, verdict_of
from tests.known import known
from tests.monitor.plans import EXAMPLE, requests


def verdict(routed: RequestTotal) -> Verdict:
    return verdict_of(routed, saving_of(routed, EXAMPLE))


def test_the_saving_is_all_premium_on_the_same_tokens_less_everything_paid():
    saving = saving_of(requests(1000, 200), EXAMPLE)
    assert (saving.baseline_nano, saving.paid_nano) == (9_000_000_000, 4_340_000_000)
    assert saving.saved_nano == 4_660_000_000
    assert saving.share == pytest.approx(0.518, abs=5e-4)
    assert saving.planned == pytest.approx(0.518, abs=5e-4)
    assert saving.low is not None
    assert saving.high is not None
    # 200 of 1,000 escalated: the share moves by 2/3 of sqrt(.2 * .8 / 1000) a standard error
    assert saving.high - saving.low == pytest.approx(2 * 1.96 * 0.6667 * 0.01265, rel=0.01)


def test_routing_pays_where_the_whole_interval_is_a_saving():
    found = verdict(requests(1000, 200))
    assert found.answer == "yes"
    assert found.sentence == (
        "Routing pays: it saved $4.6600, 51.8 % of all-premium (95 %: 50.1 to 53.4 %)."
    )
    assert found.rests_on == "1,000 of 1,000 routed requests"


def test_routing_does_not_pay_where_everything_escalates():
    found = verdict(requests(1000, 1000))
    assert found.answer == "no"
    assert found.sentence == (
        "Routing does not pay: it cost $0.1400 more than all-premium, 1.6 % (95 %: 1.6 to 1.6 %)."
    )


def test_an_interval_around_zero_is_too_little_to_tell():
    # the crossover of the example is at 97.667 % escalation
    found = verdict(requests(1000, 977))
    assert found.answer == "too little"
    assert "anything from -0.6 to 0.6 % of all-premium" in found.sentence


def test_few_requests_are_too_little_to_tell_however_clear_they_look():
    few = verdict(requests(LEAST_REQUESTS - 1, 0))
    assert few.answer == "too little"
    assert few.sentence == (
        "Too little to tell whether routing pays: 99 comparable requests, 100 are needed."
    )
    assert ": 1 comparable request, 100" in verdict(requests(1, 0)).sentence
    assert verdict(requests(LEAST_REQUESTS, 0)).answer == "yes"


def test_requests_of_unknown_price_are_left_out_of_the_verdict_and_it_says_so():
    total = requests(1000, 200, requests=1030, served=1010)
    assert saving_of(total, EXAMPLE).left_out == 30
    assert verdict(total).rests_on == (
        "1,000 of 1,030 routed requests; 30 left out, an attempt of theirs has no known price; "
        "what unserved requests cost counts against routing"
    )


def test_requests_that_were_never_served_are_too_little_to_tell():
    nothing = requests(1000, 0, served=0, baseline_nano=0, baseline_squared=0.0, paid_baseline=0.0)
    assert verdict(nothing).answer == "too little"
    assert saving_of(nothing, EXAMPLE).share is None


def test_without_a_plan_the_saving_is_the_same_and_nothing_is_expected():
    bare, planned = saving_of(requests(1000, 200), None), saving_of(requests(1000, 200), EXAMPLE)
    assert (bare.planned, bare.planned_baseline_nano) == (None, None)
    assert (bare.saved_nano, bare.low, bare.high) == (planned.saved_nano, planned.low, planned.high)


def test_an_alarm_wants_to_be_surer_than_a_single_look():
    at_the_edge, beyond = requests(1000, 988), requests(1000, 996)
    assert verdict(at_the_edge).answer == verdict(beyond).answer == "no"
    assert known(saving_of(at_the_edge, EXAMPLE).sure_high) > 0
    assert known(saving_of(beyond, EXAMPLE).sure_high) < 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_interval_holds_the_truth_though_requests_go_together(kind):
    """By blocks of time about as often as stated; as if independent, in half of the samples."""
    at, blocks, alone, times = truth(kind, 1_000), 0, 0, 60
    for seed in range(times):
        hours = hours_of(kind, 14, np.random.default_rng(seed))
        (total,) = merged(hours)
        found = saving_of(total, None, hours)
        assert found.by == "day"
        blocks += holds(found, at)
        alone += holds(saving_of(total, None), at)
    assert blocks >= 53  # 95 % of 60 less two standard deviations
    assert alone <= 42 or kind.turns == 1


def test_too_few_days_are_told_by_hours_and_too_few_hours_by_requests():
    hours = hours_of(KINDS[1], 8, np.random.default_rng(3))
    units = {}
    for days in (8, 2):
        own = [total for total in hours if int(total.of[0]) < 24 * days]
        units[days] = saving_of(merged(own)[0], None, own)
    assert units[8].by == "day"
    assert 5 <= units[8].blocks <= 8
    assert unit_text(units[8].by, units[8].blocks) == f", of {units[8].blocks} days"
    assert units[2].by == "hour"
    few = hours[:3]
    assert saving_of(merged(few)[0], None, few).by == "request"
    assert unit_text("request", 0) == ", each taken by itself"


@pytest.mark.parametrize("days", [1, 2, 4])
@pytest.mark.parametrize("kind", [KINDS[1], KINDS[3]], ids=lambda kind: kind.name)
def test_of_few_days_the_interval_holds_the_truth_too(kind, days):
    """One day says nothing of how days differ, and hours of it are not told apart well."""
    at, held, times = truth(kind, 1_000), 0, 60
    for seed in range(times):
        hours = hours_of(kind, days, np.random.default_rng([seed, days]))
        found = saving_of(merged(hours)[0], None, hours)
        assert found.stray == STRAY
        held += holds(found, at)
    assert held >= 54  # by hours alone 27 to 48 of a single day's


def test_what_days_are_thought_to_differ_by_is_said_until_they_tell():
    hours = hours_of(KINDS[1], 14, np.random.default_rng(1))
    first = [total for total in hours if int(total.of[0]) < 24]
    one, all_ = (saving_of(merged(own)[0], None, own) for own in (first, hours))
    assert unit_text(one.by, one.blocks, one.stray).endswith(
        "; too few days to tell how they differ, taken as by 10 points"
    )
    assert all_.stray is None
    assert known(one.high) - known(one.low) > 3 * (known(all_.high) - known(all_.low))


def test_a_great_saving_is_told_on_the_first_day_and_a_small_one_is_not():
    for escalated, answer in ((200, "yes"), (900, "too little")):
        hours = [requests(1000, escalated, of=(5,))]
        (total,) = merged(hours)
        assert verdict_of(total, saving_of(total, EXAMPLE, hours)).answer == answer


def test_blocks_that_agree_by_chance_make_no_interval_narrower():
    hours = [requests(100, 20, of=(24 * day,)) for day in range(6)]
    (total,) = merged(hours)
    found, alone = saving_of(total, None, hours), saving_of(total, None)
    assert found.by == "day"
    assert (found.low, found.high) == (alone.low, alone.high)
