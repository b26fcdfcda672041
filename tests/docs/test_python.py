"""docs/python.md: every example runs and prints what it says."""

import doctest
from pathlib import Path

import headgate
from tests.docs.pages import page

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_every_example_prints_what_the_page_says():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 20
    assert result.failed == 0


def test_the_page_uses_what_it_promises():
    used = [name for name in headgate.__all__ if f"{name}" in page("python.md")]
    assert {"evaluate", "tripwire", "gap", "bound", "solve", "simulate", "evaluate_many"} <= set(
        used
    )
