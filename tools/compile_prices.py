"""Compiles the installed genai-prices package into the price table that Headgate ships.

Which price holds at which date, hour and context is asked of genai-prices itself, one question for
each stretch between two boundaries; so the table agrees with its source by construction. What the
table cannot hold is counted, named on the model and printed. Nothing is dropped in silence.

    make prices          # or: python tools/compile_prices.py [DIRECTORY]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import msgspec
from genai_prices import types
from genai_prices.data import providers

from headgate.prices.card import Rates
from headgate.prices.table import Clause, Dated, Hours, Index, Model, Provider

TARGET = Path(__file__).parents[1] / "src" / "headgate" / "prices" / "data"

KINDS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write_5m",
    "cache_write_1h_mtok": "cache_write_1h",
}
"""genai-prices' key -> ours. Its `cache_write_mtok` is the default write, which lives 5 minutes."""

REQUESTS = "requests_kcount"
MOST_ROUNDING = Decimal("1e-5")
"""A price that loses more than this share of itself by rounding stops the compilation."""

LONG_AGO = date(2000, 1, 1)


class Compilation:
    """One run: the files it makes, and the account of what was left out or rounded."""

    def __init__(self, source: list[types.Provider], at: date) -> None:
        self.left_out: Counter[str] = Counter()
        self.rounded: dict[str, str] = {}
        self.files: dict[str, bytes] = {}
        encoder = msgspec.json.Encoder(order=None)
        shelves = []
        for provider in source:
            models = [self.model(model) for model in provider.models]
            self.files[f"{provider.id}.jsonl"] = encoder.encode_lines(models)
            shelves.append(
                Provider(
                    id=provider.id,
                    name=provider.name,
                    match=clauses(provider.provider_match) if provider.provider_match else (),
                    fallback=tuple(provider.fallback_model_providers or ()),
                    models=len(models),
                )
            )
        index = Index(
            source="genai-prices",
            version=version("genai-prices"),
            compiled=at,
            left_out=dict(sorted(self.left_out.items())),
            rounded=dict(sorted(self.rounded.items())),
            providers=tuple(shelves),
        )
        text = msgspec.json.format(encoder.encode(index), indent=1)
        self.files["index.json"] = text + b"\n"

    def model(self, model: types.ModelInfo) -> Model:
        """One model with all its prices: by date, by hour, by request."""
        match = clauses(model.match)
        contexts = {
            tuple(variant.when.items()): variant.constraint
            for variant in model.price_variants or ()
        }
        return Model(
            id=model.id,
            name=model.name or "",
            match=() if match == ("=" + model.id.lower(),) else match,
            window=model.context_window,
            deprecated=bool(model.deprecated),
            prices=self.by_date(model, {}, None),
            variants={
                " ".join(f"{key}={value}" for key, value in when): self.by_date(
                    model, dict(when), first_day(model, when)
                )
                for when in contexts
            },
        )

    def by_date(
        self, model: types.ModelInfo, context: Mapping[str, str], first: date | None
    ) -> tuple[Dated, ...]:
        """The prices of each stretch between two dates at which something changes."""
        found: list[Dated] = []
        for start in [first, *(day for day in dates(model) if first is None or day > first)]:
            dated = self.on(model, context, start)
            if not found or msgspec.structs.replace(dated, start=found[-1].start) != found[-1]:
                found.append(dated)
        return tuple(found)

    def on(self, model: types.ModelInfo, context: Mapping[str, str], start: date | None) -> Dated:
        """The prices from one day on, hours that differ from the rest of the day apart."""
        day = start or LONG_AGO
        rest = self.prices(without_hours(model), datetime.combine(day, time(), UTC), context)
        rates, tiers = self.rates(rest)
        hours = []
        for begin, end in hour_spans(model):
            at = datetime.combine(day, time(), UTC) + timedelta(minutes=begin)
            there = self.rates(self.prices(model, at, context))
            if there != (rates, tiers):
                hours.append(Hours(begin, end, *there))
        left_out = tuple(key for key in rest if key not in KINDS and key != REQUESTS)
        self.left_out.update(left_out)
        return Dated(start=start, rates=rates, tiers=tiers, hours=tuple(hours), left_out=left_out)

    def prices(
        self, model: types.ModelInfo, at: datetime, context: Mapping[str, str]
    ) -> dict[str, Decimal | types.TieredPrices]:
        """What genai-prices itself takes for a moment and a kind of request."""
        prices = vars(model.get_prices(at, context or None))
        return {key: value for key, value in sorted(prices.items()) if value is not None}

    def rates(
        self, prices: Mapping[str, Decimal | types.TieredPrices]
    ) -> tuple[Rates, tuple[tuple[int, Rates], ...]]:
        """The base rates, and one set of rates for each context length from which some differ."""
        starts = {
            tier.start
            for price in prices.values()
            if isinstance(price, types.TieredPrices)
            for tier in price.tiers
        }
        base = self.rates_at(prices, 0)
        return base, tuple((start, self.rates_at(prices, start + 1)) for start in sorted(starts))

    def rates_at(
        self, prices: Mapping[str, Decimal | types.TieredPrices], total_input: int
    ) -> Rates:
        """The rates of a call that reads so many tokens."""
        values = {
            ours: self.pico(at_length(prices[theirs], total_input))
            for theirs, ours in KINDS.items()
            if theirs in prices
        }
        fee = at_length(prices.get(REQUESTS, Decimal(0)), total_input) * 10**9
        if fee != int(fee):
            raise ValueError(f"a fee of {fee} pico-dollars a request is no whole number")
        return Rates(**values, request=int(fee))

    def pico(self, per_million: Decimal) -> int:
        """USD per million tokens as pico-dollars per token; what is finer is rounded and noted."""
        exact = per_million * 1_000_000
        whole = int(exact.to_integral_value())
        if whole != exact:
            if abs(whole - exact) > exact * MOST_ROUNDING:
                raise ValueError(f"{per_million} USD per million is too fine for pico-dollars")
            self.rounded[str(per_million)] = str(Decimal(whole).scaleb(-6).normalize())
        return whole


