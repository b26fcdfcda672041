"""The dashboard's series over time: as pictures, and as numbers for a script to draw closer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from headgate.ledger.totals import HOUR_US
from headgate.monitor.assessment import Assessment
from headgate.monitor.figures import axis_places, percent
from headgate.render import chart, palette
from headgate.values import dollars
from headgate.web.observer import Hour, Seen

__all__ = ["Series", "series"]

USD = 10**9
MOST_POINTS = 24 * 15
"""Points of a drawn series; beyond them hours are put together."""
FEW, LONG_HOURS = 20, 6 * 24
"""Requests an hour below which an hour's share is chance: of a week and more, days are drawn.

A week's first and last hours may have no requests, so that its span is some hours less.
"""


class Series(NamedTuple):
    """A drawn series, and its numbers for whoever has a script to look closer."""

    block: chart.Lines
    data: str
    """JSON: times in seconds, then a row a line."""
    marks: str
    """JSON: what is pointed out, as [seconds, label]."""
    names: str
    colours: str
    unit: str


def series(seen: Seen) -> Iterator[Series]:
    """Escalation against its budget, and what was paid; nothing before there are two hours."""
    if len(seen.hours) < 2:
        return
    drawn = _drawn(seen.hours)
    rates = [(hour, hour.escalated / hour.served) for hour in drawn if hour.served]
    if len(rates) > 1:
        yield _escalation(
            drawn, rates, seen.report.escalation.budget, _creep(seen.escalation, drawn)
        )
    known = [hour for hour in drawn if hour.known]
    if len(known) > 1:
        yield _paid(known, "an hour" if drawn is seen.hours else "a day")


def _escalation(
    drawn: Sequence[Hour],
    rates: Sequence[tuple[Hour, float]],
    budget: float | None,
    marks: tuple[chart.Mark, ...],
) -> Series:
    points = tuple((float(hour.hour), rate) for hour, rate in rates)
    lines = [chart.Line("escalated", points, palette.PREMIUM)]
    if budget is not None:
        ends = (float(drawn[0].hour), budget), (float(drawn[-1].hour), budget)
        lines.append(chart.Line("budget", ends, palette.RETRIES, dashed=True))
    top = max(*(rate for _, rate in rates), budget or 0.0)
    marked = chart.ticks(0, top, 5)
    decimals = 0 if all(round(at * 100, 9).is_integer() for at in marked) else 1
    block = chart.Lines(
        title="Escalation",
        description="Share of the served routed requests that the premium tier answered.",
        x=_times(drawn),
        y=chart.Axis("", tuple((at, percent(at, decimals)) for at in marked)),
        lines=tuple(lines),
        marks=marks,
    )
    rows = [[rate for _, rate in rates]]
    if budget is not None:
        rows.append([budget] * len(rates))
    return _series(block, [hour for hour, _ in rates], rows, "%")


def _paid(drawn: Sequence[Hour], step: str) -> Series:
    paid = [hour.paid_nano / USD for hour in drawn]
    whole = [hour.baseline_nano / USD for hour in drawn]
    marked = chart.ticks(0, max(*paid, *whole) or 1.0, 5)
    decimals = axis_places(marked)
    labels = [dollars(round(at * USD), decimals) for at in marked]
    hours = [float(hour.hour) for hour in drawn]
    block = chart.Lines(
        title=f"Paid, and all premium, {step}",
        description="What the comparable requests cost, and what their served tokens would "
        "have cost on the premium tier. The space between is the saving.",
        x=_times(drawn),
        y=chart.Axis("", tuple(zip(marked, labels, strict=True))),
        lines=(
            chart.Line("paid", tuple(zip(hours, paid, strict=True)), palette.ROUTED),
            chart.Line("all premium", tuple(zip(hours, whole, strict=True)), palette.PREMIUM),
        ),
    )
    return _series(block, drawn, [paid, whole], "$")


def _series(
    block: chart.Lines, hours: Sequence[Hour], rows: Sequence[Sequence[float]], unit: str
) -> Series:
    times = [hour.hour * 3600 for hour in hours]
    return Series(
        block,
        json.dumps([times, *([round(value, 6) for value in row] for row in rows)]),
        json.dumps([[round(mark.at * 3600), mark.label] for mark in block.marks]),
        "|".join(line.name for line in block.lines),
        "|".join(str(line.colour) for line in block.lines),
        unit,
    )


def _creep(account: Assessment | None, drawn: Sequence[Hour]) -> tuple[chart.Mark, ...]:
    """Where the creep began, if that is in the picture."""
    if account is None or account.creep is None:
        return ()
    at = account.creep.began_us / HOUR_US
    return (chart.Mark("creep began", at),) if drawn[0].hour <= at <= drawn[-1].hour else ()


def _drawn(hours: tuple[Hour, ...]) -> tuple[Hour, ...]:
    """The hours, or where they are many the days, as a picture can show them."""
    span = hours[-1].hour - hours[0].hour + 1
    sparse = span >= LONG_HOURS and sum(hour.served for hour in hours) < FEW * span
    if len(hours) <= MOST_POINTS and not sparse:
        return hours
    days: dict[int, list[Hour]] = {}
    for hour in hours:
        days.setdefault(hour.hour // 24, []).append(hour)
    last = max(days)
    if hours[-1].hour % 24 < 23 and len(days) > 2:
        del days[last]  # a day that is not over would look like a fall
    first = min(days)
    if hours[0].hour % 24 > 0 and len(days) > 2:
        del days[first]  # and one that the period cuts like a rise
    return tuple(
        Hour(
            hour=day * 24 + 12,
            served=sum(one.served for one in own),
            escalated=sum(one.escalated for one in own),
            left_out=sum(one.left_out for one in own),
            paid_nano=sum(one.paid_nano for one in own),
            baseline_nano=sum(one.baseline_nano for one in own),
        )
        for day, own in sorted(days.items())
    )


def _times(hours: Sequence[Hour]) -> chart.Axis:
    """Up to seven moments, evenly apart; days where the hours span several."""
    first, last = hours[0].hour, hours[-1].hour
    span = max(last - first, 1)
    step = next((s for s in (1, 2, 4, 6, 12, 24, 48, 96, 168, 336, 720) if span / s <= 7), 2160)
    begin = -(-first // step) * step
    marks = [(float(at), _hour_text(at, step)) for at in range(begin, last + 1, step)]
    inner = [mark for mark in marks if first < mark[0] < last]
    return chart.Axis("UTC", ((float(first), ""), *inner, (float(max(last, first + 1)), "")))


def _hour_text(hour: int, step: int) -> str:
    at = datetime.fromtimestamp(hour * 3600, UTC)
    return f"{at:%d %b}".lstrip("0") if step >= 24 else f"{at:%H:%M}"
