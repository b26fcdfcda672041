"""What the flags of several commands say: a day; and a flag that cannot be used."""

from __future__ import annotations

from datetime import UTC, date, datetime

from headgate.errors import ConfigError, ConfigFault

__all__ = ["bad_flag", "day_of"]


def day_of(text: str | None, *, what: str = "The plan") -> date:
    """The day that prices are asked for; today if none is named. `what` is what needs it.

    Raises:
        ConfigError: it is no date.
    """
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        problem = f"{text!r} is no date."
        raise bad_flag("--at", problem, "Write it as 2026-11-20.", what=what) from error


def bad_flag(flag: str, problem: str, fix: str, *, what: str = "The plan") -> ConfigError:
    """A flag that cannot be used, as an error that names it."""
    return ConfigError(
        f"{what} cannot be made:", faults=[ConfigFault(problem, fix=fix, field=flag)]
    )
