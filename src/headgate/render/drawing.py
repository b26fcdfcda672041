"""Charts as SVG text, readable without a script.

Colours come from classes (`s0` to `s7` for areas, `l0` to `l7` for lines), so that the page's style
sheet decides for light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from headgate.render.chart import (
    Bar,
    Bars,
    Chart,
    Field,
    Lines,
    Mark,
    Spans,
)
from headgate.render.palette import COLOURS, ROUTED
from headgate.render.table import plain

__all__ = ["svg"]

WIDTH = 720
LETTER = 6.6
"""Width of an average letter at the font size of 12 that charts are set in."""
NARROW, WIDE = frozenset("fijlrtI.,:;'()|!/- "), frozenset("mwMW%@")
"""Letters that are far from it."""
FIRST_ROW = 16.0
"""Of a legend: its letters stand on it."""

BOLD = 1.15
"""How much wider bold letters are."""


def svg(chart: Chart, name: str) -> str:
    """The chart as an SVG element; `name` sets its ids apart from those of other charts."""
    match chart:
        case Lines():
            height, inner = _lines(chart)
        case Bars():
            height, inner = _bars(chart)
        case Spans():
            height, inner = _spans(chart)
        case _:
            height, inner = _field(chart)
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{_text(chart.title)}</title>'
        f'<desc id="{name}-desc">{_text(chart.description)}</desc>'
        f"{inner}</svg>"
    )


def _text(text: str) -> str:
    return escape(plain(text))


def _write(x: float, y: float, text: str, classes: str = "", anchor: str = "start") -> str:
    attributes = f' class="{classes}"' if classes else ""
    if anchor != "start":
        attributes += f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes}>{_text(text)}</text>'


def _below(x: float, y: float, label: str) -> str:
    """The label of a tick of the horizontal axis; one that would be cut ends with the picture."""
    if x + _width(label) / 2 > WIDTH:
        return _write(WIDTH, y, label, "tick", "end")
    return _write(x, y, label, "tick", "middle")


def _width(text: str) -> float:
    return len(plain(text)) * LETTER


def _legend_width(text: str) -> float:
    """Closer: entries of a legend stand beside each other, and are to be evenly apart."""
    shares = (0.6 if c in NARROW else 1.45 if c in WIDE else 1.1 for c in plain(text))
    return sum(shares) * LETTER


def _placed(names: Iterable[str], beside: float) -> Iterator[tuple[float, float]]:
    """Where each entry of a legend begins, in as many rows as they need.

    Args:
        beside: what an entry takes but for its name.
    """
    x, y = 2.0, FIRST_ROW
    for name in names:
        room = _legend_width(name) + beside
        if x + room > WIDTH and x > 2:
            x, y = 2.0, y + 18
        yield x, y
        x += room


# ---- lines

LINES_HEIGHT, TOP, BOTTOM, RIGHT = 340.0, 64.0, 52.0, 20.0


def _lines(chart: Lines) -> tuple[float, str]:
    left = max(_width(label) for _, label in chart.y.ticks) + 18
    wide, tall = WIDTH - left - RIGHT, LINES_HEIGHT - TOP - BOTTOM

    def x_of(value: float) -> float:
        return left + chart.x.share(value) * wide

    def y_of(value: float) -> float:
        return TOP + (1 - chart.y.share(value)) * tall

    parts = [*_legend([(line.name, line.colour, line.dashed) for line in chart.lines])]
    for band in chart.bands:
        low, high = x_of(band.low), x_of(band.high)
        parts.append(
            f'<rect class="band" x="{low:.1f}" y="{TOP:.1f}" width="{max(high - low, 1):.1f}" '
            f'height="{tall:.1f}"><title>{_text(band.label)}</title></rect>'
        )
    for value, label in chart.y.ticks:
        y = y_of(value)
        kind = "zero" if value == 0 else "grid"
        parts.append(f'<path class="{kind}" d="M{left:.1f} {y:.1f}H{left + wide:.1f}"/>')
        parts.append(_write(left - 8, y + 4, label, "tick", "end"))
    for value, label in chart.x.ticks:
        parts.append(_below(x_of(value), TOP + tall + 18, label))
    parts.append(_write(left + wide / 2, TOP + tall + 40, chart.x.title, "axis", "middle"))
    parts.append(_write(left, TOP - 14, chart.y.title, "axis"))
    for ribbon in chart.ribbons:
        edge = [(x, high) for x, _, high in ribbon.points]
        edge += [(x, low) for x, low, _ in reversed(ribbon.points)]
        path = "L".join(f"{x_of(x):.1f} {y_of(y):.1f}" for x, y in edge)
        if path:
            kind = f"ribbon s{ribbon.colour % COLOURS}"
            parts.append(f'<path class="{kind}" d="M{path}Z"/>')
    for line in chart.lines:
        path = "L".join(f"{x_of(x):.1f} {y_of(y):.1f}" for x, y in line.points)
        dashed = " dashed" if line.dashed else ""
        parts.append(f'<path class="line l{line.colour % COLOURS}{dashed}" d="M{path}"/>')
    parts += _marks(chart.marks, x_of, left + wide, tall)
    parts += [
        f'<circle class="dot" cx="{x_of(mark.at):.1f}" cy="{y_of(mark.height):.1f}" r="4.5"/>'
        for mark in chart.marks
        if mark.height is not None
    ]
    return LINES_HEIGHT, "".join(parts)


def _marks(
    marks: Sequence[Mark], x_of: Callable[[float], float], end: float, tall: float
) -> Iterator[str]:
    """Marks as upright lines; each label a step lower than the one before, so none overlap."""
    for position, mark in enumerate(marks):
        x = x_of(mark.at)
        y = TOP + tall - 12 - position * 18
        yield f'<path class="mark" d="M{x:.1f} {TOP:.1f}V{TOP + tall:.1f}"/>'
        fits = x + 8 + _width(mark.label) < end
        yield _write(x + 6 if fits else x - 6, y, mark.label, "label", "start" if fits else "end")


def _legend(entries: Sequence[tuple[str, int, bool]]) -> Iterator[str]:
    places = _placed([name for name, _, _ in entries], 40)
    for (name, colour, dashed), (x, y) in zip(entries, places, strict=True):
        style = " dashed" if dashed else ""
        kind = f"line l{colour % COLOURS}{style}"
        yield f'<path class="{kind}" d="M{x:.1f} {y - 4:.1f}h20"/>'
        yield _write(x + 26, y, name, "legend")


# ---- bars

BAR, BETWEEN, HEADING, SWATCH = 22.0, 8.0, 26.0, 32.0


def _bars(chart: Bars) -> tuple[float, str]:
    bars = [bar for _, group in chart.groups for bar in group]
    left = min(max((_width(bar.label) for bar in bars), default=0.0) + 12, WIDTH * 0.4)
    right = max((_width(bar.total) * BOLD for bar in bars), default=0.0) + 14
    longest = max((sum(max(part.value, 0) for part in bar.parts) for bar in bars), default=0)
    scale = (WIDTH - left - right) / longest if longest > 0 else 0.0
    names = {part.name: part.colour for bar in bars for part in bar.parts}
    parts = list(_swatches(names))
    y = max((y for _, y in _placed(names, SWATCH)), default=FIRST_ROW) + 16
    for heading, group in chart.groups:
        if heading:
            parts.append(_write(2, y + 13, heading, "axis"))
            y += HEADING - 4
        for bar in group:
            parts += _bar(bar, left, y, scale)
            y += BAR + BETWEEN
        y += BETWEEN
    return y, "".join(parts)


def _fitted(label: str, room: float) -> str:
    """A label that fits, its end cut."""
    while _width(label) > room and len(label) > 1:
        label = label[:-2] + "…"
    return label


def _bar(bar: Bar, left: float, y: float, scale: float) -> Iterator[str]:
    yield _write(left - 8, y + 15, _fitted(bar.label, left - 10), "label", "end")
    x = left
    for part in bar.parts:
        wide = max(part.value, 0) * scale
        if wide > 0:
            yield (
                f'<rect class="s{part.colour % COLOURS}" x="{x:.1f}" y="{y:.1f}" '
                f'width="{wide:.1f}" height="{BAR:.0f}">'
                f"<title>{_text(f'{bar.label}: {part.name} {part.label}')}</title></rect>"
            )
        x += wide
    yield _write(x + 6, y + 15, bar.total, "total")


def _swatches(names: dict[str, int]) -> Iterator[str]:
    for (name, colour), (x, y) in zip(names.items(), _placed(names, SWATCH), strict=True):
        yield (
            f'<rect class="s{colour % COLOURS}" x="{x:.1f}" y="{y - 10:.1f}" '
            'width="12" height="12" rx="2"/>'
        )
        yield _write(x + 18, y, name, "legend")


# ---- spans


def _spans(chart: Spans) -> tuple[float, str]:
    left = min(max((_width(span.label) for span in chart.spans), default=0.0) + 12, WIDTH * 0.4)
    wide, top = WIDTH - left - RIGHT * 2, 12.0
    bottom = top + len(chart.spans) * (BAR + BETWEEN)

    def x_of(value: float) -> float:
        return left + chart.x.share(value) * wide

    parts = []
    for value, label in chart.x.ticks:
        kind = "zero" if value == 0 else "grid"
        parts.append(f'<path class="{kind}" d="M{x_of(value):.1f} {top:.1f}V{bottom:.1f}"/>')
        parts.append(_below(x_of(value), bottom + 18, label))
    parts.append(_write(left + wide / 2, bottom + 40, chart.x.title, "axis", "middle"))
    for position, span in enumerate(chart.spans):
        y = top + position * (BAR + BETWEEN) + BETWEEN / 2
        low, high = sorted((x_of(span.low), x_of(span.high)))
        parts.append(_write(left - 8, y + 15, _fitted(span.label, left - 10), "label", "end"))
        parts.append(
            f'<rect class="s{ROUTED}" x="{low:.1f}" y="{y:.1f}" width="{max(high - low, 1):.1f}" '
            f'height="{BAR:.0f}"><title>{_text(f"{span.label}: {span.note}")}</title></rect>'
        )
    if chart.at is not None:
        parts.append(f'<path class="mark" d="M{x_of(chart.at):.1f} {top:.1f}V{bottom:.1f}"/>')
    return bottom + 52, "".join(parts)


# ---- a field of cells

CELL = 20.0


def _field(chart: Field) -> tuple[float, str]:
    left = max((_width(row) for row in chart.rows), default=0.0) + 18
    wide = (WIDTH - left - RIGHT * 2) / max(len(chart.columns), 1)
    top = 56.0
    bottom = top + len(chart.rows) * CELL
    parts = list(_swatches(dict(chart.legend)))
    parts.append(_write(left, top - 12, chart.y_title, "axis"))
    for down, (label, cells) in enumerate(zip(chart.rows, chart.cells, strict=True)):
        y = top + down * CELL
        parts.append(_write(left - 8, y + 14, label, "tick", "end"))
        parts += [
            f'<rect class="s{colour % COLOURS} cell" x="{left + across * wide:.1f}" y="{y:.1f}" '
            f'width="{wide:.1f}" height="{CELL:.0f}"/>'
            for across, colour in enumerate(cells)
        ]
    if chart.here is not None:
        x, y = left + chart.here[0] * wide, top + chart.here[1] * CELL
        parts.append(
            f'<rect class="here" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{CELL:.0f}">'
            "<title>you are here</title></rect>"
        )
    room = max((_width(column) for column in chart.columns), default=0.0) + 10
    every = max(math.ceil(room / wide), 1)
    for across in range(0, len(chart.columns), every):
        x = left + (across + 0.5) * wide
        parts.append(_write(x, bottom + 18, chart.columns[across], "tick", "middle"))
    middle = left + wide * len(chart.columns) / 2
    parts.append(_write(middle, bottom + 40, chart.x_title, "axis", "middle"))
    return bottom + 52, "".join(parts)
