"""The traffic that promises are held against: its rates, its weeks, how alike its requests are."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.dependence.traffic import KINDS, hits, level, traffic
from benchmarks.dependence.tripwire import RATE, highest


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_in_the_long_run_the_rate_is_the_one_asked_for(kind):
    draw = np.random.default_rng(3)
    requests = traffic(kind, 3_000, draw, 50)
    assert hits(requests, level(kind, 0.2), draw).mean() == pytest.approx(0.2, abs=0.012)


def test_weekends_are_quiet_and_conversations_as_long_as_they_are_said_to_be():
    requests = traffic(KINDS[1], 700, np.random.default_rng(4), 100)
    by_day = np.bincount(requests.day, minlength=701)[:700].reshape(100, 7).sum(axis=0)
    assert by_day[5:].max() < 0.4 * by_day[:5].min()
    assert len(requests) / requests.first.sum() == pytest.approx(5, abs=0.2)
    assert requests.first.sum() == requests.talk.max() + 1
    assert (np.diff(requests.hour) >= 0).all()


def test_days_spread_more_than_binomially_only_where_they_are_unlike():
    def spread(number: int) -> float:
        kind, draw = KINDS[number], np.random.default_rng(5)
        requests = traffic(kind, 700, draw, 100)
        hit = hits(requests, level(kind, 0.2, days=1_000), draw)
        n, h = np.bincount(requests.day), np.bincount(requests.day, weights=hit)
        share = hit.mean()
        return float(((h - share * n) ** 2).sum() / (len(hit) * share * (1 - share)))

    alone, talks, days = spread(0), spread(1), spread(3)
    assert alone == pytest.approx(1, abs=0.2)
    assert 1.5 < talks < days


def test_the_tripwires_interval_reaches_further_where_days_are_unlike():
    alone, days = (
        highest(KINDS[n], level(KINDS[n], RATE, days=1_000), np.random.default_rng(1), 20)
        for n in (0, 3)
    )
    assert RATE < alone < days
