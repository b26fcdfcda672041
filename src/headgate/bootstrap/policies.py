"""Builds the policies of a configuration: tiers, rules, learned routers, who decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import lru_cache, partial
from pathlib import Path

from headgate.bootstrap.book import prices_of
from headgate.errors import ConfigError, ConfigFault, Gathered
from headgate.prices.book import Book
from headgate.routing.artifact import Artifact, fingerprint, load
from headgate.routing.cascade import Cascade
from headgate.routing.checks import Checks
from headgate.routing.features import EXCERPT_CHARS
from headgate.routing.learned import Learned, learned
from headgate.routing.policies import Policies, Route
from headgate.routing.policy import AUTO, Policy, Sorter
from headgate.routing.rules import Rule, header_condition, rule
from headgate.routing.tier import Tier
from headgate.routing.verifier import Verifier, verifier
from headgate.settings.schema import (
    ClassifierSettings,
    RouteSettings,
    RuleSettings,
    Settings,
    TierSettings,
)
from headgate.values import ModelRef
from headgate.wire.passed import speaks

__all__ = ["embedding_of", "policies_of"]

CLASSIFIER = "classifier"


def policies_of(settings: Settings, book: Book | None = None, at: date | None = None) -> Policies:
    """Which tier answers, as the file says it; routers are read from their files.

    `book` tells the context windows that the file does not, as of the day `at`.

    Raises:
        ConfigError: a router cannot be read, or nothing says what its threshold is.
    """
    tiers = [
        _tier(tier, premium=tier is settings.premium, context=_context(settings, tier, book, at))
        for tier in settings.tiers
    ]
    classifier = settings.classifier
    aliases = [entry.model for entry in classifier.rules if entry.model and entry.model != AUTO]
    embed = frozenset(one.name for one in settings.providers if speaks(one.dialect))
    deciders = [(classifier, AUTO, "classifier")]
    deciders += [(policy, policy.name, f"policies.{policy.name}") for policy in settings.policies]
    policies = _policies(tiers, deciders, embed)
    by_name = {policy.name: policy for policy in policies}
    return Policies(
        tiers,
        policies,
        routes=[_route(route, by_name[route.policy]) for route in settings.routes],
        aliases=aliases,
        providers=[provider.name for provider in settings.providers],
    )


def _policies(
    tiers: list[Tier], deciders: list[tuple[ClassifierSettings, str, str]], embed: frozenset[str]
) -> list[Policy]:
    """One of each; what is wrong with several of them is told at once."""
    gathered = Gathered("The settings cannot be used:")
    made = [
        gathered.of(partial(_policy, tiers, decides, name, field, embed), None)
        for decides, name, field in deciders
    ]
    return gathered.finish(lambda: [policy for policy in made if policy is not None])


def _context(
    settings: Settings, tier: TierSettings, book: Book | None, at: date | None
) -> int | None:
    if tier.context is not None or book is None or at is None:
        return tier.context
    ref = ModelRef.parse(tier.model)
    card = book.card(ref, at, prices_of=prices_of(settings, ref.provider))
    return None if card is None else card.context_window


def _route(route: RouteSettings, policy: Policy) -> Route:
    return Route(
        policy,
        path=route.path,
        model=route.model,
        header=None if route.header is None else header_condition(route.header),
        key=route.key,
    )


def embedding_of(decides: ClassifierSettings) -> ModelRef | None:
    """Who has to be asked for embeddings, so that a learned router can score; None: nobody.

    Also None where its file cannot be used: `policies_of` says so before anything is served.
    """
    if decides.kind != "learned" or decides.router is None:
        return None
    try:
        name = _encoder(decides.router, Path(decides.router).stat().st_mtime_ns)
        return None if name is None else ModelRef.parse(name)
    except (OSError, ValueError, ConfigError):
        return None


@lru_cache(maxsize=16)
def _encoder(file: str, _: int) -> str | None:
    """Whose embeddings a router needs; a page asks it often of a file that changes seldom."""
    head = _artifact(file)[0].router.head
    return None if head is None or head.source == "local" else head.model


def _policy(
    tiers: list[Tier], decides: ClassifierSettings, name: str, field: str, embed: frozenset[str]
) -> Policy:
    """`embed` are the providers that may have embeddings."""
    found = _learned(decides, field)
    if found is not None and found.embedding is not None:
        with _at(f"{field}.router"):
            _check_embedding(decides, found.embedding, embed)
    return Policy(
        tiers,
        name=name,
        rules=[_rule(entry) for entry in decides.rules],
        learned=found,
        default=_default(tiers, decides),
        sorter=_sorter(decides, found),
        safe=decides.on_failure,
        cascade=_cascade(decides, field),
        grey_from=decides.grey_from,
    )


def _cascade(decides: ClassifierSettings, field: str) -> Cascade | None:
    if decides.kind != "cascade":
        return None
    return Cascade(
        checks=Checks(
            plain=frozenset(decides.checks),
            max_repetition=decides.max_repetition,
            min_logprob=decides.min_logprob,
        ),
        second=_asked("verifier", decides.second_model),
        min_agreement=decides.min_agreement,
        verifier=_verifier(decides, field),
        judge=_asked("judge", decides.judge_model),
        min_grade=decides.min_grade,
        max_chars=decides.max_chars,
        timeout=decides.judge_timeout,
        open=decides.judge_fails == "open",
        hold=decides.stream == "hold",
    )


def _asked(name: str, model: str | None) -> Tier | None:
    """A model that is asked something, dressed as a tier."""
    if model is None:
        return None
    return Tier(name=name, model=ModelRef.parse(model), attempts=1, fallback=False)


def _default(tiers: list[Tier], decides: ClassifierSettings) -> str | None:
    if decides.kind == "model":
        return None
    usual = tiers[-1] if decides.kind == "none" else tiers[0]
    return decides.default or usual.name


def _check_embedding(decides: ClassifierSettings, model: ModelRef, embed: frozenset[str]) -> None:
    if decides.kind == "cascade":
        raise ConfigError(
            f"{decides.router} needs embeddings of {model}; a cascade does not ask for them.",
            fix='Set kind = "learned", or train the router without embeddings.',
        )
    if model.provider not in embed:
        raise ConfigError(
            f"{decides.router} needs embeddings of {model}, and the file has no provider "
            f'"{model.provider}" that speaks OpenAI\'s dialect.',
            fix=f"Add a section [providers.{model.provider}], or train with another model.",
        )


def _sorter(decides: ClassifierSettings, found: Learned | None) -> Sorter | None:
    if found is not None and found.embedding is not None:
        tier = _asked(CLASSIFIER, str(found.embedding))
        assert tier is not None  # noqa: S101 - it has a model
        return Sorter(
            tier=tier, max_chars=EXCERPT_CHARS, timeout=decides.timeout, max_answer_tokens=0
        )
    if decides.kind != "model" or decides.model is None:
        return None
    tier = _asked(CLASSIFIER, decides.model)
    assert tier is not None  # noqa: S101 - it has a model
    return Sorter(tier=tier, max_chars=decides.max_chars, timeout=decides.timeout)


def _learned(decides: ClassifierSettings, field: str) -> Learned | None:
    if decides.kind not in ("learned", "cascade") or decides.router is None:
        return None
    with _at(f"{field}.router"):
        artifact, version = _artifact(decides.router)
        return learned(artifact, version, threshold=decides.threshold, name=decides.router)


def _verifier(decides: ClassifierSettings, field: str) -> Verifier | None:
    if decides.verifier is None:
        return None
    with _at(f"{field}.verifier"):
        artifact, version = _artifact(decides.verifier)
        threshold = decides.verifier_threshold
        return verifier(artifact, version, threshold=threshold, name=decides.verifier)


def _artifact(file: str) -> tuple[Artifact, str]:
    """What `headgate train` wrote, and its version."""
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read: {error.strerror or error}.",
            fix="Make it with `headgate train`, or name another file.",
        ) from error
    return load(data, file), fingerprint(data)


@contextmanager
def _at(field: str) -> Iterator[None]:
    """Faults of a learned file are told with the setting that names it."""
    try:
        yield
    except ConfigError as error:
        fault = ConfigFault(error.message, fix=error.fix or "", field=field)
        raise ConfigError("The learned file cannot be used:", faults=[fault]) from error


def _tier(tier: TierSettings, *, premium: bool, context: int | None) -> Tier:
    return Tier(
        name=tier.name,
        model=ModelRef.parse(tier.model),
        description=tier.description,
        attempts=tier.attempts,
        timeout=tier.timeout,
        fallback=tier.fallback,
        premium=premium,
        context=context,
        images=tier.images,
        tools=tier.tools,
        json_schema=tier.json_schema,
    )


def _rule(entry: RuleSettings) -> Rule:
    return rule(
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
