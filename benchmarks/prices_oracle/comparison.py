"""Compares two prices of one call, and says where a difference comes from.

Two questions are kept apart. The formula: given LiteLLM's own prices, does our charge come to what
`completion_cost` says? It must, but for the named rules below. The lists: do genai-prices and
LiteLLM state the same prices? They are kept by different people, so where they differ both numbers
are listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from headgate.prices.card import Card, Rates, usd_per_million
from headgate.prices.charge import charge
from headgate.values import Usage

__all__ = ["SHAPES", "Answer", "Outcome", "card_from", "classify", "differing_rates"]

SHAPES = {
    "plain": Usage(input=1000, output=400),
    "short": Usage(input=7, output=1),
    "long output": Usage(input=50, output=8000),
    "cache read": Usage(input=300, output=200, cache_read=700),
    "cache write, 5 min": Usage(input=300, output=200, cache_write_5m=700),
    "cache write, 1 h": Usage(input=300, output=200, cache_write_1h=700),
    "all kinds": Usage(input=11, output=13, cache_read=17, cache_write_5m=19, cache_write_1h=23),
    "long context": Usage(input=280_000, output=3000),
    "long cached context": Usage(input=1000, output=3000, cache_read=279_000),
}
"""The calls that are priced: label -> tokens."""

SLACK = Decimal(1)
"""Nano-dollars: half of one for our rounding, the rest for LiteLLM's floats."""

_KINDS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write_5m": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
}
_ABOVE = re.compile(r"_above_(\d+)k_tokens$")


class Answer(NamedTuple):
    """What LiteLLM says of one model."""

    name: str
    provider: str
    prices: Mapping[str, Any]
    costs: Mapping[str, float | str]
    """Shape -> US dollars, or the name of an error."""


class Outcome(NamedTuple):
    """How one call compares."""

    kind: str
    """`equal`; `lists` (the prices differ, the formula does not); `rule` (a named rule of
    LiteLLM's); `formula` (LiteLLM's own prices give its amount, our list lacks the model);
    `no price`; or `unexplained`."""
    detail: str = ""


def _pico(dollars: float) -> int:
    return int((Decimal(repr(dollars)) * 10**12).to_integral_value())


def card_from(answer: Answer) -> Card | None:
    """A card of LiteLLM's own prices; None where it has no plain price for input and output."""
    prices = answer.prices
    if not all(isinstance(prices.get(_KINDS[kind]), (int, float)) for kind in ("input", "output")):
        return None
    base = {kind: _pico(prices[key]) for kind, key in _KINDS.items() if prices.get(key) is not None}
    starts = sorted(
        {
            int(match[1]) * 1000
            for key in prices
            if (match := _ABOVE.search(key)) and key.startswith("input_cost_per_token")
        }
    )
    tiers = []
    held = dict(base)
    for start in starts:
        held = held | {
            kind: _pico(prices[f"{key}_above_{start // 1000}k_tokens"])
            for kind, key in _KINDS.items()
            if prices.get(f"{key}_above_{start // 1000}k_tokens") is not None
        }
        tiers.append((start, Rates(**held)))
    return Card(
        id=f"litellm/{answer.name}",
        provider=answer.provider,
        model=answer.name,
        name=answer.name,
        source="litellm",
        rates=Rates(**base),
        tiers=tuple(tiers),
    )


def classify(
    label: str, answer: Answer, ours: Card | None, cards: Mapping[str, Card] | None = None
) -> Outcome:
    """Where a difference between our charge and LiteLLM's comes from.

    `cards` are all of LiteLLM's, by name: it looks some names up as another entry.
    """
    used, cost = SHAPES[label], answer.costs[label]
    if isinstance(cost, str):
        return Outcome("no price", f"LiteLLM: {cost}")
    theirs = Decimal(repr(cost)) * 10**9
    mine = None if ours is None else charge(ours, used)
    if mine is not None and abs(mine - theirs) <= SLACK:
        return Outcome("equal")
    own = card_from(answer)
    if own is None:
        return Outcome("no price", "LiteLLM prices by something else than a token")
    formula = charge(own, used)
    if formula is not None and abs(formula - theirs) > SLACK:
        return _ruled(used, theirs, formula, _rules(answer, own, cards or {}))
    if mine is None:
        return Outcome("formula", "the model is not on our list, or has no price per token there")
    return Outcome("lists")


def _ruled(
    used: Usage, theirs: Decimal, formula: int, rules: Iterator[tuple[str, Card]]
) -> Outcome:
    """The first rule that gives just LiteLLM's amount."""
    for name, card in rules:
        ruled = charge(card, used)
        if ruled is not None and abs(ruled - theirs) <= SLACK:
            return Outcome("rule", name)
    return Outcome("unexplained", f"{formula} by our rules, {theirs.normalize():f} by LiteLLM")


def _rules(answer: Answer, own: Card, cards: Mapping[str, Card]) -> Iterator[tuple[str, Card]]:
    """LiteLLM's own rules, each with the card that our charge would need to follow it."""
    rates, replace = own.rates, msgspec.structs.replace
    bases = [(own, "")]
    off_peak = answer.prices.get("off_peak_pricing")
    if isinstance(off_peak, dict):
        kinds = {kind: key for kind, key in _KINDS.items() if off_peak.get(key) is not None}
        cheap = replace(rates, **{kind: _pico(off_peak[key]) for kind, key in kinds.items()})
        bases.append((replace(own, rates=cheap), "off-peak hours, which our list does not have"))
    for card, name in bases:
        if name:
            yield name, card
        if answer.provider == "deepseek":
            free = replace(card.rates, cache_write_5m=0, cache_write_1h=0)
            yield "DeepSeek: a cache write is free", replace(card, rates=free)
    if answer.provider == "fireworks_ai" and rates.cache_read is None and rates.input is not None:
        half = replace(rates, cache_read=rates.input // 2)
        yield (
            "Fireworks: a cache read without a price costs half of input",
            replace(own, rates=half),
        )
    if answer.provider == "perplexity":
        flat = Rates(input=rates.input, output=rates.output)
        told = "Perplexity: its calculator knows neither cache nor long-context prices"
        yield told, replace(own, rates=flat, tiers=())
    if "-exp-" in answer.name:
        yield "Gemini: experimental models are free", replace(own, rates=Rates(input=0, output=0))
    tail = answer.name.rpartition("/")[2]
    for name, card in cards.items():
        sizes = name.startswith("together-ai-") and tail.startswith("together-ai-")
        if name != answer.name and (name.rpartition("/")[2] == tail or sizes):
            yield "LiteLLM looks the name up as another entry of its list", card


def differing_rates(ours: Card, theirs: Card) -> Iterator[tuple[str, str, str]]:
    """(kind, our price, LiteLLM's price) wherever the lists do not state the same."""
    for kind in _KINDS:
        mine, other = getattr(ours.rates, kind), getattr(theirs.rates, kind)
        if mine != other:
            yield (
                kind,
                "none" if mine is None else usd_per_million(mine),
                "none" if other is None else usd_per_million(other),
            )
    if ours.tiers != theirs.tiers:
        yield "long context", _starts(ours), _starts(theirs)


def _starts(card: Card) -> str:
    """The context lengths from which a card costs more."""
    return ", ".join(f"{start:,}" for start, _ in card.tiers) or "none"
