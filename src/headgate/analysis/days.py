"""Whole days of graded rows, or hours where the days are too few: what is drawn, not the rows."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from headgate.stats.blocks import LEAST_DAYS, LEAST_HOURS, Block, above_zero_p, equal_blocks

__all__ = ["Days", "days_of"]

DAY, HOUR = 86_400, 3_600


class Days(NamedTuple):
    """Which stretch of time each row is of."""

    by: Literal["day", "hour"]
    number: np.ndarray
    """Of each row's day or hour, from 0."""
    days: int
    """On so many days (UTC) there is a row."""

    def p_value(self, gains: np.ndarray) -> float:
        """The p-value for "the mean gain is 0 or less", days and not rows being independent."""
        sums = np.bincount(self.number, weights=gains).tolist()
        return above_zero_p([*map(Block, sums, np.bincount(self.number).tolist())])


def days_of(time: np.ndarray | None) -> Days | None:
    """The days of rows with such times, seconds since 1970; else their hours, as in `blocks`.

    None where no row's time is known, or they are of too few hours.
    """
    if time is None or not len(time):
        return None
    days = len(np.unique(time // DAY))
    units: tuple[tuple[Literal["day", "hour"], int, int], ...] = (
        ("day", DAY, LEAST_DAYS),
        ("hour", HOUR, LEAST_HOURS),
    )
    for by, seconds, least in units:
        number = np.unique(time // seconds, return_inverse=True)[1]
        if equal_blocks([Block(0.0, rows) for rows in np.bincount(number).tolist()]) >= least:
            return Days(by, number, days)
    return None
