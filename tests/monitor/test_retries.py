"""status: how sure the retry rate is, where failures come on bad days."""

import numpy as np
from benchmarks.dependence.retries import BOUND, by_hour, first
from benchmarks.dependence.traffic import KINDS, hits, level, traffic

from headgate.monitor.saving import SURE
from headgate.monitor.status import retries
from headgate.stats.intervals import wilson
from tests.monitor.plans import cheap


def test_failures_of_one_day_make_the_retry_rate_less_sure_than_those_of_all_days():
    def sure_low(failed: list[int]) -> float:
        totals = [
            cheap(count, role=role, of=(error, 24 * day + 10))
            for day, n in enumerate(failed)
            for role, error, count in (("answer", "", 100 - n), ("retry", "status", n))
        ]
        (tier,) = retries(totals, hourly=True).tiers
        return tier.sure_low

    assert sure_low([20] * 10) == wilson(200, 1000, SURE).low
    assert sure_low([100, 100] + [0] * 8) == 0.0
    assert 0 < sure_low([15, 25] * 5) < wilson(200, 1000, SURE).low


def test_sums_without_hours_have_the_interval_over_attempts_and_drafts_are_no_attempts():
    totals = [cheap(90), cheap(50, role="draft"), cheap(10, role="retry", of=("status",))]
    (tier,) = retries(totals).tiers
    assert tier.sure_low == wilson(10, 100, SURE).low
    assert [one.reason for one in tier.reasons] == ["status"]
    assert retries([cheap(50, role="draft")]).tiers[0].sure_low == 0.0


def test_failures_that_come_on_bad_days_seldom_raise_what_over_attempts_they_always_do():
    kind, days, rung = KINDS[4], 120, []
    at = level(kind, BOUND, days=1_000)
    for seed in range(12):
        draw = np.random.default_rng(seed)
        found = traffic(kind, days, draw)
        rung.append(first(by_hour(found.hour, hits(found, at, draw), days)))
    assert sum(ours is not None for ours, _ in rung) <= 2
    assert sum(bare is not None for _, bare in rung) >= 6
