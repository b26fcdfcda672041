"""Two scenarios side by side: their bills, what the second adds, and both curves in one chart."""

from __future__ import annotations

from decimal import Decimal

from headgate.costs.plan_document import saving_curve
from headgate.costs.wording import money, percent
from headgate.render import chart, page, palette
from headgate.render.table import Column, Table
from headgate.values import dollars
from headgate.web.planner import Planned

__all__ = ["comparison"]

COLOURS = (palette.CHEAP, palette.PREMIUM)


def comparison(first: Planned, second: Planned) -> list[page.Block]:
    """What sets the second scenario apart from the first."""
    return [_table(first, second), _curves(first, second)]


def _table(first: Planned, second: Planned) -> Table:
    rows: list[tuple[str, ...]] = []
    pairs = zip(first.plan.breakdown.columns, second.plan.breakdown.columns, strict=True)
    for one, other in pairs:
        for name, a, b in (
            ("all premium", one.all_premium.total, other.all_premium.total),
            ("routed", one.routed.total, other.routed.total),
        ):
            rows.append((f"{name}, {one.name}", money(a), money(b), _signed(b - a)))
        saved = [column.all_premium.total - column.routed.total for column in (one, other)]
        rows.append((f"saved, {one.name}", *map(money, saved), _signed(saved[1] - saved[0])))
    now, then = first.plan.breakdown.realistic, second.plan.breakdown.realistic
    rows.append(
        ("saved, as a share", *(_share(one.saving) for one in (now, then)),
         _points(now.saving, then.saving))
    )  # fmt: skip
    rows.append(
        ("routing pays until", *(_share(one.crossover.rate) for one in (now, then)),
         _points(now.crossover.rate, then.crossover.rate))
    )  # fmt: skip
    heads = ("A", "B", "B less A")
    return Table(
        (Column("a month"), *(Column(head, right=True) for head in heads)),
        tuple(rows),
        title="Side by side",
        strong=frozenset({1, 4, 7}),
    )


def _curves(first: Planned, second: Planned) -> chart.Lines:
    """The realistic curve of each, from the curves that each plan shows by itself."""
    both = [saving_curve(made.plan.breakdown, made.interval) for made in (first, second)]
    lines, marks = [], []
    for name, colour, curve in zip("AB", COLOURS, both, strict=True):
        realistic = next(line for line in curve.lines if line.name == "realistic")
        lines.append(realistic._replace(name=name, colour=colour, dashed=False))
        marks += [mark._replace(label=f"{name}: {mark.label}") for mark in curve.marks]
    low = min(both[0].y.ticks[0][0], both[1].y.ticks[0][0])
    high = max(both[0].y.ticks[-1][0], both[1].y.ticks[-1][0])
    marked = chart.ticks(low, high, 6)
    return both[0]._replace(
        title="Saving against escalation, both realistic",
        description="Share of each scenario's all-premium bill that routing saves, by the share of "
        "requests that escalate.",
        y=chart.Axis("saved", tuple((at, percent(Decimal(repr(at)))) for at in marked)),
        lines=tuple(lines),
        marks=tuple(marks),
        bands=(),
    )


def _share(share: Decimal | None) -> str:
    return "–" if share is None else percent(share, exactly=True)


def _points(one: Decimal | None, other: Decimal | None) -> str:
    if one is None or other is None:
        return "–"
    moved = round((other - one) * 100, 1)
    return f"{'+' if moved > 0 else ''}{moved} points"


def _signed(nano: int) -> str:
    return f"+{dollars(nano)}" if nano > 0 else dollars(nano)
