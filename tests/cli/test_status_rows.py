"""status_rows: lengths of time and days in few letters, facts within the width."""

from __future__ import annotations

import doctest

import click
import pytest

from headgate.cli import status_rows
from headgate.cli.status_rows import WIDTH, between_days, day, fact, span
from tests.ledger.samples import NOON_US

DAY_US = 86_400_000_000


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(status_rows).failed == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (7 * 86_400, "7 d"),
        (6 * 3_600, "6 h"),
        (86_400, "1 d"),
        (25_714.3, "7.1 h"),
        (128.6, "2 min"),
        (90, "2 min"),
        (59.0, "59 s"),
        (8.57, "8.6 s"),
        (1.0, "1 s"),
    ],
)
def test_lengths_of_time_are_told_in_their_largest_unit(seconds, text):
    assert span(seconds) == text


def test_a_long_fact_goes_on_below_itself_and_only_its_first_row_has_the_label():
    rows = [click.unstyle(row) for row in fact("Alarm", "one two three " * 9)]
    assert rows[0].startswith("  Alarm        one")
    assert all(row.startswith(" " * 15 + "o") or row[15] != " " for row in rows)
    assert [row[:15].strip() for row in rows[1:]] == [""] * (len(rows) - 1)
    assert max(map(len, rows)) <= WIDTH
    assert " ".join(row[15:] for row in rows).split() == ["one", "two", "three"] * 9


def test_two_moments_are_days_apart_or_hours_of_one_day():
    assert between_days(NOON_US - DAY_US, NOON_US) == "2026-11-22 to 2026-11-23"
    assert between_days(NOON_US - DAY_US // 12, NOON_US) == "10:00 to 12:00 that day"
    assert day(NOON_US) == "2026-11-23"
