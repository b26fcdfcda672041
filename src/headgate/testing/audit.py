"""Holds the ledger against the providers' own books, model by model and to the nano-dollar."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import msgspec

from headgate.ledger.entry import Entry
from headgate.prices.card import Card
from headgate.prices.charge import charge
from headgate.testing.meter import Calls
from headgate.values import ModelRef, Usage

__all__ = ["Audit", "AuditLine", "Side", "audit", "settled"]

SETTLING_SECONDS = 5.0
"""How long a ledger's store may lag behind the last answer."""


class Side(msgspec.Struct, frozen=True):
    """One side's count of one model."""

    calls: int = 0
    """Calls that were billed."""
    usage: Usage = Usage()
    nano: int | None = 0
    """Their price in nano-dollars; None where the model has none."""


class AuditLine(msgspec.Struct, frozen=True):
    """One model as both sides saw it."""

    model: str
    """`provider/model`"""
    ledger: Side
    provider: Side

    @property
    def equal(self) -> bool:
        """Same calls, same tokens of every kind, same known money."""
        return self.ledger == self.provider and self.ledger.nano is not None


class Audit(msgspec.Struct, frozen=True):
    """All models that either side knows."""

    lines: tuple[AuditLine, ...]
    estimated: int
    """Attempts whose tokens the gateway had to estimate; they are not compared."""

    @property
    def equal(self) -> bool:
        """Every line is equal, and there is one."""
        return bool(self.lines) and all(line.equal for line in self.lines)

    @property
    def ledger_nano(self) -> int:
        """The whole bill as the ledger has it."""
        return sum(line.ledger.nano or 0 for line in self.lines)

    @property
    def provider_nano(self) -> int:
        """The providers' tokens, priced."""
        return sum(line.provider.nano or 0 for line in self.lines)


def audit(
    entries: Iterable[Entry],
    calls: Mapping[str, Calls],
    card: Callable[[ModelRef, str | None], Card | None],
) -> Audit:
    """Compare a ledger with what the providers counted over the same time.

    The ledger's money is summed over its rows as they were written; the providers' calls are priced
    here, each by itself. Calls that broke off are on neither side: nobody knows what a provider
    bills for them, and the ledger marks them as estimates.

    Args:
        entries: the ledger's rows.
        calls: provider's name in the settings -> the calls it billed.
        card: the price card of a model in a service tier (as in `Usage`); None where it has none.
    """
    booked: dict[str, Side] = {}
    estimated = 0
    for entry in entries:
        estimated += entry.usage_source == "estimated"
        if entry.usage_source != "measured":
            continue
        model = f"{entry.provider}/{entry.model_asked}"
        booked[model] = _grown(booked.get(model, Side()), entry.usage, entry.cost_nano)
    stated = {
        f"{provider}/{model}": _priced(counted, partial(card, ModelRef(provider, model)))
        for provider, models in calls.items()
        for model, counted in models.items()
    }
    lines = [
        AuditLine(model, booked.get(model, Side()), stated.get(model, Side()))
        for model in sorted(booked.keys() | stated.keys())
    ]
    return Audit(tuple(lines), estimated)


def _grown(side: Side, usage: Usage, nano: int | None) -> Side:
    known = None if side.nano is None or nano is None else side.nano + nano
    return Side(side.calls + 1, side.usage + usage, known)


def _priced(
    counted: Iterable[tuple[Usage, int]], card_in: Callable[[str | None], Card | None]
) -> Side:
    side = Side()
    for usage, count in counted:
        card = card_in(usage.service_tier)
        price = None if card is None else charge(card, usage)
        for _ in range(count):
            side = _grown(side, usage, price)
    return side


def settled(look: Callable[[], Audit], seconds: float = SETTLING_SECONDS) -> Audit:
    """Audit again until both sides are equal, or the time is up: rows come to rest a bit later."""
    deadline = time.monotonic() + seconds
    while not (found := look()).equal and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
