"""Where an invoice and the ledger differ: by day, model and kind of token, or in money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from headgate.analysis.invoice import KINDS, InvoiceLine, Kind, same_model
from headgate.ledger.entry import Entry
from headgate.ledger.totals import DAY_US

__all__ = ["Difference", "Reconciled", "reconcile"]


class Difference(NamedTuple):
    """One amount as both sides have it."""

    day: int
    """Days since 1970-01-01, UTC."""
    model: str
    """Without the date of its release; empty: all models of the provider."""
    kind: Kind
    invoice: int
    ledger: int
    """Tokens, or nano-USD of `cost`."""

    @property
    def amount(self) -> int:
        """What the invoice has more than the ledger."""
        return self.invoice - self.ledger


class Reconciled(NamedTuple):
    """An invoice held against the ledger."""

    lines: tuple[Difference, ...]
    """Every amount that either side has, over the invoice's days and kinds."""
    estimated: int
    """Attempts of these days whose tokens are an estimate: first to look at."""
    unpriced: int
    """Attempts of these days whose cost is not known; in no sum of money."""

    @property
    def differing(self) -> tuple[Difference, ...]:
        """The amounts that are not the same."""
        return tuple(line for line in self.lines if line.amount)


def reconcile(invoice: Iterable[InvoiceLine], entries: Iterable[Entry]) -> Reconciled:
    """Hold an invoice against the attempts of its provider.

    An attempt counts on the day (UTC) it was sent, under the model that answered. Days and kinds
    that the invoice does not have are not compared; where it names no model, all are one.
    """
    theirs: defaultdict[tuple[int, str, Kind], int] = defaultdict(int)
    for line in invoice:
        theirs[line.day, same_model(line.model), line.kind] += line.amount
    days, kinds = {day for day, _, _ in theirs}, {kind for _, _, kind in theirs}
    whole = {(day, kind) for day, model, kind in theirs if not model}
    ours: defaultdict[tuple[int, str, Kind], int] = defaultdict(int)
    estimated = unpriced = 0
    for entry in entries:
        day = entry.at_us // DAY_US
        if day not in days or entry.usage_source == "none":
            continue
        estimated += entry.usage_source == "estimated"
        unpriced += entry.cost_nano is None
        model = same_model(entry.model_answered or entry.model_asked)
        for kind, amount in _amounts(entry):
            if kind in kinds:
                ours[day, "" if (day, kind) in whole else model, kind] += amount
    keys = sorted({*theirs, *ours}, key=lambda key: (key[0], key[1], KINDS.index(key[2])))
    lines = [
        Difference(*key, theirs.get(key, 0), ours.get(key, 0))
        for key in keys
        if theirs.get(key) or ours.get(key)
    ]
    return Reconciled(tuple(lines), estimated, unpriced)


def _amounts(entry: Entry) -> tuple[tuple[Kind, int], ...]:
    usage = entry.usage
    return (
        ("input", usage.input),
        ("output", usage.output),
        ("cache_read", usage.cache_read),
        ("cache_write_5m", usage.cache_write_5m),
        ("cache_write_1h", usage.cache_write_1h),
        ("cost", entry.cost_nano or 0),
    )
