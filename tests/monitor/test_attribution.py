"""attribution: the parts of a change add up exactly, mix apart from rate."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.monitor.attribution import DIMENSIONS, Cell, attribute
from headgate.stats.changepoint import Count
from tests.known import known

CHAT = Cell("/v1/chat", "auto", "classifier", "a/cheap", "c1")


def cell(**changes: str) -> Cell:
    return CHAT._replace(**changes)


cells = st.builds(Cell, *(st.sampled_from(["x", "y", "z"]) for _ in range(5)))
counts = st.integers(1, 50).flatmap(lambda n: st.integers(0, n).map(lambda hits: Count(n, hits)))
periods = st.dictionaries(cells, counts, min_size=1, max_size=8)


@given(periods, periods)
def test_the_parts_of_every_dimension_add_up_to_the_change_exactly(before, after):
    found = known(attribute(before, after))
    for dimension in DIMENSIONS:
        parts = found.dimensions[dimension]
        assert sum(part.total for part in parts) == found.change
        assert sum(part.share_before for part in parts) == 1
        assert sum(part.share_after for part in parts) == 1


@given(periods, periods)
def test_turning_time_round_turns_every_part_round(before, after):
    forth, back = known(attribute(before, after)), known(attribute(after, before))
    for dimension in DIMENSIONS:
        there = {
            part.name: (part.rate_shift, part.mix_shift) for part in forth.dimensions[dimension]
        }
        for part in back.dimensions[dimension]:
            assert there[part.name] == (-part.rate_shift, -part.mix_shift)


def test_a_group_that_escalates_more_is_a_rate_shift():
    chat, code = cell(), cell(route="/v1/messages")
    found = known(
        attribute(
            {chat: Count(800, 80), code: Count(200, 40)},
            {chat: Count(800, 80), code: Count(200, 120)},
        )
    )
    assert found.change == Fraction(80, 1000)
    first, second = found.dimensions["route"]
    assert (first.name, first.rate_shift, first.mix_shift) == (
        "/v1/messages",
        Fraction(8, 100),
        Fraction(0),
    )
    assert second.total == 0
    assert (first.rate_before, first.rate_after) == (Fraction(1, 5), Fraction(3, 5))


def test_a_group_that_grows_is_a_mix_shift():
    easy, hard = cell(alias="auto"), cell(alias="auto:careful")
    found = known(
        attribute(
            {easy: Count(900, 90), hard: Count(100, 50)},
            {easy: Count(700, 70), hard: Count(300, 150)},
        )
    )
    parts = {part.name: part for part in found.dimensions["alias"]}
    assert found.change == Fraction(8, 100)
    assert parts["auto"].rate_shift == parts["auto:careful"].rate_shift == 0
    assert parts["auto:careful"].mix_shift > 0
    assert sum(part.mix_shift for part in parts.values()) == found.change


def test_what_comes_or_goes_is_mix_alone():
    old, new = cell(reason="default"), cell(reason="rule:code")
    found = known(attribute({old: Count(10, 1)}, {new: Count(10, 9)}))
    parts = {part.name: part for part in found.dimensions["reason"]}
    assert all(part.rate_shift == 0 for part in parts.values())
    assert parts["default"].rate_after is None
    assert parts["rule:code"].rate_before is None
    assert found.change == Fraction(8, 10)


def test_the_cause_is_the_smallest_group_that_explains_half_of_it():
    rest, code = cell(), cell(route="/v1/messages", reason="rule:code")
    found = known(
        attribute(
            {rest: Count(900, 90), code: Count(100, 10)},
            {rest: Count(900, 99), code: Count(100, 80)},
        )
    )
    dimension, part = known(found.cause)
    assert (dimension, part.name) == ("reason", "rule:code")


def test_where_all_requests_are_alike_the_cause_is_their_reason():
    found = known(attribute({cell(): Count(100, 10)}, {cell(): Count(100, 30)}))
    dimension, part = known(found.cause)
    assert (dimension, part.name, part.rate_shift) == ("reason", "classifier", Fraction(1, 5))


def test_a_model_is_never_the_cause():
    cheap, premium = cell(model="a/cheap"), cell(model="a/premium")
    found = known(
        attribute(
            {cheap: Count(90, 0), premium: Count(10, 10)},
            {cheap: Count(60, 0), premium: Count(40, 40)},
        )
    )
    assert known(found.cause)[0] == "reason"


def test_where_many_groups_move_a_little_none_is_the_cause():
    def period(hits: int) -> dict[Cell, Count]:
        return {
            Cell(f"/{n}", f"auto:{n}", f"rule:{n}", "m", f"c{n}"): Count(100, hits)
            for n in range(5)
        }

    assert known(attribute(period(10), period(30))).cause is None


def test_no_change_has_no_cause():
    period = {cell(): Count(10, 1)}
    assert known(attribute(period, period)).cause is None


@pytest.mark.parametrize("empty", [{}, {CHAT: Count(0, 0)}])
def test_a_period_without_requests_cannot_be_compared(empty):
    full = {cell(): Count(10, 1)}
    assert attribute(empty, full) is None
    assert attribute(full, empty) is None
