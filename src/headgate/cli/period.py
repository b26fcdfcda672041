"""Moments on the command line: `7d`, `2026-11-01`, `2026-11-01T12:00`; all in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import click

from headgate.ledger.store import Window
from headgate.settings import seconds

__all__ = ["moment", "window"]

FORMS = "Write a length of time before now (90m, 24h, 7d), a day (2026-11-01), or a day and a time."


def window(since: str | None, until: str | None, now: datetime) -> Window:
    """The window between two moments as given to `--since` and `--until`.

    A day alone is its first moment for `since` and its last for `until`, so that
    `--since 2026-11-01 --until 2026-11-30` is the whole of November.

    Raises:
        click.BadParameter: a moment cannot be read, or they stand in the wrong order.
    """
    begin = None if since is None else moment(since, now, option="--since", ends=False)
    end = None if until is None else moment(until, now, option="--until", ends=True)
    if begin is not None and end is not None and begin >= end:
        raise click.BadParameter(
            f"{since} is not before {until}; the first moment comes with --since.",
            param_hint="--since",
        )
    return Window(_micros(begin), _micros(end))


def moment(text: str, now: datetime, *, option: str, ends: bool) -> datetime:
    """One moment; `ends` takes a day alone as its end.

    Raises:
        click.BadParameter: `text` is none of the forms.
    """
    try:
        return now - timedelta(seconds=seconds(text))
    except (ValueError, OverflowError):
        pass
    try:
        if len(text) == len("2026-11-01"):
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            return day + timedelta(days=1) if ends else day
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{text!r} is no moment. {FORMS}", param_hint=option) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _micros(at: datetime | None) -> int | None:
    if at is None:
        return None
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
