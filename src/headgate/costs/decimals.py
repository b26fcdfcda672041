"""Exact numbers: how they are read, and how precisely they are reckoned with."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Literal, TypeAlias, cast

__all__ = ["EXACT", "ONE", "ZERO", "CacheLife", "Number", "exact", "is_number"]

Number: TypeAlias = Decimal | int | float | str
CacheLife: TypeAlias = Literal["5m", "1h"]

ZERO, ONE = Decimal(0), Decimal(1)

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Sums and products of a scenario fit into 60 digits; only divisions are ever rounded."""


def exact(value: Number) -> Decimal:
    """A number as the decimal that it prints; what is none stays, so that the fault can show it."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, bool):
        try:
            return Decimal(repr(value) if isinstance(value, float) else value)
        except (InvalidOperation, TypeError, ValueError):
            pass
    return cast("Decimal", value)


def is_number(value: object) -> bool:
    """Whether `exact` has made a finite number of it."""
    return isinstance(value, Decimal) and value.is_finite()
