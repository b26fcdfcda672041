"""Builds the scenario that a configuration plans for, with the changes that are tried out on it."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import msgspec

from headgate.bootstrap.book import card_of, prices_of
from headgate.bootstrap.policies import embedding_of
from headgate.costs.decimals import Number, exact, is_number
from headgate.costs.scenario import Classifier, Misrouting, Scenario, Stress, Tier
from headgate.errors import ConfigError, ConfigFault, Gathered
from headgate.prices.book import Book
from headgate.prices.card import Card, Rates
from headgate.settings.providers import KNOWN, SUGGESTED
from headgate.settings.schema import Settings
from headgate.values import ModelRef

__all__ = ["NO_CLASSIFIER", "WhatIf", "calls_per_month", "caveats", "deciders", "scenario_of"]

NO_CLASSIFIER = "none"
CANNOT = "The scenario cannot be evaluated:"

STAND_IN = Card(id="", provider="", model="", name="", rates=Rates(input=0, output=0), source="")
"""In the place of a card that is not known, so that the numbers beside it are judged as well."""


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to try out on a configuration, as text; None leaves what the file says.

    `premium` and `cheap` are the models of the last and the first tier; `classifier` is a model, or
    `none`. The token counts, retry rate and cache hit rate hold for every tier; what is said of the
    cheapest or the premium tier's own retry rate stands above that.
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
    cheap_retry_rate: str | None = None
    premium_retry_rate: str | None = None
    stable_prefix: str | None = None
    cache_hit_rate: str | None = None
    overhead_usd: str | None = None


def scenario_of(
    settings: Settings, book: Book, at: date, changes: WhatIf | None = None
) -> Scenario:
    """What the configuration plans for, priced on a day.

    Raises:
        ConfigError: models are no `provider/model` or have no price, or numbers are out of range;
            all that is wrong is named.
    """
    gathered = Gathered(CANNOT)
    cards = _Cards(settings, book, at, gathered)
    return gathered.finish(lambda: _scenario(settings, changes or WhatIf(), cards))


class _Cards(NamedTuple):
    """The cards of the models that a scenario names; what is wrong with a name is gathered."""

    settings: Settings
    book: Book
    at: date
    gathered: Gathered

    def card(self, model: str, field: str, *, variant: str | None = None) -> Card:
        """The card of a model, or one that stands in for it; `field` is who names it."""
        return self.gathered.of(lambda: self._card(model, field, variant), STAND_IN)

    def batch_card(self, model: str) -> Card | None:
        """Its prices for batch calls, where it has any."""
        try:
            ref = ModelRef.parse(model)
        except ValueError:  # its card has told it
            return None
        listed = prices_of(self.settings, ref.provider)
        return self.book.card(ref, self.at, prices_of=listed, variant="processing=batch")

    def _card(self, model: str, field: str, variant: str | None) -> Card:
        try:
            return card_of(self.book, self.settings, _ref(model), self.at, variant=variant)
        except ConfigError as error:
            faults = [ConfigFault(one.message, fix=one.fix, field=field) for one in error.told]
            raise ConfigError(CANNOT, faults=faults) from error


def _scenario(settings: Settings, changes: WhatIf, cards: _Cards) -> Scenario:
    traffic, plan = settings.traffic, settings.plan
    misrouting, escalation = _escalation(settings, changes)
    return Scenario(
        [_tier(settings, changes, index, cards) for index in range(len(settings.tiers))],
        escalation=escalation,
        misrouting=misrouting,
        classifier=_classifier(settings, changes.classifier, cards),
        verifier=_verifier(settings, cards),
        direct=plan.direct_share,
        requests_per_day=_calls_per_day(settings, changes),
        days=_pick(changes.days, traffic.days_per_month),
        stable_prefix=_pick(changes.stable_prefix, traffic.stable_prefix),
        cache_life=traffic.cache_life,
        split_loss=plan.split_loss,
        batch_share=traffic.batch_share,
        overhead_usd=_pick(changes.overhead_usd, plan.overhead_usd),
        stress=Stress(
            escalation=_stressed(settings, changes),
            retry_rate=plan.worst_retry_rate,
            output_factor=plan.worst_output_factor,
        ),
    )


def _tier(settings: Settings, changes: WhatIf, index: int, cards: _Cards) -> Tier:
    tier, traffic = settings.tiers[index], settings.traffic
    model, field, own = tier.model, f"tiers.{tier.name}.model", None
    if index == 0:
        own = changes.cheap_retry_rate
        if changes.cheap is not None:
            model, field = changes.cheap, "cheap"
    elif tier is settings.premium:
        own = changes.premium_retry_rate
        if changes.premium is not None:
            model, field = changes.premium, "premium"
    variant = None if tier.service_tier is None else f"service_tier={tier.service_tier}"
    return Tier(
        tier.name,
        cards.card(model, field, variant=variant),
        share=tier.share if len(settings.tiers) > 2 else None,
        input_tokens=_pick(changes.input_tokens, tier.input_tokens or traffic.input_tokens),
        output_tokens=_pick(changes.output_tokens, tier.output_tokens or traffic.output_tokens),
        retry_rate=_pick(changes.retry_rate if own is None else own, tier.retry_rate),
        attempts=tier.attempts,
        cache_hit_rate=_pick(changes.cache_hit_rate, tier.cache_hit_rate),
        text_factor=tier.text_factor,
        batch_card=cards.batch_card(model) if traffic.batch_share else None,
    )


def _escalation(settings: Settings, changes: WhatIf) -> tuple[Misrouting | None, Number | None]:
    """The misrouting that the file plans with, or else the rate; a rate tried out stands first."""
    plan = settings.plan
    if changes.escalation is not None:
        return None, changes.escalation
    if plan.hard_share is not None:
        wrong = Misrouting(
            hard=plan.hard_share,
            caught=plan.true_positive_rate,
            wasted=plan.false_positive_rate,
        )
        return wrong, None
    return None, None if len(settings.tiers) > 2 else settings.escalation.rate


def _stressed(settings: Settings, changes: WhatIf) -> Number | None:
    """The upper end of the interval, else the budget: above it the alarm is given."""
    if changes.escalation is not None:
        return None
    escalation = settings.escalation
    return escalation.budget if escalation.high is None else escalation.high


def _calls_per_day(settings: Settings, changes: WhatIf) -> Number:
    """Model calls a day; each of a request's calls is routed by itself."""
    traffic = settings.traffic
    asked = _pick(changes.requests_per_day, traffic.requests_per_day)
    calls = traffic.calls_per_request
    if calls == 1:
        return asked
    number = exact(asked)
    if not is_number(number):
        return asked  # the scenario says what is wrong with it
    return number * exact(calls)


