"""Which stretch of time and which requests a page is about, read from its URL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from headgate.errors import ConfigError, ConfigFault
from headgate.ledger.store import Window
from headgate.ledger.totals import DAY_US, HOUR_US

__all__ = ["DIMENSIONS", "PERIODS", "Period", "day_text", "moment_text", "period_of"]

PERIODS = {
    "24h": (DAY_US, "24 hours"),
    "7d": (7 * DAY_US, "7 days"),
    "30d": (30 * DAY_US, "30 days"),
    "90d": (90 * DAY_US, "90 days"),
    "all": (0, "all"),
}
DIMENSIONS = ("route", "key", "team", "policy", "model")
"""What requests can be told apart by; `model` is the one that answered."""


class Period(NamedTuple):
    """A window, how it was asked for, and what it is narrowed to."""

    window: Window
    since: str
    """One of `PERIODS`; empty where days were named."""
    first: str
    last: str
    """Days, as in 2026-11-01, the last one included; empty where a length was asked for."""
    only: Mapping[str, str]
    """Dimension -> value; those that are not narrowed are left out."""

    def query(self) -> dict[str, str]:
        """The fields of its URL."""
        fields = {"since": self.since, "from": self.first, "to": self.last, **self.only}
        return {name: value for name, value in fields.items() if value}


def period_of(query: Mapping[str, str], now_us: int, *, usual: str = "30d") -> Period:
    """The period that a query asks for.

    Raises:
        ConfigError: a length or a day is none, or they stand in the wrong order.
    """
    only = {name: query[name] for name in DIMENSIONS if query.get(name)}
    first, last = query.get("from", ""), query.get("to", "")
    if first or last:
        begin = _day(first, "from") if first else None
        end = _day(last, "to") if last else None
        if begin is not None and end is not None and begin > end:
            raise _bad("from", f"{first} is after {last}.", "Name the earlier day first.")
        window = Window(
            None if begin is None else begin * DAY_US,
            now_us + 1 if end is None else (end + 1) * DAY_US,
        )
        return Period(window, "", first, last, only)
    since = query.get("since", "") or usual
    if since not in PERIODS:
        raise _bad("since", f"{since!r} is no period.", f"Choose among {', '.join(PERIODS)}.")
    length, _ = PERIODS[since]
    # whole hours are summed up beforehand: a window that begins with one is fast
    begin_us = (now_us - length) // HOUR_US * HOUR_US if length else None
    return Period(Window(begin_us, now_us + 1), since, "", "", only)


def moment_text(at_us: int) -> str:
    """A moment in UTC, to the second."""
    return f"{datetime.fromtimestamp(at_us / 1e6, UTC):%Y-%m-%d %H:%M:%S}"


def day_text(at_us: int) -> str:
    """A day in UTC."""
    return f"{datetime.fromtimestamp(at_us / 1e6, UTC):%Y-%m-%d}"


def _day(text: str, field: str) -> int:
    try:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    except ValueError as error:
        raise _bad(field, f"{text!r} is no day.", "Write it as 2026-11-20.") from error


def _bad(field: str, problem: str, fix: str) -> ConfigError:
    fault = ConfigFault(problem, fix=fix, field=field)
    return ConfigError("The period cannot be read:", faults=[fault])
