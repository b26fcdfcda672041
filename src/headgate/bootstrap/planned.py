"""The plan of a configuration as the watch needs it: the price of each call, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import NamedTuple, TypedDict

from headgate.bootstrap.scenario import scenario_of
from headgate.costs.model import Breakdown, Line, evaluate
from headgate.costs.scenario import Classifier, Tier
from headgate.errors import ConfigError
from headgate.ledger.totals import RequestTotal, TierTotal
from headgate.monitor.headroom import Headroom, headroom
from headgate.monitor.planned import Planned, PlannedLine
from headgate.prices.book import Book
from headgate.prices.card import PICO_PER_NANO
from headgate.settings.schema import Settings

__all__ = ["Against", "held_against", "planned_of"]


class Against(NamedTuple):
    """What a ledger is held against, or why there is no such thing."""

    planned: Planned | None
    headroom: Headroom | None
    unplanned: ConfigError | None
    """Why there is no plan, and so no headroom: such as a model without a price."""


def held_against(
    settings: Settings,
    book: Book,
    at: date,
    tiers: Sequence[TierTotal],
    requests: Sequence[RequestTotal],
) -> Against:
    """The plan of the configuration at the prices of a day, and the room that the sums leave it."""
    try:
        planned = planned_of(settings, book, at)
        return Against(planned, headroom(scenario_of(settings, book, at), tiers, requests), None)
    except ConfigError as error:  # all the rest of a ledger can be told without
        return Against(None, None, error)


def planned_of(settings: Settings, book: Book, at: date) -> Planned:
    """What the configuration plans for, at the prices of a day.

    It is the plan's realistic column: retries and caching as the file assumes them. Fixed overhead
    is left out, for no ledger shows it. All-premium is taken without retries, because that is how
    the ledger measures it: the tokens that were served, at the premium model's price.

    Raises:
        ConfigError: a model has no price, or the numbers make no scenario.
    """
    breakdown = evaluate(scenario_of(settings, book, at))
    scenario, column = breakdown.scenario, breakdown.realistic
    budget = settings.escalation.budget
    premium = next(line for line in column.all_premium.lines if line.kind == "tier")
    return Planned(
        requests_per_month=round(breakdown.requests),
        escalation_rate=Fraction(breakdown.escalation),
        budget=None if budget is None else Fraction(repr(budget)),
        all_premium_nano=premium.nano / Fraction(breakdown.requests),
        worst_nano=_per_request(breakdown),
        lines=tuple(
            _line(line, breakdown, named_by_hardness=len(scenario.tiers) == 2)
            for line in column.routed.lines
            if line.kind != "overhead"
        ),
        basis=f"The plan is its realistic column at prices of {at}, {book.source}; all premium "
        "is without retries, as the ledger measures it.",
    )


def _per_request(breakdown: Breakdown) -> Fraction:
    """Of the worst column, without the fixed overhead, as all that is planned here."""
    lines = breakdown.worst.routed.lines
    total = sum((Fraction(line.nano) for line in lines if line.kind != "overhead"), Fraction(0))
    return total / Fraction(breakdown.requests)


def _line(line: Line, breakdown: Breakdown, *, named_by_hardness: bool) -> PlannedLine:
    scenario = breakdown.scenario
    per_request = line.nano / Fraction(breakdown.requests)
    if line.kind == "retries":
        return PlannedLine(
            name="retries", role="retry", calls=Fraction(1), nano_per_call=per_request
        )
    if line.kind == "classifier":
        assert scenario.classifier is not None  # noqa: S101 - only then is there such a line
        return PlannedLine(
            name="classifier",
            role="classifier",
            calls=Fraction(1),
            nano_per_call=per_request,
            **_tokens(scenario.classifier),
        )
    tier = next(tier for tier in scenario.tiers if tier.name == line.name)
    premium = tier is scenario.tiers[-1]
    share, tokens = Fraction(line.share or 0), _tokens(tier)
    return PlannedLine(
        name=("hard" if premium else "easy") if named_by_hardness else tier.name,
        role="answer",
        tier=tier.name,
        premium=premium,
        calls=share,
        nano_per_call=per_request / share if share else _listed(tokens),
        **tokens,
    )


class _Tokens(TypedDict):
    input_tokens: int
    output_tokens: int
    input_rate: Fraction
    output_rate: Fraction


def _tokens(call: Tier | Classifier) -> _Tokens:
    """Tokens of one call, and what one of them costs in nano-USD."""
    rates = call.card.rates_for(round(call.input_tokens))
    return _Tokens(
        input_tokens=round(call.input_tokens),
        output_tokens=round(call.output_tokens),
        input_rate=Fraction(rates.input or 0, PICO_PER_NANO),
        output_rate=Fraction(rates.output or 0, PICO_PER_NANO),
    )


def _listed(tokens: _Tokens) -> Fraction:
    """List price of one call: what a tier costs that the plan gives no request to."""
    return (
        tokens["input_tokens"] * tokens["input_rate"]
        + tokens["output_tokens"] * tokens["output_rate"]
    )
