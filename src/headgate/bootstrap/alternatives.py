"""Finds what two alternatives of a tripwire stand for: a strategy, a tier, a model or a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from headgate.bootstrap.book import card_of
from headgate.costs.scenario import Scenario, Tier
from headgate.costs.tripwire import SINGLE, Alternative, alternative
from headgate.errors import ConfigError, ConfigFault
from headgate.prices.book import Book
from headgate.settings.schema import Settings
from headgate.values import ModelRef

__all__ = ["alternative_of", "check_single"]

STRATEGIES = ("routed", "cascade", "routed-cascade")


def alternative_of(
    settings: Settings, book: Book, at: date, scenario: Scenario, text: str
) -> Alternative:
    """`routed`, `cascade`, `routed-cascade`, or `single:` with a tier or a model.

    A model may be given without its provider where one of the tiers' providers lists it. A model
    that is no tier's fails, is cached and retried as the premium tier is.

    Raises:
        ConfigError: it is none of these, or the model has no price.
    """
    if text in STRATEGIES:
        return alternative(scenario, text)
    if not text.startswith(SINGLE):
        raise _unknown(text, settings)
    wanted = text.removeprefix(SINGLE)
    for tier, made in zip(settings.tiers, scenario.tiers, strict=True):
        # a model tried out in the tier's place no longer answers to the name in the file
        own = wanted in (tier.model, tier.model.partition("/")[2]) and _is(made, tier.model)
        if own or wanted in (tier.name, made.card.model):
            return alternative(scenario, SINGLE + tier.name)
    card = card_of(book, settings, _ref(settings, book, at, wanted), at)
    premium = scenario.tiers[-1]
    outside = Tier(
        card.name,
        card,
        input_tokens=premium.input_tokens,
        output_tokens=premium.output_tokens,
    )
    return Alternative(f"all {card.name}", scenario, "single", outside)


def check_single(
    settings: Settings, book: Book, at: date, wanted: str, tried: Iterable[str] = ()
) -> None:
    """That a tier or a model can be compared with, judged without a scenario to be had.

    Args:
        wanted: what stands behind `single:`.
        tried: models that are tried out in a tier's place; the scenario tells of their prices.

    Raises:
        ConfigError: it is no tier's name, and no model with a price.
    """
    models = [*(tier.model for tier in settings.tiers), *tried]
    known = {tier.name for tier in settings.tiers} | set(models)
    if wanted not in known | {model.partition("/")[2] for model in models}:
        card_of(book, settings, _ref(settings, book, at, wanted), at)


def _is(tier: Tier, model: str) -> bool:
    name = model.partition("/")[2]
    return tier.card.model in name or name in tier.card.model


def _ref(settings: Settings, book: Book, at: date, wanted: str) -> ModelRef:
    if "/" in wanted:
        try:
            return ModelRef.parse(wanted)
        except ValueError as error:
            raise _unknown(SINGLE + wanted, settings) from error
    refs = [ModelRef(tier.model.partition("/")[0], wanted) for tier in settings.tiers]
    return next((ref for ref in refs if book.card(ref, at) is not None), refs[-1])


def _unknown(text: str, settings: Settings) -> ConfigError:
    tiers = ", ".join(SINGLE + tier.name for tier in settings.tiers)
    fault = ConfigFault(
        f"{text!r} is no alternative.",
        fix=f"Choose among {', '.join(STRATEGIES)}, {tiers}, single:PROVIDER/MODEL, "
        "or name a settings file that ends in .toml.",
    )
    return ConfigError("The alternatives cannot be compared:", faults=[fault])
