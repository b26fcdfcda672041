"""The forms a sample may have: how each is recognised, and how its rows become records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from headgate.analysis.readers import logs
from headgate.analysis.readers.columns import Columns
from headgate.analysis.readers.helicone import helicone, is_helicone
from headgate.analysis.readers.values import Row
from headgate.analysis.record import Record

__all__ = ["FORMATS", "LEDGER", "Format", "detect"]


class Format(NamedTuple):
    """One form of rows."""

    name: str
    expects: str
    """What a row has, for who gave another one."""
    recognises: Callable[[Row], bool]
    records: Callable[[Row], list[Record]]
    """Raises MalformedError; an empty list is a row that is no model call."""


_COLUMNS = Columns()

LEDGER = "ledger"

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format("otel", "`resourceSpans`, or `attributes` of gen_ai", logs.is_otel, logs.otel),
        Format("litellm", "`spend`, `startTime` and `model`", logs.is_litellm, logs.litellm),
        Format("langfuse", "`type`, `traceId` and `startTime`", logs.is_langfuse, logs.langfuse),
        Format(
            "helicone",
            "`request_created_at` and a `request_body` or `response_status`",
            is_helicone,
            helicone,
        ),
        Format(
            "anthropic",
            "a `request` with `messages`, or a `response` of type `message`",
            logs.is_anthropic,
            logs.anthropic,
        ),
        Format(
            "openai", "a `request` with `messages`, or a `response`", logs.is_openai, logs.openai
        ),
        Format(
            "outcomes",
            "`prompt_id`, `model` and `score`",
            lambda row: all(name in row for name in ("prompt_id", "model", "score")),
            _COLUMNS.records,
        ),
        Format(
            "columns",
            "a column such as `prompt`, `input_tokens`, `score` or `cheap`",
            _COLUMNS.recognises,
            _COLUMNS.records,
        ),
    )
}
"""By name, the most particular first: a row is of the first form that recognises it."""


def detect(rows: Iterable[Row]) -> Format | None:
    """The form of the first row that any form recognises."""
    for row in rows:
        for form in FORMATS.values():
            if form.recognises(row):
                return form
    return None
