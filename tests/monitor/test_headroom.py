"""headroom: the measured rate against the break-even of the measured costs."""

from decimal import Decimal

import pytest

from headgate.costs.model import evaluate
from headgate.monitor.headroom import LEAST_SERVED, headroom, measured
from headgate.values import Usage
from tests.costs.cards import mission
from tests.known import known
from tests.monitor.plans import cheap, classified, premium, requests

AS_PLANNED = [classified(1000), cheap(800), premium(200)]


def test_a_bill_as_planned_has_the_headroom_of_the_formula_sheet():
    found = known(headroom(mission(), AS_PLANNED, [requests(1000, 200)]))
    assert found.pays == "below"
    assert known(found.crossing) == pytest.approx(0.97667, abs=1e-5)
    assert known(found.room) == pytest.approx(0.77667, abs=1e-5)
    assert (found.rate, found.fragile, found.assumed) == (0.2, False, ())
    assert found.low < 0.2 < found.high


def test_measured_as_planned_is_the_plan():
    assert measured(mission(), AS_PLANNED, Decimal("0.2")) == mission()


def test_longer_classifier_calls_bring_the_break_even_nearer():
    long = classified(1000, usage=Usage(30_000_000, 2_000_000))
    found = known(headroom(mission(), [long, *AS_PLANNED[1:]], [requests(1000, 200)]))
    assert found.pays == "never"
    tenfold = classified(1000, usage=Usage(3_000_000, 200_000))
    found = known(headroom(mission(), [tenfold, *AS_PLANNED[1:]], [requests(1000, 200)]))
    assert known(found.crossing) == pytest.approx(0.76667, abs=1e-5)


def test_a_rate_beyond_the_crossing_has_no_room_left():
    found = known(
        headroom(mission(), [classified(1000), cheap(10), premium(990)], [requests(1000, 990)])
    )
    assert known(found.room) < 0


def test_a_crossing_within_the_interval_is_fragile():
    found = known(
        headroom(mission(), [classified(200), cheap(5), premium(195)], [requests(200, 195)])
    )
    assert found.low <= known(found.crossing) <= found.high
    assert found.fragile


def test_retries_and_cached_tokens_are_taken_as_measured():
    totals = [
        cheap(800, usage=Usage(input=400_000, cache_read=300_000, cache_write_5m=100_000)),
        premium(200, usage=Usage(input=200_000)),
        premium(50, role="retry"),
    ]
    found = measured(mission(), totals, Decimal("0.2"))
    first, last = found.tiers
    assert (first.input_tokens, first.output_tokens) == (Decimal(1000), Decimal(0))
    assert (first.retry_rate, first.cache_hit_rate) == (Decimal(0), Decimal("0.75"))
    assert last.retry_rate == Decimal("0.2")
    assert found.stable_prefix == Decimal("0.4")
    assert evaluate(found).realistic.routed.nano("retries") > 0


def test_what_was_not_measured_is_the_plans_and_named():
    found = known(headroom(mission(), [cheap(200)], [requests(200, 0)]))
    assert found.assumed == ("premium", "classifier")
    assert found.rate == 0


def test_pinned_requests_count_for_nothing():
    pinned = [cheap(900, routed=False, usage=Usage(9_000_000, 0)), *AS_PLANNED]
    one = headroom(mission(), pinned, [requests(900, 0, routed=False), requests(1000, 200)])
    assert one == headroom(mission(), AS_PLANNED, [requests(1000, 200)])


def test_too_few_requests_have_no_headroom():
    few = LEAST_SERVED - 1
    assert headroom(mission(), [cheap(few)], [requests(few, 0)]) is None
    assert headroom(mission(), [], []) is None
