"""The plan as charts: the saving over escalation, the bills by their lines, the gap, the growth."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from headgate.costs.gap import Gap
from headgate.costs.model import Breakdown
from headgate.costs.plan_tables import USD, alternatives, amount
from headgate.costs.scenario import Scenario
from headgate.costs.wording import gap_sentence, number, percent
from headgate.render import chart, palette
from headgate.render.palette import tier_colour

__all__ = ["bill_bars", "gap_bars", "growth_bars", "saving_curve"]

STEPS = 40
"""Points between 0 and 1 at which the saving is computed for its curve."""

LINE_COLOURS = {
    "classifier": palette.CLASSIFIER,
    "verifier": palette.CHECK,
    "retries": palette.RETRIES,
    "overhead": palette.FIXED,
}
CURVES = (palette.QUIET, palette.ROUTED, palette.RETRIES)
"""Colours of the columns' curves: they are no tiers'."""
DEEPEST = -2.0
"""The curve is cut where routing costs three times as much as all-premium: nobody goes there."""


def saving_curve(
    breakdown: Breakdown, interval: tuple[Decimal, Decimal] | None = None
) -> chart.Lines:
    """The saving of routing against all-premium at every escalation rate, for each column.

    `interval` is where the rate lies by measurement; it is shown as a band.
    """
    rates = [Decimal(step) / STEPS for step in range(STEPS + 1)]
    curves = [
        tuple(
            (float(rate), max(float(saving), DEEPEST))
            for rate in rates
            if (saving := column.saving_at(rate)) is not None
        )
        for column in breakdown.columns
    ]
    savings = [saving for curve in curves for _, saving in curve] or [0.0]
    realistic = breakdown.realistic.crossover.rate
    here = f"you are here: {percent(breakdown.escalation)}"
    now = None if breakdown.realistic.saving is None else float(breakdown.realistic.saving)
    marks = [
        chart.Mark(here, float(breakdown.escalation), None if now is None else max(now, DEEPEST))
    ]
    if realistic is not None:
        marks.append(chart.Mark(f"crossover {percent(realistic)}", float(realistic), 0.0))
    nothing = "" if realistic is None else f"; it is nothing at {percent(realistic)}, realistic"
    return chart.Lines(
        title="Saving against escalation",
        description=(
            f"Share of the {breakdown.realistic.all_premium.name} bill that routing saves, by the "
            f"share of requests that escalate{nothing}."
        ),
        x=chart.Axis("requests that escalate", _shares(0, 1, 10)),
        y=chart.Axis("saved", _shares(min(savings), max(*savings, 0.0), 6)),
        lines=tuple(
            chart.Line(column.name, curve, colour=CURVES[position], dashed=position != 1)
            for position, (column, curve) in enumerate(zip(breakdown.columns, curves, strict=True))
            if curve
        ),
        marks=tuple(marks),
        bands=()
        if interval is None
        else (
            chart.Band(
                f"measured: {percent(interval[0])} to {percent(interval[1])}",
                float(interval[0]),
                float(interval[1]),
            ),
        ),
    )


def _shares(low: float, high: float, most: int) -> tuple[tuple[float, str], ...]:
    return tuple((value, percent(Decimal(repr(value)))) for value in chart.ticks(low, high, most))


def bill_bars(breakdown: Breakdown) -> chart.Bars:
    """The lines of every alternative's bill, stacked, for each column."""
    scenario = breakdown.scenario
    groups = []
    for column in breakdown.columns:
        bars = tuple(
            chart.Bar(
                bill.name,
                tuple(
                    chart.Part(
                        line.name,
                        line.nano / USD,
                        amount(line.nano),
                        _line_colour(scenario, line.name),
                    )
                    for line in bill.lines
                    if line.nano
                ),
                amount(bill.total),
            )
            for bill in alternatives(column)
        )
        groups.append((column.name, bars))
    return chart.Bars(
        title="What each alternative's bill is made of",
        description="Each alternative's bill for a month, by its lines, under each column's "
        "assumptions. Retries are calls that failed and are billed again.",
        groups=tuple(groups),
    )


def gap_bars(gap: Gap) -> chart.Bars:
    """What makes the worst case dearer than the realistic one."""
    bars = tuple(
        chart.Bar(
            driver, (chart.Part("gap", nano / USD, amount(nano), palette.RETRIES),), amount(nano)
        )
        for driver, nano in gap.parts
        if nano > 0
        for money in (amount(nano),)
    )
    return chart.Bars(
        title="Why the worst case is dearer", description=gap_sentence(gap), groups=(("", bars),)
    )


def _line_colour(scenario: Scenario, name: str) -> int:
    """The colour of a bill's line: each tier has its own, the same in every chart."""
    names = [tier.name for tier in scenario.tiers]
    if name in names:
        return tier_colour(names.index(name), len(names))
    return LINE_COLOURS[name]


def growth_bars(growth: Sequence[tuple[Decimal, Breakdown]]) -> chart.Bars:
    """All-premium against routed at each traffic factor, realistic."""
    groups = []
    for factor, grown in growth:
        column = grown.realistic
        bills = (column.all_premium, column.routed)
        bars = tuple(
            chart.Bar(
                bill.name,
                (chart.Part(bill.name, bill.total / USD, amount(bill.total), colour),),
                amount(bill.total),
            )
            for colour, bill in zip((palette.PREMIUM, palette.ROUTED), bills, strict=True)
        )
        groups.append((f"{number(factor, 2)}× traffic", bars))
    return chart.Bars(
        title="As traffic grows",
        description="The bill for a month at each traffic factor, realistic.",
        groups=tuple(groups),
    )
