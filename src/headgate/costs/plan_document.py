"""The plan as a document of tables and charts, for Markdown and HTML, and as rows for CSV."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from headgate.costs.gap import Gap
from headgate.costs.model import Bill, Breakdown, Column
from headgate.costs.plan import Plan, assumptions, cards_of, headline
from headgate.costs.scenario import Scenario
from headgate.costs.wording import bound_sentence, gap_sentence
from headgate.prices.card import Card, usd_per_million
from headgate.render import chart, page, palette
from headgate.render.palette import tier_colour
from headgate.render.table import Column as Heading
from headgate.render.table import Table
from headgate.values import dollars, usd

__all__ = [
    "bill_bars",
    "bills_table",
    "facts",
    "figures",
    "follows",
    "gap_bars",
    "granted",
    "growth_bars",
    "growth_table",
    "line_colour",
    "lines_table",
    "plan_document",
    "plan_rows",
    "prices_table",
    "saving_curve",
]

STEPS = 40
"""Points between 0 and 1 at which the saving is computed for its curve."""

USD = 10**9
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


def plan_document(plan: Plan) -> page.Page:
    """All that the plan says, with charts of the saving, the bills and the growth."""
    breakdown = plan.breakdown
    scenario = breakdown.scenario
    blocks: list[page.Block] = [
        page.Text(headline(breakdown), lead=True),
        figures(breakdown),
        saving_curve(breakdown),
        bills_table(breakdown),
        bill_bars(breakdown),
        lines_table(breakdown),
    ]
    if plan.gap is not None and plan.gap.nano > 0:
        blocks.append(gap_bars(plan.gap))
    if told := follows(plan):
        blocks.append(page.Items("What follows", told))
    if plan.growth:
        blocks += [growth_table(plan.growth), growth_bars(plan.growth)]
    blocks += [
        granted(scenario),
        prices_table(cards_of(scenario)),
    ]
    if plan.notes:
        blocks.append(page.Items("Notes", plan.notes))
    return page.Page(
        title="What routing would cost and save",
        subtitle=" · ".join(facts(plan)),
        blocks=tuple(blocks),
        footer=f"Prices: {plan.prices}. Bills are US dollars a month, made from list prices.",
    )


def follows(plan: Plan) -> tuple[str, ...]:
    """What the plan concludes, a sentence each."""
    told = [] if plan.bound is None else [bound_sentence(plan.bound)]
    told += [advice.sentence for advice in plan.advice]
    told += [found.sentence for found in plan.solutions]
    return tuple(told)


def granted(scenario: Scenario) -> page.Items:
    """What each column assumes."""
    told = tuple(f"{name}: {text}." for name, text in assumptions(scenario).items())
    return page.Items("What each column takes for granted", told)


def facts(plan: Plan) -> list[str]:
    """What was asked, in a few words each."""
    scenario = plan.breakdown.scenario
    told = ["the built-in example" if plan.example else plan.source]
    if plan.changed:
        told.append(f"changed: {' '.join(plan.changed)}")
    told.append(f"{_plain(scenario.requests)} requests a month")
    shapes = {(tier.input_tokens, tier.output_tokens) for tier in scenario.tiers}
    if len(shapes) == 1:
        reads, writes = shapes.pop()
        told.append(f"{_plain(reads)} tokens in, {_plain(writes)} out")
    told.append(f"{_percent(scenario.escalation_rate)} escalated")
    return told


def figures(breakdown: Breakdown) -> page.Figures:
    """The numbers that matter most, realistic."""
    now = breakdown.realistic
    saves = (now.saving or Decimal(0)) > 0
    shown = [
        page.Figure("Routed, a month", _money(now.routed.total), "realistic"),
        page.Figure(now.all_premium.name.capitalize(), _money(now.all_premium.total), "realistic"),
        page.Figure(
            "Saved" if saves else "Lost",
            "–" if now.saving is None else _percent(abs(now.saving)),
            f"{_money(abs(now.all_premium.total - now.routed.total))} a month",
            good=saves,
        ),
    ]
    if now.crossover.rate is not None and now.crossover.headroom is not None:
        shown.append(
            page.Figure(
                "Pays until",
                _percent(now.crossover.rate),
                f"of requests escalate; now {_percent(breakdown.escalation)}",
                good=now.crossover.headroom > 0,
            )
        )
    return page.Figures(tuple(shown))


# ---- charts


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
    here = f"you are here: {_percent(breakdown.escalation)}"
    now = None if breakdown.realistic.saving is None else float(breakdown.realistic.saving)
    marks = [
        chart.Mark(here, float(breakdown.escalation), None if now is None else max(now, DEEPEST))
    ]
    if realistic is not None:
        marks.append(chart.Mark(f"crossover {_percent(realistic)}", float(realistic), 0.0))
    nothing = "" if realistic is None else f"; it is nothing at {_percent(realistic)}, realistic"
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
                f"measured: {_percent(interval[0])} to {_percent(interval[1])}",
                float(interval[0]),
                float(interval[1]),
            ),
        ),
    )


def _shares(low: float, high: float, most: int) -> tuple[tuple[float, str], ...]:
    return tuple((value, _percent(Decimal(repr(value)))) for value in chart.ticks(low, high, most))


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
                        _money(line.nano),
                        line_colour(scenario, line.name),
                    )
                    for line in bill.lines
                    if line.nano
                ),
                _money(bill.total),
            )
            for bill in _alternatives(column)
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
            driver, (chart.Part("gap", nano / USD, _money(nano), palette.RETRIES),), _money(nano)
        )
        for driver, nano in gap.parts
        if nano > 0
        for money in (_money(nano),)
    )
    return chart.Bars(
        title="Why the worst case is dearer", description=gap_sentence(gap), groups=(("", bars),)
    )


def line_colour(scenario: Scenario, name: str) -> int:
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
                (chart.Part(bill.name, bill.total / USD, _money(bill.total), colour),),
                _money(bill.total),
            )
            for colour, bill in zip((palette.PREMIUM, palette.ROUTED), bills, strict=True)
        )
        groups.append((f"{_plain(factor)}× traffic", bars))
    return chart.Bars(
        title="As traffic grows",
        description="The bill for a month at each traffic factor, realistic.",
        groups=tuple(groups),
    )


# ---- tables


def _alternatives(column: Column) -> tuple[Bill, ...]:
    """The single models, premium first; then routing, and the cascades in its place."""
    singles = len(column.singles)
    return (*reversed(column.singles), *column.bills[singles:])


def bills_table(breakdown: Breakdown, others: Sequence[tuple[str, tuple[int, ...]]] = ()) -> Table:
    """Every alternative's bill in each column; `others` are further ones, with their bills."""
    columns = breakdown.columns
    premium = columns[0].all_premium.name
    rows = [
        (bills[0].name, *(_money(bill.total) for bill in bills))
        for bills in zip(*map(_alternatives, columns), strict=True)
    ]
    rows[:0] = [(name, *map(_money, bills)) for name, bills in others]
    routed = len(others) + len(columns[0].singles)
    saved = [_money(one.all_premium.total - one.routed.total) for one in columns]
    shares = ["–" if one.saving is None else f"{one.saving * 100:.1f} %" for one in columns]
    rows.append((f"saved against {premium}", *saved))
    rows.append(("as a share", *shares))
    rows.append(("one more point of escalation adds", *(_money(one.point_nano) for one in columns)))
    return Table(
        (Heading("a month"), *(Heading(one.name, right=True) for one in columns)),
        tuple(rows),
        title="The bill for a month",
        strong=frozenset({routed, len(rows) - 2}),
    )


