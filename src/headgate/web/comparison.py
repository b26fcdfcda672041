"""Two scenarios side by side: their bills, what the second adds, and both curves in one chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from headgate.costs.plan_charts import saving_curve
from headgate.costs.wording import money, percent
from headgate.render import chart, page, palette
from headgate.render.table import Column, Table
from headgate.values import dollars
from headgate.web.planner import Planned

__all__ = ["comparison"]


def comparison(first: Planned, second: Planned) -> list[page.Block]:
    """What sets the second scenario apart from the first."""
    return [_table(first, second), _curves(first, second)]


def _table(first: Planned, second: Planned) -> Table:
    """All premium, each scenario's strategy and what it saves, in every column."""
    strategies = list(dict.fromkeys(made.a.name for made in (first, second)))
    named = strategies[0] if len(strategies) == 1 else "A {}, B {}".format(*strategies)
    rows: list[tuple[str, ...]] = []
    shares: list[Decimal] = []
    pairs = zip(first.plan.breakdown.columns, second.plan.breakdown.columns, strict=True)
    for one, other in pairs:
        whole = one.all_premium.total, other.all_premium.total
        bills = tuple(round(made.a.nano(one.name)) for made in (first, second))
        saved = whole[0] - bills[0], whole[1] - bills[1]
        for name, (a, b) in (("all premium", whole), (named, bills), ("saved", saved)):
            rows.append((f"{name}, {one.name}", money(a), money(b), _signed(b - a)))
        if one.name == "realistic":
            shares = [Decimal(part) / of for part, of in zip(saved, whole, strict=True) if of]
    if len(shares) == 2:
        rows.append(("saved, as a share", *map(_share, shares), _points(*shares)))
    if strategies == ["routed"]:
        crossings = [made.plan.breakdown.realistic.crossover.rate for made in (first, second)]
        rows.append(("routing pays until", *map(_share, crossings), _points(*crossings)))
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
    for name, colour, curve in zip("AB", palette.PAIR, both, strict=True):
        realistic = next(line for line in curve.lines if line.name == "realistic")
        # where both lie on each other both are seen
        lines.append(realistic._replace(name=name, colour=colour, dashed=name == "B"))
        marks += [mark._replace(label=f"{name}: {mark.label}") for mark in curve.marks]
    low = min(both[0].y.ticks[0][0], both[1].y.ticks[0][0])
    high = max(both[0].y.ticks[-1][0], both[1].y.ticks[-1][0])
    marked = chart.ticks(low, high, 6)
    return both[0]._replace(
        title="Saving of routing against escalation, both realistic",
        description="Share of each scenario's all-premium bill that routing saves, by the share of "
        "requests that escalate.",
        y=chart.Axis("saved", tuple((at, percent(Decimal(repr(at)))) for at in marked)),
        lines=tuple(lines),
        marks=tuple(_together(marks)),
        bands=(),
    )


def _together(marks: Sequence[chart.Mark]) -> Iterator[chart.Mark]:
    """The marks; two that stand at the same place and say the same are one."""
    said: dict[tuple[float, float | None, str], list[str]] = {}
    for mark in marks:
        name, _, text = mark.label.partition(": ")
        said.setdefault((mark.at, mark.height, text), []).append(name)
    for (at, height, text), names in said.items():
        yield chart.Mark(f"{' and '.join(names)}: {text}", at, height)


def _share(share: Decimal | None) -> str:
    return "–" if share is None else percent(share, exactly=True)


def _points(one: Decimal | None, other: Decimal | None) -> str:
    if one is None or other is None:
        return "–"
    moved = round((other - one) * 100, 1)
    return f"{'+' if moved > 0 else ''}{moved} points"


def _signed(nano: int) -> str:
    return f"+{dollars(nano)}" if nano > 0 else dollars(nano)
