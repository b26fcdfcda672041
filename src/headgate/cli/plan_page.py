"""The plan as a page for the terminal: 80 columns suffice, and no assumption is hidden."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

import click

from headgate.costs.model import Bill, Breakdown, Line
from headgate.costs.plan import Plan, assumptions, cards_of, headline
from headgate.costs.scenario import Scenario
from headgate.costs.wording import bound_sentence, gap_sentence, number, percent
from headgate.prices.card import Card, usd_per_million
from headgate.values import dollars

__all__ = ["page"]

WIDEST = 100
"""Columns that the page takes at most: wider tables are harder to read, not easier."""

NARROWEST = 80
LONGEST_LABEL, SHORTEST_LABEL, SHORTEST_DETAIL = 24, 12, 8
ZERO = Decimal(0)
LEAST_SAVING = Decimal(-10)
"""A loss of more than ten times the bill is not worth its digits."""

_Money: TypeAlias = Callable[[int], str]
"""How an amount of nano-dollars is written."""


def page(plan: Plan, *, width: int = 80, colour: bool = False) -> str:
    """The page as text, no line longer than `width` (80 at least)."""
    width = min(max(width, NARROWEST), WIDEST)
    blocks = [
        _heading(plan, width),
        _bills(plan.breakdown, width, colour=colour),
        _wrap(headline(plan.breakdown), width),
        _worst(plan, width),
        [line for advice in plan.advice for line in _wrap(advice.sentence, width)],
        [line for found in plan.solutions for line in _wrap(found.sentence, width)],
        _growth(plan.growth, width),
        _assumptions(plan.breakdown.scenario, width),
        _prices(plan, width),
        [line for note in plan.notes for line in _wrap(f"Note: {note}", width)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _worst(plan: Plan, width: int) -> list[str]:
    lines = [] if plan.gap is None else _wrap(gap_sentence(plan.gap), width)
    return lines if plan.bound is None else [*lines, *_wrap(bound_sentence(plan.bound), width)]


# ---- the blocks of the page


def _heading(plan: Plan, width: int) -> list[str]:
    scenario = plan.breakdown.scenario
    origin = (
        "Headgate plan · the built-in example (no headgate.toml here)"
        if plan.example
        else f"Headgate plan · {plan.source}"
    )
    if plan.changed:
        origin += f" · changed: {' '.join(plan.changed)}"
    facts = [f"{number(scenario.requests, 0)} requests a month"]
    facts += _tokens(scenario)
    facts.append(f"{percent(scenario.escalation_rate, 2)} escalated")
    return [*_wrap(origin, width), *_wrap(" · ".join(facts), width)]


def _tokens(scenario: Scenario) -> list[str]:
    shapes = {(tier.input_tokens, tier.output_tokens) for tier in scenario.tiers}
    if len(shapes) > 1:
        return []
    reads, writes = shapes.pop()
    return [f"{number(reads, 1)} tokens in, {number(writes, 1)} out"]


class _Row(NamedTuple):
    label: str
    amounts: tuple[str, ...]
    detail: str = ""
    share: str = ""
    style: str | None = None
    """A colour, or `bold`."""


def _bills(breakdown: Breakdown, width: int, *, colour: bool) -> list[str]:
    return _narrowest(
        lambda money: _table(_bill_rows(breakdown, money), width, colour=colour), width
    )


def _bill_rows(breakdown: Breakdown, money: _Money) -> list[_Row]:
    columns = breakdown.columns
    premium = columns[0].all_premium.name
    singles = zip(*(column.singles for column in columns), strict=True)
    lines = zip(*(column.routed.lines for column in columns), strict=True)
    return [
        _Row("a month", tuple(column.name for column in columns)),
        *(_bill_row(bills, money) for bills in reversed(list(singles))),
        _bill_row([column.routed for column in columns], money),
        *(_line_row(part, money) for part in lines if part[0].kind != "overhead" or _any(part)),
        *_cascade_rows(breakdown, money),
        _Row(
            f"saved against {premium}",
            tuple(money(c.all_premium.total - c.routed.total) for c in columns),
        ),
        _Row(
            "  as a share",
            tuple(_saving(column.saving) for column in columns),
            style="green" if all((c.saving or ZERO) > 0 for c in columns) else "red",
        ),
        _Row(
            "one more point of escalation adds",
            tuple(money(column.point_nano) for column in columns),
        ),
    ]


def _cascade_rows(breakdown: Breakdown, money: _Money) -> Iterable[_Row]:
    """The cascades in one line each: what they would cost in place of routing."""
    verifier = breakdown.scenario.verifier
    judge = "judged for nothing" if verifier is None else f"judged by {_name(verifier.card)}"
    for name in ("cascade", "routed_cascade"):
        bills: list[Bill | None] = [getattr(column, name) for column in breakdown.columns]
        there = [bill for bill in bills if bill is not None]
        if there:
            yield _bill_row(there, money)._replace(detail=judge)


def _saving(share: Decimal | None) -> str:
    if share is None:
        return "–"
    if share < LEAST_SAVING:
        return f"< {percent(LEAST_SAVING)}"
    return percent(share, exactly=True)


def _any(lines: Iterable[Line]) -> bool:
    return any(line.nano for line in lines)


def _bill_row(bills: Sequence[Bill], money: _Money) -> _Row:
    first = bills[0].lines[0]
    return _Row(
        bills[0].name,
        tuple(money(bill.total) for bill in bills),
        detail=_name(first.card) if first.kind == "tier" and bills[0].name != "routed" else "",
        style="bold",
    )


def _line_row(lines: Sequence[Line], money: _Money) -> _Row:
    first = lines[0]
    nothing = "–" if first.kind in ("retries", "overhead") else money(0)
    return _Row(
        f"  {first.name}",
        tuple(money(line.nano) if line.nano else nothing for line in lines),
        detail=_name(first.card),
        share=percent(first.share) if first.kind == "tier" and first.share is not None else "",
    )


def _name(card: Card | None) -> str:
    return "" if card is None else card.name + (" *" if card.overridden else "")


def _table(rows: Sequence[_Row], width: int, *, colour: bool) -> list[str]:
    """Label, detail and share to the left, amounts to the right; a long detail is cut."""
    amount = max(len(text) for row in rows for text in row.amounts)
    share = max(len(row.share) for row in rows)
    label = min(max(len(row.label) for row in rows if row.detail), LONGEST_LABEL)
    whole = max(len(row.label) for row in rows if not row.detail)
    room = width - 2 - (amount + 3) * len(rows[0].amounts)
    label = min(label, max(room - share - 4 - SHORTEST_DETAIL, SHORTEST_LABEL))
    longest = max(len(row.detail) for row in rows)
    detail = min(max(longest, whole - label - share - 4), room - label - share - 4)
    detail = max(detail, SHORTEST_DETAIL)
    left = label + 2 + detail + 2 + share
    lines = []
    for row in rows:
        head = row.label
        if row.detail or row.share:
            cells = f"{_cut(head, label):<{label}}  {_cut(row.detail, detail):<{detail}}"
            head = f"{cells}  {row.share:>{share}}"
        amounts = "".join(f"   {text:>{amount}}" for text in row.amounts)
        line = f"  {_cut(head, left):<{left}}{amounts}"
        lines.append(_styled(line, row.style) if colour else line)
    return lines


def _styled(line: str, style: str | None) -> str:
    if style is None:
        return line
    return click.style(line, bold=True, fg=None if style == "bold" else style)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _growth(growth: Sequence[tuple[Decimal, Breakdown]], width: int) -> list[str]:
    """All-premium and routed below each other, for each traffic; without cents where too wide."""
    if not growth:
        return []
    return _narrowest(lambda money: _growth_table(growth, money), width)


def _narrowest(table: Callable[[_Money], list[str]], width: int) -> list[str]:
    """The table with cents; without them, or in thousands and millions, where it is too wide."""
    lines: list[str] = []
    for money in (dollars, lambda nano: dollars(nano, 0), short):
        lines = table(money)
        if max(len(click.unstyle(line)) for line in lines) <= width:
            break
    return lines


def short(nano: int) -> str:
    """An amount in few characters, for tables that have no room.

    >>> short(999_000_000_000), short(5_580_000_000_000_000), short(-27 * 10**18)
    ('$999', '$5.58 M', '-$27.00 bn')
    """
    whole = abs(nano) / 10**9
    for size, name in ((1e12, "tn"), (1e9, "bn"), (1e6, "M")):
        if whole >= size:
            return f"{'-' if nano < 0 else ''}${whole / size:,.2f} {name}"
    return dollars(nano, 0)


def _growth_table(growth: Sequence[tuple[Decimal, Breakdown]], money: _Money) -> list[str]:
    columns = growth[0][1].columns
    table = [["traffic", "requests", "", *(column.name for column in columns)]]
    for factor, breakdown in growth:
        bills = [(column.all_premium, column.routed) for column in breakdown.columns]
        premium, routed = zip(*bills, strict=True)
        for start, strategy in (
            ([f"{number(factor, 2)}×", number(breakdown.requests, 0)], premium),
            (["", ""], routed),
        ):
            name = _cut(strategy[0].name, LONGEST_LABEL)
            table.append([*start, name, *(money(bill.total) for bill in strategy)])
    sizes = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    return [
        "  "
        + "  ".join(
            f"{cell:<{size}}" if place == 2 else f"{cell:>{size}}"
            for place, (cell, size) in enumerate(zip(row, sizes, strict=True))
        )
        for row in table
    ]


def _assumptions(scenario: Scenario, width: int) -> list[str]:
    lines: list[str] = []
    for name, text in assumptions(scenario).items():
        indent = " " * 14
        lines += textwrap.wrap(
            text,
            width,
            initial_indent=f"  {name:<12}",
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
    return lines


def _prices(plan: Plan, width: int) -> list[str]:
    scenario = plan.breakdown.scenario
    cards = cards_of(scenario)
    prices = [_rates(card, scenario) for card in cards]
    room = width - 6 - max(map(len, prices))
    name = min(max(len(_name(card)) for card in cards), room)
    lines = [f"  prices        {plan.prices}; USD per million tokens"]
    for card, text in zip(cards, prices, strict=True):
        lines.append(f"    {_cut(_name(card), name):<{name}}  {text}")
    if any(card.overridden for card in cards):
        sources = sorted({card.source for card in cards if card.overridden})
        lines.append(f"    * your own price, from {', '.join(sources)}")
    return lines


def _rates(card: Card, scenario: Scenario) -> str:
    """The prices that count in the scenario: those of the cache only where something is cached."""
    rates = card.rates
    text = f"{usd_per_million(rates.input or 0):>7} in {usd_per_million(rates.output or 0):>7} out"
    if not scenario.stable_prefix:
        return f"{text}  since {card.valid_from}" if card.valid_from else text
    write = rates.cache_write_5m
    if scenario.cache_life == "1h" and rates.cache_write_1h is not None:
        write = rates.cache_write_1h
    shown = [
        "as in" if rate is None else usd_per_million(rate) for rate in (rates.cache_read, write)
    ]
    return f"{text} {shown[0]:>8} read {shown[1]:>8} write"


def _wrap(text: str, width: int) -> list[str]:
    """Lines that never part a number from its sign."""
    held = text.replace(" %", "\u00a0%").replace(" ×", "\u00a0×")
    wrapped = textwrap.wrap(held, width, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in wrapped]
