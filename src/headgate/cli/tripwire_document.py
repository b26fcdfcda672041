"""The tripwires as a document of tables and charts, for Markdown and HTML, and as rows for CSV."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from headgate.cli.tripwire_page import Wires
from headgate.costs.sensitivity import JointShift, Simulation
from headgate.costs.sensitivity_charts import map_chart, swings_table, tornado_chart
from headgate.costs.tripwire import BreakEven, Tripwire
from headgate.costs.wording import headline, money, number, percent, room, written
from headgate.render import page
from headgate.render.table import Column, Table
from headgate.values import usd

__all__ = ["tripwire_document", "tripwire_rows"]


def tripwire_document(found: Wires) -> page.Page:
    """All that the tripwires say; what was not asked for is left out."""
    first = found.wires[0]
    blocks: list[page.Block] = [
        page.Text(headline(first), lead=True),
        _figures(first),
        _table(found.wires),
    ]
    fragile = tuple(headline(wire) for wire in found.wires[1:] if wire.fragile)
    if fragile:
        blocks.append(page.Items("Fragile", fragile))
    if found.swings:
        blocks += [tornado_chart(found.swings, first), swings_table(found.swings)]
    if found.map is not None:
        blocks.append(map_chart(found.map, first))
    if found.joint_asked:
        blocks += _joint(found.joint, first)
    if found.simulation is not None:
        blocks += _simulated(found.simulation, found.seed)
    if found.notes:
        blocks.append(page.Items("Notes", found.notes))
    return page.Page(
        title=f"Where {first.a} and {first.b} cost the same",
        subtitle=f"{found.source} · {first.column}",
        blocks=tuple(blocks),
        footer=f"Prices: {found.prices}. Bills are US dollars a month, made from list prices.",
    )


def _figures(wire: Tripwire) -> page.Figures:
    nearest = wire.nearest
    figures = [
        page.Figure(name[:1].upper() + name[1:], money(nano), "a month")
        for name, nano in ((wire.a, wire.a_nano), (wire.b, wire.b_nano))
    ]
    flips, away = ("never", "in the range looked at")
    if nearest is not None:
        flips, away = written(nearest.at, wire.unit), room(nearest.headroom, wire.unit)
    figures.append(page.Figure(f"Now: {wire.label}", written(wire.now, wire.unit)))
    good = None if wire.fragile is None else not wire.fragile
    figures.append(page.Figure("Flips at", flips, away, good=good))
    return page.Figures(tuple(figures))


def _table(wires: Sequence[Tripwire]) -> Table:
    """A row for each break-even, nearest first; parameters without one have a row as well."""
    rows = []
    for wire in wires:
        now = written(wire.now, wire.unit)
        looked = f"{written(wire.low, wire.unit)} to {written(wire.high, wire.unit)}"
        points = sorted(wire.break_evens, key=lambda point: abs(point.headroom))
        if not points:
            none = "equal everywhere" if wire.verdict == "equal" else "no break-even"
            rows.append((wire.label, now, none, "", looked, ""))
        for place, point in enumerate(points):
            lead = ("", "") if place else (wire.label, now)
            rows.append((*lead, *_point(point, wire), "" if place else looked, _held(point, wire)))
    columns = (
        Column("parameter"),
        Column("now", right=True),
        Column("flips at", right=True),
        Column("headroom", right=True),
        Column("looked at"),
        Column("estimate"),
    )
    # nobody has said how well a parameter is known: an empty column says nothing
    shown = len(columns) if any(wire.interval is not None for wire in wires) else len(columns) - 1
    return Table(
        columns[:shown],
        tuple(row[:shown] for row in rows),
        title="One parameter at a time",
    )


def _point(point: BreakEven, wire: Tripwire) -> tuple[str, str]:
    return written(point.at, wire.unit), room(point.headroom, wire.unit)


def _held(point: BreakEven, wire: Tripwire) -> str:
    """Whether the estimate's interval holds a break-even; empty where there is no interval."""
    if wire.interval is None:
        return ""
    low, high = wire.interval
    return "fragile" if low <= point.at <= high else "clear of it"


# ---- sensitivity


def _joint(joint: JointShift | None, wire: Tripwire) -> list[page.Block]:
    if joint is None:
        same = f"No joint shift of the parameters makes {wire.a} and {wire.b} cost the same."
        return [page.Text(same)]
    rows = tuple(
        (
            shift.label,
            written(_exact(shift.now), shift.unit),
            written(_exact(shift.to), shift.unit),
            number(_exact(shift.steps), 2),
        )
        for shift in joint.shifts
        if abs(shift.steps) >= 0.005
    )
    table = Table(
        (
            Column("parameter"),
            Column("now", right=True),
            Column("to", right=True),
            Column("half-widths", right=True),
        ),
        rows,
        title="The smallest joint shift that flips the ranking",
    )
    length = number(_exact(joint.distance), 2)
    return [table, page.Text(f"It is {length} half-widths of the parameters' ranges long.")]


def _simulated(result: Simulation, seed: int | None) -> list[page.Block]:
    low, high = (percent(_exact(end)) for end in (result.pays.low, result.pays.high))
    bills = ((result.a, result.a_bill), (result.b, result.b_bill), ("saving", result.saving))
    rows = tuple((name, money(bill.p5), money(bill.p50), money(bill.p95)) for name, bill in bills)
    columns = (Column("a month"), *(Column(end, right=True) for end in ("p5", "p50", "p95")))
    return [
        Table(columns, rows, title="Drawn at random"),
        page.Text(
            f"{number(Decimal(result.draws), 0)} draws ({result.shape}, seed {seed}): {result.a} "
            f"is cheaper in {low} to {high} of such months (95 % interval)."
        ),
    ]


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


# ---- rows


def tripwire_rows(found: Wires) -> Table:
    """One row for each break-even, exact, and one for each parameter that has none."""
    headings = (
        "parameter", "unit", "column", "now", "low", "high", "a", "a_usd", "b", "b_usd", "verdict",
        "at", "headroom", "cheaper_below", "cheaper_above", "fragile",
    )  # fmt: skip
    rows = []
    for wire in found.wires:
        fragile = "" if wire.fragile is None else "yes" if wire.fragile else "no"
        lead = (
            wire.parameter,
            wire.unit,
            wire.column,
            *(f"{value:f}" for value in (wire.now, wire.low, wire.high)),
            wire.a,
            usd(wire.a_nano),
            wire.b,
            usd(wire.b_nano),
            wire.verdict,
        )
        for point in wire.break_evens or (None,):
            flip: tuple[str, ...] = ("", "", "", "")
            if point is not None:
                numbers = (f"{round(value, 12):f}" for value in (point.at, point.headroom))
                flip = (*numbers, point.cheaper_below, point.cheaper_above)
            rows.append((*lead, *flip, fragile))
    return Table(tuple(map(Column, headings)), tuple(rows))
