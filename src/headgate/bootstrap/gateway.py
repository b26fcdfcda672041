"""Builds the gateway of a configuration: every room is made here and handed what it needs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from time import monotonic as _monotonic
from time import time as _now
from time import time_ns

from headgate.bootstrap.book import book_of
from headgate.errors import ConfigError, ConfigFault
from headgate.gateway.app import App
from headgate.gateway.driver import Plant
from headgate.gateway.http1_client import Http1Upstream
from headgate.gateway.provider import Provider
from headgate.gateway.record import Pricer, Recorder
from headgate.gateway.upstream import Upstream
from headgate.routing.breaker import Brakes, Breaker, RetryBudget
from headgate.routing.exchange import Limits
from headgate.routing.policy import AUTO, Policy, Rule, rule
from headgate.routing.tier import Tier
from headgate.settings.schema import ProviderSettings, Settings, TierSettings
from headgate.values import Clock, ModelRef

__all__ = ["SystemClock", "app_of", "new_request_id", "policy_of", "secrets_of", "upstream_of"]

CLASSIFIER = "classifier"


class SystemClock:
    """The machine's time."""

    time = staticmethod(_now)
    monotonic = staticmethod(_monotonic)


_dice = random.Random()  # noqa: S311 - seeded by the system; ids are unique, not secret


def new_request_id() -> str:
    """An id that sorts by time: 48 bits of milliseconds, then 80 random bits, in hexadecimal.

    The bits come from a generator of this process: asking the system each time costs a request
    some 3 % of its processor time.
    """
    return f"req_{time_ns() // 1_000_000:012x}{_dice.getrandbits(80):020x}"


def secrets_of(settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    """The values of all environment variables that the settings name, by variable.

    Raises:
        ConfigError: some are not set; names each and where the file asks for it.
    """
    wanted = {
        f"providers.{provider.name}.api_key_env": provider.api_key_env
        for provider in settings.providers
    }
    wanted["server.api_key_env"] = settings.server.api_key_env
    missing = [
        ConfigFault(
            f"The environment variable {name} is not set.",
            fix=f"Set it (export {name}=...), or remove the line if no key is needed.",
            field=field,
        )
        for field, name in wanted.items()
        if name and not env.get(name)
    ]
    if missing:
        raise ConfigError("The gateway cannot start without its keys:", faults=missing)
    return {name: env[name] for name in wanted.values() if name}


def policy_of(settings: Settings) -> Policy:
    """Which tier answers, as the file says it."""
    classifier = settings.classifier
    tiers = [_tier(tier, premium=tier is settings.premium) for tier in settings.tiers]
    default: str | None
    if classifier.kind == "model":
        default = None
    elif classifier.kind == "rules":
        default = classifier.default or settings.tiers[0].name
    else:
        default = classifier.default or settings.premium.name
    aliases = [entry.model for entry in classifier.rules if entry.model and entry.model != AUTO]
    return Policy(
        tiers,
        rules=_rules(settings),
        default=default,
        aliases=aliases,
        providers=[provider.name for provider in settings.providers],
    )


def upstream_of(settings: Settings) -> Http1Upstream:
    """The client to all providers."""
    return Http1Upstream(connect_timeout=settings.resilience.connect_timeout)


def app_of(
    settings: Settings,
    env: Mapping[str, str],
    *,
    upstream: Upstream,
    recorder: Recorder,
    clock: Clock,
    jitter: Callable[[], float] = random.random,
    source: str = "headgate.toml",
) -> App:
    """The gateway's application.

    Raises:
        ConfigError: a key is missing or unusable, or a price is none.
    """
    keys = secrets_of(settings, env)
    policy = policy_of(settings)
    resilience, classifier = settings.resilience, settings.classifier
    plant = Plant(
        policy=policy,
        providers={entry.name: provider_of(entry, keys) for entry in settings.providers},
        classifier=_classifier(settings),
        classifier_chars=classifier.max_chars,
        safe=policy.tier(classifier.on_failure or settings.premium.name),
        limits=Limits(
            request_timeout=resilience.request_timeout,
            classifier_timeout=classifier.timeout,
            backoff_base=resilience.backoff_base,
            backoff_max=resilience.backoff_max,
            max_retry_after=resilience.max_retry_after,
        ),
        brakes=_brakes(settings, policy),
        idle_timeout=resilience.idle_timeout,
        upstream=upstream,
        recorder=recorder,
        pricer=Pricer(
            book_of(settings, source, env=env),
            {entry.name: entry.prices for entry in settings.providers if entry.prices},
        ),
        clock=clock,
        jitter=jitter,
        config=settings.fingerprint,
        embedding_model=_embedding_model(settings),
    )
    key = settings.server.api_key_env
    return App(
        plant,
        new_id=new_request_id,
        max_body=settings.server.max_body_bytes,
        max_requests=settings.server.max_requests,
        api_key=keys[key] if key else None,
    )


def _tier(tier: TierSettings, *, premium: bool) -> Tier:
    return Tier(
        name=tier.name,
        model=ModelRef.parse(tier.model),
        description=tier.description,
        attempts=tier.attempts,
        timeout=tier.timeout,
        fallback=tier.fallback,
        premium=premium,
    )


def _brakes(settings: Settings, policy: Policy) -> Brakes:
    resilience = settings.resilience
    models = [tier.model for tier in policy.tiers]
    classifier = _classifier(settings)
    if classifier is not None:
        models.append(classifier.model)
    return Brakes(
        models,
        breaker=lambda: Breaker(
            failures=resilience.breaker_failures, pause=resilience.breaker_pause
        ),
        retries=lambda: RetryBudget(share=resilience.retry_share, floor=resilience.retry_floor),
    )


def _classifier(settings: Settings) -> Tier | None:
    model = settings.classifier.model
    if settings.classifier.kind != "model" or model is None:
        return None
    return Tier(name=CLASSIFIER, model=ModelRef.parse(model), attempts=1, fallback=False)


def _embedding_model(settings: Settings) -> ModelRef | None:
    model = settings.server.embedding_model
    return None if model is None else ModelRef.parse(model)


def _rules(settings: Settings) -> list[Rule]:
    return [
        rule(
            entry.name,
            entry.tier,
            min_tokens=entry.min_tokens,
            max_tokens=entry.max_tokens,
            matches=entry.matches,
            system_matches=entry.system_matches,
            tools=entry.tools,
            images=entry.images,
            json_schema=entry.json_schema,
            min_turns=entry.min_turns,
            header=entry.header,
            model=entry.model,
        )
        for entry in settings.classifier.rules
    ]


def provider_of(entry: ProviderSettings, keys: Mapping[str, str]) -> Provider:
    """A provider of the file; `keys` are what `secrets_of` gives."""
    return Provider(
        entry.name,
        entry.dialect,
        entry.base_url,
        api_key=keys[entry.api_key_env] if entry.api_key_env else None,
        headers=entry.headers,
    )
