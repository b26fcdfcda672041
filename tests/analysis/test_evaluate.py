"""Evaluation: the figures are right where the truth is known, and stand beside their rivals."""

from __future__ import annotations

from datetime import date

import msgspec
import numpy as np
import pytest

from headgate.analysis.evaluate import DRAWN, LATER, evaluate, transfer
from headgate.analysis.rows import GradedRow
from tests.analysis.conftest import Trained
from tests.analysis.planted import CHANCE, planted


@pytest.fixture(scope="module")
def found(trained: Trained):
    artifact, fit, test = trained
    return evaluate(artifact.router, fit, test, times=30)


def test_every_policy_is_measured_and_the_oracle_leads(found):
    names = {"router", "random mix", "prompt length", "category lookup"}
    assert set(found.policies) == names | {"TF-IDF + LR", "kNN", "oracle"}
    values = {name: figures.apgr.value for name, figures in found.policies.items()}
    assert max(values, key=values.__getitem__) == "oracle"
    assert values["random mix"] == 0.5
    assert values["router"] > 0.7
    assert values["router"] > values["category lookup"] + 0.1


def test_a_figure_lies_within_its_interval(found):
    for figures in found.policies.values():
        for measure in msgspec.structs.astuple(figures):
            assert measure.low - 1e-9 <= measure.value <= measure.high + 1e-9


def test_the_curve_runs_from_always_cheap_to_always_premium(found):
    assert found.band[0].quality.value == found.always_cheap.value
    assert found.band[-1].quality.value == pytest.approx(found.always_premium.value)
    assert found.band[0].cost == found.always_cheap_cost
    assert found.band[-1].cost == pytest.approx(found.always_premium_cost)
    assert found.priced


def test_conversations_are_drawn_whole_and_counted(trained: Trained, found):
    artifact, fit, test = trained
    assert found.groups == len({row.conversation for row in test}) < found.rows
    alone = [
        msgspec.structs.replace(row, conversation="", id=str(at)) for at, row in enumerate(test)
    ]
    assert evaluate(artifact.router, fit, alone, times=20).groups is None
    one = [msgspec.structs.replace(row, conversation="c") for row in test]
    quality = evaluate(artifact.router, fit, one, times=20).always_cheap
    assert quality.value is not None
    assert quality.low is None


def test_both_errors_are_counted_apart(trained: Trained):
    artifact, fit, test = trained
    errors = evaluate(artifact.router, fit, test, threshold=0.3, times=20).errors
    # at this threshold the router tells hard from easy: what is missed are the easy ones' upgrades
    missed = 0.7 * CHANCE["easy"] / (0.7 * CHANCE["easy"] + 0.3 * CHANCE["hard"])
    assert errors.missed.value == pytest.approx(missed, abs=0.06)
    assert errors.wasted.value == pytest.approx(1 - CHANCE["hard"], abs=0.08)
    assert errors.premium_share + errors.cheap_share == pytest.approx(1)


def test_a_planted_probability_is_calibrated(found):
    assert found.ece.value < 0.06
    expected = 0.3 * CHANCE["hard"] * (1 - CHANCE["hard"]) + 0.7 * CHANCE["easy"] * 0.95
    assert found.brier.value == pytest.approx(expected, abs=0.03)


def test_rows_without_costs_are_measured_in_shares(trained: Trained):
    artifact, fit, test = trained
    bare = [msgspec.structs.replace(row, cheap_nano=None) for row in test[:200]]
    found = evaluate(artifact.router, fit[:200], bare, times=20)
    assert not found.priced
    assert (found.always_cheap_cost, found.always_premium_cost) == (0.0, 1.0)


def test_texts_without_a_common_word_leave_their_baselines_flat():
    fit = [GradedRow(prompt=f"w{i}", cheap=0.0, premium=float(i % 2)) for i in range(60)]
    router_rows = planted(80)
    from headgate.analysis.train import train

    router = train(router_rows, on=date(2026, 11, 20)).router
    found = evaluate(router, fit, router_rows, times=20)
    assert found.policies["TF-IDF + LR"].apgr.value == 0.5


def test_transfer_measures_a_category_that_training_never_saw():
    rows = planted(900)
    found = transfer(rows, most=2, times=20, on=date(2026, 11, 20))
    assert len(found) == 3
    # the tell-tale words are the same in every category, so what was learned carries over
    assert np.mean([measure.value for measure in found.values()]) > 0.65


def test_one_category_has_nothing_to_transfer_to():
    rows = [msgspec.structs.replace(row, category="one", time=None) for row in planted(60)]
    assert transfer(rows, on=date(2026, 11, 20)) == {}


def test_rows_with_times_are_transferred_from_the_earlier_to_the_later_half():
    rows = [msgspec.structs.replace(row, category="") for row in planted(900)]
    found = transfer(rows, times=20, on=date(2026, 11, 20))
    assert set(found) == {LATER}
    assert (found[LATER].value or 0) > 0.65


def test_in_a_cascade_premium_pays_for_the_cheap_answer_too(trained: Trained):
    artifact, fit, test = trained
    once, twice = (
        evaluate(artifact.router, fit, test, cascade=cascade, times=20) for cascade in (False, True)
    )
    both = once.always_premium_cost + once.always_cheap_cost
    assert twice.always_premium_cost == pytest.approx(both)
    assert twice.always_cheap_cost == once.always_cheap_cost


def test_every_tenth_of_the_scores_is_held_against_what_came(found):
    assert sum(one.rows for one in found.bins) == found.rows
    scores = [one.score for one in found.bins]
    assert scores == sorted(scores)
    assert found.bins[0].came.value < 0.2 < found.bins[-1].came.value
    assert np.mean([one.came.low <= one.score <= one.came.high for one in found.bins]) > 0.6


def test_the_rivals_curves_share_their_ends_with_the_routers(found):
    assert set(found.curves) == set(DRAWN)
    for points in found.curves.values():
        assert points[0].quality == pytest.approx(found.band[0].quality.value)
        assert points[-1].cost == pytest.approx(found.band[-1].cost)
    assert found.later
