"""Brings settings, prices and the cost model together: a plan with all that is said about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from headgate.bootstrap.book import aged, card_of, doubts_about_prices
from headgate.bootstrap.ends import planned_endings
from headgate.bootstrap.scenario import WhatIf, caveats, deciders, scenario_of
from headgate.costs.advice import Solution, advice_of
from headgate.costs.gap import bound, gap
from headgate.costs.model import evaluate
from headgate.costs.plan import Plan
from headgate.monitor.endings import ending_words
from headgate.prices.book import Book
from headgate.prices.card import Card
from headgate.settings import Reading
from headgate.settings.schema import Settings
from headgate.values import ModelRef

__all__ = ["notes_of", "plan_of"]

MONTH_DAYS = 31


def plan_of(
    settings: Settings,
    book: Book,
    at: date,
    changes: WhatIf | None = None,
    *,
    source: str,
    example: bool = False,
    changed: Sequence[str] = (),
    growth: Sequence[Decimal] = (),
    solutions: Sequence[Solution] = (),
    notes: Sequence[str] = (),
) -> Plan:
    """The plan of a configuration at the prices of a day, with changes tried out on it.

    Args:
        source: what the settings are called.
        example: they are the built-in example.
        changed: what the changes are called.
        growth: traffic factors to show.
        solutions: what targets would take.
        notes: what must be known to read it rightly.

    Raises:
        ConfigError: a model has no price, or a number is out of range.
    """
    scenario = scenario_of(settings, book, at, changes)
    breakdown = evaluate(scenario)
    return Plan(
        source=source,
        example=example,
        changed=tuple(changed),
        prices=book.source,
        breakdown=breakdown,
        gap=gap(scenario),
        bound=bound(
            scenario,
            falls_back={tier.name: tier.fallback for tier in settings.tiers},
            drafts=_drafts(settings),
            judges=list(_judges(settings, book, at)),
        ),
        advice=advice_of(breakdown, deciders(settings, book, at)),
        solutions=tuple(solutions),
        growth=tuple((factor, evaluate(scenario.at_traffic(factor))) for factor in growth),
        notes=(*notes, *_ends(settings, book, at, changes), *scenario.notes()),
    )


def _ends(settings: Settings, book: Book, at: date, changes: WhatIf | None) -> Iterator[str]:
    """What ends of the plan's models within the month that it is for."""
    until = at + timedelta(days=MONTH_DAYS)
    return map(ending_words, planned_endings(settings, book, at, until, changes))


def _drafts(settings: Settings) -> str | None:
    """The tier whose answers are drafts, where a cascade is configured."""
    classifier = settings.classifier
    if classifier.kind != "cascade":
        return None
    return classifier.default or settings.tiers[0].name


def _judges(settings: Settings, book: Book, at: date) -> Iterator[tuple[str, Card]]:
    """Who is asked about a draft."""
    classifier = settings.classifier
    if classifier.kind == "cascade":
        for name, model in (("second", classifier.second_model), ("judge", classifier.judge_model)):
            if model is not None:
                yield name, card_of(book, settings, ModelRef.parse(model), at)


def notes_of(
    reading: Reading, book: Book, at: date, changes: WhatIf | None = None
) -> tuple[str, ...]:
    """What must be known of the settings and their prices to read a plan of them rightly."""
    return (
        *map(str, reading.warnings),
        *map(str, doubts_about_prices(reading.settings, book, at)),
        *map(str, aged(reading.settings, book, at)),
        *caveats(reading.settings, changes),
    )