def lines_table(breakdown: Breakdown) -> Table:
    """What the routed bill is made of, in each column."""
    columns = breakdown.columns
    rows = []
    for lines in zip(*(column.routed.lines for column in columns), strict=True):
        first = lines[0]
        if any(line.nano for line in lines):
            share = "" if first.share is None else _percent(first.share)
            model = "" if first.card is None else _name(first.card)
            rows.append((first.name, model, share, *(_money(line.nano) for line in lines)))
    total = ("routed", "", "", *(_money(column.routed.total) for column in columns))
    return Table(
        (
            Heading("line"),
            Heading("model"),
            Heading("of requests", right=True),
            *(Heading(column.name, right=True) for column in columns),
        ),
        (*rows, total),
        title="What the routed bill is made of",
        strong=frozenset({len(rows)}),
    )


def growth_table(growth: Sequence[tuple[Decimal, Breakdown]]) -> Table:
    """All-premium and routed at each traffic factor, in each column."""
    rows = []
    for factor, grown in growth:
        pairs = [(column.all_premium, column.routed) for column in grown.columns]
        premium, routed = zip(*pairs, strict=True)
        facts = (f"{_plain(factor)}×", _plain(grown.requests))
        rows.append((*facts, premium[0].name, *(_money(bill.total) for bill in premium)))
        rows.append(("", "", routed[0].name, *(_money(bill.total) for bill in routed)))
    columns = growth[0][1].columns
    return Table(
        (
            Heading("traffic"),
            Heading("requests", right=True),
            Heading("alternative"),
            *(Heading(column.name, right=True) for column in columns),
        ),
        tuple(rows),
        title="Growth",
    )


