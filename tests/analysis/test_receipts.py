"""Receipts: what was paid is there after any end, and what was under way counts at its worst."""

import stat
from pathlib import Path

import pytest

from headgate.analysis.receipts import Receipt, Receipts
from headgate.errors import ConfigError


def opened(path: Path) -> Receipts:
    return Receipts(path)


def test_what_was_paid_is_there_the_next_time(tmp_path: Path):
    first = opened(tmp_path / "s")
    first.add(Receipt("k", "sent", 9))
    first.add(Receipt("k", "paid", 5, text="Yes", model="m"))
    first.add(Receipt("l", "sent", 9))
    first.add(Receipt("l", "failed", 0))
    first.close()
    again = opened(tmp_path / "s")
    assert again.paid["k"].text == "Yes"
    assert (again.spent, again.lost, set(again.paid)) == (5, 0, {"k"})
    again.close()


def test_a_call_without_an_end_counts_at_its_worst(tmp_path: Path):
    first = opened(tmp_path / "s")
    first.add(Receipt("k", "sent", 9))
    first.close()
    again = opened(tmp_path / "s")
    assert (again.spent, again.lost, again.paid) == (9, 1, {})
    again.close()


@pytest.mark.parametrize("kept", range(1, 40, 3))
def test_a_line_that_is_torn_loses_only_itself(tmp_path: Path, kept: int):
    path = tmp_path / "s"
    first = opened(path)
    first.add(Receipt("k", "sent", 9))
    whole = path.stat().st_size
    first.add(Receipt("k", "paid", 5, text="Yes, by all means"))
    first.close()
    path.write_bytes(path.read_bytes()[: whole + kept])
    again = opened(path)
    assert again.spent == 9
    again.add(Receipt("l", "paid", 1))
    again.close()
    third = opened(path)
    assert set(third.paid) == {"l"}
    assert third.spent == 10
    third.close()


def test_only_the_owner_may_read_it(tmp_path: Path):
    opened(tmp_path / "s").close()
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600


def test_two_processes_cannot_use_it(tmp_path: Path):
    first = opened(tmp_path / "s")
    with pytest.raises(ConfigError, match="in use"):
        opened(tmp_path / "s")
    first.close()


@pytest.mark.parametrize(
    "text", ['{"prompt": "x"}\n', "hello", '{"what":"headgate label","version":9}']
)
def test_a_file_that_is_no_state_is_left_alone(tmp_path: Path, text: str):
    (tmp_path / "s").write_text(text)
    with pytest.raises(ConfigError, match="is no state"):
        opened(tmp_path / "s")
    assert (tmp_path / "s").read_text() == text


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be opened"):
        opened(tmp_path / "no" / "s")
