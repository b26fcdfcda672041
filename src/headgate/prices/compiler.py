"""Compiles a price feed into the table that Headgate reads: flat, dated, in whole pico-dollars.

One question is asked of the feed for each stretch between two dates or hours at which some price
changes. What the table cannot hold is counted and named on the model. Nothing is dropped in
silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

import msgspec

from headgate.prices.card import Rates
from headgate.prices.feed import (
    FeedError,
    FeedModel,
    FeedProvider,
    Match,
    Price,
    TieredPrices,
    in_force,
)
from headgate.prices.table import Clause, Dated, Hours, Index, Model, Provider

__all__ = ["Compilation", "clauses"]

KINDS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
}
"""The feed's key -> ours. Its `cache_write_mtok` is the default write, which lives 5 minutes."""

REQUESTS = "requests_kcount"
MOST_ROUNDING = Decimal("1e-5")
"""A price that loses more than this share of itself by rounding stops the compilation."""

LONG_AGO = date(2000, 1, 1)
MOST_CLAUSES = 1_000


class Compilation:
    """One run: the files it makes, and the account of what was left out or rounded.

    Args:
        feed: the providers, as `parse_feed` gives them.
        source: whose prices they are, such as `genai-prices`.
        version: which release of them.
        at: the day of the compilation.

    Raises:
        FeedError: a price that the table cannot hold without changing it.
    """

    def __init__(
        self, feed: Sequence[FeedProvider], *, source: str, version: str, at: date
    ) -> None:
        self.left_out: Counter[str] = Counter()
        self.rounded: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        encoder = msgspec.json.Encoder(order=None)
        shelves = []
        for provider in feed:
            models = [self._model(provider.id, model) for model in provider.models]
            self.files[f"{provider.id}.jsonl"] = encoder.encode_lines(models)
            shelves.append(
                Provider(
                    id=provider.id,
                    name=provider.name,
                    match=clauses(provider.provider_match) if provider.provider_match else (),
                    fallback=provider.fallback_model_providers or (),
                    models=len(models),
                )
            )
        self.index = Index(
            source=source,
            version=version,
            compiled=at,
            left_out=dict(sorted(self.left_out.items())),
            rounded=dict(sorted(self.rounded.items())),
            providers=tuple(shelves),
        )
        text = msgspec.json.format(encoder.encode(self.index), indent=1)
        self.files["index.json"] = text + b"\n"

    def _model(self, provider: str, model: FeedModel) -> Model:
        """One model with all its prices: by date, by hour, by request."""
        try:
            match = clauses(model.match)
            return Model(
                id=model.id,
                name=model.name or "",
                match=() if match == ("=" + model.id.lower(),) else match,
                window=model.context_window,
                deprecated=bool(model.deprecated),
                prices=self._by_date(model, {}, None),
                variants={
                    " ".join(f"{key}={value}" for key, value in when): self._by_date(
                        model, dict(when), _first_day(model, when)
                    )
                    for when in _kinds_of_request(model)
                },
            )
        except ValueError as error:
            raise FeedError(f"{provider}/{model.id}: {error}") from error

    def _by_date(
        self, model: FeedModel, when: Mapping[str, str], first: date | None
    ) -> tuple[Dated, ...]:
        """The prices of each stretch between two dates at which something changes."""
        found: list[Dated] = []
        for start in [first, *(day for day in _dates(model) if first is None or day > first)]:
            dated = self._on(model, when, start)
            if not found or msgspec.structs.replace(dated, start=found[-1].start) != found[-1]:
                found.append(dated)
        return tuple(found)

    def _on(self, model: FeedModel, when: Mapping[str, str], start: date | None) -> Dated:
        """The prices from one day on, hours that differ from the rest of the day apart."""
        midnight = datetime.combine(start or LONG_AGO, time(), UTC)
        rest = in_force(model, midnight, when, by_hour=False)
        rates, tiers = self._rates(rest)
        hours = []
        for begin, end in _hour_spans(model):
            there = self._rates(in_force(model, midnight + timedelta(minutes=begin), when))
            if there != (rates, tiers):
                hours.append(Hours(begin, end, *there))
        left_out = tuple(key for key in sorted(rest) if key not in KINDS and key != REQUESTS)
        self.left_out.update(left_out)
        return Dated(start=start, rates=rates, tiers=tiers, hours=tuple(hours), left_out=left_out)

    def _rates(self, prices: Mapping[str, Price]) -> tuple[Rates, tuple[tuple[int, Rates], ...]]:
        """The base rates, and one set of rates for each context length from which some differ."""
        starts = {
            tier.start
            for price in prices.values()
            if isinstance(price, TieredPrices)
            for tier in price.tiers
        }
        base = self._rates_at(prices, 0)
        return base, tuple((start, self._rates_at(prices, start + 1)) for start in sorted(starts))

    def _rates_at(self, prices: Mapping[str, Price], total_input: int) -> Rates:
        """The rates of a call that reads so many tokens."""
        values = {
            ours: self._pico(_at_length(prices[theirs], total_input))
            for theirs, ours in KINDS.items()
            if theirs in prices
        }
        fee = _at_length(prices.get(REQUESTS, Decimal(0)), total_input) * 10**9
        if fee != int(fee):
            raise FeedError(f"a fee of {fee} pico-dollars a request is no whole number")
        return Rates(**values, request=int(fee))

    def _pico(self, per_million: Decimal) -> int:
        """USD per million tokens as pico-dollars per token; what is finer is rounded and noted."""
        exact = per_million * 1_000_000
        whole = int(exact.to_integral_value())
        if whole != exact:
            if abs(whole - exact) > exact * MOST_ROUNDING:
                raise FeedError(f"{per_million} USD per million is too fine for pico-dollars")
            self.rounded[str(per_million)] = str(Decimal(whole).scaleb(-6).normalize())
        return whole


