"""detector: a shorter run of the benchmark reaches every target, and says so."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from benchmarks.detector.__main__ import delays, measure, median_interval, page

from headgate.stats.intervals import Interval

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def result():
    return measure(streams=60, requests=5_000, seed=1)


def test_few_streams_at_the_budget_alarm_and_steps_are_found_in_time(result):
    assert result.false_alarms <= 0.05 * result.streams
    assert result.delays[0].median <= 1_200
    assert result.holds


def test_a_quiet_past_of_any_length_delays_alike(result):
    quiet = {row.quiet: row for row in result.delays if (row.before, row.after) == (0.12, 0.22)}
    assert set(quiet) == {"random", "0", "1,000"}
    assert all(row.median <= 1_200 for row in quiet.values())


def test_equal_seeds_give_equal_figures():
    one, other = (measure(streams=4, requests=500, seed=7) for _ in range(2))
    still = msgspec.structs.replace
    assert still(one, update_us=0.0) == still(other, update_us=0.0)


def test_the_page_has_every_target_with_what_was_measured(result):
    text = page(result)
    assert "60 streams of 5,000 at the budget" in text
    assert f"{result.delays[0].median:,}" in text
    assert text.endswith("Every target is reached.")


def test_a_missed_target_is_told(result):
    bad = msgspec.structs.replace(result, false_alarms=10)
    assert not bad.holds
    assert page(bad).endswith("A target is missed.")


def test_early_alarms_are_counted_and_in_no_other_figure():
    row = delays([None, 5, 7, 900], 0.1, 0.2, 30)
    assert (row.streams, row.early, row.median, row.ninth_decile) == (4, 1, 7, 900)
    assert row.quiet == "30"


def test_the_interval_of_a_median_lies_between_order_statistics():
    assert median_interval(range(1, 101)) == Interval(40, 61)
    assert median_interval([5]) == Interval(5, 5)


def test_it_runs_as_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.detector", "--streams", "4", "--requests", "200"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "median delay of a step 12 % to 22 %" in done.stdout
    assert done.returncode in (0, 1), done.stderr
