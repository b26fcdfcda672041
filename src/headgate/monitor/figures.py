"""Figures as people read them: shares in per cent, money with as many decimals as it needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from headgate.values import NANO_PER_USD, dollars, percent

__all__ = [
    "UNKNOWN",
    "alone",
    "axis_places",
    "between",
    "day_and_time",
    "is_known",
    "money",
    "paid",
    "percent",
    "places",
    "signed",
]

UNKNOWN = "unknown"
"""What stands in the place of a cost of which nothing is known."""


def between(low: float, high: float) -> str:
    """An interval of shares in per cent.

    >>> between(0.44, 0.57)
    '44.0 to 57.0 %'
    """
    return f"{low * 100:.1f} to {percent(high)}"


def places(nano: int) -> int:
    """How many decimals show an amount of this size with some four digits: 2, 4 or 6.

    >>> places(270 * 10**9), places(-5 * 10**9), places(10**7)
    (2, 4, 6)
    """
    # what more decimals would round up to the next size is of that size
    if abs(nano) >= 10 * NANO_PER_USD - NANO_PER_USD // 20_000:
        return 2
    return 4 if abs(nano) >= NANO_PER_USD // 10 - NANO_PER_USD // 2_000_000 else 6


def paid(nano: int, unpriced: int, decimals: int) -> str:
    """What calls cost, `unpriced` of them at no known price: nothing known is not nothing.

    >>> paid(1_500_000_000, 0, 2), paid(0, 0, 2), paid(0, 3, 2), paid(1_500_000_000, 3, 2)
    ('$1.50', '$0.00', 'unknown', '$1.50')
    """
    return dollars(nano, decimals) if is_known(nano, unpriced) else UNKNOWN


def alone(nano: int, unpriced: int) -> str:
    """As `paid`, by itself: its decimals chosen by its size.

    >>> alone(1_500_000_000, 3), alone(0, 3)
    ('$1.5000', 'unknown')
    """
    return paid(nano, unpriced, places(nano))


def is_known(nano: int, unpriced: int) -> bool:
    """Whether an amount says anything of what calls cost, `unpriced` of them at no known price.

    A 0 does not: it is that of the free ones, or of those that failed before a token was billed.
    """
    return nano != 0 or unpriced == 0


def axis_places(marks: Iterable[float]) -> int:
    """How many decimals show every mark of an axis of dollars exactly: 2, 4 or 6.

    >>> axis_places([0.0, 2.5, 5.0]), axis_places([0.0, 0.125]), axis_places([0.0, 0.000002])
    (2, 4, 6)
    """
    held = list(marks)
    exact = (few for few in (2, 4) if all(round(at * 10**few, 6).is_integer() for at in held))
    return next(exact, 6)


def money(nano: int) -> str:
    """An amount by itself, its decimals chosen by its size.

    >>> money(270 * 10**9), money(1_796_500_000)
    ('$270.00', '$1.7965')
    """
    return dollars(nano, places(nano))


def signed(nano: int, decimals: int) -> str:
    """A difference: always with its sign, unless it rounds to nothing.

    >>> signed(60_500_000, 4), signed(-60_500_000, 2), signed(4, 2)
    ('+$0.0605', '-$0.06', '$0.00')
    """
    text = dollars(nano, decimals)
    return f"+{text}" if nano > 0 and any(digit in text for digit in "123456789") else text


def day_and_time(at_us: int) -> str:
    """A moment in UTC, to the minute."""
    return f"{datetime.fromtimestamp(at_us // 1_000_000, UTC):%Y-%m-%d %H:%M}"
