"""The plan as a page for the terminal: 80 columns suffice, and no assumption is hidden."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import click
import msgspec

from headgate.costs.model import Bill, Breakdown, Column, Line
from headgate.costs.scenario import Scenario
from headgate.prices.card import Card, usd_per_million
from headgate.values import dollars

__all__ = ["Plan", "assumptions", "headline", "page", "percent"]

WIDEST = 100
"""Columns that the page takes at most: wider tables are harder to read, not easier."""

NARROWEST = 80
LONGEST_LABEL, SHORTEST_DETAIL = 24, 8
ZERO = Decimal(0)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that `headgate plan` has to say."""

    source: str
    """Where the settings come from."""
    example: bool
    """They are the built-in example."""
    changed: tuple[str, ...] = ()
    """The flags that try something else out."""
    prices: str
    """Whose prices, and as of when."""
    breakdown: Breakdown
    growth: tuple[tuple[Decimal, Breakdown], ...] = ()
    """(factor, breakdown at so many times the traffic)."""
    notes: tuple[str, ...] = ()


def page(plan: Plan, *, width: int = 80, colour: bool = False) -> str:
    """The page as text, no line longer than `width` (80 at least)."""
    width = min(max(width, NARROWEST), WIDEST)
    blocks = [
        _heading(plan, width),
        _bills(plan.breakdown, width, colour=colour),
        _wrap(headline(plan.breakdown), width),
        _growth(plan.growth, width),
        _assumptions(plan.breakdown.scenario, width),
        _prices(plan, width),
        [line for note in plan.notes for line in _wrap(f"Note: {note}", width)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def percent(share: Decimal, places: int = 1, *, exactly: bool = False) -> str:
    """A share as people write it; all `places` where figures stand below each other (`exactly`).

    >>> percent(Decimal("0.2")), percent(Decimal("0.5178")), percent(Decimal("-0.0156"))
    ('20 %', '51.8 %', '-1.6 %')
    >>> percent(Decimal("0.54"), exactly=True)
    '54.0 %'
    """
    return f"{_number(share * 100, places, exactly=exactly)} %"


def _number(value: Decimal, places: int, *, exactly: bool = False) -> str:
    """At most so many decimals, no minus zero."""
    rounded = round(value, places)
    text = f"{abs(rounded):,f}"
    if "." in text and not exactly:
        text = text.rstrip("0").rstrip(".")
    return f"-{text}" if rounded < 0 else text


def headline(breakdown: Breakdown) -> str:
    """Who is cheaper, where that flips, and how far away that is, for each column."""
    naive, realistic = breakdown.naive, breakdown.realistic
    now = breakdown.escalation
    text, other = _verdict(naive, now), _verdict(realistic, now)
    if other == text:
        return text
    if _pays_below(naive) and _pays_below(realistic):
        rate, room = realistic.crossover.rate, realistic.crossover.headroom
        other = f"until {percent(rate or ZERO)}, {_points(room or ZERO)} of headroom."
    return f"{text} Realistic: {other[0].lower()}{other[1:]}"


def _pays_below(column: Column) -> bool:
    return column.crossover.pays == "below" and (column.crossover.headroom or ZERO) > 0


def _points(room: Decimal) -> str:
    return f"{_number(abs(room) * 100, 1)} points"


def _verdict(column: Column, now: Decimal) -> str:
    crossover, premium = column.crossover, column.all_premium.name
    rate, room = crossover.rate, crossover.headroom
    if rate is None or room is None:
        return {
            "equal": f"Routing and {premium} cost the same at every escalation rate: "
            "nothing can flip.",
            "always": f"Routing never costs more than {premium}, whatever the escalation rate.",
        }.get(
            crossover.pays,
            f"Routing does not pay: it costs at least as much as {premium} at every "
            "escalation rate.",
        )
    if room < 0:
        return (
            f"Routing does not pay: it costs {percent(-(column.saving or ZERO))} more than "
            f"{premium}. It would pay below {percent(rate)} escalation; now "
            f"{percent(now)}, {_points(room)} away."
        )
    return (
        f"Routing pays until {percent(rate)} of requests escalate; now {percent(now)}: "
        f"{_points(room)} of headroom."
    )


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
    facts = [f"{_number(scenario.requests, 0)} requests a month"]
    facts += _tokens(scenario)
    facts.append(f"{percent(scenario.escalation_rate, 2)} escalated")
    return [*_wrap(origin, width), *_wrap(" · ".join(facts), width)]


def _tokens(scenario: Scenario) -> list[str]:
    shapes = {(tier.input_tokens, tier.output_tokens) for tier in scenario.tiers}
    if len(shapes) > 1:
        return []
    reads, writes = shapes.pop()
    return [f"{_number(reads, 1)} tokens in, {_number(writes, 1)} out"]


class _Row(NamedTuple):
    label: str
    amounts: tuple[str, ...]
    detail: str = ""
    share: str = ""
    style: str | None = None
    """A colour, or `bold`."""


def _bills(breakdown: Breakdown, width: int, *, colour: bool) -> list[str]:
    columns = breakdown.columns
    premium = columns[0].all_premium.name
    singles = zip(*(column.singles for column in columns), strict=True)
    lines = zip(*(column.routed.lines for column in columns), strict=True)
    rows = [
        _Row("a month", tuple(column.name for column in columns)),
        *(_bill_row(bills) for bills in reversed(list(singles))),
        _bill_row([column.routed for column in columns]),
        *(_line_row(part) for part in lines if part[0].kind != "overhead" or _any(part)),
        _Row(
            f"saved against {premium}",
            tuple(dollars(c.all_premium.total - c.routed.total) for c in columns),
        ),
        _Row(
            "  as a share",
            tuple("–" if c.saving is None else percent(c.saving, exactly=True) for c in columns),
            style="green" if all((c.saving or ZERO) > 0 for c in columns) else "red",
        ),
        _Row(
            "one more point of escalation adds",
            tuple(dollars(column.point_nano) for column in columns),
        ),
    ]
    return _table(rows, width, colour=colour)


def _any(lines: Iterable[Line]) -> bool:
    return any(line.nano for line in lines)


def _bill_row(bills: Sequence[Bill]) -> _Row:
    first = bills[0].lines[0]
    return _Row(
        bills[0].name,
        tuple(dollars(bill.total) for bill in bills),
        detail=_name(first.card) if first.kind == "tier" and bills[0].name != "routed" else "",
        style="bold",
    )


def _line_row(lines: Sequence[Line]) -> _Row:
    first = lines[0]
    nothing = "–" if first.kind in ("retries", "overhead") else dollars(0)
    return _Row(
        f"  {first.name}",
        tuple(dollars(line.nano) if line.nano else nothing for line in lines),
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
    """All columns beside each other; without cents, or below each other, where that is too wide."""
    if not growth:
        return []
    names = [column.name for column in growth[0][1].columns]
    for places in (2, 0):
        lines = _growth_table(growth, names, places)
        if max(map(len, lines)) <= width:
            return lines
    return [line for name in names for line in _growth_table(growth, [name], 0)]


def _growth_table(
    growth: Sequence[tuple[Decimal, Breakdown]], names: Sequence[str], places: int
) -> list[str]:
    premium = _cut(growth[0][1].naive.all_premium.name, LONGEST_LABEL)
    table = [["traffic", "requests"] + [premium, "routed"] * len(names)]
    for factor, breakdown in growth:
        row = [f"{_number(factor, 2)}×", _number(breakdown.requests, 0)]
        for column in breakdown.columns:
            if column.name in names:
                row.append(dollars(column.all_premium.total, places))
                row.append(dollars(column.routed.total, places))
        table.append(row)
    sizes = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    above = " " * (sizes[0] + 2 + sizes[1])
    for position, name in enumerate(names):
        above += f"{name:>{sizes[2 + 2 * position] + sizes[3 + 2 * position] + 4}}"
    body = (
        "  ".join(f"{cell:>{size}}" for cell, size in zip(row, sizes, strict=True)) for row in table
    )
    return [f"  {line}" for line in (above, *body)]


def assumptions(scenario: Scenario) -> dict[str, str]:
    """What each column takes for granted, and what both leave out."""
    failing = [
        f"{percent(tier.retry_rate)} of {tier.name} attempts fail"
        + ("" if tier.attempts is None else f" (at most {tier.attempts} attempts)")
        for tier in scenario.tiers
        if tier.retry_rate
    ]
    parts = [
        " and ".join(failing) + "; each retry is billed as a whole call"
        if failing
        else "no attempt fails"
    ]
    if scenario.stable_prefix:
        rates = {tier.cache_hit_rate for tier in scenario.tiers}
        hits = " to ".join(percent(rate) for rate in sorted({min(rates), max(rates)}))
        parts.append(
            f"{percent(scenario.stable_prefix)} of the input is a stable prefix, read from the "
            f"prompt cache {hits} of the time and else written for {scenario.cache_life}; "
            "retries use no cache"
        )
    else:
        parts.append("no prompt cache (--stable-prefix)")
    if scenario.overhead_usd:
        parts.append(f"{dollars(int(scenario.overhead_usd * 10**9))} a month of fixed cost")
    else:
        parts.append("no fixed cost (--overhead-usd)")
    return {
        "naive": "every call succeeds, nothing is cached, routing has no fixed cost",
        "realistic": "assumed: " + "; ".join(parts),
        "left out": "discounts, taxes and free tiers; that models split the same text into more "
        "or fewer tokens; classifier failures; the worst case",
    }


def _assumptions(scenario: Scenario, width: int) -> list[str]:
    lines: list[str] = []
    for name, text in assumptions(scenario).items():
        indent = " " * 13
        lines += textwrap.wrap(
            text, width, initial_indent=f"  {name:<11}", subsequent_indent=indent
        )
    return lines


def _prices(plan: Plan, width: int) -> list[str]:
    scenario = plan.breakdown.scenario
    cards = cards_of(scenario)
    prices = [_rates(card, scenario) for card in cards]
    room = width - 6 - max(map(len, prices))
    name = min(max(len(_name(card)) for card in cards), room)
    lines = [f"  prices       {plan.prices}; USD per million tokens"]
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


def cards_of(scenario: Scenario) -> list[Card]:
    """The price cards that a scenario uses, each once: classifier first, then cheap to premium."""
    cards = [scenario.classifier.card] if scenario.classifier is not None else []
    cards += [tier.card for tier in scenario.tiers]
    return list({card.id: card for card in cards}.values())


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False)
