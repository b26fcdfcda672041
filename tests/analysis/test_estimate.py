"""The estimate: planted splits come out, the bill follows, and the verdict says what is needed."""

import itertools
import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headgate.analysis.estimate import Cells, Grades, estimate, needed
from headgate.analysis.pairs import Names
from headgate.analysis.record import Record
from headgate.costs.model import evaluate
from headgate.costs.scenario import Classifier, Misrouting, Scenario, Tier
from headgate.prices.book import Book
from headgate.stats.corrected import Counts
from headgate.stats.intervals import blaker
from headgate.values import ModelRef
from tests.known import known

BOOK = Book.shipped()
DAY = date(2026, 11, 20)


def card(name):
    found = BOOK.card(ModelRef.parse(name), DAY)
    assert found is not None
    return found


def scenario(share, overhead=0):
    return Scenario(
        [
            Tier("easy", card("anthropic/claude-haiku-4-5")),
            Tier("hard", card("anthropic/claude-sonnet-4-6")),
        ],
        misrouting=Misrouting(hard=share),
        classifier=Classifier(card("google/gemini-2.5-flash-lite")),
        overhead_usd=overhead,
    )


def graded(n, hard, *, strata=("a", "b")):
    made = Grades()
    for number, name in zip(range(n), itertools.cycle(strata), strict=False):
        made.add(Record(cheap=float(number >= hard), premium=1.0, category=name))
    return made


def test_cells_tell_who_will_do():
    made = Grades(good=0.6)
    for cheap, premium in ((1, 1), (0.5, 0.6), (0.5, 0.6), (0.9, 0.1), (0, 0.59)):
        made.add(Record(cheap=float(cheap), premium=float(premium)))
    assert made.cells == Cells(both=1, premium_only=2, cheap_only=1, neither=1)


def test_rows_of_one_model_each_are_joined_with_their_prompts():
    made = Grades(names=Names("s", "l"))
    for row in (
        Record(id="1", model="l", score=1.0),
        Record(id="1", prompt="x", category="maths"),
        Record(id="1", model="s", score=0.0),
        Record(id="2", model="s", score=0.0),
        Record(id="3", model="other", score=0.0),
    ):
        made.add(row)
    assert made.strata() == {"maths": Cells(premium_only=1)}


RECORDS = st.lists(
    st.builds(
        Record,
        id=st.sampled_from(["", "1", "2", "3"]),
        model=st.sampled_from(["s", "l", "x"]),
        score=st.none() | st.sampled_from([0.0, 1.0]),
        cheap=st.none() | st.sampled_from([0.0, 1.0]),
        premium=st.none() | st.sampled_from([0.0, 1.0]),
        human_cheap=st.none() | st.sampled_from([0.0, 1.0]),
        human_premium=st.just(1.0),
        judge=st.sampled_from(["", "p/judge"]),
        winner=st.none() | st.sampled_from(["a", "neither"]),
        model_a=st.just("s"),
        model_b=st.sampled_from(["l", "x"]),
        category=st.sampled_from(["", "a", "b"]),
        conversation=st.sampled_from(["", "x", "y"]),
    ),
    max_size=10,
)


@given(RECORDS, RECORDS, RECORDS)
def test_grades_merge_in_any_order(a, b, c):
    def made(rows):
        grades = Grades(names=Names("s", "l"))
        for row in rows:
            grades.add(row)
        return grades

    def told(grades):
        counts = grades.human, grades.by_model, grades.other, grades.halves.single
        return grades.strata(), grades.groups(), *counts

    whole = told(made(a + b + c))
    one, two, three = made(a), made(b), made(c)
    assert told(one.merge(two).merge(three)) == whole
    assert told(three.merge(two.merge(one))) == whole


def talked(conversations, turns, hard, **more):
    """Conversations of so many turns, the first few of them hard from beginning to end."""
    made = Grades()
    for number in range(conversations):
        for _ in range(turns):
            name = f"c{number}"
            made.add(Record(cheap=float(number >= hard), premium=1.0, conversation=name, **more))
    return made


def test_conversations_that_are_all_alike_count_as_one_request_each():
    whole = estimate(talked(100, 8, 20), scenario).whole
    assert (whole.cells.n, whole.share, whole.groups) == (800, 0.2, 100)
    assert 85 < whole.independent < 100
    alone = blaker(20, 100)
    assert whole.interval.low <= alone.low < alone.high <= whole.interval.high
    assert whole.interval.high - whole.interval.low < 1.15 * (alone.high - alone.low)


def test_requests_of_no_conversation_are_each_by_themselves():
    whole = estimate(graded(500, 100), scenario).whole
    assert (whole.groups, whole.independent, whole.interval) == (500, 500, blaker(100, 500))


def test_pairs_of_one_id_are_one_request_graded_again():
    twice = Grades()
    for number in [*range(200), *range(200)]:
        twice.add(Record(id=str(number), cheap=float(number >= 40), premium=1.0))
    whole = estimate(twice, scenario).whole
    assert whole.groups == 200
    assert whole.independent == pytest.approx(200, rel=0.05)