def calls_per_month(settings: Settings) -> int:
    """Model calls that the settings plan a month."""
    traffic = settings.traffic
    calls = exact(traffic.requests_per_day) * exact(traffic.calls_per_request)
    return round(calls * traffic.days_per_month)


def deciders(settings: Settings, book: Book, at: date) -> list[Card]:
    """Cards of small models that could decide in the classifier's place, one of each provider.

    They are the ones that `headgate init` would write; whether one decides well enough, only a
    sample of the own traffic says. None stands for a router that needs embeddings.
    """
    if embedding_of(settings.classifier) is not None:
        return []
    names = {
        f"{name}/{models.classifier}": KNOWN[name].prices or name
        for name, models in SUGGESTED.items()
    }
    cards = (
        book.card(
            ModelRef.parse(name), at, prices_of=prices_of(settings, name.split("/")[0]) or listed
        )
        for name, listed in names.items()
    )
    return [card for card in cards if card is not None]


def _pick(changed: str | None, planned: Number) -> Number:
    """What is tried out, else what the file says; an empty text is no number and must be told."""
    return planned if changed is None else changed


def caveats(settings: Settings, changes: WhatIf | None = None) -> list[str]:
    """What must be known of the plan to read it rightly, one sentence each."""
    notes = []
    calls = settings.traffic.calls_per_request
    if calls != 1:
        notes.append(
            f"A request leads to {calls:g} model calls; the plan counts and routes each of them."
        )
    asked = changes.classifier if changes is not None else None
    if settings.classifier.kind == "cascade":
        notes.append(
            "The settings name a cascade: the plan's cascade is what the gateway does, and its "
            "routed lines are what a router that decides for nothing would cost."
        )
    if asked is not None or settings.classifier.kind != "none":
        return notes
    tier = settings.classifier.default or settings.premium.name
    told = f"The settings name no classifier: the gateway would send every request to {tier}."
    return [*notes, f"{told} The plan shows what deciding for nothing would save."]


def _classifier(settings: Settings, asked: str | None, cards: _Cards) -> Classifier | None:
    planned = settings.classifier
    model = asked
    if model is None and planned.kind == "model":
        model = planned.model
    if model is None and (embedding := embedding_of(planned)) is not None:
        card = cards.card(str(embedding), "classifier")
        if card.rates.output is None:  # nothing comes out that could have a price
            card = msgspec.structs.replace(
                card, rates=msgspec.structs.replace(card.rates, output=0)
            )
        return Classifier(card, input_tokens=planned.input_tokens, output_tokens=0)
    if model is None or model == NO_CLASSIFIER:
        return None
    return Classifier(
        cards.card(model, "classifier"),
        input_tokens=planned.input_tokens,
        output_tokens=planned.output_tokens,
    )


def _verifier(settings: Settings, cards: _Cards) -> Classifier | None:
    plan, classifier = settings.plan, settings.classifier
    model, field = plan.verifier, "plan.verifier"
    if model is None and classifier.kind == "cascade":
        model, field = classifier.judge_model, "classifier.judge_model"
    if model is None:
        return None
    return Classifier(
        cards.card(model, field),
        input_tokens=plan.verifier_input_tokens,
        output_tokens=plan.verifier_output_tokens,
    )


def _ref(text: str) -> ModelRef:
    try:
        return ModelRef.parse(text)
    except ValueError as error:
        raise ConfigError(
            f"{error}.", fix="Name a model with its provider, such as anthropic/claude-haiku-4-5."
        ) from error