def prices_table(cards: Sequence[Card]) -> Table:
    """The prices that a plan rests on, with their source and date."""
    kinds = {
        "input": "in",
        "output": "out",
        "cache_read": "cache read",
        "cache_write_5m": "write 5m",
        "cache_write_1h": "write 1h",
    }
    rows = tuple(
        (
            _name(card),
            *(
                "" if getattr(card.rates, kind) is None
                else usd_per_million(getattr(card.rates, kind))
                for kind in kinds
            ),
            str(card.valid_from or ""),
            card.source,
        )
        for card in cards
    )  # fmt: skip
    return Table(
        (
            Heading("model"),
            *(Heading(title, right=True) for title in kinds.values()),
            Heading("since"),
            Heading("source"),
        ),
        rows,
        title="Prices, US dollars per million tokens",
    )


def _name(card: Card) -> str:
    return card.name + (" (your own price)" if card.overridden else "")


# ---- rows


def plan_rows(plan: Plan) -> Table:
    """The plan's money as rows, exact: `bill` rows add up to the `total` of their alternative.

    `growth` rows are totals at `factor` times the traffic.
    """
    headings = (
        "section",
        "column",
        "factor",
        "alternative",
        "line",
        "kind",
        "share",
        "card",
        "usd",
    )
    rows = []
    for column in plan.breakdown.columns:
        for bill in _alternatives(column):
            for line in bill.lines:
                share = "" if line.share is None else str(line.share.normalize())
                card = line.card.id if line.card else ""
                named: tuple[str, ...] = (line.name, line.kind, share, card)
                rows.append(("bill", column.name, "1", bill.name, *named, usd(line.nano)))
            total = usd(bill.total)
            rows.append(("total", column.name, "1", bill.name, "", "", "", "", total))
    for factor, grown in plan.growth:
        for column in grown.columns:
            for bill in (column.all_premium, column.routed):
                total = usd(bill.total)
                rows.append(
                    ("growth", column.name, f"{factor:f}", bill.name, "", "", "", "", total)
                )
    return Table(tuple(map(Heading, headings)), tuple(rows))


# ---- figures in words


def _money(nano: int) -> str:
    """Cents up to ten thousand dollars, and enough digits for what is less than a dollar."""
    if abs(nano) >= 10_000 * USD:
        return dollars(nano, 0)
    if 0 < abs(nano) < USD:
        return dollars(nano, 4)
    return dollars(nano)


def _percent(share: Decimal) -> str:
    rounded = round(share * 100, 1)
    text = f"{abs(rounded):,f}".rstrip("0").rstrip(".") or "0"
    return f"-{text} %" if rounded < 0 else f"{text} %"


def _plain(value: Decimal) -> str:
    text = f"{round(value, 2):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
