"""Grades by humans, read from a sheet that was filled in, or from columns of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from headgate.analysis.label import sheet_pair
from headgate.analysis.pairs import Names, Pair, human_of, pair_of
from headgate.analysis.readers import Reader, UnreadableError
from headgate.analysis.readers.source import Bad, open_source
from headgate.analysis.readers.values import grade
from headgate.analysis.record import MalformedError, Reject

__all__ = ["human_grades"]


def human_grades(path: Path) -> dict[str, Pair]:
    """The grades of the cheap and the premium answer by a request's id.

    Rows of a sheet that nobody has filled in are passed over.

    Raises:
        UnreadableError: the file cannot be read, holds no grade, or one that is none.
    """
    if not path.is_file():
        raise UnreadableError(f"There is no file {path}.", fix="Name it with --human.")
    found = dict(_of_sheet(path) if _is_sheet(path) else _of_columns(path))
    if not found:
        raise UnreadableError(
            f"{path} holds no grades.",
            fix="Fill in grade_1 and grade_2 of the sheet, or give the columns id, cheap, premium.",
        )
    return found


def _is_sheet(path: Path) -> bool:
    return any("answer_1" in row for _, row in _rows(path))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    source = open_source(str(path))
    try:
        for number, row in source.rows:
            if not isinstance(row, Bad):
                yield number, row
    finally:
        source.close()


def _of_sheet(path: Path) -> Iterator[tuple[str, Pair]]:
    for number, row in _rows(path):
        given = [row.get(name) for name in ("grade_1", "grade_2")]
        if given == [None, None]:
            continue
        try:
            first, second = (grade(value, f"grade_{n}") for n, value in enumerate(given, 1))
        except MalformedError as error:
            raise _wrong(path, number, str(error)) from error
        name = str(row.get("id", ""))
        yield name, sheet_pair(name, first, second)


def _of_columns(path: Path) -> Iterator[tuple[str, Pair]]:
    wrong: list[Reject] = []
    for record in Reader([str(path)], rejects=wrong.append).records():
        pair = human_of(record) or pair_of(record, Names())
        if pair is not None and record.id:
            yield record.id, pair
    if wrong:
        raise _wrong(path, wrong[0].line, wrong[0].reason)


def _wrong(path: Path, line: int, reason: str) -> UnreadableError:
    return UnreadableError(
        f"{path}:{line}: {reason}.",
        fix="A grade is 0 to 1, or right and wrong; leave a row empty that is not graded.",
    )
