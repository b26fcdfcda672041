"""What must hold of the values: each by itself, all that is needed is there, references hold."""

from __future__ import annotations

import math
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from headgate.settings.deciders import AUTO, check_deciders
from headgate.settings.document import Path
from headgate.settings.draft import Draft
from headgate.settings.fields import (
    DECIDERS,
    PROVIDERS,
    SECTIONS,
    SERVER,
    TIERS,
    Section,
    default,
)
from headgate.settings.forms import Refusal, split_address
from headgate.settings.places import beside, in_effect, places
from headgate.settings.providers import KNOWN, known_value
from headgate.settings.redaction import shown
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
    _check_escalation(draft)
    _check_escalation_budgets(draft)
    _check_alerts(draft)
    _check_quality(draft)
    _check_times(draft)
    _check_providers(draft)
    _check_server(draft)
    beside(draft, ("price_list", "file"))


def known_of(draft: Draft, table: Path, key: str) -> str | None:
    """What is known of a provider by its name and not given in its table.

    The variable of the key goes with the known URL: no provider's key is ever sent to another host
    because nobody said otherwise.
    """
    known = known_value(str(table[1]), key)
    moved = draft.values.get((*table, "base_url"), "") != known_value(str(table[1]), "base_url")
    if key == "api_key_env" and moved and (*table, "base_url") in draft.given:
        return None
    return known


def _check_each(draft: Draft) -> None:
    for section, table in places(draft):
        for field in section.fields:
            path = (*table, field.key)
            if path not in draft.given:
                continue
            value = field.kind.check(draft.given[path].value)
            if isinstance(value, Refusal):
                draft.fault(path, value.message, value.fix)
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
            guess = draft.guess(str(table[1]), KNOWN) if section == PROVIDERS else ""
            draft.fault(
                path, "This is missing.", f"{guess}Add a line {field.key} = {field.example}."
            )


def _number(draft: Draft, section: Section, table: Path, key: str) -> float | None:
    value = in_effect(draft, section, table, key)
    return value if isinstance(value, int | float) else None


def _section(name: str) -> Section:
    return next(section for section in SECTIONS if section.name == name)


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
    paths += [("server", "embedding_model"), ("quality", "judge")]
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
    for name in draft.names("prices"):
        path = ("prices", name)
        try:
            ModelRef.parse(name)
        except ValueError:
            draft.fault(
                path,
                "A price belongs to a model by its full name.",
                'Write [prices."provider/model"], with the quotes.',
            )
            continue
        told = not learned and name not in used
        if told and all(path in draft.values for path in paths if path in draft.given):
            guess = draft.guess(name, used)
            draft.warn(
                path,
                "No tier and no classifier uses this model.",
                f"{guess}The price counts only where callers ask for the model by name.",
            )


def _check_escalation(draft: Draft) -> None:
    section = _section("escalation")
    rate = draft.values.get(("escalation", "rate"), default(section, section.fields[0]))
    budget = draft.values.get(("escalation", "budget"))
    for key, wrong in (("low", float.__gt__), ("high", float.__lt__)):
        end = draft.values.get(("escalation", key))
        if isinstance(end, float) and isinstance(rate, float) and wrong(end, rate):
            draft.fault(
                ("escalation", key),
                f"The interval does not hold the rate of {rate:g}: its {key} end is {end:g}.",
                "Give ends that the rate lies between, or take them out.",
            )
    if isinstance(rate, float) and isinstance(budget, float) and budget < rate:
        draft.warn(
            ("escalation", "budget"),
            f"The budget of {budget:g} is below the planned rate of {rate:g}: the plan itself "
            "breaches it.",
            "Raise the budget above the rate, or plan for a lower rate.",
        )
    _check_hold(draft)


def _check_hold(draft: Draft) -> None:
    """A hold raises a router's threshold: there must be a router, and room above its threshold."""
    if draft.values.get(("escalation", "on_breach")) != "hold":
        return
    deciders: list[tuple[str, ...]] = [("classifier",)]
    deciders += [("policies", name) for name in draft.names("policies")]
    routers = [table for table in deciders if (*table, "router") in draft.values]
    if not routers:
        draft.warn(
            ("escalation", "on_breach"),
            "There is no learned router, so a breach finds no threshold to hold.",
            'Decide by a learned router, or write on_breach = "pin" or "alert".',
        )
    elif not any((*table, "threshold") in draft.given for table in routers):
        draft.warn(
            ("escalation", "on_breach"),
            "The router decides at its certificate's threshold, which is the highest that keeps "
            "the promise: a breach finds no room to hold it higher.",
            "Set a threshold below the certificate's, so that a hold can rise to it, or write "
            'on_breach = "pin" or "alert".',
        )


