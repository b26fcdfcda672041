"""The bare numbers of a scenario: what the formulas read, whatever kind of number it is.

The formulas use + - * / and > only, so the same few lines serve exact decimals (the bill), floats
(a simulation) and numpy arrays (millions of scenarios at once). None stands for "plays no part".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

__all__ = [
    "Inputs",
    "Matrix",
    "Prices",
    "Quantity",
    "TierInputs",
    "as_floats",
    "larger",
    "like",
    "smaller",
]

Quantity: TypeAlias = Any
"""A Decimal, a float or an array of float64; all of one scenario are of one kind."""


class Prices(NamedTuple):
    """Pico-dollars for each token, and for each call; cache prices stand even where none is stated.

    They are whole numbers, which combine with every kind of quantity.
    """

    input: int
    output: int
    read: int
    write: int
    request: int


class Matrix(NamedTuple):
    """How often the router is wrong: from it the escalation rate follows."""

    hard: Quantity
    """π: share of requests that are truly hard."""
    caught: Quantity
    """TPR: share of the hard ones that are escalated."""
    wasted: Quantity
    """FPR: share of the easy ones that are escalated."""

    @property
    def escalation(self) -> Quantity:
        """e = π·TPR + (1−π)·FPR."""
        return self.hard * self.caught + (1 - self.hard) * self.wasted


class TierInputs(msgspec.Struct, frozen=True, gc=False):
    """One tier. `reads` and `writes` are the tokens of the requests that it is meant for."""

    prices: Prices
    reads: Quantity
    writes: Quantity
    steps: tuple[tuple[int, Prices], ...] = ()
    """(n, what is added to the prices of a call that reads more than n tokens)."""
    batch: tuple[Prices, tuple[tuple[int, Prices], ...]] | None = None
    """Prices and steps of a batch call; None where the model has no price for it."""
    retry: Quantity | None = None
    attempts: int | None = 3
    hit: Quantity | None = None
    text: Quantity | None = None
    """Tokens that this model makes of a text, as a multiple of the tokens stated."""
    price_factor: Quantity | None = None


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """All of a scenario's numbers."""

    requests_per_day: Quantity
    days: Quantity
    escalation: Quantity
    weights: tuple[Quantity, ...]
    """Of the tiers below premium among themselves."""
    tiers: tuple[TierInputs, ...]
    classify: Quantity
    """Pico-dollars of deciding once."""
    verify: Quantity
    """Pico-dollars of judging one draft of a cascade."""
    overhead: Quantity
    """Nano-dollars a month, of routing alone."""
    matrix: Matrix | None = None
    direct: Quantity | None = None
    """Share of requests that a router in front of a cascade sends to premium without a draft."""
    prefix: Quantity | None = None
    split_loss: Quantity | None = None
    batch: Quantity | None = None

    @property
    def rate(self) -> Quantity:
        """The escalation rate, stated or from the matrix."""
        return self.escalation if self.matrix is None else self.matrix.escalation


def larger(one: Quantity, other: Quantity) -> Quantity:
    """The larger of two, element by element where they are arrays."""
    return one + (other > one) * (other - one)


def smaller(one: Quantity, other: Quantity) -> Quantity:
    """The smaller of two, element by element where they are arrays."""
    return one + (other < one) * (other - one)


def like(model: Quantity, value: Decimal) -> Quantity:
    """A value as the kind of number that another one is."""
    return value if isinstance(model, Decimal) else float(value)


def as_floats(x: Inputs) -> Inputs:
    """The same numbers as floats, for simulations; equal tokens stay one object."""
    seen: dict[int, float] = {}

    def plain(value: Quantity | None) -> Quantity | None:
        return None if value is None else seen.setdefault(id(value), float(value))

    tiers = tuple(
        [
            replace(
                tier,
                reads=plain(tier.reads),
                writes=plain(tier.writes),
                retry=plain(tier.retry),
                hit=plain(tier.hit),
                text=plain(tier.text),
                price_factor=plain(tier.price_factor),
            )
            for tier in x.tiers
        ]
    )
    single = (
        "requests_per_day",
        "days",
        "escalation",
        "classify",
        "verify",
        "overhead",
        "direct",
        "prefix",
        "split_loss",
        "batch",
    )
    return replace(
        x,
        tiers=tiers,
        weights=tuple([float(weight) for weight in x.weights]),
        matrix=None if x.matrix is None else Matrix(*[float(rate) for rate in x.matrix]),
        **{name: plain(getattr(x, name)) for name in single},
    )
