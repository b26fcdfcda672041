"""What must hold of the values: each by itself, all that is needed is there, references hold."""

from __future__ import annotations

import math

import msgspec

from headgate.settings.deciders import check_deciders
from headgate.settings.document import Path
from headgate.settings.draft import Draft
from headgate.settings.fields import (
    DECIDERS,
    PROVIDERS,
    RESILIENCE,
    TIERS,
    Section,
    default,
)
from headgate.settings.forms import Refusal
from headgate.settings.network_checks import check_network
from headgate.settings.places import beside, in_effect, known_of, places
from headgate.settings.providers import DEFAULT_MODERATION, KNOWN, PLATFORMS
from headgate.settings.redaction import shown
from headgate.settings.watch_checks import check_watch
from headgate.values import ModelRef

__all__ = ["check"]

MOST_TIERS = 9
"""The classifier model names a tier by one digit."""

RESERVED_TIERS = ("auto", "pinned")
"""What callers write to leave the choice to Headgate, and what reports call a model by its name."""


def check(draft: Draft, *, need_providers: bool) -> None:
    """Fill `draft.values` and note all faults and warnings.

    `need_providers` False lets models name providers that are not configured.
    """
    _check_each(draft)
    _check_needed(draft)
    check_deciders(draft)
    _check_tiers(draft)
    _check_shares(draft)
    _check_models(draft, need_providers=need_providers)
    check_watch(draft)
    _check_times(draft)
    check_network(draft)
    beside(draft, ("price_list", "file"))


def _check_each(draft: Draft) -> None:
    for section, table in places(draft):
        for field in section.fields:
            path = (*table, field.key)
            if path not in draft.given:
                continue
            value = field.kind.check(draft.given[path].value)
            if isinstance(value, Refusal):
                for refused in value.each():
                    draft.fault(path, refused.message, refused.fix)
            else:
                draft.values[path] = value


def _check_needed(draft: Draft) -> None:
    for section, table in places(draft):
        for field in section.fields:
            path = (*table, field.key)
            if path in draft.given or default(section, field) is not msgspec.NODEFAULT:
                continue
            if section == PROVIDERS and known_of(draft, table, field.key):
                continue
            platform = PLATFORMS.get(str(draft.values.get((*table, "platform"))))
            example, guess = field.example, ""
            if platform is not None:  # its name is its owner's: no other provider is meant
                example = f'"{getattr(platform, field.key)}"'
            elif section == PROVIDERS:
                guess = draft.guess(str(table[1]), KNOWN)
            draft.fault(path, "This is missing.", f"{guess}Add a line {field.key} = {example}.")


def _check_tiers(draft: Draft) -> None:
    names = draft.names("tiers")
    if not 2 <= len(names) <= MOST_TIERS and ("tiers",) not in draft.unsure:
        there = f"there are {len(names)}" if names else "there are none"
        draft.fault(
            ("tiers", names[-1]) if names else ("tiers",),
            f"Two to {MOST_TIERS} tiers are needed; {there}.",
            'Write [tiers.cheap] and [tiers.premium], each with model = "provider/model".',
        )
    for name in names:
        if name in RESERVED_TIERS or name.startswith("auto:"):
            draft.fault(
                ("tiers", name),
                f'No tier can be called "{name}": the word has a meaning of its own in requests '
                "and reports.",
                "Choose another name, such as cheap or premium.",
            )
    models: dict[object, str] = {}
    for name in names:
        model = draft.values.get(("tiers", name, "model"))
        if model is not None and model in models:
            draft.warn(
                ("tiers", name, "model"),
                f"{model} is the model of tier {models[model]} too: routing between them saves "
                "nothing.",
                "Give each tier a model of its own.",
            )
        elif model is not None:
            models[model] = name


