"""The dashboard's tables: retries by tier, how the models do, and requests by what they are of."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.monitor.figures import UNKNOWN, is_known, percent
from headgate.monitor.status import Retries
from headgate.render.table import Column, Table
from headgate.web.numbers import column, three
from headgate.web.observer import Group, Timing

__all__ = ["groups_table", "retries_table", "timings_table"]


def retries_table(retries: Retries) -> Table:
    """What each tier's retries cost."""
    tiers = retries.tiers
    on_retries = column(tier.retry_nano for tier in tiers)
    spent = column(tier.spent_nano for tier in tiers)
    rows = tuple(
        (
            tier.tier,
            f"{tier.answers:,}",
            f"{tier.retries:,}",
            "–" if tier.retry_rate is None else percent(tier.retry_rate),
            _with_unpriced(on_retries[place], tier.retry_nano, tier.retry_unpriced),
            _with_unpriced(spent[place], tier.spent_nano, tier.unpriced),
        )
        for place, tier in enumerate(tiers)
    )
    heads = ("answers", "retries", "retry rate", "on retries", "spent")
    return _table("Retries by tier", "tier", heads, rows)


def timings_table(timings: Sequence[Timing], newest: int | None = None) -> Table:
    """How the models do: failures, and how long answers take; `newest` as in `Seen`."""
    spent = column(one.cost_nano for one in timings)
    rows = tuple(
        (
            f"{one.tier}: {one.model}",
            f"{one.attempts:,}",
            percent(one.failed / one.attempts) if one.attempts else "–",
            three(one.first_us),
            three(one.total_us),
            _with_unpriced(spent[place], one.cost_nano, one.unpriced),
        )
        for place, one in enumerate(timings)
    )
    heads = ("attempts", "failed", "first byte p50 / p95 / p99", "whole p50 / p95 / p99", "spent")
    title = "Tiers' health"
    if newest is not None:
        title += (
            "; times of the newest answer"
            if newest == 1
            else f"; times of the {newest:,} newest answers"
        )
    return _table(title, "model", heads, rows)


def groups_table(name: str, groups: Sequence[Group]) -> Table:
    """Requests by one dimension, the most frequent first.

    Money is that of requests of which all is priced; a dash where there is none.
    """
    paid = column(one.paid_nano for one in groups)
    saved = column(one.baseline_nano - one.paid_nano for one in groups)
    rows = tuple(
        (
            one.name or "none",
            f"{one.requests:,}",
            percent(one.escalated / one.served) if one.served else "–",
            *((paid[place], saved[place]) if one.paid_nano or one.baseline_nano else ("–", "–")),
            percent(1 - one.paid_nano / one.baseline_nano) if one.baseline_nano else "–",
        )
        for place, one in enumerate(groups)
    )
    heads = ("requests", "escalated", "paid", "saved", "as a share")
    return _table(f"By {name}", name, heads, rows)


def _with_unpriced(text: str, nano: int, unpriced: int) -> str:
    if not unpriced:
        return text
    known = text if is_known(nano, unpriced) else UNKNOWN
    return f"{known}, {unpriced:,} unpriced"


def _table(
    title: str, first: str, heads: Sequence[str], rows: tuple[tuple[str, ...], ...]
) -> Table:
    columns = (Column(first), *(Column(head, right=True) for head in heads))
    return Table(columns, rows, title=title)