def _check_escalation_budgets(draft: Draft) -> None:
    section = _section("escalation_budgets")
    policies = [AUTO, *draft.names("policies")]
    seen: set[tuple[object, object]] = set()
    for name in draft.names("escalation_budgets"):
        table: Path = ("escalation_budgets", name)
        match = draft.values.get((*table, "match"))
        whose = (in_effect(draft, section, table, "kind"), match)
        if whose[0] == "policy" and isinstance(match, str) and match not in policies:
            draft.fault(
                (*table, "match"),
                f"There is no policy {shown(match)}.",
                f"{draft.guess(match, policies)}The policies are {', '.join(policies)}.",
            )
        if match is not None and whose in seen:
            draft.fault(
                (*table, "match"), f"{shown(match)} has a budget already.", "Take one of them out."
            )
        seen.add(whose)


def _check_alerts(draft: Draft) -> None:
    """Mail needs all of its parts; whatever carries a secret is encrypted, or stays here."""
    values = {key: draft.values.get(("alerts", key)) for key in _MAIL}
    missing = [key for key in ("smtp", "mail_from", "mail_to") if values[key] is None]
    if missing and len(missing) < 3:
        draft.fault(
            ("alerts",),
            f"Mail needs {' and '.join(missing)} too.",
            "Give smtp, mail_from and mail_to, or none of them.",
        )
    if (values["smtp_user"] is None) != (values["smtp_password_env"] is None):
        draft.fault(
            ("alerts", "smtp_user"),
            "To sign in takes a user and a password.",
            "Give smtp_user and smtp_password_env, or none of them.",
        )
    address = split_address(str(values["smtp"])) if values["smtp"] else None
    local = address is None or _is_loopback(address[0])
    if values["smtp_security"] == "none" and values["smtp_password_env"] and not local:
        draft.fault(
            ("alerts", "smtp_security"),
            "The password would go over the network unencrypted.",
            'Use "starttls" or "tls".',
        )
    url = draft.values.get(("alerts", "webhook_url"))
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts and parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        draft.warn(
            ("alerts", "webhook_url"),
            "Alerts would go over the network unencrypted: the URL is http, not https.",
            "Use https, or an address of this machine.",
        )
    if ("alerts", "webhook_secret_env") in draft.given and url is None:
        draft.warn(
            ("alerts", "webhook_secret_env"),
            "There is no webhook whose posts could be signed.",
            "Set webhook_url, or take it out.",
        )


def _check_quality(draft: Draft) -> None:
    rate = draft.values.get(("quality", "shadow_rate"), 0.0)
    judged = ("quality", "judge") in draft.given
    if rate and not judged:
        draft.fault(
            ("quality", "shadow_rate"),
            "Nobody is named who would compare the answers.",
            'Name a model, as in judge = "openai/gpt-5-mini".',
        )
    elif judged and not rate:
        draft.warn(
            ("quality", "judge"),
            "No request is sampled, so the judge is never asked.",
            "Set shadow_rate, such as 0.02, or take the judge out.",
        )


_MAIL = ("smtp", "smtp_security", "smtp_user", "smtp_password_env", "mail_from", "mail_to")


def _check_times(draft: Draft) -> None:
    section = _section("resilience")
    table: Path = ("resilience",)
    base = _number(draft, section, table, "backoff_base")
    longest = _number(draft, section, table, "backoff_max")
    if base is not None and longest is not None and base > longest:
        path = ("resilience", "backoff_base")
        if path not in draft.given:
            path = ("resilience", "backoff_max")
        draft.fault(
            path,
            f"backoff_base ({base:g} s) is above backoff_max ({longest:g} s).",
            "Set backoff_max to the larger of the two.",
        )
    whole = _number(draft, section, table, "request_timeout")
    if whole is None:
        return
    parts: list[tuple[Section, Path, str]] = [
        (TIERS, ("tiers", name), "timeout") for name in draft.names("tiers")
    ]
    parts += [
        (decider, place, "timeout") for decider, place in places(draft) if decider in DECIDERS
    ]
    parts.append((section, table, "connect_timeout"))
    for part, place, key in parts:
        length = _number(draft, part, place, key)
        if length is not None and length > whole:
            draft.warn(
                (*place, key) if (*place, key) in draft.given else (*table, "request_timeout"),
                f"{'.'.join(map(str, place))}.{key} ({length:g} s) is longer than "
                f"resilience.request_timeout ({whole:g} s), which ends the request before.",
                "Raise request_timeout, or lower the other.",
            )