def _check_shares(draft: Draft) -> None:
    names = draft.names("tiers")
    paths: list[Path] = [("tiers", name, "share") for name in names]
    if len(names) <= 2:
        for path in paths:
            if path in draft.given:
                draft.fault(
                    path,
                    "With two tiers the shares follow from escalation.rate.",
                    "Take share out, and set rate below [escalation].",
                )
        return
    for path in paths:
        if path not in draft.given:
            draft.fault(
                path,
                "With three tiers or more, each needs its planned share.",
                "Add a line share = 0.3, such that all shares add to 1.",
            )
    shares = [draft.values.get(path) for path in paths]
    given = [share for share in shares if isinstance(share, float)]
    if len(given) != len(paths):
        return
    if abs(math.fsum(given) - 1) > 1e-6:
        draft.fault(
            paths[-1],
            f"The shares of all tiers add to {math.fsum(given):.6g}, not to 1.",
            "Change them so that they add to 1.",
        )
    rate: Path = ("escalation", "rate")
    if rate not in draft.given:
        draft.values[rate] = given[-1]
    elif abs(float(str(draft.values.get(rate, given[-1]))) - given[-1]) > 1e-6:
        draft.fault(
            rate,
            f"The rate is {shown(draft.values[rate])}, but the share of the premium tier "
            f"{names[-1]} is {given[-1]:g}; with three tiers or more the two are the same.",
            f"Take rate out, or change tiers.{names[-1]}.share.",
        )


def _check_models(draft: Draft, *, need_providers: bool) -> None:
    providers = draft.names("providers")
    paths: list[Path] = [("tiers", name, "model") for name in draft.names("tiers")]
    paths += [
        (*table, key)
        for section, table in places(draft)
        if section in DECIDERS
        for key in ("model", "second_model", "judge_model")
    ]
    paths += [("server", f"{what}_model") for what in ("embedding", "moderation", "image")]
    paths.append(("quality", "judge"))
    for path in paths:
        text = draft.values.get(path)
        if not isinstance(text, str):
            continue
        provider = ModelRef.parse(text).provider
        if provider in providers or not need_providers:
            continue
        guess = draft.guess(provider, providers)
        how = f"Add a section [providers.{provider}]"
        if provider not in KNOWN:
            how += " with dialect, base_url and api_key_env"
        draft.fault(path, f'There is no provider "{provider}" in the file.', f"{guess}{how}.")
    used = {str(draft.values.get(path)) for path in paths}
    # a router may need the embeddings of a model that only its own file names
    learned = any(path[-1] == "router" for path in draft.given)
    _named_in_full(draft, "ends", "An end")
    for name in _named_in_full(draft, "prices", "A price"):
        path = ("prices", name)
        told = not (learned or name in used or name.endswith(f"/{DEFAULT_MODERATION}"))
        if told and all(path in draft.values for path in paths if path in draft.given):
            guess = draft.guess(name, used)
            draft.warn(
                path,
                "No tier and no classifier uses this model.",
                f"{guess}The price counts only where callers ask for the model by name.",
            )


def _named_in_full(draft: Draft, section: str, what: str) -> list[str]:
    """The models that a section is of; what is no model by its full name is a fault."""
    good = []
    for name in draft.names(section):
        try:
            ModelRef.parse(name)
        except ValueError:
            draft.fault(
                (section, name),
                f"{what} belongs to a model by its full name.",
                f'Write [{section}."provider/model"], with the quotes.',
            )
        else:
            good.append(name)
    return good


def _number(draft: Draft, section: Section, table: Path, key: str) -> float | None:
    value = in_effect(draft, section, table, key)
    return value if isinstance(value, int | float) else None


def _check_times(draft: Draft) -> None:
    table: Path = ("resilience",)
    base = _number(draft, RESILIENCE, table, "backoff_base")
    longest = _number(draft, RESILIENCE, table, "backoff_max")
    if base is not None and longest is not None and base > longest:
        path = ("resilience", "backoff_base")
        if path not in draft.given:
            path = ("resilience", "backoff_max")
        draft.fault(
            path,
            f"backoff_base ({base:g} s) is above backoff_max ({longest:g} s).",
            "Set backoff_max to the larger of the two.",
        )
    whole = _number(draft, RESILIENCE, table, "request_timeout")
    if whole is None:
        return
    parts: list[tuple[Section, Path, str]] = [
        (TIERS, ("tiers", name), "timeout") for name in draft.names("tiers")
    ]
    parts += [
        (decider, place, "timeout") for decider, place in places(draft) if decider in DECIDERS
    ]
    parts.append((RESILIENCE, table, "connect_timeout"))
    for part, place, key in parts:
        length = _number(draft, part, place, key)
        if length is not None and length > whole:
            draft.warn(
                (*place, key) if (*place, key) in draft.given else (*table, "request_timeout"),
                f"{'.'.join(map(str, place))}.{key} ({length:g} s) is longer than "
                f"resilience.request_timeout ({whole:g} s), which ends the request before.",
                "Raise request_timeout, or lower the other.",
            )
