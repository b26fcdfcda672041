"""The SQL of the stores: a directory for each database, a file for each statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from headgate.ledger.columns import COLUMNS

__all__ = [
    "Ask",
    "Dialect",
    "Row",
    "Step",
    "Write",
    "migrations",
    "sayable",
    "statement",
]

Dialect = Literal["sqlite", "postgres"]
Row = tuple[Any, ...]

_SQL = Path(__file__).parent / "sql"
_PARTS = re.compile(r"\{(columns|marks|incoming|fits|sums_\w+)\}")
_WRITTEN = {
    "columns": ", ".join(COLUMNS),
    "marks": ", ".join("?" * len(COLUMNS)),
    "incoming": f"incoming_{len(COLUMNS)}",
}
"""What is no file's, but that of the code which makes a row of an entry."""


class Ask(Protocol):
    """Runs the statement that `name` is the file of, in the store's own dialect."""

    def __call__(self, name: str, by: Sequence[str] = (), **parameters: Any) -> list[Row]:
        """All its rows; `by` are the columns that a statement over sums groups by."""


class Write(Protocol):
    """Runs a writing statement, for each of the rows where it takes some."""

    def __call__(self, name: str, rows: Sequence[Row] | None = None, **parameters: Any) -> int:
        """How many rows it touched."""


class Step(NamedTuple):
    """One step from an empty database to the present schema."""

    number: int
    name: str
    script: str


def statement(dialect: Dialect, name: str, by: Sequence[str] = ()) -> str:
    """The text of `sql/DIALECT/NAME.sql`, which groups by the columns `by` where it asks for them.

    `{columns}` are those of an entry, in the order of its row, and `{marks}` a mark for each;
    `{incoming}` is the table where rows with these columns arrive.
    `{sums_…}` and `{fits}` stand for the files of those names: what several statements share.
    The columns become part of the SQL: they must be names that the code knows. Groups are compared
    from the last column on, which as a rule tells more apart than the first: SQLite sorts them.
    """
    text = _text(dialect, name).replace("{by}", ", ".join(by))
    return text.replace("{groups}", ", ".join(reversed(by)))


def sayable(value: Any) -> Any:
    """What is asked for, or a list of it, as a database can be told it: anybody may ask anything.

    Half a pair of surrogates, which no row has, becomes the sign of what cannot be read.
    """
    if isinstance(value, list):
        plain = str.isascii  # nearly all are ids of a group of rows, and spared a call each
        return [one if type(one) is str and plain(one) else sayable(one) for one in value]
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@cache
def _text(dialect: Dialect, name: str) -> str:
    text = (_SQL / dialect / f"{name}.sql").read_text(encoding="utf-8")
    return _PARTS.sub(
        lambda found: _WRITTEN.get(found[1]) or _text(dialect, found[1]).rstrip(), text
    )


@cache
def migrations(dialect: Dialect) -> tuple[Step, ...]:
    """Every step to the present schema, in order; both databases go through the same ones."""
    paths = sorted((_SQL / dialect / "migrations").glob("*.sql"))
    return tuple(
        Step(int(path.name[:4]), path.stem, path.read_text(encoding="utf-8")) for path in paths
    )