def _check_providers(draft: Draft) -> None:
    for name in draft.names("providers"):
        table: Path = ("providers", name)
        url = draft.values.get((*table, "base_url"), known_of(draft, table, "base_url"))
        dialect = draft.values.get((*table, "dialect"), known_of(draft, table, "dialect"))
        if draft.values.get((*table, "traceparent")) and not draft.values.get(("watch", "otel")):
            draft.fault(
                (*table, "traceparent"),
                "There is no trace to tell it of: spans are not sent.",
                "Set otel = true below [watch], or remove the line.",
            )
        if not isinstance(url, str):
            continue
        parts = urlsplit(url)
        path = (*table, "base_url")
        if dialect == "anthropic" and parts.path.endswith("/v1"):
            draft.fault(
                path,
                "The base URL of an Anthropic dialect ends before /v1, which Headgate adds.",
                f'Write "{url.removesuffix("/v1")}".',
            )
        known = KNOWN.get(name)
        if known and dialect == known.dialect and path in draft.values and not parts.path:
            usual = urlsplit(known.base_url)
            if usual.path and usual.hostname == parts.hostname:
                draft.warn(
                    path,
                    "The usual base URL of this provider has a path, which is missing here.",
                    f'Write "{known.base_url}".',
                )
        key = draft.values.get((*table, "api_key_env"), known_of(draft, table, "api_key_env"))
        if parts.scheme == "http" and key and not _is_loopback(parts.hostname or ""):
            draft.warn(
                path,
                "The key would go over the network unencrypted: the URL is http, not https.",
                "Use https, or an address of this machine.",
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check_server(draft: Draft) -> None:
    key = draft.values.get(("server", "api_key_env"))
    listen = draft.values.get(("server", "listen"))
    address = split_address(listen) if isinstance(listen, str) else None
    keyed = ("server", "api_key_env") in draft.given
    if ("keys", "required") in draft.values:
        keyed |= draft.values["keys", "required"] is True
    if address and not _is_loopback(address[0]) and not keyed:
        draft.warn(
            ("server", "listen"),
            "The gateway would be reachable from other machines, and asks callers for no key: "
            "whoever reaches it spends your money.",
            "Set api_key_env below [server] or [keys] required, or listen on 127.0.0.1.",
        )
    _check_keys(draft)
    _check_admin(draft)
    for name in draft.names("providers"):
        table: Path = ("providers", name)
        theirs = draft.values.get((*table, "api_key_env"), known_of(draft, table, "api_key_env"))
        if key and key == theirs:
            draft.warn(
                ("server", "api_key_env"),
                f"Callers would have to know the key of provider {name}.",
                "Name a variable of its own.",
            )


def _check_keys(draft: Draft) -> None:
    """Keys that are asked for can be had."""
    path = ("keys", "required")
    url = draft.values.get(("ledger", "url"))
    if draft.values.get(path) is True and url == "memory:":
        draft.fault(
            path,
            "A ledger in memory holds no virtual keys, so nobody could have one.",
            "Set [ledger] url to sqlite:///headgate.db, or use [server] api_key_env.",
        )


def _check_admin(draft: Draft) -> None:
    """Beyond this machine the admin port needs a token that an operator chose, not callers' key."""
    table: Path = ("server",)
    path, token = (*table, "admin"), (*table, "admin_token_env")
    admin = in_effect(draft, SERVER, table, "admin")
    address = split_address(admin) if isinstance(admin, str) else None
    if address and not _is_loopback(address[0]) and token not in draft.given:
        draft.fault(
            path,
            "The admin port would be reachable from other machines with no token of your choosing.",
            "Set admin_token_env below [server], or listen on 127.0.0.1.",
        )
    if token in draft.values and draft.values[token] == draft.values.get(("server", "api_key_env")):
        draft.fault(
            token,
            "Whoever may call models could also change keys and budgets.",
            "Name another variable than that of api_key_env.",
        )
    listen = in_effect(draft, SERVER, table, "listen")
    if address and address[1] and isinstance(listen, str) and split_address(listen) == address:
        draft.fault(path, "Callers use this address already.", "Give it a port of its own.")
