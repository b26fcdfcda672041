"""The ledger's money derived again from its tokens, at other prices; the ledger stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from headgate.ledger.entry import Entry
from headgate.prices.card import Card
from headgate.prices.charge import charge, charge_media, charge_untold

__all__ = ["Repriced", "reprice"]

TEXT = "/v1/moderations"
"""Of what is passed through, all that is billed there is text."""


class Repriced(msgspec.Struct, kw_only=True):
    """One model's attempts, at the ledger's prices and at others."""

    model: str
    """`provider/model`"""
    attempts: int = 0
    changed: int = 0
    """Attempts whose price is another now; those that gained or lost one are among them."""
    was_nano: int = 0
    now_nano: int = 0
    was_unpriced: int = 0
    now_unpriced: int = 0


def reprice(
    entries: Iterable[Entry], card: Callable[[Entry], Card | None]
) -> tuple[list[Repriced], int]:
    """What the attempts would cost at the cards that `card` finds, by model; and how many attempts.

    Attempts without tokens cost nothing at any price, and are left out.
    """
    models: dict[str, Repriced] = {}
    attempts = 0
    for entry in entries:
        attempts += 1
        if entry.usage_source == "none":
            continue
        name = f"{entry.provider}/{entry.model_asked}"
        line = models.setdefault(name, Repriced(model=name))
        found = card(entry)
        now = None if found is None else _charge(found, entry)
        line.attempts += 1
        line.changed += now != entry.cost_nano
        line.was_nano += entry.cost_nano or 0
        line.now_nano += now or 0
        line.was_unpriced += entry.cost_nano is None
        line.now_unpriced += now is None
    return [models[name] for name in sorted(models)], attempts


def _charge(card: Card, entry: Entry) -> int | None:
    """Of a picture or of sound that had no price the ledger does not say which tokens it was."""
    if entry.purpose != "passed" or entry.cost_nano is not None or entry.route == TEXT:
        return charge(card, entry.usage)
    if entry.usage_source != "measured":
        return charge_untold(card)
    return charge_media(card, entry.usage, entry.usage.total_input, entry.usage.output)
