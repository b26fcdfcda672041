"""rollups: a window is taken apart into hours that are summed up and rows that are left."""

import pytest

from headgate.ledger.rollups import ATTEMPTS, CUBES, DAILY, REQUESTS, merged, split
from headgate.ledger.statements import statement
from headgate.ledger.totals import HOUR_US


def hours(first: int, states: str) -> list[tuple[int, int, bool]]:
    """One hour for each letter from `first` on: f for fresh, s for stale."""
    return [(first + place, 1, state == "f") for place, state in enumerate(states)]


def test_whole_fresh_hours_need_no_rows():
    assert split(2 * HOUR_US, 5 * HOUR_US, hours(2, "fff")) == (2, 5, 5, ())


def test_ragged_ends_are_read_from_rows_fresh_or_not():
    since, until = 2 * HOUR_US + 5, 5 * HOUR_US + 7
    assert split(since, until, hours(2, "ffff")) == (
        3,
        5,
        6,
        ((since, 3 * HOUR_US), (5 * HOUR_US, until)),
    )


def test_stale_hours_are_read_one_by_one():
    found = split(0, 6 * HOUR_US, hours(0, "fssfsf"))
    assert found.raw == tuple((hour * HOUR_US, (hour + 1) * HOUR_US) for hour in (1, 2, 4))


def test_hours_that_nothing_came_to_are_not_read():
    assert split(0, 9 * HOUR_US + 1, hours(4, "s")).raw == ((4 * HOUR_US, 5 * HOUR_US),)


def test_a_window_within_one_hour_has_no_whole_one():
    assert split(5, 9, hours(0, "f")) == (1, 1, 1, ((5, 9),))


def test_an_open_window_is_taken_apart_too():
    far = 1 << 62
    found = split(-far, far, hours(7, "fs"))
    assert found.raw == ((8 * HOUR_US, 9 * HOUR_US),)
    assert found.first < 7 < found.end


def test_rows_with_the_same_key_become_one_in_the_order_of_keys():
    rows = [("b", 1, 5, 9), ("a", 1, 1, 1), ("b", 2, 3, 10)]
    add = ATTEMPTS.folds[0]
    assert merged(rows, 1, (add, min, max)) == [("a", 1, 1, 1), ("b", 3, 3, 10)]
    assert merged([], 1, (add,)) == []


def test_the_first_and_last_moments_of_requests_are_not_added():
    assert REQUESTS.folds[-2:] == (min, max)


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
@pytest.mark.parametrize("cube", CUBES, ids=lambda cube: cube.name)
def test_the_kept_sums_have_a_column_for_each_dimension_and_each_measure(dialect, cube):
    sql = statement(dialect, f"roll_{cube.name}")
    columns = sql.partition("(")[2].partition(")")[0].replace("\n", " ").split(",")
    named = [column.strip() for column in columns]
    assert named[: 2 + len(cube.dimensions)] == ["hour", "sealed", *cube.dimensions]
    assert len(named) == 2 + len(cube.dimensions) + len(cube.folds)


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
@pytest.mark.parametrize("cube", DAILY, ids=lambda cube: cube.name)
def test_the_sums_of_a_day_have_the_columns_of_those_of_its_hours(dialect, cube):
    kept, sql = (statement(dialect, f"{roll}_{cube.name}") for roll in ("roll", "roll_day"))
    columns = [
        [column.strip() for column in text.partition("(")[2].partition(")")[0].split(",")]
        for text in (kept, sql)
    ]
    assert columns[1] == ["day", *columns[0][2:]]