def test_halves_know_the_conversation_that_a_row_of_their_id_tells():
    made = Grades(names=Names("s", "l"))
    for number in range(90):
        made.add(Record(id=str(number), model="s", score=float(number >= 30)))
        made.add(Record(id=str(number), model="l", score=1.0, conversation=str(number // 3)))
    whole = estimate(made, scenario).whole
    assert whole.groups == 30
    assert whole.independent < 31


def test_a_conversation_over_two_strata_is_a_group_in_each_and_one_in_all():
    made = Grades()
    for number in range(60):
        for name in "ab":
            hard = number < 12
            made.add(
                Record(cheap=float(not hard), premium=1.0, category=name, conversation=str(number))
            )
    found = estimate(made, scenario)
    assert found.whole.groups == 60
    assert [(part.groups, part.independent) for part in found.strata] == [(60, 60), (60, 60)]


def test_humans_who_correct_a_judge_do_not_make_conversations_shorter():
    def judged(turns):
        made = Grades()
        for number in range(400 // turns):
            hard = number < 80 // turns
            for turn in range(turns):
                told = Record(
                    cheap=float(not hard), premium=1.0, judge="p/judge", conversation=f"c{number}"
                )
                if turn == 0 and number % 4 == 0:
                    told = replace(told, human_cheap=told.cheap, human_premium=1.0)
                made.add(told)
        return estimate(made, scenario).whole.interval

    short, long = judged(1), judged(4)
    assert long.high - long.low > short.high - short.low


def test_conversations_take_more_requests_to_tell():
    seen = Counts(400, 80)
    alone, talked_of = known(needed(seen, 0.22)), known(needed(seen, 0.22, worth=0.25))
    assert talked_of == pytest.approx(4 * alone, rel=0.05)


def test_the_bill_is_the_plans_at_both_ends_of_the_interval():
    found = estimate(graded(500, 100), scenario)
    low, high = blaker(100, 500)
    assert found.whole.interval == (low, high)
    assert found.saving == (
        evaluate(scenario(high)).realistic.saving,
        evaluate(scenario(low)).realistic.saving,
    )
    assert found.at.escalation == Decimal("0.2")
    assert (found.verdict, found.needed) == ("build", None)
    assert [split.name for split in found.strata] == ["a", "b"]
    assert found.wire.interval is not None


def test_where_fixed_costs_eat_the_saving_it_is_not_to_be_built():
    found = estimate(graded(500, 100), lambda share: scenario(share, overhead=10_000))
    assert found.verdict == "do not build"
    assert found.needed is None


def test_where_the_range_holds_the_least_saving_more_requests_are_needed_and_would_do():
    least = Decimal("0.50")
    found = estimate(graded(100, 20), scenario, least_saving=least)
    assert found.verdict == "not enough"
    assert found.saving[0] <= least < found.saving[1]
    assert found.needed is not None
    assert found.needed > 100
    enough = estimate(graded(found.needed, round(found.needed * 0.2)), scenario, least_saving=least)
    assert enough.verdict == "build"


def test_a_split_at_the_break_even_is_too_close_to_call():
    assert needed(Counts(4, 1), 0.25) is None
    few, many = needed(Counts(5, 1), 0.3), needed(Counts(5, 1), 0.21)
    assert few is not None
    assert many is not None
    assert few < 100 < many


def test_a_judge_takes_more_requests_than_humans_would():
    by_humans = needed(Counts(100, 20), 0.3)
    by_judge = needed(Counts(100, 20, 3, 1, 1, 15), 0.3)
    assert by_humans is not None
    assert by_judge is not None
    assert by_judge > by_humans


HARD, EASY = {"cheap": 0.0, "premium": 1.0}, {"cheap": 1.0, "premium": 1.0}


def by(judge, human=None):
    """A request as a judge and perhaps a human grade it."""
    told = {} if human is None else {f"human_{side}": grade for side, grade in human.items()}
    return Record(**judge, **told, judge="p/judge", category="a")


def test_a_judges_bias_is_taken_out_by_the_humans():
    made = Grades()
    for number in range(200):
        made.add(by(HARD, HARD if number % 2 else EASY))
    for _ in range(300):
        made.add(by(EASY, EASY))
    for _ in range(500):
        made.add(by(HARD))
    found = estimate(made, scenario)
    assert found.whole.share == pytest.approx(0.35)
    assert 0.35 in found.whole.interval
    assert found.whole.cells.premium_only / found.whole.cells.n == 0.7


def test_what_a_model_graded_alone_is_counted():
    made = Grades()
    made.add(by(HARD))
    made.add(by(HARD, EASY))
    assert (made.by_model, made.judged(made.cells)) == (1, Counts(2, 2, 0, 1, 0, 0))


def test_without_a_pair_there_is_no_estimate():
    with pytest.raises(ValueError, match="no request"):
        estimate(Grades(), scenario)


def test_planted_shares_lie_within_their_intervals_as_often_as_stated():
    chance = random.Random(11)
    intervals = [blaker(hard, 150) for hard in range(151)]
    for truth in (0.02, 0.2, 0.5):
        inside = 0
        for _ in range(400):
            hard = sum(chance.random() < truth for _ in range(150))
            inside += truth in intervals[hard]
        assert inside >= 0.925 * 400  # 95 % less three standard errors
