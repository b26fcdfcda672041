"""Makes the calculator's plans: from the settings, an archetype or the ledger's measured values."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from headgate.bootstrap.alternatives import alternative_of, check_single
from headgate.bootstrap.archetypes import NAMES, archetype
from headgate.bootstrap.book import book_of
from headgate.bootstrap.measured import Measurement
from headgate.bootstrap.plan import notes_of, plan_of
from headgate.bootstrap.scenario import NO_CLASSIFIER, WhatIf
from headgate.costs.scenario import Scenario
from headgate.costs.tripwire import SINGLE
from headgate.costs.wording import number
from headgate.errors import ConfigError, ConfigFault, Gathered
from headgate.prices.book import Book
from headgate.prices.catalogue import Filters, search
from headgate.settings import Reading, read_with_sources
from headgate.settings.export import text_of
from headgate.settings.providers import KNOWN, SUGGESTED
from headgate.settings.schema import ProviderSettings, Settings
from headgate.web.planner import Origin, Planned
from headgate.web.question import FIELDS, Question

__all__ = ["SettingsPlanner"]

TITLES = {"rag": "RAG"}
GROWTH = (Decimal(1), Decimal(3), Decimal(10))
SHARES = frozenset(control.name for control in FIELDS if control.kind == "share")

Measure = Callable[[Settings, Book, date], Measurement]
"""Settings with measured values in the planned ones' place."""


class SettingsPlanner:
    """The `Planner` of a settings file.

    Args:
        reading: the settings.
        today: says the day.
        measures: where measured values can be had, by the name that a question has for it.
    """

    def __init__(
        self,
        reading: Reading,
        *,
        today: Callable[[], date],
        measures: Mapping[str, Measure] | None = None,
    ) -> None:
        own = "Your settings" if reading.file else "The built-in example"
        self.origins: Sequence[Origin] = (
            Origin("", own),
            *(Origin(name, TITLES.get(name, name.capitalize())) for name in NAMES),
        )
        self._measures = measures or {}
        self._today = today
        self._readings = {"": reading}
        self._books: dict[str, Book] = {}
        self._offered: tuple[date | None, list[str]] = (None, [])

    @property
    def sources(self) -> Sequence[str]:
        """Where measured values can be had."""
        return tuple(self._measures)

    def plan(self, question: Question) -> Planned:
        """See `Planner.plan`."""
        reading, book = self._origin(question.origin)
        day = question.at or self._today()
        settings, measurement = self._measured(reading.settings, book, day, question)
        changes = _what_if(question)
        against = question.against or settings.premium.name
        gathered = Gathered("The plan cannot be made:")
        tried = [model for model in (changes.cheap, changes.premium) if model is not None]
        gathered.of(lambda: check_single(settings, book, day, against, tried), None)
        made = gathered.finish(
            lambda: plan_of(
                settings,
                book,
                day,
                changes,
                source=_source(reading, question),
                example=reading.file is None,
                changed=tuple(question.changes),
                growth=GROWTH,
                notes=notes_of(reading, book, day, changes),
            )
        )
        scenario = made.breakdown.scenario
        interval = None if measurement is None else measurement.interval
        if interval is None and "escalation" not in question.changes:
            interval = _stated(settings)
        return Planned(
            plan=made,
            values=_values(settings, scenario, changes),
            a=alternative_of(settings, book, day, scenario, question.strategy),
            b=alternative_of(settings, book, day, scenario, SINGLE + against),
            interval=interval,
            measured="" if measurement is None else measurement.sentence,
        )

    def stated(self, origin: str) -> Mapping[str, str]:
        """See `Planner.stated`."""
        reading, _ = self._origin(origin)
        return _stated_values(reading.settings)

    def toml(self, question: Question) -> str:
        """See `Planner.toml`."""
        made = self.plan(question)
        reading, book = self._origin(question.origin)
        day = question.at or self._today()
        settings, _ = self._measured(reading.settings, book, day, question)
        changed = _changed(settings, question, made)
        return text_of(
            changed,
            (
                "From the calculator of Headgate: " + _source(reading, question) + ".",
                *([made.measured] if made.measured else []),
                f"Prices of {day}: {book.source}.",
            ),
        )

    def models(self, text: str) -> Sequence[str]:
        """See `Planner.models`."""
        _, book = self._origin("")
        if not text.strip():
            day = self._today()
            if self._offered[0] != day:
                self._offered = day, _likely(book, day)
            return self._offered[1]
        found = search(book, text, self._today(), filters=Filters(deprecated=False))
        return [f"{one.card.provider}/{one.card.model}" for one in found]

    def _origin(self, name: str) -> tuple[Reading, Book]:
        if name not in self._readings:
            path = archetype(name).path
            self._readings[name] = read_with_sources(path, env={}, need_providers=False)
        reading = self._readings[name]
        if name not in self._books:
            source = reading.file.name if reading.file else "flags"
            self._books[name] = book_of(reading.settings, source, env=os.environ)
        return reading, self._books[name]

    def _measured(
        self, settings: Settings, book: Book, day: date, question: Question
    ) -> tuple[Settings, Measurement | None]:
        if not question.measured:
            return settings, None
        measure = self._measures.get(question.measured)
        if measure is None:
            fault = ConfigFault(
                f"There is no {question.measured} to take measured values from.",
                fix="Start the pages where there is one, or plan without.",
                field="measured",
            )
            raise ConfigError("The plan cannot be made:", faults=[fault])
        found = measure(settings, book, day)
        return found.settings, found


