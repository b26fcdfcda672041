"""A length of time as an option's value: `5s`, `12h`, `90d`."""

from __future__ import annotations

import click

from headgate.settings import lasting, seconds

__all__ = ["Length"]


class Length(click.ParamType[float]):
    """A length of time in seconds, from `low` to `high`."""

    name = "duration"

    def __init__(self, low: float, high: float) -> None:
        self._low = low
        self._high = high

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds."""
        try:
            length = seconds(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a length of time: write it as 5s, 12h or 90d.", param, ctx)
        if length < self._low:
            self.fail(f"{value!r} is too short: give {lasting(self._low)} or more.", param, ctx)
        if length > self._high:
            self.fail(f"{value!r} is too long: give {lasting(self._high)} or less.", param, ctx)
        return length
