"""A replay as a page for the terminal, and as one JSON document (docs/replay.md)."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import msgspec

from headgate.render.table import Column, Table, aligned, plain
from headgate.values import counted, dollars, percent, usd

if TYPE_CHECKING:
    from headgate.analysis.curve import Measure
    from headgate.analysis.replay import Replayed

__all__ = ["Told", "document", "page"]

WIDTH = 110
FIGURES = ("to premium", "a month", "saved", "quality", "of premium", "missed", "wasted")
MOST_REASONS = 6


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """All that a replay has to say."""

    rows: int
    policies: list[Replayed]
    requests_a_month: int
    notes: list[str]


def page(told: Told) -> str:
    """The page as text."""
    columns = tuple(Column(head, right=bool(n)) for n, head in enumerate(("policy", *FIGURES)))
    cells = tuple(_cells(one, told.requests_a_month) for one in told.policies)
    title = f"{counted(told.rows, 'graded request')} replayed"
    title += f"; bills for {told.requests_a_month:,} a month"
    lines = [
        f"{title}. 95 % intervals in brackets.",
        "",
        *aligned(Table(columns, cells), WIDTH).splitlines(),
        "",
    ]
    for one in told.policies:
        if one.reasons:
            lines += _wrapped(f"{one.name}: {_reasons(one)}")
        if one.note:
            lines += _wrapped(f"{one.name}: {one.note}.")
    return "\n".join([*lines, "", *(x for note in told.notes for x in _wrapped(f"Note: {note}"))])


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _reasons(one: Replayed) -> str:
    total = sum(one.reasons.values())
    most = sorted(one.reasons.items(), key=lambda item: -item[1])[:MOST_REASONS]
    return ", ".join(f"{plain(name)} {percent(times / total, 0)}" for name, times in most) + "."


def _cells(one: Replayed, requests: int) -> tuple[str, ...]:
    return (
        plain(one.name),
        _percent(one.escalation),
        _bill(one.cost, requests),
        _percent(one.saving),
        _number(one.quality),
        _percent(one.of_premium),
        "–" if one.missed is None else percent(one.missed, 0),
        "–" if one.wasted is None else percent(one.wasted, 0),
    )


def _percent(found: Measure) -> str:
    if found.value is None:
        return "–"
    low, high = (found.value if end is None else end for end in (found.low, found.high))
    ends = f"{low * 100:.0f}, {high * 100:.0f}"
    return percent(found.value) + (f" [{ends}]" if low != high else "")


def _number(found: Measure) -> str:
    return "–" if found.value is None else f"{found.value:.3f}"


def _bill(found: Measure, requests: int) -> str:
    return "–" if found.value is None else dollars(round(found.value * requests))


def document(told: Told) -> dict[str, Any]:
    """Money is text, exact in US dollars; shares are numbers of 0..1; what is unknown is null."""
    return {
        "rows": told.rows,
        "requests_a_month": told.requests_a_month,
        "policies": [_one(one, told.requests_a_month) for one in told.policies],
        "notes": told.notes,
    }


def _one(one: Replayed, requests: int) -> dict[str, Any]:
    bill = {
        name: None if end is None else usd(round(end * requests))
        for name, end in one.cost._asdict().items()
    }
    return {
        "name": one.name,
        "escalation": one.escalation._asdict(),
        "bill_a_month": bill,
        "saving": one.saving._asdict(),
        "quality": one.quality._asdict(),
        "of_premium": one.of_premium._asdict(),
        "missed": one.missed,
        "wasted": one.wasted,
        "reasons": dict(one.reasons),
        "note": one.note,
    }
