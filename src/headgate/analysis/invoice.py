"""A provider's own account of usage or cost, read from its exports into lines by day and model.

Known are the JSON that OpenAI's usage and costs endpoints and Anthropic's usage and cost reports
answer with (one page, several, or one a line), and CSV whose columns are named like their fields,
or are named by the user.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, NamedTuple

from headgate.errors import ConfigError
from headgate.values import nano_from_usd

__all__ = ["COLUMNS", "KINDS", "InvoiceLine", "Kind", "read_invoice", "same_model"]

Kind = Literal["input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "cost"]
"""Tokens that are billed alike, or money."""
KINDS: tuple[Kind, ...] = (
    "input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "cost",
)  # fmt: skip

COLUMNS: dict[str, tuple[str, ...]] = {
    "day": ("day", "date", "start_time", "starting_at", "usage_date", "usage_date_utc"),
    "model": ("model", "model_version", "snapshot_id"),
    "input": ("uncached_input_tokens", "usage_input_tokens_no_cache"),
    "all_input": ("input_tokens", "prompt_tokens", "n_context_tokens_total"),
    "output": (
        "output_tokens", "completion_tokens", "usage_output_tokens", "n_generated_tokens_total",
    ),
    "cache_read": (
        "input_cached_tokens", "cache_read_input_tokens", "cached_tokens",
        "usage_input_tokens_cache_read", "n_cached_context_tokens_total",
    ),
    "cache_write_5m": (
        "ephemeral_5m_input_tokens", "usage_input_tokens_cache_write_5m",
        "input_cache_write_tokens",
    ),
    "cache_write_1h": ("ephemeral_1h_input_tokens", "usage_input_tokens_cache_write_1h"),
    "cost": ("cost_usd", "amount_value", "cost"),
}  # fmt: skip
"""What is read -> the names of its column; `all_input` holds cached tokens too."""

_TOKENS = ("output", "cache_read", "cache_write_5m", "cache_write_1h")


class InvoiceLine(NamedTuple):
    """One amount on the provider's account."""

    day: int
    """Days since 1970-01-01, UTC."""
    model: str
    """Empty where the account does not tell models apart."""
    kind: Kind
    amount: int
    """Tokens, or nano-USD of `cost`."""


def read_invoice(text: str, columns: Mapping[str, str] | None = None) -> Iterator[InvoiceLine]:
    """The lines of an export.

    Args:
        text: the file.
        columns: what is read -> the name of its column, over `COLUMNS`.

    Raises:
        ConfigError: it is none of the known forms, or a value in it is none.
    """
    if text.lstrip()[:1] in ("{", "["):
        for bucket in _buckets(_pages(text)):
            yield from _of_bucket(bucket)
        return
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    names = _names(rows.fieldnames or (), columns or {})
    for number, row in enumerate(rows, start=2):
        found = {what: row[name] for what, name in names.items() if row.get(name)}
        yield from _lines(found, where=f"line {number}")


def same_model(name: str) -> str:
    """A model's name without the date of its release: accounts and answers differ in that.

    >>> same_model("claude-haiku-4-5-20251001"), same_model("gpt-5-mini-2025-08-07")
    ('claude-haiku-4-5', 'gpt-5-mini')
    """
    return re.sub(r"-(\d{8}|\d{4}-\d{2}-\d{2})$", "", name)


def _pages(text: str) -> Iterator[Any]:
    try:
        yield json.loads(text)
    except (ValueError, RecursionError):  # the second: brackets without an end
        try:
            pages = [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError) as error:
            raise _unknown() from error
        yield from pages


def _buckets(pages: Iterator[Any]) -> Iterator[Mapping[str, Any]]:
    for page in pages:
        buckets = page.get("data", [page]) if isinstance(page, dict) else page
        for bucket in buckets:
            if not isinstance(bucket, dict) or not isinstance(bucket.get("results"), list):
                raise _unknown()
            yield bucket


def _of_bucket(bucket: Mapping[str, Any]) -> Iterator[InvoiceLine]:
    day = bucket.get("start_time", bucket.get("starting_at"))
    for result in bucket["results"]:
        flat = {**result, **(result.get("cache_creation") or {})}
        found = {
            what: flat[name]
            for what, names in COLUMNS.items()
            for name in names
            if flat.get(name) is not None
        }
        found["day"] = day
        amount = result.get("amount")
        if isinstance(amount, dict):  # OpenAI: dollars
            found["cost"] = amount.get("value")
        elif amount is not None:  # Anthropic: cents
            found["cost"] = Decimal(str(amount)) / 100
        if "model" not in found and result.get("line_item"):  # "gpt-5-mini, input"
            found["model"] = str(result["line_item"]).partition(",")[0]
        yield from _lines(found, where=f"the bucket of {day}")


def _names(header: Any, columns: Mapping[str, str]) -> dict[str, str]:
    missing = [name for name in columns.values() if name not in header]
    if missing:
        raise ConfigError(
            f"The export has no column {missing[0]!r}.",
            fix=f"It has {', '.join(header)}.",
        )
    by_name = {name.strip().lower(): name for name in header}
    names = {
        what: by_name[known]
        for what, all_known in COLUMNS.items()
        for known in reversed(all_known)
        if known in by_name
    }
    names.update(columns)
    if "day" not in names or len(names.keys() - {"day", "model"}) == 0:
        raise _unknown()
    return names


def _lines(found: Mapping[str, Any], *, where: str) -> Iterator[InvoiceLine]:
    try:
        day = _day(found["day"])
        model = str(found.get("model") or "")
        counts = {what: _whole(found[what]) for what in (*_TOKENS, "input", "all_input")
                  if what in found}  # fmt: skip
        cost = None if found.get("cost") is None else nano_from_usd(str(found["cost"]))
    except (KeyError, ValueError, InvalidOperation, TypeError) as error:
        raise ConfigError(
            f"The export cannot be read at {where}: {error}.",
            fix="Name its columns with --map WHAT=COLUMN, or mend the line.",
        ) from error
    for kind in KINDS:
        if kind == "input" and "all_input" in counts and "input" not in counts:
            cached = (counts.get(what, 0) for what in _TOKENS[1:])
            yield InvoiceLine(day, model, kind, counts["all_input"] - sum(cached))
        elif kind in counts:
            yield InvoiceLine(day, model, kind, counts[kind])
    if cost is not None:
        yield InvoiceLine(day, model, "cost", cost)


def _whole(value: Any) -> int:
    number = Decimal(str(value).replace(",", ""))
    if number != number.to_integral_value():
        raise ValueError(f"{value!r} is no number of tokens")
    return int(number)


def _day(value: Any) -> int:
    text = str(value).strip()
    if re.fullmatch(r"\d{9,11}(\\.0)?", text):
        return int(float(text)) // 86_400
    at = datetime.fromisoformat(text)
    at = at.astimezone(UTC) if at.tzinfo else at
    return (at.date() - date(1970, 1, 1)).days


def _unknown() -> ConfigError:
    return ConfigError(
        "This is no export that Headgate knows.",
        fix="Give the JSON of OpenAI's usage or costs endpoint, of Anthropic's usage or cost "
        "report, or CSV with a day and tokens or cost; name its columns with --map WHAT=COLUMN, "
        f"where WHAT is one of {', '.join(COLUMNS)}.",
    )