def _source(reading: Reading, question: Question) -> str:
    if question.origin:
        return f"archetype {question.origin}"
    return str(reading.file) if reading.file else "the built-in example"


def _what_if(question: Question) -> WhatIf:
    values = {}
    for name, text in question.changes.items():
        if name in SHARES and text.endswith("%"):
            values[name] = _unpercent(text)
        else:
            values[name] = text
    return WhatIf(**values)


def _unpercent(text: str) -> str:
    """`20%` as `0.2`; what is no number is left for the scenario, which says so."""
    try:
        return str(Decimal(text[:-1]) / 100)
    except ArithmeticError:
        return text


def _stated(settings: Settings) -> tuple[Decimal, Decimal] | None:
    low, high = settings.escalation.low, settings.escalation.high
    if low is None or high is None:
        return None
    return Decimal(repr(low)), Decimal(repr(high))


def _stated_values(settings: Settings) -> dict[str, str]:
    """What the fields hold where nothing can be planned: the file's own words."""
    traffic, first, classifier = settings.traffic, settings.tiers[0], settings.classifier
    asked = classifier.kind == "model" and classifier.model
    numbers = {
        "days": traffic.days_per_month,
        "input_tokens": first.input_tokens or traffic.input_tokens,
        "output_tokens": first.output_tokens or traffic.output_tokens,
        "overhead_usd": settings.plan.overhead_usd,
    }
    shares = {
        "escalation": settings.escalation.rate,
        "cheap_retry_rate": first.retry_rate,
        "premium_retry_rate": settings.premium.retry_rate,
        "stable_prefix": traffic.stable_prefix,
        "cache_hit_rate": settings.premium.cache_hit_rate,
    }
    return {
        "requests_per_day": f"{traffic.requests_per_day:,}",
        "cheap": first.model,
        "premium": settings.premium.model,
        "classifier": str(asked) if asked else NO_CLASSIFIER,
        **{name: _plain(Decimal(str(value))) for name, value in numbers.items()},
        **{name: _percent(Decimal(str(share))) for name, share in shares.items()},
    }


def _values(settings: Settings, scenario: Scenario, changes: WhatIf) -> dict[str, str]:
    """What the fields hold, as a person would write it."""
    cheap, premium = scenario.tiers[0], scenario.tiers[-1]
    held = {
        **_stated_values(settings),
        "days": _plain(scenario.days),
        "input_tokens": _plain(cheap.input_tokens),
        "output_tokens": _plain(cheap.output_tokens),
        "escalation": _percent(scenario.escalation_rate),
        "cheap_retry_rate": _percent(cheap.retry_rate),
        "premium_retry_rate": _percent(premium.retry_rate),
        "stable_prefix": _percent(scenario.stable_prefix),
        "cache_hit_rate": _percent(premium.cache_hit_rate),
        "overhead_usd": _plain(scenario.overhead_usd),
    }
    for name in ("requests_per_day", "cheap", "premium", "classifier"):
        given = getattr(changes, name)
        if given is not None:
            held[name] = given
    return held


