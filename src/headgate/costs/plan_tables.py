"""The plan as tables: the bills, their lines, growth, prices, and all money as rows for CSV."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from headgate.costs.model import Bill, Breakdown, Column
from headgate.costs.plan import Plan
from headgate.costs.wording import number, percent
from headgate.prices.card import Card, usd_per_million
from headgate.render.table import Column as Heading
from headgate.render.table import Table
from headgate.values import dollars, usd

__all__ = [
    "USD",
    "alternatives",
    "amount",
    "bills_table",
    "growth_table",
    "lines_table",
    "plan_rows",
    "prices_table",
]

USD = 10**9
"""Nano-dollars of a dollar."""


def amount(nano: int) -> str:
    """Cents up to ten thousand dollars, and enough digits for what is less than a dollar."""
    if abs(nano) >= 10_000 * USD:
        return dollars(nano, 0)
    if 0 < abs(nano) < USD:
        return dollars(nano, 4)
    return dollars(nano)


def alternatives(column: Column) -> tuple[Bill, ...]:
    """The single models, premium first; then routing, and the cascades in its place."""
    singles = len(column.singles)
    return (*reversed(column.singles), *column.bills[singles:])


def bills_table(breakdown: Breakdown, others: Sequence[tuple[str, tuple[int, ...]]] = ()) -> Table:
    """Every alternative's bill in each column; `others` are further ones, with their bills."""
    columns = breakdown.columns
    premium = columns[0].all_premium.name
    rows = [
        (bills[0].name, *(amount(bill.total) for bill in bills))
        for bills in zip(*map(alternatives, columns), strict=True)
    ]
    rows[:0] = [(name, *map(amount, bills)) for name, bills in others]
    routed = len(others) + len(columns[0].singles)
    saved = [amount(one.all_premium.total - one.routed.total) for one in columns]
    shares = ["–" if one.saving is None else f"{one.saving * 100:.1f} %" for one in columns]
    rows.append((f"saved against {premium}", *saved))
    rows.append(("as a share", *shares))
    rows.append(("one more point of escalation adds", *(amount(one.point_nano) for one in columns)))
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
            share = "" if first.share is None else percent(first.share)
            model = "" if first.card is None else _name(first.card)
            rows.append((first.name, model, share, *(amount(line.nano) for line in lines)))
    total = ("routed", "", "", *(amount(column.routed.total) for column in columns))
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
        facts = (f"{number(factor, 2)}×", number(grown.requests, 2))
        rows.append((*facts, premium[0].name, *(amount(bill.total) for bill in premium)))
        rows.append(("", "", routed[0].name, *(amount(bill.total) for bill in routed)))
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
        for bill in alternatives(column):
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
