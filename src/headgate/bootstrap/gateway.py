"""Builds the gateway of a configuration: every room is made here and handed what it needs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from time import time_ns
from typing import TYPE_CHECKING

from headgate.bootstrap.book import book_of
from headgate.bootstrap.egress import provider_proxy
from headgate.bootstrap.keys import admission_of
from headgate.bootstrap.policies import policies_of
from headgate.bootstrap.variables import held, read_key
from headgate.errors import ConfigError, ConfigFault, Gathered
from headgate.gateway.admission import Admission
from headgate.gateway.app import App
from headgate.gateway.deadline import Deadlines
from headgate.gateway.http1_client import Http1Upstream
from headgate.gateway.plant import Plant
from headgate.gateway.provider import Provider
from headgate.gateway.record import Pricer, Recorder
from headgate.gateway.upstream import Upstream
from headgate.routing.breaker import Brakes, Breaker, Retries, RetryBudget
from headgate.routing.controls import Helm
from headgate.routing.exchange import Limits
from headgate.routing.policies import Policies
from headgate.routing.session import Sessions, Terms
from headgate.settings.forms import Refusal
from headgate.settings.providers import DEFAULT_MODERATION, KNOWN
from headgate.settings.schema import EgressSettings, ProviderSettings, Settings
from headgate.values import Clock, ModelRef, Usage
from headgate.wire.passed import EMBEDDINGS, IMAGES, MODERATIONS, speaks

if TYPE_CHECKING:
    from headgate.wire.platforms import Platform

__all__ = [
    "app_of",
    "models_of_ours",
    "need_keys",
    "new_request_id",
    "plant_of",
    "platformed",
    "provider_of",
    "secrets_in_use",
    "secrets_of",
    "upstream_of",
]


_dice = random.Random()  # noqa: S311 - seeded by the system; ids are unique, not secret


def new_request_id() -> str:
    """An id that sorts by time: 48 bits of milliseconds, then 80 random bits, in hexadecimal.

    The bits come from a generator of this process: asking the system each time costs a request
    some 3 % of its processor time.
    """
    number = time_ns() // 1_000_000 << 80 | _dice.getrandbits(80)
    return "req_" + number.to_bytes(16, "big").hex()  # sooner done than a number's formatting


def secrets_of(settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    """The values of all environment variables that the settings name, by variable.

    Those of files are among them; `_slot` says by what.

    Raises:
        ConfigError: some are not set, or cannot be read; names each and where the file asks for it.
    """
    secrets, missing = dict[str, str](), list[ConfigFault]()

    def keep(slot: str, found: str | Refusal, field: str) -> None:
        if isinstance(found, Refusal):
            missing.append(ConfigFault(found.message, fix=found.fix, field=field))
        else:
            secrets[slot] = found

    for field, name in _variables(settings).items():
        if name:
            unset = Refusal(
                f"The environment variable {name} is not set.",
                f"Set it (export {name}=...), or remove the line if no key is needed.",
            )
            keep(name, held(env, name) or unset, field)
    for provider in settings.providers:
        if provider.api_key_file:
            field = f"providers.{provider.name}.api_key_file"
            keep(_slot(provider), read_key(provider.api_key_file), field)
    if missing:
        raise ConfigError("Keys are missing, or cannot be read:", faults=missing)
    return secrets


def secrets_in_use(
    settings: Settings, env: Mapping[str, str], providers: Iterable[Provider]
) -> set[str]:
    """What must be shown to nobody: the variables' values, and the keys that providers have now."""
    found = {provider.api_key for provider in providers if provider.api_key}
    for name in filter(None, _variables(settings).values()):
        secret = held(env, name)
        if isinstance(secret, str):  # else its file is gone by now
            found.add(secret)
    return found - {""}


def _slot(entry: ProviderSettings) -> str:
    """By what `secrets_of` has a provider's key; no variable has a colon in its name."""
    return f"file:{entry.api_key_file}" if entry.api_key_file else entry.api_key_env or ""


def _variables(settings: Settings) -> dict[str, str | None]:
    """The variables that the settings name, by the setting."""
    wanted = {
        f"providers.{provider.name}.api_key_env": provider.api_key_env
        for provider in settings.providers
    }
    wanted |= {
        f"providers.{provider.name}.proxy_auth_env": provider.proxy_auth_env
        for provider in settings.providers
        if provider.proxy
    }
    if settings.egress.proxy:
        wanted["egress.proxy_auth_env"] = settings.egress.proxy_auth_env
    wanted["server.api_key_env"] = settings.server.api_key_env
    return wanted


def need_keys(settings: Settings, env: Mapping[str, str]) -> None:
    """See that every variable is set that the settings name, before anything is made.

    Raises:
        ConfigError: some are not; what else the start would stumble over is told with them.
    """
    try:
        secrets_of(settings, env)
    except ConfigError:
        gathered = Gathered("The gateway cannot start:")
        gathered.of(lambda: policies_of(settings), None)
        gathered.finish(lambda: secrets_of(settings, env))


def upstream_of(settings: Settings) -> Http1Upstream:
    """The client to all providers."""
    return Http1Upstream(connect_timeout=settings.resilience.connect_timeout)


