"""What the Python interface needs beside the cost model itself: the price card of a model."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache

from headgate.errors import ConfigError
from headgate.prices.book import Book
from headgate.prices.card import Card
from headgate.values import ModelRef

__all__ = ["price"]


def price(model: str, at: date | str | None = None, *, variant: str | None = None) -> Card:
    """The price card of a model, from the prices that come with Headgate.

    Args:
        model: `provider/model`, such as `anthropic/claude-haiku-4-5`.
        at: the day it must hold on, a date or `2026-11-20`; today if not given.
        variant: `processing=batch` or `service_tier=flex`, where the model has such a price.

    Raises:
        ConfigError: it is no model, no day, or no price is known; near names are told.
    """
    try:
        ref = ModelRef.parse(model)
        day = date.fromisoformat(at) if isinstance(at, str) else at or datetime.now(UTC).date()
    except ValueError as error:
        raise ConfigError(
            f"{error}.", fix="Name the model as provider/model, the day as 2026-11-20."
        ) from error
    book = _book()
    card = book.card(ref, day, variant=variant)
    if card is None:
        near = book.near(ref)
        of = "" if variant is None else f" with {variant}"
        raise ConfigError(
            f"No price is known for {model}{of} ({book.source}).",
            fix=f"Did you mean {', '.join(near)}?" if near else "Name another model.",
        )
    return card


@cache
def _book() -> Book:
    return Book.shipped()
