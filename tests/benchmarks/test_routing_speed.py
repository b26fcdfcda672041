"""The speed benchmark measures a router that has learned something, on rows that are the same."""

from __future__ import annotations

from datetime import date

from benchmarks.routing.speed import generated, scoring

from headgate.analysis.train import train


def test_generated_rows_are_the_same_each_time_and_can_be_learned():
    rows = generated(1500)
    assert rows == generated(1500)
    assert rows[:100] != generated(100, seed=1)
    artifact = train(rows, on=date(2026, 1, 1))
    assert artifact.router.words
    assert scoring(artifact.router, prompts=10) > 0
