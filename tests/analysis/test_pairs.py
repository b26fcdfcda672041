"""Pairs of grades: verdicts, halves and feedback become the grades of both answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.analysis.pairs import Halves, Names, Pair, human_of, pair_of, side_of
from headgate.analysis.record import Record

SL = Names("s", "l")


@pytest.mark.parametrize(
    ("winner", "pair"),
    [("a", (1, 0)), ("b", (0, 1)), ("tie", (1, 1)), ("neither", (0, 0))],
)
def test_a_verdict_counts_the_winner_one_and_a_tie_for_both(winner, pair):
    assert pair_of(Record(winner=winner, model_a="s", model_b="l"), SL) == pair
    swapped = Record(winner=winner, model_a="l", model_b="s")
    assert pair_of(swapped, SL) == tuple(reversed(pair))


def test_a_verdict_over_other_models_is_no_pair():
    assert pair_of(Record(winner="a", model_a="s", model_b="x"), SL) is None
    assert pair_of(Record(winner="a"), SL) is None


def test_grades_in_columns_are_a_pair_and_one_alone_is_none():
    assert pair_of(Record(cheap=0.2, premium=0.4), SL) == Pair(0.2, 0.4)
    assert pair_of(Record(cheap=0.2), SL) is None


def test_a_human_pair_needs_both_grades():
    assert human_of(Record(human_cheap=0.0, human_premium=1.0)) == Pair(0, 1)
    assert human_of(Record(human_cheap=0.0)) is None


def test_a_side_is_named_by_model_or_tier():
    assert side_of(Record(model="s"), SL) == "cheap"
    assert side_of(Record(model="openai/x", tier="premium"), Names()) == "premium"
    assert side_of(Record(model="other"), SL) is None
    assert side_of(Record(), SL) is None


def joined(*records, names=SL):
    halves = Halves(names)
    for record in records:
        halves.add(record)
    return halves


def test_halves_are_joined_by_their_id():
    halves = joined(
        Record(id="1", model="l", score=1.0),
        Record(id="1", model="s", score=0.0),
        Record(id="2", model="s", score=0.0),
        Record(id="3", model="other", score=0.0),
    )
    assert list(halves.pairs()) == [("1", Pair(0, 1))]
    assert halves.single == 1


def test_of_two_grades_of_one_answer_the_lower_counts():
    records = [
        Record(id="1", model="s", score=1.0),
        Record(id="1", model="l", score=1.0),
        Record(id="1", model="s", score=0.25),
    ]
    assert list(joined(*records).pairs()) == [("1", Pair(0.25, 1))]
    assert list(joined(*records[::-1]).pairs()) == [("1", Pair(0.25, 1))]


def test_feedback_is_a_grade_of_the_tier_that_answered():
    halves = joined(
        Record(id="1", score=0.0),
        Record(id="1", model="p/m", tier="cheap"),
        Record(id="2", score=1.0),
        names=Names(),
    )
    assert halves.joined() == {("1", "cheap"): 0.0}
    assert halves.single == 2


RECORDS = st.lists(
    st.builds(
        Record,
        id=st.sampled_from(["", "1", "2"]),
        model=st.sampled_from(["", "s", "l", "x"]),
        tier=st.sampled_from(["", "cheap", "premium"]),
        score=st.none() | st.sampled_from([0.0, 0.5, 1.0]),
    ),
    max_size=8,
)


@given(RECORDS, RECORDS, RECORDS)
def test_merging_in_any_order_gives_what_one_pass_gives(one, two, three):
    a, b, c = joined(*one), joined(*two), joined(*three)
    whole = vars(joined(*one, *two, *three))
    assert vars(a.merge(b).merge(c)) == vars(a.merge(b.merge(c))) == whole
    assert vars(c.merge(b.merge(a))) == whole
