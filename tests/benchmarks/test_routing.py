"""The routing benchmark, on planted rows and on the smallest recorded pair."""

from __future__ import annotations

import numpy as np
from benchmarks.routing.data import PAIRS, load
from benchmarks.routing.measure import quality, routes, splits
from scipy.stats import binomtest

from headgate.analysis.certify import Goal
from tests.analysis.planted import planted
from tests.shared import shared_dir


def test_on_planted_rows_the_router_finds_what_a_category_does_not_tell():
    rows = planted(600)
    measures = quality(rows, routes(rows), times=20)
    values = {name: measure.value or 0.0 for name, measure in measures.items()}
    assert values["router"] > values["category lookup"] + 0.1


def test_on_a_recorded_pair_it_leads_and_its_certificates_hold():
    gsm8k = next(pair for pair in PAIRS if pair.gsm8k)
    rows = load(shared_dir("data"), gsm8k)
    assert len(rows) == 1307
    found = routes(rows)
    values = {name: m.value or 0.0 for name, m in quality(rows, found, times=5).items()}
    assert values["router"] > max(values["category lookup"], values["TF-IDF + LR"]) + 0.02
    seen = splits(rows, found["router"], Goal("quality", 0.9), count=30)
    assert binomtest(seen.broken, seen.tried, 0.05, alternative="greater").pvalue > 0.001
    assert seen.escalation < 0.9


def test_a_route_that_knows_nothing_still_keeps_its_promise():
    rows = planted(1000)
    seen = splits(rows, np.random.default_rng(0).random(1000), Goal("quality", 0.85), count=40)
    assert binomtest(seen.broken, seen.tried, 0.05, alternative="greater").pvalue > 0.001
