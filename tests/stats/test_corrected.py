"""A judge corrected by humans: planted bias comes out, and the interval holds the truth."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.stats.corrected import Counts, corrected
from headgate.stats.intervals import blaker, clopper_pearson


def test_without_humans_it_is_the_judges_share():
    assert corrected(Counts(100, 20)) == (0.2, blaker(20, 100))


def test_with_all_by_humans_the_judge_does_not_count():
    assert corrected(Counts(10, 5, 2, 3, 1, 4)) == (0.3, blaker(3, 10))


def test_a_biased_judge_is_corrected():
    # the judge says yes to 40 %, and half of that is wrong
    found = corrected(Counts(1000, 400, 40, 40, 0, 120))
    assert found.share == pytest.approx(0.2)
    assert 0.4 not in found.interval


def test_a_good_judge_makes_the_interval_narrower_than_humans_alone():
    found = corrected(Counts(2000, 400, 19, 1, 1, 79)).interval
    alone = blaker(20, 100)
    assert found.high - found.low < 0.7 * (alone.high - alone.low)


def test_rows_that_count_for_less_make_the_interval_wider():
    for rows in (Counts(1000, 200), Counts(1000, 200, 18, 2, 2, 78), Counts(100, 20, 18, 2, 2, 78)):
        plain, grouped = corrected(rows).interval, corrected(rows, worth=0.25).interval
        assert grouped.low < plain.low < plain.high < grouped.high


def test_so_many_rows_of_a_part_are_worth_that_part_of_them():
    assert corrected(Counts(400, 80), worth=0.25) == (0.2, clopper_pearson(20, 100))


@pytest.mark.parametrize("worth", [0.0, -1.0, 1.1])
def test_a_worth_that_is_none_is_refused(worth):
    with pytest.raises(ValueError, match="worth"):
        corrected(Counts(10, 2), worth=worth)


def counts():
    return st.tuples(*[st.integers(0, 30)] * 4, st.integers(0, 200), st.integers(0, 200)).map(
        lambda n: Counts(sum(n) or 1, n[0] + n[1] + n[4] + (not sum(n)), *n[:4])
    )


@given(counts())
def test_the_estimate_lies_within_its_interval_and_that_within_all_shares(made):
    found = corrected(made)
    assert 0 <= found.interval.low <= found.share <= found.interval.high <= 1


@given(counts())
def test_yes_and_no_may_be_exchanged(made):
    mirror = Counts(
        made.judged, made.judged - made.yes, made.no_no, made.no_yes, made.yes_no, made.yes_yes
    )
    here, there = corrected(made), corrected(mirror)
    assert there.share == pytest.approx(1 - here.share)
    assert there.interval.low == pytest.approx(1 - here.interval.high, abs=1e-6)


@pytest.mark.parametrize(("share", "catches", "cries"), [(0.05, 0.9, 0.05), (0.3, 0.7, 0.2)])
def test_the_interval_holds_the_truth_as_often_as_it_says(share, catches, cries):
    draw = random.Random(7)
    held = 0
    rounds = 400
    for _ in range(rounds):
        cells = {(h, j): 0 for h in (0, 1) for j in (0, 1)}
        for _ in range(40):
            human = draw.random() < share
            cells[human, draw.random() < (catches if human else cries)] += 1
        rest = sum(draw.random() < share * catches + (1 - share) * cries for _ in range(260))
        yes = rest + cells[1, 1] + cells[0, 1]
        made = Counts(300, yes, cells[1, 1], cells[0, 1], cells[1, 0], cells[0, 0])
        held += share in corrected(made).interval
    assert held / rounds >= 0.93  # 0.95 less two standard errors of this many rounds


@pytest.mark.parametrize("wrong", [Counts(0, 0), Counts(5, 6), Counts(5, 1, 2), Counts(5, -1)])
def test_counts_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError, match=r"counts are|more rows"):
        corrected(wrong)
