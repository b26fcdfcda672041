"""What a chart shows, as a table: for whoever cannot see it, or wants the numbers."""

from __future__ import annotations

from headgate.render.chart import Axis, Bars, Chart, Field, Lines, Spans
from headgate.render.table import Column, Table

__all__ = ["table_of"]


def table_of(chart: Chart) -> Table:
    """The chart's numbers: a row for each place on an axis, each bar, each row of cells."""
    match chart:
        case Lines():
            return _lines(chart)
        case Bars():
            return _bars(chart)
        case Spans():
            rows = tuple((span.label, span.note) for span in chart.spans)
            return Table((Column(""), Column(chart.x.title)), rows)
        case Field():
            return _field(chart)


def _lines(chart: Lines) -> Table:
    places = sorted({x for line in chart.lines for x, _ in line.points})
    known = [dict(line.points) for line in chart.lines]
    rows = tuple(
        (
            _written(x, chart.x),
            *("" if x not in points else _written(points[x], chart.y) for points in known),
        )
        for x in places
    )
    heads = (Column(chart.x.title), *(Column(line.name, right=True) for line in chart.lines))
    return Table(heads, rows)


def _bars(chart: Bars) -> Table:
    grouped = any(heading for heading, _ in chart.groups)
    rows = []
    for heading, bars in chart.groups:
        for bar in bars:
            parts = ", ".join(f"{part.name} {part.label}" for part in bar.parts)
            rows.append((*([heading] if grouped else []), bar.label, bar.total, parts))
    heads = (Column("bar"), Column("total", right=True), Column("made of"))
    return Table((*([Column("group")] if grouped else []), *heads), tuple(rows))


def _field(chart: Field) -> Table:
    names = {colour: name for name, colour in chart.legend}
    heads = (Column(f"{chart.y_title} \\ {chart.x_title}"), *map(Column, chart.columns))
    rows = tuple(
        (label, *(names.get(colour, "") for colour in cells))
        for label, cells in zip(chart.rows, chart.cells, strict=True)
    )
    return Table(heads, rows)


def _written(value: float, axis: Axis) -> str:
    """A value in the axis' own manner: as its label where it has one, else as many digits."""
    for at, label in axis.ticks:
        if abs(at - value) < 1e-12:
            return label
    label = axis.ticks[-1][1]
    if label.endswith("%"):
        return f"{value * 100:.1f} %"
    if label.startswith("$"):
        return f"${value:,.2f}" if value >= 0 else f"-${-value:,.2f}"
    return f"{value:,.4g}"