def _percent(share: Decimal) -> str:
    return f"{number(share * 100, 2)}%"


def _plain(value: Decimal) -> str:
    return number(value, 2)


# ---- as a file


def _changed(settings: Settings, question: Question, made: Planned) -> Settings:
    """The settings with the changes in them, as far as a file can say them."""
    scenario = made.plan.breakdown.scenario
    changes = question.changes
    traffic, escalation, plan = settings.traffic, settings.escalation, settings.plan
    cheap, premium = scenario.tiers[0], scenario.tiers[-1]
    if "requests_per_day" in changes:
        calls = Decimal(repr(traffic.calls_per_request))
        traffic = replace(traffic, requests_per_day=round(scenario.requests_per_day / calls))
    traffic = replace(
        traffic,
        days_per_month=round(scenario.days),
        input_tokens=round(cheap.input_tokens),
        output_tokens=round(cheap.output_tokens),
        stable_prefix=float(scenario.stable_prefix),
    )
    if "escalation" in changes:
        rate = float(scenario.escalation_rate)
        budget = escalation.budget
        kept = budget if budget is None or budget >= rate else None
        escalation = replace(escalation, rate=rate, low=None, high=None, budget=kept)
        plan = replace(plan, hard_share=None)
    tiers = []
    for planned, tier in zip(settings.tiers, scenario.tiers, strict=True):
        model = planned.model
        if tier is cheap:
            model = changes.get("cheap", model)
        elif tier is premium:
            model = changes.get("premium", model)
        tiers.append(
            replace(
                planned,
                model=model,
                input_tokens=_unless(tier.input_tokens, traffic.input_tokens),
                output_tokens=_unless(tier.output_tokens, traffic.output_tokens),
                retry_rate=float(tier.retry_rate),
                cache_hit_rate=float(tier.cache_hit_rate),
            )
        )
    changed = replace(
        settings,
        traffic=traffic,
        classifier=_classifier(settings, changes),
        tiers=tuple(tiers),
        escalation=escalation,
        plan=replace(plan, overhead_usd=float(scenario.overhead_usd)),
    )
    return replace(changed, providers=_providers(changed))


def _unless(tokens: Decimal, traffic: int) -> int | None:
    return None if round(tokens) == traffic else round(tokens)


def _classifier(settings: Settings, changes: Mapping[str, str]) -> msgspec.Struct:
    asked = changes.get("classifier")
    if asked is None:
        return settings.classifier
    if asked == NO_CLASSIFIER:
        return replace(settings.classifier, kind="none", model=None, on_failure=None)
    return replace(settings.classifier, kind="model", model=asked)


def _providers(settings: Settings) -> tuple[ProviderSettings, ...]:
    """The providers that the models need; of one that is not known, the file's reader is told."""
    models = [tier.model for tier in settings.tiers]
    if settings.classifier.model is not None:
        models.append(settings.classifier.model)
    there = {entry.name: entry for entry in settings.providers}
    for name in dict.fromkeys(model.partition("/")[0] for model in models):
        known = KNOWN.get(name)
        if name not in there and known is not None:
            there[name] = ProviderSettings(
                name=name,
                dialect=known.dialect,
                base_url=known.base_url,
                api_key_env=known.api_key_env,
                prices=known.prices or None,
            )
    return tuple(there.values())


def _likely(book: Book, day: date) -> list[str]:
    """The models that most people try first: those of the makers that are known, newest first."""
    names = set(SUGGESTED)
    cards = [
        card
        for card in book.cards(day)
        if card.provider in names and not card.deprecated and card.rates.output
    ]
    cards.sort(key=lambda card: card.valid_from or date.min, reverse=True)
    return [f"{card.provider}/{card.model}" for card in cards]