def plant_of(
    settings: Settings,
    env: Mapping[str, str],
    *,
    upstream: Upstream,
    recorder: Recorder,
    clock: Clock,
    jitter: Callable[[], float] = random.random,
    source: str = "headgate.toml",
    helm: Helm | None = None,
) -> Plant:
    """What the gateway's requests share; `helm` is where a watch may take over, if one does.

    Raises:
        ConfigError: a key is missing or unusable, a price is none, or a router cannot be loaded.
    """
    keys = secrets_of(settings, env)
    book = book_of(settings, source, env=env)
    policies = policies_of(settings, book, datetime.fromtimestamp(clock.time(), tz=UTC).date())
    resilience = settings.resilience
    pricer = Pricer(
        book, {entry.name: entry.prices for entry in settings.providers if entry.prices}
    )
    return Plant(
        policies=policies,
        helm=helm or Helm(),
        providers={
            entry.name: provider_of(entry, keys, settings.egress) for entry in settings.providers
        },
        limits=Limits(
            request_timeout=resilience.request_timeout,
            backoff_base=resilience.backoff_base,
            backoff_max=resilience.backoff_max,
            max_retry_after=resilience.max_retry_after,
        ),
        brakes=_brakes(settings, policies),
        retries=Retries((entry.name for entry in settings.providers), retries=_retries(settings)),
        idle_timeout=resilience.idle_timeout,
        upstream=platformed(settings, upstream),
        recorder=recorder,
        pricer=pricer,
        clock=clock,
        deadlines=Deadlines(),
        jitter=jitter,
        config=settings.fingerprint,
        sessions=_sessions(settings, policies, pricer, clock),
        ours=models_of_ours(settings),
        origins=settings.server.cors_origins,
    )


def app_of(
    settings: Settings,
    env: Mapping[str, str],
    *,
    upstream: Upstream,
    recorder: Recorder,
    clock: Clock,
    jitter: Callable[[], float] = random.random,
    source: str = "headgate.toml",
    helm: Helm | None = None,
    admission: Admission | None = None,
) -> App:
    """The gateway's application.

    Args:
        helm: where a watch may take over, if one does.
        admission: whose keys are good; None: the one key of the settings, or none is asked for.

    Raises:
        ConfigError: as `plant_of`.
    """
    plant = plant_of(
        settings,
        env,
        upstream=upstream,
        recorder=recorder,
        clock=clock,
        jitter=jitter,
        source=source,
        helm=helm,
    )
    return App(
        plant,
        new_id=new_request_id,
        max_body=settings.server.max_body_bytes,
        max_requests=settings.server.max_requests,
        admission=admission or admission_of(settings, env, clock),
    )


def _sessions(
    settings: Settings, policies: Policies, pricer: Pricer, clock: Clock
) -> Sessions | None:
    given = settings.sessions
    if not given.enabled:
        return None
    terms = Terms(
        idle_timeout=given.idle_timeout,
        latch=given.latch,
        confirmations=given.confirmations,
        horizon=given.horizon,
        max_switch_cost=given.max_switch_cost,
        capacity=given.remembered,
    )

    def price(model: ModelRef, usage: Usage) -> int | None:
        return pricer.price(model, usage, int(clock.time() * 1e6))

    return Sessions(policies.tiers, terms, price)


def _brakes(settings: Settings, policies: Policies) -> Brakes:
    resilience = settings.resilience
    models = [tier.model for tier in policies.tiers]
    sorters = [policy.sorter for policy in policies.policies]
    models += [sorter.tier.model for sorter in sorters if sorter is not None]
    cascades = [policy.cascade for policy in policies.policies if policy.cascade is not None]
    asked = [tier for cascade in cascades for tier in (cascade.second, cascade.judge)]
    models += [tier.model for tier in asked if tier is not None]
    return Brakes(
        models,
        breaker=lambda: Breaker(
            failures=resilience.breaker_failures, pause=resilience.breaker_pause
        ),
        retries=_retries(settings),
    )


def _retries(settings: Settings) -> Callable[[], RetryBudget]:
    share = settings.resilience.retry_share
    floor = settings.resilience.retry_floor / settings.server.workers  # each has its own budget
    return lambda: RetryBudget(share=share, floor=floor)


def models_of_ours(settings: Settings) -> dict[str, ModelRef]:
    """What answers requests that are passed through and name no provider, by the provider's path.

    A moderation may leave its model out, so one is found for it where it is clear whose.
    """
    server = settings.server
    found = {
        EMBEDDINGS.path: server.embedding_model,
        MODERATIONS.path: server.moderation_model or _moderation_model(settings),
        **dict.fromkeys(IMAGES, server.image_model),
    }
    return {path: ModelRef.parse(model) for path, model in found.items() if model is not None}


def _moderation_model(settings: Settings) -> str | None:
    """OpenAI's default, at the provider of that name, else at the only one that may have it."""
    able = [entry.name for entry in settings.providers if speaks(entry.dialect)]
    others = [name for name in able if name not in KNOWN]  # those known are no OpenAI
    if "openai" in able:
        return f"openai/{DEFAULT_MODERATION}"
    return f"{others[0]}/{DEFAULT_MODERATION}" if len(others) == 1 else None


def platformed(settings: Settings, upstream: Upstream) -> Upstream:
    """The client that the file's providers need; that for platforms is loaded only for one on one.

    One that is such a client already, as after a reload, stays what it is.
    """
    if not any(entry.platform for entry in settings.providers):
        return upstream
    from headgate.gateway.platformed import Platformed

    return upstream if isinstance(upstream, Platformed) else Platformed(upstream)


def _platform(name: str) -> Platform:
    from headgate.wire.platforms import PLATFORMS

    return PLATFORMS[name]


def provider_of(
    entry: ProviderSettings, keys: Mapping[str, str], egress: EgressSettings
) -> Provider:
    """A provider of the file; `keys` are what `secrets_of` gives.

    Raises:
        ConfigError: the credentials of its proxy cannot be used.
    """
    return Provider(
        entry.name,
        entry.dialect,
        entry.base_url,
        api_key=keys.get(_slot(entry)),
        headers=entry.headers,
        traced=entry.traceparent,
        proxy=provider_proxy(entry, egress, keys),
        platform=None if entry.platform is None else _platform(entry.platform),
    )
