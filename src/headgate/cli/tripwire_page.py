"""The tripwires as a page for the terminal, and as one JSON document (docs/tripwire.md)."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from decimal import Decimal
from math import log
from typing import Any

import msgspec

from headgate.costs.sensitivity import JointShift, Map, Quantiles, Simulation, Swing
from headgate.costs.tripwire import BreakEven, Tripwire
from headgate.costs.wording import headline, money, number, percent, room, written
from headgate.values import usd

__all__ = ["Wires", "document", "page"]

NARROWEST, WIDEST = 80, 110
GAUGE = 17
LONGEST = 24
MAP_KEYS = ("·", "█")
BAR = 24


class Wires(msgspec.Struct, frozen=True, kw_only=True):
    """All that `headgate tripwire` has to say."""

    source: str
    prices: str
    wires: tuple[Tripwire, ...]
    """The first one's headline is the answer."""
    swings: tuple[Swing, ...] = ()
    map: Map | None = None
    joint: JointShift | None = None
    joint_asked: bool = False
    simulation: Simulation | None = None
    seed: int | None = None
    notes: tuple[str, ...] = ()


def page(found: Wires, *, width: int = 80) -> str:
    """The page as text, no line longer than `width` (80 at least)."""
    width = min(max(width, NARROWEST), WIDEST)
    first = found.wires[0]
    blocks = [
        _wrap(f"Headgate tripwire · {found.source} · {found.prices}", width),
        _bills(first),
        _wrap(headline(first), width),
        _table(found.wires, width) if len(found.wires) > 1 else [],
        [line for wire in found.wires[1:] if wire.fragile for line in _wrap(headline(wire), width)],
        _tornado(found.swings, first, width),
        _map(found.map, first, width),
        _joint(found, first, width),
        _simulated(found, width),
        [line for note in found.notes for line in _wrap(f"Note: {note}", width)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _bills(wire: Tripwire) -> list[str]:
    names = (wire.a, wire.b)
    label = max(map(len, names))
    amounts = [money(nano) for nano in (wire.a_nano, wire.b_nano)]
    size = max(map(len, amounts))
    lines = [
        f"  {name:<{label}}  {amount:>{size}} a month"
        for name, amount in zip(names, amounts, strict=True)
    ]
    return [f"{lines[0]}   ({wire.column})", *lines[1:]]


def _table(wires: Sequence[Tripwire], width: int) -> list[str]:
    """A row a parameter: now, where the ranking flips, how far away, and both on a scale."""
    rows = [("parameter", "now", "flips at", "headroom", "")]
    for wire in wires:
        points = list(wire.break_evens)
        now = written(wire.now, wire.unit)
        if not points:
            none = "equal everywhere" if wire.verdict == "equal" else "no break-even"
            rows.append((wire.parameter, now, "–", none, _gauge(wire)))
            continue
        points.sort(key=lambda point: abs(point.headroom))
        for place, point in enumerate(points):
            rows.append(
                (
                    "" if place else wire.parameter,
                    "" if place else now,
                    written(point.at, wire.unit),
                    room(point.headroom, wire.unit) + (" !" if _held(point, wire) else ""),
                    "" if place else _gauge(wire),
                )
            )
    sizes = [min(max(map(len, cells)), LONGEST) for cells in zip(*rows, strict=True)]
    lines = [_row(row, sizes) for row in rows]
    if max(map(len, lines)) > width:
        lines = [line[: width - GAUGE].rstrip() for line in lines]
    cheaper = wires[0].cheaper or "neither"
    key = (
        f"  {cheaper} is cheaper now; ● now, × where it flips, ━ as far as nothing flips; each "
        "parameter by itself over the range that is looked at."
    )
    if any(wire.fragile for wire in wires):
        key += " ! is within the interval of the estimate."
    return [*lines, *textwrap.wrap(key, width, subsequent_indent="  ")]


def _row(row: Sequence[str], sizes: Sequence[int]) -> str:
    name, *middle, gauge = row
    cells = [f"{name[:LONGEST]:<{sizes[0]}}"]
    cells += [f"{cell:>{size}}" for cell, size in zip(middle, sizes[1:-1], strict=True)]
    return f"  {'  '.join(cells)}  {gauge}".rstrip()


def _held(point: BreakEven, wire: Tripwire) -> bool:
    return wire.interval is not None and wire.interval[0] <= point.at <= wire.interval[1]


def _gauge(wire: Tripwire) -> str:
    """The parameter's range as a scale."""
    last = GAUGE - 1
    now = _place(wire.now, wire, last)
    marks = ["─"] * GAUGE
    flips = [_place(point.at, wire, last) for point in wire.break_evens]
    left = max((place for place in flips if place <= now), default=0)
    right = min((place for place in flips if place >= now), default=last)
    for place in range(left, right + 1):
        marks[place] = "━"
    for place in flips:
        marks[place] = "×"
    marks[now] = "●"
    return "".join(marks)


def _place(value: Decimal, wire: Tripwire, last: int) -> int:
    low, high = float(wire.low), float(wire.high)
    if high == low:
        return 0
    if wire.log:
        return round(last * log(float(value) / low) / log(high / low))
    return round(last * (float(value) - low) / (high - low))


def _tornado(swings: Sequence[Swing], wire: Tripwire, width: int) -> list[str]:
    """Bars of what each parameter does to the saving between the ends of its range."""
    if not swings:
        return []
    lowest = min(min(swing.saving_low, swing.saving_high) for swing in swings)
    highest = max(max(swing.saving_low, swing.saving_high) for swing in swings)
    span = highest - lowest or 1
    bar = BAR if width < 100 else BAR + 20
    lines = _wrap(
        f"What {wire.a} saves against {wire.b} a month, each parameter through its range: "
        f"{money(lowest)} at the left end, {money(highest)} at the right.",
        width,
    )
    for swing in swings:
        ends = sorted((swing.saving_low, swing.saving_high))
        start = min(round(bar * (ends[0] - lowest) / span), bar - 1)
        stop = max(round(bar * (ends[1] - lowest) / span), start + 1)
        drawn = " " * start + "█" * (stop - start)
        limits = f"{written(swing.low, swing.unit)} to {written(swing.high, swing.unit)}"
        lines.append(f"  {swing.parameter[:LONGEST]:<{LONGEST}} {limits:>22}  {drawn}")
    return lines


def _map(found: Map | None, wire: Tripwire, width: int) -> list[str]:
    """A field of marks: where each of the two is cheaper."""
    if found is None:
        return []
    lines = [f"  {found.down} (down) against {found.across} (across)"]
    label = max(len(written(value, found.down_unit)) for value in found.down_values)
    cell = max(1, min(3, (width - label - 6) // len(found.across_values)))
    for value, row in zip(found.down_values, found.saving, strict=True):
        marks = "".join((MAP_KEYS[1] if saving > 0 else MAP_KEYS[0]) * cell for saving in row)
        lines.append(f"  {written(value, found.down_unit):>{label}}  {marks}")
    first, last = (written(found.across_values[n], found.across_unit) for n in (0, -1))
    field = cell * len(found.across_values)
    lines.append(f"  {'':>{label}}  {first}{last:>{max(field - len(first), 1)}}")
    lines.append(
        f"  {MAP_KEYS[1]} {wire.a} is cheaper   {MAP_KEYS[0]} {wire.b} is cheaper or equal"
    )
    return lines


def _joint(found: Wires, wire: Tripwire, width: int) -> list[str]:
    if not found.joint_asked:
        return []
    if found.joint is None:
        text = f"No joint shift of the parameters makes {wire.a} and {wire.b} cost the same."
        return _wrap(text, width)
    joint = found.joint
    lines = _wrap(
        f"The smallest joint shift that flips the ranking is {number(_exact(joint.distance), 2)} "
        "half-widths of the parameters' ranges long:",
        width,
    )
    for shift in joint.shifts[:6]:
        if abs(shift.steps) < 0.005:
            continue
        now, to = (written(_exact(value), shift.unit) for value in (shift.now, shift.to))
        lines.append(
            f"  {shift.parameter[:LONGEST]:<{LONGEST}}  {now:>10} → {to:<10} "
            f"{number(_exact(shift.steps), 2):>6} half-widths"
        )
    if joint.distance > 1:
        lines += _wrap("That is further than any of them is expected to move together.", width)
    return lines


def _simulated(found: Wires, width: int) -> list[str]:
    result = found.simulation
    if result is None:
        return []
    low, high = (percent(_exact(end)) for end in (result.pays.low, result.pays.high))
    lines = _wrap(
        f"{number(Decimal(result.draws), 0)} draws ({result.shape}, seed {found.seed}): "
        f"{result.a} is cheaper in {low} to {high} of such months (95 % interval).",
        width,
    )
    rows = [("a month", "p5", "p50", "p95")]
    for name, bill in (
        (result.a, result.a_bill),
        (result.b, result.b_bill),
        ("saving", result.saving),
    ):
        rows.append((name, money(bill.p5), money(bill.p50), money(bill.p95)))
    sizes = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [
        *lines,
        *(
            f"  {row[0]:<{sizes[0]}}"
            + "".join(f"   {cell:>{size}}" for cell, size in zip(row[1:], sizes[1:], strict=True))
            for row in rows
        ),
    ]


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))


def _wrap(text: str, width: int) -> list[str]:
    held = text.replace(" %", "\u00a0%").replace(" ×", "\u00a0×")
    lines = textwrap.wrap(held, width, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]


# ---- JSON


def document(found: Wires) -> dict[str, Any]:
    """Money is text, exact in US dollars; values of parameters are numbers in their own unit."""
    return {
        "settings": found.source,
        "prices": found.prices,
        "tripwires": [_wire(wire) for wire in found.wires],
        "tornado": [_swing(swing) for swing in found.swings],
        "map": None if found.map is None else _map_document(found.map),
        "joint_shift": None if found.joint is None else msgspec.to_builtins(found.joint),
        "simulation": None if found.simulation is None else _simulation(found),
        "notes": list(found.notes),
    }


def _wire(wire: Tripwire) -> dict[str, Any]:
    return {
        "parameter": wire.parameter,
        "label": wire.label,
        "unit": wire.unit,
        "column": wire.column.replace(" ", "_"),
        "now": _number(wire.now),
        "low": _number(wire.low),
        "high": _number(wire.high),
        "a": {"name": wire.a, "usd": usd(wire.a_nano)},
        "b": {"name": wire.b, "usd": usd(wire.b_nano)},
        "cheaper": wire.cheaper,
        "verdict": wire.verdict.replace(" ", "_").replace("-", "_"),
        "break_evens": [
            {
                "at": _number(point.at),
                "headroom": _number(point.headroom),
                "cheaper_below": point.cheaper_below,
                "cheaper_above": point.cheaper_above,
                "jump": point.jump,
            }
            for point in wire.break_evens
        ],
        "interval": None if wire.interval is None else [_number(end) for end in wire.interval],
        "fragile": wire.fragile,
        "headline": headline(wire),
    }


def _swing(swing: Swing) -> dict[str, Any]:
    return {
        "parameter": swing.parameter,
        "unit": swing.unit,
        "now": _number(swing.now),
        "low": _number(swing.low),
        "high": _number(swing.high),
        "saving_low_usd": usd(swing.saving_low),
        "saving_high_usd": usd(swing.saving_high),
    }


def _map_document(found: Map) -> dict[str, Any]:
    return {
        "across": found.across,
        "down": found.down,
        "across_values": [_number(value) for value in found.across_values],
        "down_values": [_number(value) for value in found.down_values],
        "saving_usd": [[usd(nano) for nano in row] for row in found.saving],
    }


def _simulation(found: Wires) -> dict[str, Any]:
    result = found.simulation
    assert result is not None  # noqa: S101 - the caller has looked

    def spread(bill: Quantiles) -> dict[str, str]:
        return {"p5": usd(bill.p5), "p50": usd(bill.p50), "p95": usd(bill.p95)}

    return {
        "draws": result.draws,
        "shape": result.shape,
        "seed": found.seed,
        "pays_low": result.pays.low,
        "pays_high": result.pays.high,
        "a_usd": spread(result.a_bill),
        "b_usd": spread(result.b_bill),
        "saving_usd": spread(result.saving),
    }


def _number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(round(value, 12))
