"""Charts: lines over an axis, bars made of parts, spans, fields of cells; what each shows.

Every chart has a title and a description, which screen readers read out. Colours are numbers of the
palette.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

__all__ = [
    "Axis",
    "Band",
    "Bar",
    "Bars",
    "Chart",
    "Field",
    "Line",
    "Lines",
    "Mark",
    "Part",
    "Ribbon",
    "Span",
    "Spans",
    "ticks",
]


class Axis(NamedTuple):
    """An axis from its first tick to its last."""

    title: str
    ticks: tuple[tuple[float, str], ...]
    """(value, label), ascending; two or more."""

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0..1; values outside lie at the nearer end."""
        low, high = self.ticks[0][0], self.ticks[-1][0]
        return min(max((value - low) / (high - low), 0.0), 1.0)


class Line(NamedTuple):
    """One line of a chart."""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: int = 0
    dashed: bool = False


class Mark(NamedTuple):
    """A point on the horizontal axis that is pointed out: now, the crossover."""

    label: str
    at: float
    height: float | None = None
    """Where on the vertical axis a dot is set; None: no dot."""


class Band(NamedTuple):
    """A stretch of the horizontal axis that is shaded: the interval of an estimate."""

    label: str
    low: float
    high: float


class Ribbon(NamedTuple):
    """A shaded strip around a line: its interval at every point."""

    points: tuple[tuple[float, float, float], ...]
    """(across, low, high)"""
    colour: int = 0


class Lines(NamedTuple):
    """Lines over two axes."""

    title: str
    description: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...] = ()
    bands: tuple[Band, ...] = ()
    ribbons: tuple[Ribbon, ...] = ()


class Part(NamedTuple):
    """A part of a bar."""

    name: str
    value: float
    label: str
    """Its value in words, for the tooltip."""
    colour: int


class Bar(NamedTuple):
    """One bar: its parts beside each other, and what stands at its end."""

    label: str
    parts: tuple[Part, ...]
    total: str


class Bars(NamedTuple):
    """Bars below each other, one scale for all; bars of one group stand closer together."""

    title: str
    description: str
    groups: tuple[tuple[str, tuple[Bar, ...]], ...]
    """(heading, bars); an empty heading takes no room."""


class Span(NamedTuple):
    """One bar that floats between two values."""

    label: str
    low: float
    high: float
    note: str
    """Both ends in words, for the tooltip."""


class Spans(NamedTuple):
    """Bars that float over one axis, such as a tornado's; `at` is where all of them stand now."""

    title: str
    description: str
    x: Axis
    spans: tuple[Span, ...]
    at: float | None = None


class Field(NamedTuple):
    """Cells over two axes, each of one colour: who is ahead where."""

    title: str
    description: str
    x_title: str
    y_title: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    """Labels, the first row at the top."""
    cells: tuple[tuple[int, ...], ...]
    """A colour for each cell, by row."""
    legend: tuple[tuple[str, int], ...]
    here: tuple[int, int] | None = None
    """The cell that is pointed out, as (column, row); None: none is."""


Chart: TypeAlias = Lines | Bars | Spans | Field


def ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Round numbers that span a range: steps of 1, 2 or 5 times a power of ten.

    >>> ticks(0, 97), ticks(-0.2, 0.55, 4)
    ((0.0, 20.0, 40.0, 60.0, 80.0, 100.0), (-0.2, 0.0, 0.2, 0.4, 0.6))
    """
    if not high > low:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * step for step in (1, 2, 2.5, 5, 10) if power * step >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(position * step, 12) for position in range(first, last + 1))
