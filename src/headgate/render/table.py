"""A table of text, and its forms: aligned for a terminal, CSV for programs, Markdown for people."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = ["Column", "Table", "aligned", "csv_text", "cut", "harmless", "markdown_text", "plain"]

GAP = 2
LEAST = 8
"""Columns of the terminal that a shortened column keeps at least."""


class Column(NamedTuple):
    """A column: its heading, and whether its cells stand to the right, as numbers do."""

    title: str
    right: bool = False
    key: str = ""
    """Its name in CSV; empty: the title."""
    whole: bool = False
    """Its cells are never cut, for they are there to be copied."""


class Table(NamedTuple):
    """Rows of text below columns; every row has a cell for every column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    strong: frozenset[int] = frozenset()
    """Positions of the rows that are totals."""


def plain(text: str) -> str:
    """Text on one line, without control characters: a name from elsewhere may hold anything."""
    return " ".join(harmless(text).split())


def harmless(line: str) -> str:
    """A line as it is, but for control characters, which could move a terminal's cursor."""
    if line.isprintable():  # no-break spaces are not, control characters are not
        return line
    return "".join(
        " " if unicodedata.category(letter) in ("Cc", "Cf") else letter for letter in line
    )


def cut(text: str, width: int) -> str:
    """A text of at most `width` characters, an ellipsis where its middle was taken out.

    The ends of a model's name say most: whose it is, and which release.

    >>> cut("openrouter/anthropic/claude:batch", 18), cut("short", 6)
    ('openrou…aude:batch', 'short')
    """
    if len(text) <= width:
        return text
    tail = max((width - 1) * 3 // 5, 0)
    return text[: max(width - 1 - tail, 0)] + "…" + (text[-tail:] if tail else "")


def csv_text(table: Table) -> str:
    """The table as CSV by RFC 4180 (lines end in a line feed), its first row the columns' keys."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.key or column.title for column in table.columns])
    writer.writerows(table.rows)
    return text.getvalue()


def markdown_text(table: Table) -> str:
    """The table as GitHub writes them; a bar and a backslash in a cell are escaped."""
    lines = [f"### {_escaped(table.title)}", ""] if table.title else []
    lines.append(_bars(_escaped(column.title) for column in table.columns))
    lines.append(_bars("---:" if column.right else "---" for column in table.columns))
    for position, row in enumerate(table.rows):
        cells = [_escaped(cell) for cell in row]
        if position in table.strong:
            cells = [f"**{cell}**" if cell else "" for cell in cells]
        lines.append(_bars(cells))
    return "\n".join(lines) + "\n"


def _bars(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """A cell that says what it says: no markup, no HTML, no end of the cell."""
    text = plain(text)
    for letter in "\\`*_[]<>|":
        text = text.replace(letter, f"\\{letter}")
    return text


def aligned(table: Table, width: int = 80) -> str:
    """The table in columns, no line wider than `width`: the widest left column is cut to fit."""
    rows = [[plain(cell) for cell in row] for row in table.rows]
    heads = [column.title for column in table.columns]
    sizes = [max(map(len, cells)) for cells in zip(heads, *rows, strict=True)]
    _fit(sizes, table.columns, width)
    lines = [_line(heads, sizes, table.columns)]
    lines += [_line(row, sizes, table.columns) for row in rows]
    return "\n".join(lines) + "\n"


def _fit(sizes: list[int], columns: Sequence[Column], width: int) -> None:
    """Shorten left columns, the widest first, until all fit or none can give more."""
    give = [at for at, column in enumerate(columns) if not (column.right or column.whole)]
    while sum(sizes) + GAP * (len(sizes) - 1) > width:
        widest = max(
            (at for at in give if sizes[at] > LEAST),
            key=sizes.__getitem__,
            default=None,
        )
        if widest is None:
            return
        sizes[widest] -= 1


def _line(cells: Sequence[str], sizes: Sequence[int], columns: Sequence[Column]) -> str:
    parts = []
    for cell, size, column in zip(cells, sizes, columns, strict=True):
        text = cut(cell, size)
        parts.append(f"{text:>{size}}" if column.right else f"{text:<{size}}")
    return (" " * GAP).join(parts).rstrip()