def _at_length(price: Price, total_input: int) -> Decimal:
    return price if isinstance(price, Decimal) else price.at(total_input)


def _kinds_of_request(model: FeedModel) -> list[tuple[tuple[str, str], ...]]:
    """The kinds of request that have prices of their own, each once."""
    return list(dict.fromkeys(tuple(variant.when.items()) for variant in model.variants))


def _dates(model: FeedModel) -> list[date]:
    """The days at which some price of the model begins."""
    return sorted({entry.start_date for entry in model.constraints() if entry.start_date})


def _first_day(model: FeedModel, when: tuple[tuple[str, str], ...]) -> date | None:
    """The day from which the feed has a price for a kind of request; None: always."""
    starts = []
    for variant in model.variants:
        if variant.constraint is not None and variant.constraint.minutes is not None:
            raise FeedError("a variant for some hours only is not provided for")
        if tuple(variant.when.items()) == when:
            starts.append(variant.constraint.start_date if variant.constraint else None)
    return None if None in starts else min(start for start in starts if start is not None)


def _hour_spans(model: FeedModel) -> list[tuple[int, int]]:
    """The stretches of a day, in minutes, between the times at which some price changes."""
    marks = {0, 24 * 60}
    for constraint in model.constraints():
        marks.update(constraint.minutes or ())
    ordered = sorted(marks)
    return list(pairwise(ordered)) if len(ordered) > 2 else []


def clauses(match: Match) -> tuple[Clause, ...]:
    """A match as alternatives of conjunctions (disjunctive normal form).

    Raises:
        FeedError: there would be more alternatives than anybody means.
    """
    if match.any is not None:
        return tuple(clause for part in match.any for clause in clauses(part))
    if match.all is None:
        return (_literal(match),)
    products: list[tuple[str, ...]] = [()]
    for part in match.all:
        products = [
            (*product, *((clause,) if isinstance(clause, str) else clause))
            for product in products
            for clause in clauses(part)
        ]
        if len(products) > MOST_CLAUSES:
            raise FeedError(f"a match of more than {MOST_CLAUSES} alternatives")
    return tuple(products)


def _literal(match: Match) -> str:
    """One comparison, its kind as the first letter."""
    for letter, text in (
        ("=", match.equals),
        ("^", match.starts_with),
        ("$", match.ends_with),
        ("*", match.contains),
    ):
        if text is not None:
            return letter + text.lower()
    return f"~{match.regex}"
