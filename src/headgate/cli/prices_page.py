"""Prices as tables for people, and exact ones for CSV."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from headgate.monitor.endings import Ending
from headgate.prices.card import Card, Rates, usd_per_million
from headgate.prices.catalogue import Found, Held
from headgate.prices.charge import itemise, nano_from_pico
from headgate.prices.disagreement import Disagreement
from headgate.prices.table import Dated, Model
from headgate.render.table import Column, Table, aligned, plain
from headgate.values import Usage, dollars, usd

if TYPE_CHECKING:
    from headgate.bootstrap.price_update import Update

__all__ = [
    "Compared",
    "Sheet",
    "compared",
    "comparison_table",
    "found_table",
    "held_table",
    "per_million",
    "rates_table",
    "sheet_page",
    "update_page",
]

KINDS = {
    "input": "in",
    "output": "out",
    "cache_read": "read",
    "cache_write_5m": "write 5m",
    "cache_write_1h": "write 1h",
}
"""Our kinds of token, and their headings."""


class Sheet(NamedTuple):
    """All there is to say of one model's prices."""

    card: Card
    variants: dict[str, Card]
    """`key=value` of a request -> its card."""
    model: Model | None
    """The list's entry; None for a model of one's own file."""
    day: date
    disagreements: tuple[Disagreement, ...]
    ending: Ending | None = None


class Compared(NamedTuple):
    """One model of a comparison; nano-dollars, None where a price is missing."""

    card: Card
    call_nano: int | None
    month_nano: int | None
    times: Fraction | None
    """Month over the cheapest month; None where either is not known or costs nothing."""


def per_million(pico: int | None) -> str:
    """A rate for people; empty where the source has none."""
    return "" if pico is None else usd_per_million(pico)


def _name(card: Card) -> str:
    marks = (" *" if card.overridden else "") + (" †" if card.deprecated else "")
    return f"{card.provider}/{card.model}{marks}"


def _blend(pico: Fraction | None, *, exact: bool) -> str:
    if pico is None:
        return ""
    return f"{float(pico) / 1e6:.6f}" if exact else f"{float(pico) / 1e6:,.3f}"


def found_table(found: Sequence[Found], *, exact: bool = False) -> Table:
    """Models that a search found; `exact` leaves marks and thousands separators out."""
    columns = (
        Column("model"),
        *(Column(KINDS[kind], right=True, key=kind) for kind in ("input", "output", "cache_read")),
        Column("blend", right=True),
        Column("context", right=True),
        Column("since", key="valid_from"),
    )
    more = (Column("deprecated"), Column("source")) if exact else ()
    rows = []
    for one in found:
        card = one.card
        window = card.context_window
        row = [
            f"{card.provider}/{card.model}" if exact else _name(card),
            *(per_million(getattr(card.rates, kind)) for kind in ("input", "output", "cache_read")),
            _blend(one.blended, exact=exact),
            "" if window is None else str(window) if exact else _tokens(window),
            str(card.valid_from or ""),
        ]
        if exact:
            row += ["yes" if card.deprecated else "no", card.source]
        rows.append(tuple(row))
    return Table((*columns, *more), tuple(rows))


def _tokens(count: int) -> str:
    """A context length as people say it.

    >>> _tokens(200_000), _tokens(1_048_576), _tokens(8_192)
    ('200k', '1.05M', '8k')
    """
    if count >= 1_000_000:
        return f"{count / 1e6:.3g}M"
    return f"{count // 1000}k" if count >= 1000 else str(count)


def compared(cards: Sequence[Card], usage: Usage, monthly: int) -> list[Compared]:
    """What one call and a month cost on each model, the cheapest first, unpriced ones last."""
    rows = []
    for card in cards:
        items = itemise(card, usage)
        pico = None if items is None else sum(items.values())
        rows.append((pico, card))
    known = [pico for pico, _ in rows if pico]
    least = min(known, default=0)
    rows.sort(key=lambda row: (row[0] is None, row[0] or 0))
    return [
        Compared(
            card,
            None if pico is None else nano_from_pico(pico),
            None if pico is None else nano_from_pico(pico * monthly),
            Fraction(pico, least) if pico and least else None,
        )
        for pico, card in rows
    ]


def comparison_table(rows: Sequence[Compared], *, exact: bool = False) -> Table:
    """A comparison, the cheapest first."""
    columns = (
        Column("model"),
        Column("in", right=True, key="input"),
        Column("out", right=True, key="output"),
        Column("one call", right=True, key="call_usd"),
        Column("a month", right=True, key="month_usd"),
        Column("times", right=True),
    )
    cells = []
    for row in rows:
        card = row.card
        name = f"{card.provider}/{card.model}" if exact else _name(card)
        call = month = "" if exact else "no price"
        if row.call_nano is not None and row.month_nano is not None:
            call = usd(row.call_nano) if exact else f"${usd(row.call_nano)}"
            month = usd(row.month_nano) if exact else dollars(row.month_nano)
        times = "" if row.times is None else f"{float(row.times):.2f}"
        rates = (per_million(card.rates.input), per_million(card.rates.output))
        cells.append((name, *rates, call, month, times))
    return Table(columns, tuple(cells))


