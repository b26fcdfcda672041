"""A tornado and a map as charts, and the tornado's figures as a table."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from headgate.costs.sensitivity import Map, Swing
from headgate.costs.tripwire import Tripwire
from headgate.costs.wording import money, written
from headgate.render import chart, palette
from headgate.render.table import Column, Table

__all__ = ["map_chart", "swings_table", "tornado_chart"]

USD = 10**9


def tornado_chart(swings: Sequence[Swing], wire: Tripwire) -> chart.Spans:
    """What each parameter does to the saving through its range, the largest swing on top."""
    ends = [nano / USD for swing in swings for nano in (swing.saving_low, swing.saving_high)]
    now = (wire.b_nano - wire.a_nano) / USD
    marks = chart.ticks(min(*ends, now), max(*ends, now), 6)
    return chart.Spans(
        title="What moves the saving",
        description=f"What {wire.a} saves against {wire.b} a month as each parameter goes through "
        "its range; the dashed line is the saving now.",
        x=chart.Axis("saved a month", tuple((at, money(round(at * USD))) for at in marks)),
        spans=tuple(
            chart.Span(
                swing.label,
                swing.saving_low / USD,
                swing.saving_high / USD,
                f"{money(swing.saving_low)} at {written(swing.low, swing.unit)}, "
                f"{money(swing.saving_high)} at {written(swing.high, swing.unit)}",
            )
            for swing in swings
        ),
        at=now,
    )


def swings_table(swings: Sequence[Swing]) -> Table:
    """The tornado in figures."""
    rows = tuple(
        (
            swing.label,
            f"{written(swing.low, swing.unit)} to {written(swing.high, swing.unit)}",
            money(swing.saving_low),
            money(swing.saving_high),
        )
        for swing in swings
    )
    return Table(
        (
            Column("parameter"),
            Column("range"),
            Column("saved at its low end", right=True),
            Column("at its high end", right=True),
        ),
        rows,
        title="The swings in figures",
    )


def map_chart(
    found: Map, wire: Tripwire, now: tuple[Decimal, Decimal] | None = None
) -> chart.Field:
    """Who is cheaper over two parameters; `now` is where both stand, across and down."""
    here = None
    if now is not None:
        here = (_nearest(found.across_values, now[0]), _nearest(found.down_values, now[1]))
    whole = f"Where {wire.a} is cheaper than {wire.b}, over both parameters' whole ranges"
    return chart.Field(
        title=f"{found.down} against {found.across}",
        description=f"{whole}." if here is None else f"{whole}; you are in the framed cell.",
        x_title=found.across,
        y_title=found.down,
        columns=tuple(written(value, found.across_unit) for value in found.across_values),
        rows=tuple(written(value, found.down_unit) for value in found.down_values),
        cells=tuple(
            tuple(palette.ROUTED if saving > 0 else palette.PREMIUM for saving in row)
            for row in found.saving
        ),
        legend=(
            (f"{wire.a} is cheaper", palette.ROUTED),
            (f"{wire.b} is cheaper or equal", palette.PREMIUM),
        ),
        here=here,
    )


def _nearest(values: Sequence[Decimal], now: Decimal) -> int:
    return min(range(len(values)), key=lambda place: abs(values[place] - now))
