"""The card of a call by the service tier that its provider has served it in."""

from __future__ import annotations

from datetime import date

from headgate.prices.book import Book
from headgate.prices.card import Card
from headgate.values import ModelRef

__all__ = ["served_card"]

_VARIANTS = {
    "batch": ("processing=batch",),
    "fast": ("service_tier=fast", "speed=fast"),
}
"""Service tiers that the price lists do not, or not always, call `service_tier`."""


def served_card(
    book: Book,
    ref: ModelRef,
    at: date,
    service_tier: str | None,
    *,
    prices_of: str | None = None,
) -> Card | None:
    """The card that holds for a call of a model; None where no price of that tier is known.

    The standard price is never taken for another tier's: such a call is unpriced until the user's
    own file states its price, which holds for every tier.

    Args:
        book: where the cards are.
        ref: the model, by the provider name of the user's file.
        at: a day, or a moment, as for `Book.card`.
        service_tier: as in `Usage`; None is the standard tier.
        prices_of: id of the price list that holds, where the provider's name is not one.
    """
    if service_tier is None:
        return book.card(ref, at, prices_of=prices_of)
    for variant in _VARIANTS.get(service_tier, (f"service_tier={service_tier}",)):
        card = book.card(ref, at, prices_of=prices_of, variant=variant)
        if card is not None:
            return card
    return None
