"""Which models of a configuration, or of what is called, end; and what that does to the plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from headgate.errors import ConfigError
from headgate.monitor.endings import Ending
from headgate.prices.book import Book
from headgate.prices.ends import Ends
from headgate.settings.providers import KNOWN
from headgate.settings.schema import ClassifierSettings, EndSettings, Settings
from headgate.values import ModelRef

if TYPE_CHECKING:
    from headgate.bootstrap.scenario import WhatIf
    from headgate.ledger.totals import TierTotal

__all__ = ["Named", "announced", "calls_of", "ending_of", "endings", "named", "planned_endings"]

MOST_ENDING = 20
"""Models that end and are told of at once; callers may make up names of fine-tuned ones."""
LONGEST_NAME = 200

_OTHER_CLOUDS = (".azure.com", ".amazonaws.com")
"""Who serves models of others, and ends them on days of its own."""

_HOSTS = {
    urlsplit(known.base_url).hostname: name
    for name, known in KNOWN.items()
    if known.base_url.startswith("https:")
}


_LISTS = {known.prices: name for name, known in KNOWN.items() if known.prices is not None}
"""Who is also known by the name of a price list, such as `x-ai`."""


class Named(NamedTuple):
    """A model that the settings name."""

    field: str
    who: str
    model: str
    planned: bool
    """Its price is part of the plan's bill."""


def named(settings: Settings) -> Iterator[Named]:
    """Every model that the settings have the gateway call, in the order of the file."""
    yield from _deciding(settings.classifier, "classifier", "classifier", planned=True)
    for policy in settings.policies:
        where = f"policies.{policy.name}"
        yield from _deciding(policy, where, f"policy {policy.name}", planned=False)
    for tier in settings.tiers:
        yield Named(f"tiers.{tier.name}.model", f"tier {tier.name}", tier.model, planned=True)
    beside = (
        ("quality.judge", "judge of quality", settings.quality.judge, False),
        ("server.embedding_model", "embeddings", settings.server.embedding_model, False),
        ("server.moderation_model", "moderations", settings.server.moderation_model, False),
        ("server.image_model", "pictures", settings.server.image_model, False),
        ("plan.verifier", "the plan's verifier", settings.plan.verifier, True),
    )
    for field, who, model, planned in beside:
        if model is not None:
            yield Named(field, who, model, planned)


def _deciding(
    decides: ClassifierSettings, where: str, who: str, *, planned: bool
) -> Iterator[Named]:
    if decides.kind == "model" and decides.model is not None:
        yield Named(f"{where}.model", who, decides.model, planned)
    if decides.kind == "cascade":
        if decides.second_model is not None:
            yield Named(f"{where}.second_model", f"{who}, second", decides.second_model, False)
        if decides.judge_model is not None:
            yield Named(f"{where}.judge_model", f"{who}, judge", decides.judge_model, planned)


def endings(
    settings: Settings | None, book: Book | None, today: date, calls: Mapping[str, int]
) -> tuple[Ending, ...]:
    """The models in use that end, the soonest first.

    Args:
        settings: None where there are none; then nothing is said of a plan.
        book: the prices of the plan.
        today: which prices hold until a model ends.
        calls: how often each model was called, by `provider/model`.
    """
    used: dict[str, list[Named]] = {}
    for one in named(settings) if settings is not None else ():
        used.setdefault(one.model, []).append(one)
    called = sorted(calls, key=lambda model: (-calls[model], model))
    found: list[Ending] = []
    for model in dict.fromkeys((*used, *called)):
        users = used.get(model, [])
        if len(found) >= MOST_ENDING and not users:
            break
        ending = announced(settings, model)
        if ending is None:
            continue
        if settings is not None and book is not None and any(one.planned for one in users):
            ending = _with_bill(ending, settings, book, max(today, ending.day))
        found.append(
            replace(ending, used_by=tuple(one.who for one in users), calls=calls.get(model, 0))
        )
    return tuple(sorted(found, key=lambda one: (one.day, one.model)))


def calls_of(totals: Iterable[TierTotal]) -> dict[str, int]:
    """How often each model was called, by sums over `provider`, `model` and what follows."""
    found: dict[str, int] = {}
    for total in totals:
        model = f"{total.of[0]}/{total.of[1]}"
        found[model] = found.get(model, 0) + total.attempts
    return found


