"""The certificate: the promise holds, is worth having, and is refused where it cannot be given."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date

import msgspec
import numpy as np
import pytest
from mapie.risk_control.fwer_control import FWERFixedSequenceTesting, control_fwer
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value
from scipy.stats import binom

from headgate.analysis.certify import Calibrating, Goal, certify, choose, thresholds
from headgate.analysis.design import request_of
from headgate.analysis.rows import GradedRow
from headgate.errors import ConfigError
from tests.analysis.conftest import Trained
from tests.analysis.planted import planted

DAY = date(2026, 11, 20)
GRID = [step / 100 for step in range(102)]


def population(size: int, seed: int, *, down: float = 0.05) -> Calibrating:
    """Rows whose score is the true P(premium right and cheap wrong); else both right, mostly."""
    rng = np.random.default_rng(seed)
    score = rng.beta(0.6, 2.0, size)
    draw = rng.random(size)
    up = draw < score
    only_cheap = ~up & (draw > 1 - down)
    both = ~up & ~only_cheap & (rng.random(size) < 0.9)
    return Calibrating(
        score=score, cheap=(only_cheap | both).astype(float), premium=(up | both).astype(float)
    )


def part(table: Calibrating, rows: np.ndarray) -> Calibrating:
    return Calibrating(table.score[rows], table.cheap[rows], table.premium[rows])


def ratio(table: Calibrating, threshold: float | None) -> float:
    """The quality served, as a share of the premium quality."""
    taken = table.score >= (0.0 if threshold is None else threshold)
    return float(np.where(taken, table.premium, table.cheap).sum() / table.premium.sum())


def mapies(table: Calibrating, floor: float, risk: float) -> float | None:
    """What MAPIE's bound allows: the same loss, moved into 0..1, on the same thresholds."""
    losses = [
        (floor * table.premium - np.where(table.score >= t, table.premium, table.cheap) + 1)
        / (1 + floor)
        for t in GRID
    ]
    p_values = compute_hoeffding_bentkus_p_value(
        np.array([loss.mean() for loss in losses]), len(table.score), 1 / (1 + floor)
    ).ravel()
    passed = control_fwer(p_values, risk, fwer_method=FWERFixedSequenceTesting(n_starts=1))
    return GRID[int(np.max(passed))] if len(passed) else None


@pytest.mark.parametrize("floor", [0.9, 0.97])
def test_the_floor_is_broken_no_more_often_than_stated(floor: float):
    splits, risk = 80, 0.1
    table = population(3000, 5)
    broken = 0
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(3000)
        chosen, _ = choose(part(table, order[:1500]), GRID, Goal("quality", floor, risk))
        broken += ratio(part(table, order[1500:]), chosen) < floor
    assert broken <= binom.ppf(0.999, splits, risk)


