"""replay: recorded prompts go through a real gateway, and the books agree to the nano-dollar."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from benchmarks.replay.__main__ import page, replay
from benchmarks.replay.data import Recorded, load, pick

from tests.shared import shared_dir

ROOT = Path(__file__).parents[2]


def run(*options: str, shared: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.replay", *options],
        cwd=ROOT,
        env={**os.environ, "HEADGATE_SHARED": str(shared)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def result():
    # made up, so that it runs where the set is not; every third is hard by its shape
    rows = [
        Recorded(
            prompt_id=str(number),
            prompt=f"Compute the value of x = {number}^2." if number % 3 == 0 else f"Why {number}?",
            category="",
            cheap_right=number % 4 != 0,
            premium_right=number % 10 != 0,
            premium_chars=200 if number % 2 else None,
        )
        for number in range(60)
    ]
    return replay(rows)


def test_every_answer_is_that_of_the_model_that_served_it(result):
    assert (result.requests, result.unanswered, result.mismatched) == (60, 0, 0)
    assert result.held


def test_what_is_hard_by_its_shape_is_escalated(result):
    assert result.quality.escalated.value == pytest.approx(1 / 3)


def test_accuracy_is_that_of_the_marks(result):
    assert result.quality.always_cheap.value == pytest.approx(0.75)
    assert result.quality.always_premium.value == pytest.approx(0.90)


def test_the_bill_is_the_tally_to_the_nano_dollar_and_its_parts_add_up(result):
    bill = result.bill
    assert result.equal
    assert bill.ledger == bill.upstream > 0
    assert bill.classifier + bill.cheap + bill.premium == bill.ledger
    assert 0 < bill.ledger < bill.all_premium


def test_without_the_data_it_is_skipped_with_a_sentence(tmp_path):
    done = run(shared=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "HEADGATE_SHARED" in done.stderr


def test_the_real_set_goes_through_as_json():
    shared = shared_dir("data").parent
    done = run("--requests", "60", "--json", shared=shared)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["requests"] == 60
    assert document["held"] is True
    assert document["bill"]["ledger"] == document["bill"]["upstream"]
    picked = pick(load(shared / "data"), 60, 0)
    cheap = sum(row.cheap_right for row in picked) / 60
    assert document["quality"]["always_cheap"]["value"] == pytest.approx(cheap)


def test_the_page_says_what_it_compared(result):
    text = page(result)
    for words in ("escalated", "random mix", "always GPT-4", "upstream tally", "= the ledger"):
        assert words in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_books_that_do_not_agree_are_said_not_to(result):
    assert "is not the ledger" in page(msgspec.structs.replace(result, equal=False))
    assert not msgspec.structs.replace(result, equal=False).held
    assert not msgspec.structs.replace(result, unanswered=1).held
    assert not msgspec.structs.replace(result, mismatched=1).held
