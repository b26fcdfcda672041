"""benchmarks.gateway.beside: ratios are formed within a round, and it says what it needs."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.gateway.beside import Measured, table


def test_a_ratio_is_of_one_round_whatever_the_machine_does_between_rounds():
    ours = [Measured(10.0, 100.0), Measured(40.0, 25.0), Measured(20.0, 50.0)]
    peer = [Measured(100.0, 10.0), Measured(400.0, 2.5), Measured(200.0, 5.0)]
    head, _, first, second = table({"ours": ours, "peer": peer}, ["peer"]).splitlines()
    assert head == "| stack | requests/s | processor time of a request | × peer |"
    assert first == "| ours | 20 | 50 µs | 0.1 (0.1 to 0.1) |"
    assert second == "| peer | 200 | 5 µs | 1 (1 to 1) |"


def test_without_the_harness_it_says_what_to_run_first(tmp_path):
    command = [sys.executable, "-m", "benchmarks.gateway.beside", "--work", str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "run `python -m benchmarks.gateway` first" in told.stderr