def held_table(held: Sequence[Held], day: date, *, exact: bool = False) -> Table:
    """A model's prices through time; one row more for each context length that costs more."""
    columns = (
        Column("", key="current"),
        Column("from"),
        Column("to"),
        Column("above", right=True, key="above_tokens"),
        *(Column(title, right=True, key=kind) for kind, title in KINDS.items()),
    )
    rows = []
    for one in held:
        now = (one.start is None or one.start <= day) and (one.end is None or day <= one.end)
        mark = ("yes" if now else "no") if exact else (">" if now else "")
        start, end = str(one.start or ""), str(one.end or "")
        if not exact:
            start, end = start or "undated", end or ("now" if now else "later")
        for above, rates in ((0, one.dated.rates), *one.dated.tiers):
            rows.append((mark, start, end, f"{above:,}" if above else "", *_cells(rates)))
            if not exact:
                mark = start = end = ""
    return Table(columns, tuple(rows))


def _cells(rates: Rates) -> tuple[str, ...]:
    return tuple(per_million(getattr(rates, kind)) for kind in KINDS)


def rates_table(sheet: Sheet, *, exact: bool = False) -> Table:
    """Every rate of a model: plain, long contexts, hours of the day, kinds of request."""
    columns = (
        Column("price for", key="for"),
        *(Column(title, right=True, key=kind) for kind, title in KINDS.items()),
    )
    rows = [(_for(sheet.card, exact=exact), *_cells(sheet.card.rates))]
    rows += [(label, *_cells(rates)) for label, rates in _more_rates(sheet)]
    return Table(columns, tuple(rows))


def _for(card: Card, *, exact: bool) -> str:
    return "standard" if exact else "standard *" if card.overridden else "standard"


def _more_rates(sheet: Sheet) -> Iterator[tuple[str, Rates]]:
    card = sheet.card
    for above, rates in card.tiers:
        yield f"calls that read more than {above:,} tokens", rates
    for dated in _dated(sheet):
        for part in dated.hours:
            yield f"{_clock(part.start)} to {_clock(part.end)} UTC", part.rates
        if dated.hours and not card.overridden:
            yield "the rest of the day", dated.rates
    for variant, other in sheet.variants.items():
        yield variant, other.rates
        for above, rates in other.tiers:
            yield f"{variant}, more than {above:,} tokens", rates


def _dated(sheet: Sheet) -> Iterator[Dated]:
    if sheet.model is not None and not sheet.card.overridden:
        begun = [
            dated for dated in sheet.model.prices if dated.start is None or dated.start <= sheet.day
        ]
        yield from begun[-1:]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def sheet_page(sheet: Sheet, width: int = 80) -> str:
    """One model's prices as a page."""
    card = sheet.card
    facts = {
        "price list": "your own file" if card.overridden else card.provider,
        "source": card.source,
        "valid from": str(card.valid_from) if card.valid_from else "the source gives no date",
        "context": f"{card.context_window:,} tokens" if card.context_window else "not known",
        "card": card.id,
    }
    if card.rates.request:
        facts["each call"] = f"${usd(nano_from_pico(card.rates.request))} beside the tokens"
    if card.deprecated:
        facts["deprecated"] = "by its provider"
    ending = sheet.ending
    if ending is not None:
        then = "" if ending.successor is None else f"; in its place {ending.successor}"
        facts["ends"] = f"{ending.day}{then}"
    lines = [f"{plain(card.name)} ({_name(card)})", ""]
    lines += [f"  {label:<11} {plain(value)}" for label, value in facts.items()]
    lines += ["", aligned(rates_table(sheet), width).rstrip(), "", "USD per million tokens."]
    missing = [title for kind, title in KINDS.items() if getattr(card.rates, kind) is None]
    if missing:
        lines.append(
            f"No rate of its own: {', '.join(missing)}; a cache read or write costs as input then."
        )
    if card.left_out:
        lines += _wrapped(
            f"Left out, though the source charges for it: {', '.join(card.left_out)}.", width
        )
    for one in sheet.disagreements:
        lines += _wrapped(f"Sources disagree: {one}.", width)
    return "\n".join(lines) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)


MOST_CHANGES = 20


def update_page(done: Update) -> str:
    """What an update did."""
    found = done.review
    head = f"In use now: {done.source}" if done.path else f"Checked only: {done.source}"
    lines = [f"{head}, {found.models:,} models", f"Before:     {done.held}"]
    if done.path is not None:
        lines.append(f"It lies in  {done.path}")
    if done.same:
        lines += ["", "No price has changed."]
        return "\n".join(lines) + "\n"
    counts = (len(found.changes), len(found.added), len(found.removed))
    lines += ["", "{:,} changed prices, {:,} new models, {:,} gone".format(*counts)]
    for title, items in (
        ("changed", list(map(str, found.changes))),
        ("new", list(found.added)),
        ("gone", list(found.removed)),
    ):
        lines += [f"  {title:<8} {plain(item)}" for item in items[:MOST_CHANGES]]
        if len(items) > MOST_CHANGES:
            lines.append(f"  {title:<8} … and {len(items) - MOST_CHANGES:,} more")
    lines += [f"Accepted all the same: {doubt}" for doubt in found.doubts[:MOST_CHANGES]]
    return "\n".join(lines) + "\n"
