"""The status as data: one JSON document; money as exact decimal text in USD."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import msgspec

from headgate.cli.report_data import plain
from headgate.monitor.status import Status

__all__ = ["document"]


def document(status: Status, *, indent: int | None = 2) -> str:
    """The whole status as JSON; on one line where `indent` is None.

    `ok` is what the exit code says. Amounts are USD as text (`..._usd`), moments are ISO 8601 in
    UTC (`..._at`), shares and rates are numbers from 0 to 1, and what is not known is null.
    """
    found = plain(msgspec.to_builtins(status, enc_hook=_number))
    found["escalation"]["breached"] = status.escalation.breached
    found["stale"] = status.stale
    attribution = status.escalation.attribution
    if attribution is not None:
        cause = attribution.cause
        found["escalation"]["attribution"]["cause"] = (
            None if cause is None else {"dimension": cause[0], "name": cause[1].name}
        )
    return json.dumps({"ok": status.answer, **found}, indent=indent, ensure_ascii=False)


def _number(value: Any) -> float:
    if isinstance(value, Fraction):
        return float(value)
    raise NotImplementedError(f"no JSON for {type(value)}")