def ending_of(settings: Settings, book: Book, today: date, one: Named) -> Ending | None:
    """What is announced of a model of the settings, with what it does to the plan."""
    ending = announced(settings, one.model)
    if ending is None or not one.planned:
        return ending
    return _with_bill(ending, settings, book, max(today, ending.day))


def planned_endings(
    settings: Settings, book: Book, at: date, until: date, changes: WhatIf | None = None
) -> Iterator[Ending]:
    """What ends of the models that a plan is made for, before `until`; at the prices of a day."""
    planned = {one.field: one.model for one in named(settings) if one.planned}
    if changes is not None:
        asked = (
            (f"tiers.{settings.tiers[0].name}.model", changes.cheap),
            (f"tiers.{settings.premium.name}.model", changes.premium),
            ("classifier.model", changes.classifier),
        )
        planned |= {field: model for field, model in asked if model is not None}
    for model in dict.fromkeys(planned.values()):
        ending = announced(settings, model)
        if ending is not None and ending.day < until:
            yield _with_bill(ending, settings, book, at, changes)


def announced(settings: Settings | None, model: str) -> Ending | None:
    """What the settings, or else the shipped table, say of a model's end."""
    if len(model) > LONGEST_NAME or not model.isprintable():
        return None
    try:
        ref = ModelRef.parse(model)
    except ValueError:  # a name that a caller, or a flag, has made up
        return None
    stated = () if settings is None else settings.ends
    own = next((one for one in stated if one.model == str(ref)), None)
    if own is not None and not own.warn:
        return None
    api = _api(settings, ref.provider)
    end = None if api is None else _shipped().find(api, ref.model)
    said = own or EndSettings(model=str(ref))
    if end is None:
        if said.on is None:
            return None
        return Ending(model=str(ref), day=date.fromisoformat(said.on), successor=said.successor)
    successor = None if end.successor is None else str(ModelRef(ref.provider, end.successor))
    return Ending(
        model=str(ref),
        day=end.day if said.on is None else date.fromisoformat(said.on),
        successor=said.successor or successor,
        answers=end.answers and said.successor is None,
        source=end.source,
    )


def _api(settings: Settings | None, name: str) -> str | None:
    """Whose API it is, by the provider's address, else by its name; None for a cloud's."""
    listed = () if settings is None else settings.providers
    entry = next((one for one in listed if one.name == name), None)
    if entry is None:
        return _LISTS.get(name, name)
    host = urlsplit(entry.base_url).hostname or ""
    if entry.platform is not None or host.endswith(_OTHER_CLOUDS):
        return None
    return _HOSTS.get(host, _LISTS.get(name, name))


@cache
def _shipped() -> Ends:
    return Ends.shipped()


def _with_bill(
    ending: Ending, settings: Settings, book: Book, at: date, changes: WhatIf | None = None
) -> Ending:
    """With the month that the settings plan, and the same with the successor in the model's place.

    Its overhead, retries and caching are those of the plan's realistic column.
    """
    # only a file that names such a model needs the cost model; a gateway does not load it
    from headgate.bootstrap.scenario import scenario_of
    from headgate.costs.model import evaluate

    def month(planned: Settings, changed: WhatIf | None) -> int | None:
        try:
            scenario = scenario_of(planned, book, at, changed)
            return evaluate(scenario).realistic.routed.total
        except ConfigError:  # a model without a price; it is told elsewhere
            return None

    now = month(settings, changes)
    if now is None or ending.successor is None:
        return replace(ending, month_nano=now)
    old, new = ending.model, ending.successor
    instead = None
    if changes is not None:
        instead = replace(
            changes,
            cheap=_swapped(changes.cheap, old, new),
            premium=_swapped(changes.premium, old, new),
            classifier=_swapped(changes.classifier, old, new),
        )
    return replace(ending, month_nano=now, then_nano=month(_instead(settings, old, new), instead))


def _swapped(model: str | None, old: str, new: str) -> str | None:
    return new if model == old else model


def _instead(settings: Settings, old: str, new: str) -> Settings:
    """The settings with another model wherever they plan with one."""
    classifier, plan = settings.classifier, settings.plan
    return replace(
        settings,
        tiers=tuple(
            replace(tier, model=new) if tier.model == old else tier for tier in settings.tiers
        ),
        classifier=replace(
            classifier,
            model=_swapped(classifier.model, old, new),
            judge_model=_swapped(classifier.judge_model, old, new),
        ),
        plan=replace(plan, verifier=_swapped(plan.verifier, old, new)),
    )