@pytest.mark.parametrize("floor", [0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("down", [0.0, 0.05])
def test_it_sends_no_more_to_premium_than_mapies_bound(floor: float, down: float):
    for seed in range(3):
        table = population(2000, seed, down=down)
        ours, _ = choose(table, GRID, Goal("quality", floor, 0.05))
        theirs = mapies(table, floor, 0.05)
        assert (ours or 0.0) >= (theirs or 0.0)


def test_it_is_worth_having():
    table = population(3000, 1)
    chosen, p_value = choose(table, GRID, Goal("quality", 0.95))
    assert chosen is not None
    assert p_value is not None
    assert p_value <= 0.05
    assert (table.score >= chosen).mean() < 0.6
    assert chosen > (mapies(table, 0.95, 0.05) or 0.0)


def test_a_lower_floor_and_a_higher_risk_allow_more():
    table = population(3000, 2)

    def chosen(floor: float, risk: float) -> float:
        return choose(table, GRID, Goal("quality", floor, risk))[0] or 0.0

    assert chosen(0.85, 0.05) > chosen(0.95, 0.05) >= chosen(0.95, 0.001)


def talks(conversations: int, turns: int, seed: int) -> Calibrating:
    """Conversations whose requests are all as hard as their first one, in random order."""
    first = population(conversations, seed)
    order = np.random.default_rng(seed).permutation(conversations * turns)
    group = np.repeat(np.arange(conversations), turns)[order]
    return Calibrating(first.score[group], first.cheap[group], first.premium[group], group=group)


def test_a_floor_holds_for_conversations_where_rows_taken_one_by_one_break_it():
    splits, risk, floor = 60, 0.05, 0.9
    broken = alone = 0
    for seed in range(splits):
        seen, future = talks(300, 6, seed), talks(300, 6, seed + 1000)
        chosen, _ = choose(seen, GRID, Goal("quality", floor, risk))
        broken += ratio(future, chosen) < floor
        rows = Calibrating(seen.score, seen.cheap, seen.premium)
        alone += ratio(future, choose(rows, GRID, Goal("quality", floor, risk))[0]) < floor
    most = binom.ppf(0.999, splits, risk)
    assert broken <= most < alone


def weeks(days: int, seed: int, goal: str) -> Calibrating:
    """Days of 300 requests, one in five of them bad: harder ones, or easy ones that cheap fails."""
    table, rng = population(300 * days, seed), np.random.default_rng(seed)
    day = np.repeat(np.arange(days), 300)
    bad = (rng.random(days) < 0.2)[day]
    order = rng.permutation(len(day))
    fails = bad & (rng.random(len(day)) < 0.5) & (goal == "quality")
    score = np.where(bad & (goal == "escalation"), np.minimum(1, table.score + 0.5), table.score)
    return Calibrating(
        score[order],
        np.where(fails, 0.0, table.cheap)[order],
        table.premium[order],
        time=day[order] * 86_400.0,
    )


@pytest.mark.parametrize(("kind", "target"), [("quality", 0.85), ("escalation", 0.4)])
def test_a_promise_holds_where_some_days_are_bad_and_rows_without_their_times_break_it(
    kind: str, target: float
):
    splits, risk = 60, 0.05
    broken = {"timed": 0, "bare": 0}
    long = weeks(1_000, 1, kind)
    for seed in range(splits):
        seen = weeks(14, seed + 10, kind)
        bare = Calibrating(seen.score, seen.cheap, seen.premium)
        for name, table in (("timed", seen), ("bare", bare)):
            chosen, _ = choose(table, GRID, Goal(kind, target, risk))  # type: ignore[arg-type]
            if kind == "quality":
                broken[name] += ratio(long, chosen) < target
            else:
                share = 0 if chosen is None else (long.score >= chosen).mean()
                broken[name] += share > target
    assert broken["timed"] <= binom.ppf(0.999, splits, risk) < broken["bare"]


def test_days_that_are_all_alike_cost_little():
    table = population(3_000, 1)
    timed = Calibrating(
        table.score, table.cheap, table.premium, time=np.arange(3_000.0) % 30 * 86_400
    )
    bare, dated = (choose(one, GRID, Goal("quality", 0.95))[0] for one in (table, timed))
    assert bare is not None
    assert dated is not None
    assert bare - 0.05 <= dated <= bare


def test_a_certificate_says_what_it_takes_for_granted_of_days(trained: Trained):
    artifact, _, test = trained

    def told(seconds: float | None) -> tuple[str, str]:
        rows = [
            msgspec.structs.replace(row, time=None if seconds is None else at * seconds)
            for at, row in enumerate(test)
        ]
        found = certify(artifact.router, rows, Goal("quality", 0.9), on=DAY)
        return found.method, found.assumptions[-1]

    method, assumed = told(86_400 * 10 / len(test))
    assert method.endswith(", and Student's over days")
    assert assumed.startswith("The rows are of 10 days, drawn at random")
    method, assumed = told(86_400 * 2 / len(test))
    assert method.endswith(", and Student's over hours")
    assert assumed.startswith("The rows are of 2 days, too few")
    method, assumed = told(1.0)
    assert "Student" not in method
    assert assumed.startswith("The rows are of one day")
    assert told(None)[1].startswith("The rows have no times")


def test_an_escalation_rate_holds_for_conversations_where_rows_taken_one_by_one_break_it():
    splits, risk = 60, 0.05
    broken = alone = 0
    for seed in range(splits):
        seen, future = talks(200, 12, seed), talks(200, 12, seed + 1000)
        chosen, _ = choose(seen, GRID[::2], Goal("escalation", 0.3, risk))
        assert chosen is not None
        broken += (future.score >= chosen).mean() > 0.3
        rows = Calibrating(seen.score, seen.cheap, seen.premium)
        bare, _ = choose(rows, GRID[::2], Goal("escalation", 0.3, risk))
        assert bare is not None
        alone += (future.score >= bare).mean() > 0.3
    most = binom.ppf(0.999, splits, risk)
    assert broken <= most < alone


@pytest.mark.parametrize(("conversations", "chosen"), [(20, None), (200, 0.6)])
def test_conversations_may_be_long(conversations: int, chosen: float | None):
    group = np.repeat(np.arange(conversations), 200)
    ones = np.ones(len(group))
    alike = Calibrating(score=ones / 2, cheap=ones, premium=ones, group=group)
    assert choose(alike, [0.0, 0.4, 0.6], Goal("quality", 0.9))[0] == chosen


def test_as_many_conversations_as_are_said_to_be_needed_are_enough(trained: Trained):
    """With nobody escalated all rows of a conversation are alike."""
    goal, turns = Goal("escalation", 0.01), 200
    rows = [
        msgspec.structs.replace(row, id="", conversation=str(at // turns))
        for at, row in enumerate(trained[2][:20] * turns)
    ]
    advice = certify(trained[0].router, rows, goal, on=DAY).advice
    needed = math.ceil(int(advice.split()[2].replace(",", "")) / turns)

    def passes(conversations: int) -> bool:
        group = np.repeat(np.arange(conversations), turns)
        none = np.zeros(len(group))
        return choose(Calibrating(none, none, none, group=group), [0.5], goal)[0] is not None

    assert passes(math.ceil(1.02 * needed))
    assert not passes(math.floor(0.98 * needed))


def test_a_certificate_over_conversations_says_so_and_dares_less(trained: Trained):
    artifact, _, test = trained
    goal = Goal("quality", 0.9)
    copies = [
        msgspec.structs.replace(row, id="", conversation=str(at), turns=turn)
        for at, row in enumerate(test)
        for turn in (1, 2, 3)
    ]
    bare = [msgspec.structs.replace(row, conversation="") for row in copies]
    whole, rows = (certify(artifact.router, some, goal, on=DAY) for some in (copies, bare))
    assert "conversations" in whole.method
    assert "conversations" not in rows.method
    assert any(f"{len(test):,} conversations" in line for line in whole.assumptions)
    assert not any("conversations" in line for line in rows.assumptions)
    assert rows.threshold is not None
    assert (whole.threshold or 0.0) < rows.threshold


def test_rows_of_one_id_are_one_request(trained: Trained):
    artifact, _, test = trained
    twice = [*test, *test]
    named = [msgspec.structs.replace(row, id=str(at % len(test))) for at, row in enumerate(twice)]
    assert "conversations" in certify(artifact.router, named, Goal("quality", 0.9), on=DAY).method


def test_what_is_needed_grows_with_what_conversations_have_in_common(trained: Trained):
    goal = Goal("quality", 0.999)
    some = trained[2][:100]
    rows = [msgspec.structs.replace(row, id="", conversation="") for row in some] * 4
    talked = [
        msgspec.structs.replace(row, conversation=str(at % 100)) for at, row in enumerate(rows)
    ]

    def least(graded: list[GradedRow]) -> int:
        advice = certify(trained[0].router, graded, goal, on=DAY).advice
        return int(advice.split()[2].replace(",", ""))

    assert least(talked) == pytest.approx(4 * least(rows), rel=0.02)


def test_an_escalation_rate_is_kept_by_the_binomial():
    splits, broken = 200, 0
    for seed in range(splits):
        chosen, _ = choose(population(300, seed), GRID, Goal("escalation", 0.3, 0.1))
        assert chosen is not None
        broken += (population(300, seed + 10_000).score >= chosen).mean() > 0.3
    assert broken <= binom.ppf(0.999, splits, 0.1)


def test_the_certificate_says_what_was_found(trained: Trained):
    artifact, _, test = trained
    found = certify(artifact.router, test, Goal("quality", 0.9), on=DAY)
    assert found.threshold is not None
    assert found.rows == len(test)
    assert found.issued_on == "2026-11-20"
    assert found.quality >= 0.9 * found.premium_quality
    assert 0 < found.escalation < 0.8
    assert any("exchangeable" in assumption for assumption in found.assumptions)
    scores = [artifact.router.score(request_of(row)) for row in test]
    assert found.escalation == pytest.approx(np.mean(np.array(scores) >= found.threshold))


def test_the_certificate_remembers_what_its_rows_looked_like(trained: Trained):
    artifact, _, test = trained
    found = certify(artifact.router, test, Goal("quality", 0.9), on=DAY).reference
    assert found is not None
    assert found.rows == len(test)
    assert found.scores is not None
    scores = [artifact.router.score(request_of(row)) for row in test]
    below = sum(score < found.scores.edges[0] for score in scores)
    assert found.scores.counts[0] == below
    assert found.tokens is not None
    assert sum(found.tokens.counts) == len(test)
    assert found.categories == Counter(row.category for row in test)


def test_the_certificate_has_its_own_point_among_others(trained: Trained):
    artifact, _, test = trained
    found = certify(artifact.router, test, Goal("quality", 0.9), on=DAY)
    (own,) = (point for point in found.points if point.threshold == found.threshold)
    assert (own.escalation, own.quality) == (found.escalation, found.quality)
    first, last = found.points[0], found.points[-1]
    assert first.quality == pytest.approx(found.premium_quality)
    assert last.quality == pytest.approx(found.cheap_quality)
    assert first.cost_nano == round(np.mean([row.premium_nano or 0 for row in test]))
    assert sum(part.rows for part in found.calibration) == len(test)
    bare = [msgspec.structs.replace(row, cheap_nano=None) for row in test]
    unpriced = certify(artifact.router, bare, Goal("quality", 0.9), on=DAY)
    assert {point.cost_nano for point in unpriced.points} == {None}


def test_a_bill_is_kept(trained: Trained):
    artifact, _, test = trained
    found = certify(artifact.router, test, Goal("bill", 12_000.0), on=DAY)
    assert found.threshold is not None
    costs = [
        row.premium_nano
        if artifact.router.score(request_of(row)) >= found.threshold
        else row.cheap_nano
        for row in test
    ]
    assert np.mean([cost or 0 for cost in costs]) < 12_000
    assert found.escalation > 0.2
    assert "dearest" in found.assumptions[-1]


def test_the_bill_of_a_cascade_has_both_answers(trained: Trained):
    artifact, _, test = trained
    once, twice = (
        certify(artifact.router, test, Goal("bill", 12_000.0), cascade=cascade, on=DAY)
        for cascade in (False, True)
    )
    assert once.threshold is not None
    assert twice.threshold is not None
    assert twice.escalation < once.escalation


@pytest.mark.parametrize(
    ("goal", "advice"),
    [
        (Goal("quality", 1.0), "lower floor"),
        (Goal("quality", 0.999), "At least"),
        (Goal("escalation", 0.0005), "rows are needed"),
        (Goal("bill", 500.0), "cheap tier alone"),
    ],
)
def test_where_nothing_passes_it_says_so_and_what_is_needed(
    trained: Trained, goal: Goal, advice: str
):
    found = certify(trained[0].router, trained[2], goal, on=DAY)
    assert found.threshold is None
    assert found.p_value is None
    assert found.escalation == 1.0
    assert found.quality == found.premium_quality
    assert advice in found.advice


def test_a_bill_without_costs_is_refused(trained: Trained):
    rows = [msgspec.structs.replace(row, cheap_nano=None) for row in planted(60)]
    with pytest.raises(ConfigError, match="cost of both answers"):
        certify(trained[0].router, rows, Goal("bill", 1.0), on=DAY)


def test_no_rows_are_refused(trained: Trained):
    with pytest.raises(ConfigError, match="no rows"):
        certify(trained[0].router, [], Goal("quality", 0.9), on=DAY)


def test_thresholds_rise_and_come_from_training_alone(trained: Trained):
    grid = thresholds(trained[0].router)
    assert grid == sorted(grid)
    assert grid[0] == 0.0
    assert grid[-1] > 1.0
    assert len(grid) > 100
