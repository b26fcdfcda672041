"""The report as data: one JSON document, or CSV rows; money as exact decimal text in USD."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from headgate.monitor.figures import is_known
from headgate.monitor.report import Report
from headgate.monitor.unknown import told
from headgate.values import usd

__all__ = ["CSV_COLUMNS", "document", "plain", "table"]

CSV_COLUMNS = (
    "section",
    "name",
    "tier",
    "attempts",
    "unpriced",
    "planned_usd",
    "actual_usd",
    "difference_usd",
)


def document(report: Report) -> str:
    """The whole report as JSON.

    Amounts are USD as text (`..._usd`), moments are ISO 8601 in UTC (`..._at`), shares are numbers
    from 0 to 1, and what is not known is null. An amount beside `unpriced` is that of the priced
    attempts alone; null where none is.
    """
    return json.dumps(plain(msgspec.to_builtins(report)), indent=2, ensure_ascii=False)


def plain(value: Any) -> Any:
    """Builtins with the names and forms that `document` promises for amounts and moments."""
    return _plain(told(value))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return dict(_field(name, item) for name, item in value.items())
    return value


def _field(name: str, value: Any) -> tuple[str, Any]:
    if name == "nano" or name.endswith("_nano"):
        return f"{name[:-4]}usd", None if value is None else usd(value)
    if name.endswith("_us"):
        return f"{name[:-2]}at", None if value is None else _iso(value)
    return name, _plain(value)


def _iso(at_us: int) -> str:
    seconds, micros = divmod(at_us, 1_000_000)
    at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
    return at.isoformat().replace("+00:00", "Z")


def table(report: Report) -> str:
    """The money of the report as CSV with a header, one row a line.

    `section` says what a row is: `bill` rows add up to the `total`; `drafts`, `checks` and
    `retries` rows are the parts of the bill's line of that name; `driver` rows add up to the
    total's difference; `baseline` and `comparable` are all-premium and what was paid for the same
    requests; `pinned` and `shadows` stand alone.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(_rows(report))
    return text.getvalue()


_Row = tuple[str, str, str, int | str, int | str, str, str, str]


def _rows(report: Report) -> Iterator[_Row]:
    bill = report.bill
    for line in bill.lines:
        money = _money(line.planned_nano, line.actual_nano, line.unpriced)
        yield "bill", line.name, line.tier or "", line.attempts, line.unpriced, *money
        for part in line.parts:
            money = _money(None, part.actual_nano, part.unpriced)
            yield line.name, line.name, part.tier, part.attempts, part.unpriced, *money
    attempts = sum(line.attempts for line in bill.lines)
    money = _money(bill.planned_nano, bill.actual_nano, bill.unpriced)
    yield "total", "total", "", attempts, bill.unpriced, *money
    saving = report.saving
    money = _money(saving.planned_baseline_nano, saving.baseline_nano, saving.unpriced)
    yield "baseline", "all premium", "", "", "", *money
    yield "comparable", "paid", "", "", "", *_money(None, saving.paid_nano, saving.unpriced)
    for driver in report.drivers:
        yield "driver", driver.name, "", "", "", "", "", usd(driver.nano)
    pinned = report.pinned
    money = _money(None, pinned.actual_nano, pinned.unpriced)
    yield "pinned", "pinned", "", "", pinned.unpriced, *money
    shadows = report.shadows
    if shadows.attempts:
        money = _money(None, shadows.actual_nano, shadows.unpriced)
        yield "shadows", "shadows", "", shadows.attempts, shadows.unpriced, *money


def _money(planned_nano: int | None, actual_nano: int, unpriced: int) -> tuple[str, str, str]:
    if not is_known(actual_nano, unpriced):
        return "" if planned_nano is None else usd(planned_nano), "", ""
    if planned_nano is None:
        return "", usd(actual_nano), ""
    return usd(planned_nano), usd(actual_nano), usd(actual_nano - planned_nano)
