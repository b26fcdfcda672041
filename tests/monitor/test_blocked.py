"""blocked: an escalation rate holds what it states where whole conversations escalate together."""

import numpy as np
import pytest
from benchmarks.intervals.blocks import KINDS, hours_of

from headgate.monitor.blocked import escalated, unit_text
from headgate.monitor.headroom import headroom
from headgate.monitor.merged import merged
from headgate.monitor.report import report
from headgate.stats.intervals import wilson
from tests.costs.cards import mission
from tests.known import known
from tests.monitor.plans import EXAMPLE, cheap, classified, premium, requests


@pytest.mark.parametrize("kind", KINDS[1:3], ids=lambda kind: kind.name)
def test_the_rate_of_conversations_is_held_by_days_and_missed_by_requests(kind):
    (long,) = merged(hours_of(kind, 1_000, np.random.default_rng(0)))
    truth, held, alone, times = long.escalated / long.served, 0, 0, 60
    for seed in range(times):
        hours = hours_of(kind, 14, np.random.default_rng(seed))
        (total,) = merged(hours)
        interval, by, blocks = escalated(hours)
        assert by == "day"
        assert 5 <= blocks <= 14
        held += truth in interval
        alone += truth in wilson(total.escalated, total.served)
    assert held >= 53
    assert alone <= 45


def test_the_interval_of_a_share_stays_a_share_and_is_no_narrower_than_wilsons():
    hours = [requests(100, 100 * (day == 2), of=(24 * day,)) for day in range(6)]
    (low, high), by, _ = escalated(hours)
    assert by == "day"
    assert low == 0.0
    assert wilson(100, 600).high < high <= 1.0
    alike = [requests(100, 20, of=(24 * day,)) for day in range(6)]
    assert escalated(alike)[0] == wilson(120, 600)
    assert escalated([])[0] == (0.0, 1.0)


def test_the_report_and_the_headroom_have_it():
    hours = [requests(100, 100 * (day == 2), of=(24 * day,)) for day in range(6)]
    made = report([], hours, EXAMPLE).escalation
    assert (made.by, made.blocks, made.low) == ("day", 6, 0.0)
    assert made.state == "unclear"
    assert report([], merged(hours), EXAMPLE).escalation.by == "request"
    tiers = [classified(600), cheap(500), premium(100)]
    room = known(headroom(mission(), tiers, hours))
    assert (room.low, room.high) == (made.low, made.high)
    assert unit_text(made.by, made.blocks) == ", of 6 days"