def at_length(price: Decimal | types.TieredPrices, total_input: int) -> Decimal:
    """A price at a context length; genai-prices' rule is "more than `start` tokens"."""
    if isinstance(price, Decimal):
        return price
    holding = price.base
    for tier in price.tiers:
        if total_input > tier.start:
            holding = tier.price
    return holding


def constraints(
    model: types.ModelInfo,
) -> Iterator[types.StartDateConstraint | types.TimeOfDateConstraint]:
    """All conditions on when a price of the model holds."""
    priced = model.prices if isinstance(model.prices, list) else []
    for conditional in (*priced, *(model.price_variants or ())):
        if conditional.constraint is not None:
            yield conditional.constraint


def dates(model: types.ModelInfo) -> list[date]:
    """The days at which some price of the model begins."""
    return sorted(
        {
            constraint.start_date
            for constraint in constraints(model)
            if isinstance(constraint, types.StartDateConstraint)
        }
    )


def first_day(model: types.ModelInfo, when: tuple[tuple[str, str], ...]) -> date | None:
    """The day from which the source has a price for a kind of request; None: always."""
    starts = [
        variant.constraint.start_date
        if isinstance(variant.constraint, types.StartDateConstraint)
        else LONG_AGO
        for variant in model.price_variants or ()
        if tuple(variant.when.items()) == when
    ]
    first = min(starts)
    return None if first == LONG_AGO else first


def hour_spans(model: types.ModelInfo) -> list[tuple[int, int]]:
    """The stretches of a day, in minutes, between the times at which some price changes."""
    marks = {0, 24 * 60}
    for constraint in constraints(model):
        if isinstance(constraint, types.TimeOfDateConstraint):
            for clock in (constraint.start_time, constraint.end_time):
                if clock.utcoffset() or clock.second or clock.microsecond:
                    raise ValueError(f"{clock} is not a whole minute of UTC")
                marks.add(clock.hour * 60 + clock.minute)
    ordered = sorted(marks)
    return list(pairwise(ordered)) if len(ordered) > 2 else []


def without_hours(model: types.ModelInfo) -> types.ModelInfo:
    """The model as it is priced when no time of day applies."""
    if any(
        isinstance(variant.constraint, types.TimeOfDateConstraint)
        for variant in model.price_variants or ()
    ):
        raise ValueError(f"{model.id} has a variant for some hours only: not provided for yet")
    if not isinstance(model.prices, list):
        return model
    kept = [
        conditional
        for conditional in model.prices
        if not isinstance(conditional.constraint, types.TimeOfDateConstraint)
    ]
    return replace(model, prices=kept)


def clauses(match: types.MatchLogic) -> tuple[Clause, ...]:
    """A match as alternatives of conjunctions (disjunctive normal form)."""
    if isinstance(match, types.ClauseOr):
        return tuple(clause for part in match.or_ for clause in clauses(part))
    if isinstance(match, types.ClauseAnd):
        products: list[tuple[str, ...]] = [()]
        for part in match.and_:
            products = [
                (*product, *((clause,) if isinstance(clause, str) else clause))
                for product in products
                for clause in clauses(part)
            ]
        return tuple(products)
    return (literal(match),)


def literal(
    match: types.ClauseEquals
    | types.ClauseStartsWith
    | types.ClauseEndsWith
    | types.ClauseContains
    | types.ClauseRegex,
) -> str:
    """One comparison, its kind as the first letter."""
    match match:
        case types.ClauseEquals():
            return "=" + match.equals.lower()
        case types.ClauseStartsWith():
            return "^" + match.starts_with.lower()
        case types.ClauseEndsWith():
            return "$" + match.ends_with.lower()
        case types.ClauseContains():
            return "*" + match.contains.lower()
        case types.ClauseRegex():
            return "~" + match.regex


def main() -> None:
    """Write the table, and say what it does not hold."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.mkdir(parents=True, exist_ok=True)
    compilation = Compilation(providers, datetime.now(UTC).date())
    for stale in set(target.glob("*.json*")) - {target / name for name in compilation.files}:
        stale.unlink()
    for name, content in compilation.files.items():
        (target / name).write_bytes(content)
    count = sum(len(provider.models) for provider in providers)
    print(f"{count} models of {len(providers)} providers, genai-prices {version('genai-prices')}")
    for key, entries in sorted(compilation.left_out.items()):
        print(f"  left out: {key}, {entries} price entries")
    for exact, held in sorted(compilation.rounded.items()):
        print(f"  rounded: {exact} -> {held}")


if __name__ == "__main__":
    main()
