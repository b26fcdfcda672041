"""Builds the scenario that a configuration plans for, with the changes that are tried out on it."""

from __future__ import annotations

from datetime import date

import msgspec

from headgate.bootstrap.book import card_of
from headgate.costs.scenario import Classifier, Number, Scenario, Tier
from headgate.errors import ConfigError, ConfigFault
from headgate.prices.book import Book
from headgate.settings.schema import Settings
from headgate.values import ModelRef

__all__ = ["CACHE_HIT_RATE", "NO_CLASSIFIER", "WhatIf", "caveats", "scenario_of"]

CACHE_HIT_RATE = "0.4"
"""Prompt-cache hit rate where none is given: an assumption (beforeyouship.dev, June 2026)."""

NO_CLASSIFIER = "none"


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to try out on a configuration, as text; None leaves what the file says.

    `premium` and `cheap` are the models of the last and the first tier; `classifier` is a model, or
    `none`. The token counts, retry rate and cache hit rate hold for every tier.
    """

    escalation: str | None = None
    premium: str | None = None
    cheap: str | None = None
    classifier: str | None = None
    requests_per_day: str | None = None
    days: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None
    retry_rate: str | None = None
    stable_prefix: str | None = None
    cache_hit_rate: str | None = None
    overhead_usd: str | None = None


def scenario_of(
    settings: Settings, book: Book, at: date, changes: WhatIf | None = None
) -> Scenario:
    """What the configuration plans for, priced on a day.

    Raises:
        ConfigError: a model is no `provider/model` or has no price, or a number is out of range.
    """
    changes = changes or WhatIf()
    traffic = settings.traffic
    tiers = []
    for index, tier in enumerate(settings.tiers):
        model, field = tier.model, f"tiers.{tier.name}.model"
        if index == 0 and changes.cheap is not None:
            model, field = changes.cheap, "cheap"
        elif tier is settings.premium and changes.premium is not None:
            model, field = changes.premium, "premium"
        tiers.append(
            Tier(
                tier.name,
                card_of(book, settings, _ref(model, field), at),
                share=tier.share if len(settings.tiers) > 2 else None,
                input_tokens=_pick(changes.input_tokens, traffic.input_tokens),
                output_tokens=_pick(changes.output_tokens, traffic.output_tokens),
                retry_rate=_pick(changes.retry_rate, tier.retry_rate),
                attempts=tier.attempts,
                cache_hit_rate=_pick(changes.cache_hit_rate, CACHE_HIT_RATE),
            )
        )
    return Scenario(
        tuple(tiers),
        escalation=changes.escalation
        if changes.escalation is not None or len(tiers) > 2
        else settings.escalation.rate,
        classifier=_classifier(settings, book, at, changes.classifier),
        requests_per_day=_pick(changes.requests_per_day, traffic.requests_per_day),
        days=_pick(changes.days, traffic.days_per_month),
        stable_prefix=_pick(changes.stable_prefix, 0),
        overhead_usd=_pick(changes.overhead_usd, 0),
    )


def _pick(changed: str | None, planned: Number) -> Number:
    """What is tried out, else what the file says; an empty text is no number and must be told."""
    return planned if changed is None else changed


def caveats(settings: Settings, changes: WhatIf | None = None) -> list[str]:
    """What the gateway would do otherwise than the plan assumes, one sentence each."""
    asked = changes.classifier if changes is not None else None
    if asked is not None or settings.classifier.kind != "none":
        return []
    tier = settings.classifier.default or settings.premium.name
    told = f"The settings name no classifier: the gateway would send every request to {tier}."
    return [f"{told} The plan shows what deciding for nothing would save."]


def _classifier(settings: Settings, book: Book, at: date, asked: str | None) -> Classifier | None:
    planned = settings.classifier
    model = asked
    if model is None and planned.kind == "model":
        model = planned.model
    if model is None or model == NO_CLASSIFIER:
        return None
    return Classifier(
        card_of(book, settings, _ref(model, "classifier"), at),
        input_tokens=planned.input_tokens,
        output_tokens=planned.output_tokens,
    )


def _ref(text: str, field: str) -> ModelRef:
    try:
        return ModelRef.parse(text)
    except ValueError as error:
        fault = ConfigFault(
            f"{error}.",
            fix="Name a model with its provider, such as anthropic/claude-haiku-4-5.",
            field=field,
        )
        raise ConfigError("The scenario cannot be evaluated:", faults=[fault]) from error
