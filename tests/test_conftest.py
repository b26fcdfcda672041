"""conftest: what holds for every test, in one process of tests and in several."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("name", ["COLUMNS", "LINES", "HTTPS_PROXY"])
def test_neither_a_test_nor_what_it_starts_knows_the_developers_terminal_or_proxy(name):
    program = f"import os; print(os.environ.get({name!r}))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert (os.environ.get(name), done.stdout) == (None, "None\n")
