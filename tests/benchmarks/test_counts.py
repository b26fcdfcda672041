"""What is asked of a benchmark in numbers is at least something."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentTypeError

import pytest
from benchmarks.gateway.counts import count, duration


def test_what_is_above_nothing_is_taken():
    assert (count("1"), count("200")) == (1, 200)
    assert (duration("0.5"), duration("2")) == (0.5, 2.0)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "two", "", "²"])
def test_a_number_of_nothing_is_told(text: str):
    with pytest.raises(ArgumentTypeError, match="no whole number above 0"):
        count(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon"])
def test_no_time_is_told(text: str):
    with pytest.raises(ArgumentTypeError, match="no number of seconds above 0"):
        duration(text)


@pytest.mark.parametrize(
    "asked",
    [("parts", "--rounds", "0"), ("clients", "--secs", "0"), ("instructions", "--requests", "0")],
)
def test_a_benchmark_that_is_asked_for_nothing_says_so_in_a_sentence(asked: tuple[str, ...]):
    name, *options = asked
    command = [sys.executable, "-m", f"benchmarks.gateway.{name}", *options]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "above 0" in ran.stderr.splitlines()[-1]
