"""How the pages write amounts and times; those of one column have the same decimals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headgate.monitor.figures import money as amount
from headgate.monitor.figures import places
from headgate.values import dollars

__all__ = ["column", "milliseconds", "money", "seconds", "three"]


def money(nano: int) -> str:
    """An amount by itself; nothing is nothing, without its digits.

    >>> money(7_749_000), money(0)
    ('$0.007749', '$0.00')
    """
    return amount(nano) if nano else "$0.00"


def column(amounts: Iterable[int]) -> list[str]:
    """Amounts below each other, with the decimals that suit the largest.

    >>> column([34_820_000_000, 5_715_400_000, 0]), column([0])
    (['$34.82', '$5.72', '$0.00'], ['$0.00'])
    """
    held = list(amounts)
    largest = max(map(abs, held), default=0)
    return [dollars(nano, places(largest) if largest else 2) for nano in held]


def seconds(us: int) -> str:
    """A time of its own, in microseconds.

    >>> seconds(6_158_000), seconds(938_200)
    ('6.16 s', '938 ms')
    """
    if us >= 1_000_000:
        return f"{us / 1e6:.2f} s"
    return f"{us / 1000:.0f} ms" if us >= 100_000 else f"{us / 1000:.1f} ms"


def milliseconds(us: float | None) -> str:
    """A short time, in microseconds; a dash where it is not known.

    >>> milliseconds(412.0), milliseconds(51_000.0), milliseconds(None)
    ('0.4 ms', '51 ms', '–')
    """
    if us is None:
        return "–"
    if us >= 10_000_000:
        return f"{us / 1e6:.0f} s"
    if us >= 1_000_000:
        return f"{us / 1e6:.1f} s"
    return f"{us / 1000:.0f} ms" if us >= 10_000 else f"{us / 1000:.1f} ms"


def three(us: Sequence[float | None]) -> str:
    """Quantiles in microseconds, in the unit that suits the last of them.

    >>> three((301_000.0, 536_000.0, 680_000.0)), three((None, None, None))
    ('301 / 536 / 680 ms', '–')
    """
    known = [value for value in us if value is not None]
    if not known:
        return "–"
    if known[-1] >= 1_000_000:
        return " / ".join(f"{value / 1e6:.2f}" for value in known) + " s"
    return " / ".join(f"{value / 1000:.0f}" for value in known) + " ms"
