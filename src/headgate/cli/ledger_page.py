"""Rows and sums of the ledger as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from headgate.analysis.reconcile import Difference
from headgate.analysis.reprice import Repriced
from headgate.ledger.entry import Entry
from headgate.ledger.totals import DAY_US, HOUR_US, TierTotal
from headgate.monitor.figures import day_and_time, paid, places, signed
from headgate.render.table import Column, Table, plain
from headgate.values import dollars, usd

__all__ = ["differences_table", "repriced_table", "rows_table", "sums_table"]


def rows_table(rows: Iterable[Entry]) -> Table:
    """A line for each attempt."""
    titles = ("sent (UTC)", "request", "for", "tier", "model", "reason", "end")
    numbers = ("in", "out", "cost", "ms")
    return Table(
        (*map(Column, titles), *(Column(title, right=True) for title in numbers)),
        tuple(
            (
                f"{datetime.fromtimestamp(row.at_us // 1_000_000, UTC):%Y-%m-%d %H:%M:%S}",
                f"{row.request_id} {row.attempt}",
                row.purpose,
                row.tier,
                plain(f"{row.provider}/{row.model_asked}"),
                plain(row.reason),
                row.error or ("served" if row.served else "unused"),
                f"{row.usage.total_input:,}",
                f"{row.usage.output:,}",
                "unknown" if row.cost_nano is None else f"${usd(row.cost_nano)}",
                f"{row.total_us / 1000:,.0f}",
            )
            for row in rows
        ),
    )


def sums_table(totals: Sequence[TierTotal], by: Sequence[str], *, exact: bool = False) -> Table:
    """A line for each sum; `exact` gives money its every digit, and numbers no commas."""
    decimals = places(max((total.cost_nano for total in totals), default=0))
    number = "{}" if exact else "{:,}"

    def money(total: TierTotal) -> str:
        if not total.priced:
            return "" if exact else "unknown"
        return usd(total.cost_nano) if exact else dollars(total.cost_nano, decimals)

    titles = ("routed", "role", "tier", *by)
    numbers = ("attempts", "estimated", "in", "cached", "out", "cost")
    keys = ("attempts", "estimated", "input_tokens", "cached_tokens", "output_tokens", "cost_usd")
    return Table(
        (
            *map(Column, titles),
            *(Column(*pair, key=key) for pair, key in
              zip(((title, True) for title in numbers), keys, strict=True)),
        ),
        tuple(
            (
                "yes" if total.routed else "no",
                total.role,
                total.tier,
                *(_value(name, value) for name, value in zip(by, total.of, strict=True)),
                number.format(total.attempts),
                number.format(total.estimated),
                number.format(total.usage.total_input),
                number.format(total.usage.total_input - total.usage.input),
                number.format(total.usage.output),
                money(total),
            )
            for total in totals
        ),
    )  # fmt: skip


def _value(name: str, value: str | int) -> str:
    if name == "hour":
        return day_and_time(int(value) * HOUR_US)
    return plain(str(value)) or "none"


def differences_table(lines: Sequence[Difference]) -> Table:
    """Invoice and ledger side by side."""
    titles, numbers = ("day", "model", "of"), ("invoice", "ledger", "difference")
    return Table(
        (*map(Column, titles), *(Column(title, right=True) for title in numbers)),
        tuple(
            (
                day_and_time(line.day * DAY_US)[:10],
                plain(line.model) or "all",
                line.kind,
                *(_amount(line, amount) for amount in (line.invoice, line.ledger)),
                _amount(line, line.amount, sign="+"),
            )
            for line in lines
        ),
    )


def _amount(line: Difference, amount: int, *, sign: str = "") -> str:
    if line.kind == "cost":
        return signed(amount, 6) if sign else f"${usd(amount)}"
    return f"{amount:{sign},}"


def repriced_table(lines: Sequence[Repriced]) -> Table:
    """The ledger's money and the other prices' side by side; the last line is their sum."""
    decimals = places(max((max(line.was_nano, line.now_nano) for line in lines), default=0))

    def cells(line: Repriced) -> tuple[str, ...]:
        return (
            plain(line.model),
            f"{line.attempts:,}",
            f"{line.changed:,}",
            f"{line.was_unpriced:,}",
            f"{line.now_unpriced:,}",
            paid(line.was_nano, line.was_unpriced, decimals),
            paid(line.now_nano, line.now_unpriced, decimals),
            signed(line.now_nano - line.was_nano, decimals),
        )

    total = Repriced(model="total")
    for line in lines:
        for name in Repriced.__struct_fields__[1:]:
            setattr(total, name, getattr(total, name) + getattr(line, name))
    numbers = (
        "attempts", "changed", "unpriced", "still", "in the ledger", "repriced", "difference",
    )  # fmt: skip
    return Table(
        (Column("model"), *(Column(title, right=True) for title in numbers)),
        (*map(cells, lines), cells(total)),
        strong=frozenset({len(lines)}),
    )
