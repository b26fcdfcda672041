"""What is said of a model without a price: why there is none, and what would give it one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from headgate.prices.book import Book
from headgate.settings.providers import PLATFORMS
from headgate.values import ModelRef

__all__ = ["no_price", "remedies"]

MOST_LISTS = 3
"""Lists that are named at most: a popular model is on a dozen."""


def no_price(book: Book, ref: ModelRef, prices_of: str | None) -> str:
    """That a model has no price: it is not on the list, or is without a price per token."""
    if book.knows(ref, prices_of=prices_of):
        return f"{book.source} has no price per token for {ref}."
    return f"No price is known for {ref} ({book.source})."


def remedies(
    book: Book,
    ref: ModelRef,
    on: date,
    *,
    prices_of: str | None,
    platform: str | None = None,
    configured: bool,
    most: int = 3,
) -> str:
    """What to do, up to the price that is to be stated, which the caller shows how.

    Lists that would price the model are named where its provider has none, be it by its own name or
    by `prices`; which one it bills by, only its owner can say. Else near names are.

    Args:
        book: the prices.
        ref: the model.
        on: the day.
        prices_of: the list that the settings name for its provider.
        platform: the cloud that its provider is on.
        configured: whether its provider has a section in the file.
        most: near names at most.
    """
    if configured and book.table.provider(prices_of or ref.provider) is None:
        lists = _lists(book, ref, on, platform)
        if lists:
            which = "that" if len(lists) == 1 else "such a"
            return (
                f"If it bills what {which} list says, add a line prices = {_either(lists)} below "
                f"[providers.{ref.provider}]; else correct the name, or state"
            )
    near = book.near(ref, most, prices_of=prices_of)
    meant = f"Did you mean {_either(near)}? " if near else ""
    return f"{meant}Correct the name, or state"


def _either(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def _lists(book: Book, ref: ModelRef, on: date, platform: str | None) -> list[str]:
    """Those that have the model themselves; of a cloud its own alone."""
    cloud = PLATFORMS.get(platform or "")
    names = [one.id for one in book.table.index.providers] if cloud is None else [cloud.prices]
    found = []
    for name in names:
        card = book.listed(ref, on, prices_of=name)
        if card is not None and card.provider == name:
            found.append(f'"{name}"')
    return found[:MOST_LISTS]
