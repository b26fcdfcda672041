"""Grades by humans: a sheet filled in, or columns of their own; slips are named with their line."""

import csv
from pathlib import Path

import pytest

from headgate.analysis.label import SHEET, first_is_cheap
from headgate.analysis.pairs import Pair
from headgate.analysis.readers import UnreadableError
from headgate.cli.human import human_grades


def sheet(path: Path, *rows: tuple[str, str, str]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(SHEET)
        for name, first, second in rows:
            writer.writerow((name, "Why?\nSay.", "one", "two", first, second))
    return path


def test_a_sheet_gives_each_answer_its_grade(tmp_path: Path):
    file = sheet(tmp_path / "s.csv", ("r1", "1", "0"), ("r2", "0.5", "right"), ("r3", "", ""))
    found: dict[str, Pair] = human_grades(file)
    assert set(found) == {"r1", "r2"}
    assert found["r1"] == (Pair(1, 0) if first_is_cheap("r1") else Pair(0, 1))
    assert set(found["r2"]) == {0.5, 1.0}


def test_a_row_that_is_graded_by_half_is_named(tmp_path: Path):
    with pytest.raises(UnreadableError, match="grade_2 is None"):
        human_grades(sheet(tmp_path / "s.csv", ("r1", "1", "")))


def test_grades_far_down_are_found(tmp_path: Path):
    rows = [(f"r{n}", "", "") for n in range(40)]
    assert set(human_grades(sheet(tmp_path / "s.csv", *rows, ("r40", "1", "1")))) == {"r40"}


def test_columns_give_the_grades_as_they_stand(tmp_path: Path):
    (tmp_path / "h.jsonl").write_text('{"id": "r1", "cheap": false, "premium": true}')
    assert human_grades(tmp_path / "h.jsonl") == {"r1": (0.0, 1.0)}


def test_a_grade_that_is_none_is_named_with_its_line(tmp_path: Path):
    with pytest.raises(UnreadableError, match=r"s.csv:\d+: grade_1 is '7'"):
        human_grades(sheet(tmp_path / "s.csv", ("r1", "7", "0")))


def test_an_empty_sheet_says_what_to_do(tmp_path: Path):
    with pytest.raises(UnreadableError, match="Fill in grade_1"):
        human_grades(sheet(tmp_path / "s.csv", ("r1", "", "")))


def test_a_missing_file_is_told(tmp_path: Path):
    with pytest.raises(UnreadableError, match="There is no file"):
        human_grades(tmp_path / "no.csv")
