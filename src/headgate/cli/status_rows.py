"""Rows of the status screen: a fact behind its label, days, and lengths of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from textwrap import wrap

import click

from headgate.monitor.figures import day_and_time

__all__ = ["WIDTH", "between_days", "day", "fact", "span"]

WIDTH = 80
_LABEL = 15
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def fact(label: str, text: str, colour: str | None = None, *, dim: bool = False) -> Iterator[str]:
    """A fact in as many rows as it takes; only the first has the label."""
    for number, row in enumerate(
        wrap(text, WIDTH - _LABEL) if len(text) > WIDTH - _LABEL else [text]
    ):
        yield f"  {'' if number else label:<{_LABEL - 2}}{click.style(row, fg=colour, dim=dim)}"


def span(seconds: float) -> str:
    """A length of time in its largest whole unit.

    >>> span(7 * 86_400), span(6 * 3_600), span(90), span(8.57)
    ('7 d', '6 h', '2 min', '8.6 s')
    """
    for unit, name in ((_DAY, "d"), (_HOUR, "h")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds / unit:.0f} {name}"
    if seconds >= 2 * _HOUR:
        return f"{seconds / _HOUR:.1f} h"
    if seconds >= _MINUTE:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds:.2g} s"


def day(at_us: int) -> str:
    """The day of a moment, in UTC."""
    return f"{datetime.fromtimestamp(at_us // 1_000_000, UTC):%Y-%m-%d}"


def between_days(low_us: int, high_us: int) -> str:
    """From one moment to another: by days, or within a day by hours."""
    low, high = day(low_us), day(high_us)
    if low == high:
        return f"{day_and_time(low_us)[11:]} to {day_and_time(high_us)[11:]} that day"
    return f"{low} to {high}"
