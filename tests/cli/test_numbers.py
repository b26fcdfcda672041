"""numbers: what is no number to reckon with is told as a wrong option, not as a defect."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tests.cli.graded_files import run

FILE = "graded.jsonl"
REAL = [
    ("certify", "r", FILE, "--quality-floor"),
    ("certify", "r", FILE, "--max-bill"),
    ("certify", "r", FILE, "--risk"),
    ("train", FILE, "--hold-out"),
    ("estimate", FILE, "--good"),
    ("estimate", FILE, "--confidence"),
    ("explain", "r", "x", "--logprob"),
]
DRAWN = [
    ("train", FILE),
    ("evaluate", "r", FILE),
    ("certify", "r", FILE),
    ("replay", FILE),
    ("label", FILE, "--judge", "openai/gpt-5", "--max-usd", "1"),
    ("tripwire",),
    ("demo",),
]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("words", REAL, ids=" ".join)
def test_no_number_is_refused(words: tuple[str, ...], value: str):
    wrong = run(*words, value).exception
    assert isinstance(wrong, click.BadParameter)
    assert wrong.param is not None
    assert words[-1] in wrong.param.opts


@pytest.mark.parametrize("seed", ["-1", "99999999999999999999"])
@pytest.mark.parametrize("words", DRAWN, ids=" ".join)
def test_a_seed_that_cannot_be_drawn_from_is_refused(words: tuple[str, ...], seed: str):
    assert isinstance(run(*words, "--seed", seed).exception, click.BadParameter)


def test_the_largest_seed_trains_and_evaluates(trained_files: tuple[Path, Path], tmp_path: Path):
    graded, router = trained_files[0], tmp_path / "r.headgate"
    seed = ("--seed", 2**63 - 1)
    assert run("train", graded, "-o", router, *seed).exception is None
    assert run("evaluate", router, graded, "--draws", "20", *seed).exception is None
