"""What is written down of an attempt: tokens reported or estimated, money by the day's card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

import msgspec

from headgate.ledger.entry import Entry, Purpose, UsageSource
from headgate.prices.book import Book
from headgate.prices.card import Card
from headgate.prices.ceiling import Ceiling, is_flat
from headgate.prices.charge import charge, charges_of
from headgate.prices.service_tier import served_card
from headgate.routing.tier import Tier
from headgate.values import CHARS_PER_TOKEN, Ask, ModelRef, Usage

__all__ = ["TAGS_HEADER", "Attempt", "Pricer", "Recorder", "Told", "estimated"]

TAGS_HEADER = "x-headgate-tags"
"""What the caller wants written down with its request, as a JSON object of plain values."""

Charges: TypeAlias = Callable[[Usage], int | None]
"""What tokens cost on one card, in nano-USD; see `charge`."""

CARDS_AT_HAND = 1024
MINUTE_US = 60_000_000


class Recorder(Protocol):
    """Where entries go; `record` returns once the entry is safe."""

    def record(self, entry: Entry) -> None:
        """Take an entry. Never raises: serving goes on when the ledger cannot."""


class Told:
    """A recorder that tells others of an entry once it is safe.

    Args:
        recorder: makes it safe.
        others: take an entry at once and never raise; each request waits for them.
    """

    def __init__(self, recorder: Recorder, *others: Callable[[Entry], None]) -> None:
        self._record = recorder.record
        self._others = others

    def record(self, entry: Entry) -> None:
        """Make the entry safe, then tell the others."""
        self._record(entry)
        for other in self._others:
            other(entry)


class Pricer:
    """The price of tokens on a model, by the card that holds on the day.

    Args:
        book: where the cards are.
        prices_of: provider's name in the file -> name of its price list, where they differ.
    """

    def __init__(self, book: Book, prices_of: Mapping[str, str]) -> None:
        self.book = book
        self._prices_of = dict(prices_of)
        self._since_us = self._until_us = 0  # the minute that all below is of
        self._cards: dict[tuple[ModelRef, str | None], Card | None] = {}
        self._beside: dict[
            tuple[ModelRef, ModelRef, str | None],
            tuple[str | None, Charges | None, Charges | None],
        ] = {}
        self._ceilings: dict[
            tuple[tuple[ModelRef, ...], str | None], tuple[Ceiling, tuple[ModelRef, ...]]
        ] = {}
        self._usual: tuple[object, tuple[Ceiling, tuple[ModelRef, ...]]] | None = None
        """The models asked for last, found again without looking at each: all tiers', mostly."""

    def card(self, ref: ModelRef, at_us: int, service_tier: str | None = None) -> Card | None:
        """The card of a model at a time (microseconds since 1970), or None where none is known.

        `service_tier` is as in `Usage`: a tier without a price of its own has no card.
        """
        if not self._since_us <= at_us < self._until_us:
            self._turn(at_us)
        try:
            return self._cards[ref, service_tier]
        except KeyError:
            at = datetime.fromtimestamp(self._since_us // 1_000_000, tz=UTC)
            shelf = self._prices_of.get(ref.provider)
            card = served_card(self.book, ref, at, service_tier, prices_of=shelf)
            if len(self._cards) >= CARDS_AT_HAND:  # a provider may say any word for a tier
                self._cards.clear()
            self._cards[ref, service_tier] = card
            return card

    def beside(
        self, ref: ModelRef, baseline: ModelRef, at_us: int, service_tier: str | None
    ) -> tuple[str | None, Charges | None, Charges | None]:
        """The id of a model's card at a time, what it charges, and what the baseline's does.

        The charges are the same object where the models are the same. The baseline is priced in the
        same service tier where its model has that, else in the standard one.
        """
        if not self._since_us <= at_us < self._until_us:
            self._turn(at_us)
        found = self._beside.get((ref, baseline, service_tier))
        if found is None:
            card = self.card(ref, at_us, service_tier)
            other = self.card(baseline, at_us, service_tier) or self.card(baseline, at_us)
            own = held = None if card is None else charges_of(card)
            if ref != baseline:
                held = None if other is None else charges_of(other)
            if len(self._beside) >= CARDS_AT_HAND:
                self._beside.clear()
            found = None if card is None else card.id, own, held
            self._beside[ref, baseline, service_tier] = found
        return found

    def ceiling(
        self, models: tuple[ModelRef, ...], at_us: int, service_tier: str | None = None
    ) -> tuple[Ceiling, tuple[ModelRef, ...]]:
        """The dearest of several models for any call at a time, standard or in a service tier.

        Also the models that it leaves out: their price is not known, or not the same for every
        token, and is to be asked of their cards.
        """
        if not self._since_us <= at_us < self._until_us:
            self._turn(at_us)
        usual = self._usual
        if usual is not None and usual[0] is models and service_tier is None:
            return usual[1]
        found = self._ceilings.get((models, service_tier))
        if found is None:
            found = self._ceiling(models, at_us, service_tier)
        if service_tier is None:
            self._usual = models, found
        return found

    def _ceiling(
        self, models: tuple[ModelRef, ...], at_us: int, service_tier: str | None
    ) -> tuple[Ceiling, tuple[ModelRef, ...]]:
        """The same, worked out."""
        cards = {model: self.possible(model, at_us, service_tier) for model in models}
        others = tuple(
            model for model, held in cards.items() if not held or not all(map(is_flat, held))
        )
        flat = [card for model, held in cards.items() if model not in others for card in held]
        if len(self._ceilings) >= CARDS_AT_HAND:  # callers may pin any model
            self._ceilings.clear()
        found = self._ceilings[models, service_tier] = Ceiling(flat), others
        return found

    def possible(
        self, model: ModelRef, at_us: int, service_tier: str | None = None
    ) -> tuple[Card, ...]:
        """The cards of which one will price a call that asks for a service tier.

        A provider may serve it in the standard tier all the same, so that one's card is the first;
        none where that is not known.
        """
        standard = self.card(model, at_us)
        if standard is None:
            return ()
        asked = None if service_tier is None else self.card(model, at_us, service_tier)
        return (standard,) if asked is None else (standard, asked)

    def _turn(self, at_us: int) -> None:
        """Another minute: some prices depend on the time of day, none on less."""
        self._since_us = at_us // MINUTE_US * MINUTE_US
        self._until_us = self._since_us + MINUTE_US
        self._cards, self._beside, self._ceilings, self._usual = {}, {}, {}, None

    def price(self, ref: ModelRef, usage: Usage, at_us: int) -> int | None:
        """What tokens cost on a model at a time, in nano-USD; None where no price is known."""
        card = self.card(ref, at_us, usage.service_tier)
        return None if card is None else charge(card, usage)


def estimated(
    ask: Ask,
    delivered_chars: int,
    partial: Usage | None = None,
    service_tier: str | None = None,
) -> Usage:
    """Tokens of an answer whose provider did not, or not finally, count them.

    What the provider did report is a lower bound; the rest follows from the request's estimate and
    from the text that was delivered. `service_tier` is what a stream has said by itself.
    """
    output = -(-delivered_chars // CHARS_PER_TOKEN)
    if partial is None:
        return Usage(input=ask.tokens, output=output, service_tier=service_tier)
    return Usage(
        partial.input,
        max(partial.output, output),
        partial.cache_read,
        partial.cache_write_5m,
        partial.cache_write_1h,
        partial.reasoning,
        partial.service_tier,
    )


class Attempt(msgspec.Struct, eq=False, gc=False):
    """One call while it is under way; becomes an `Entry` when it is over."""

    number: int
    purpose: Purpose
    tier: Tier
    cause: str
    at_us: int
    began: float
    ended: float | None = None
    """When its answer was whole, where more happened before it was written down."""
    status: int | None = None
    error: str | None = None
    detail: str | None = None
    """What the log says of the error besides, such as an address; callers do not see it."""
    reference: str | None = None
    """What the provider calls the call, which is what its support asks for."""
    model_answered: str | None = None
    answer_id: str | None = None
    """What its answer is stored under at the provider, where that is asked for again here."""
    first_token: float | None = None
    usage: Usage = Usage()
    usage_source: UsageSource = "none"
    untold: bool = False
    """It goes on after its answer, in the background: what it will have cost is told to nobody."""

    def measured(self, usage: Usage | None, otherwise: Usage) -> None:
        """Take the provider's count, or an estimate marked as one where it gave none."""
        self.usage = otherwise if usage is None else usage
        self.usage_source = "estimated" if usage is None else "measured"

    def lost(self, otherwise: Usage) -> None:
        """Its end never came: what was measured or estimated of it stands, else `otherwise`."""
        if self.usage_source == "none":
            self.measured(None, otherwise)

    def price(
        self, pricer: Pricer, baseline: ModelRef
    ) -> tuple[str | None, int | None, int | None]:
        """Card id, cost, and the cost of the same tokens on the `baseline` model; in nano-USD.

        Without tokens nothing is owed, whether or not a price is known. The baseline is priced in
        the service tier of this call where its model has that, else in the standard one.
        """
        usage = self.usage
        name, own, held = pricer.beside(self.tier.model, baseline, self.at_us, usage.service_tier)
        if self.usage_source == "none":
            return name, 0, None
        if self.untold:
            return name, None, None
        cost = None if own is None else own(usage)
        if self.purpose != "answer":
            return name, cost, None
        if held is own:
            return name, cost, cost
        return name, cost, None if held is None else held(usage)
