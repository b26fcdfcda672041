"""Which tier a request starts on: pinned by the caller, decided by rules, or left to a model."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from headgate.errors import UnknownModelError
from headgate.routing.tier import PINNED, Tier
from headgate.values import Ask, ModelRef

__all__ = ["AUTO", "Condition", "Decision", "Policy", "Rule", "rule"]

AUTO = "auto"

SEARCHED_CHARS = 32_000
"""Longest text a rule's expression is run on. Python's expressions cannot be timed out, so what
they see is bounded instead; the last part is searched, where the question usually stands."""

Condition = Callable[[Ask], bool]


class Decision(msgspec.Struct, frozen=True):
    """A tier and why: what the response headers and the ledger say.

    `score` is the classifier's own number between 0 (cheapest) and 1 (premium), where it gave one.
    `routed` is False when the caller chose the tier.
    """

    tier: Tier
    reason: str
    score: float | None = None
    routed: bool = True


class Rule(msgspec.Struct, frozen=True):
    """The tier for requests on which every condition holds."""

    name: str
    tier: str
    conditions: tuple[Condition, ...]

    def holds(self, ask: Ask) -> bool:
        """Whether all conditions hold."""
        return all(condition(ask) for condition in self.conditions)


def rule(
    name: str,
    tier: str,
    *,
    min_tokens: int | None = None,
    max_tokens: int | None = None,
    matches: str | None = None,
    system_matches: str | None = None,
    tools: bool | None = None,
    images: bool | None = None,
    json_schema: bool | None = None,
    min_turns: int | None = None,
    header: str | None = None,
    model: str | None = None,
) -> Rule:
    """A rule from its written form; a condition left None does not count.

    Raises:
        re.error: an expression does not compile.
    """
    conditions: list[Condition] = []
    if model is not None:
        conditions.append(lambda ask: ask.model == model)
    if header is not None:
        conditions.append(_header(header))
    if tools is not None:
        conditions.append(lambda ask: (ask.tools > 0) is tools)
    if images is not None:
        conditions.append(lambda ask: (ask.images > 0) is images)
    if json_schema is not None:
        conditions.append(lambda ask: ask.json_schema is json_schema)
    if min_turns is not None:
        conditions.append(lambda ask: ask.turns >= min_turns)
    if min_tokens is not None:
        conditions.append(lambda ask: ask.tokens >= min_tokens)
    if max_tokens is not None:
        conditions.append(lambda ask: ask.tokens <= max_tokens)
    if matches is not None:
        search = re.compile(matches).search
        conditions.append(lambda ask: search(ask.last_user[-SEARCHED_CHARS:]) is not None)
    if system_matches is not None:
        search_system = re.compile(system_matches).search
        conditions.append(lambda ask: search_system(ask.system[-SEARCHED_CHARS:]) is not None)
    return Rule(name, tier, tuple(conditions))


def _header(text: str) -> Condition:
    name, colon, value = text.partition(":")
    name, value = name.strip().lower(), value.strip()
    if colon:
        return lambda ask: ask.headers.get(name) == value
    return lambda ask: name in ask.headers


class Policy:
    """Decides where a request starts; None from `decide` means that the classifier model is asked.

    Args:
        tiers: from cheapest to premium, at least one.
        rules: tried in order; the first that holds decides.
        default: the tier when no rule holds; None leaves that to the classifier model.
        aliases: further names that callers may use for routed requests, such as `auto:careful`.
        providers: names of the providers whose models callers may pin as `provider/model`.
    """

    def __init__(
        self,
        tiers: Sequence[Tier],
        *,
        rules: Sequence[Rule] = (),
        default: str | None,
        aliases: Sequence[str] = (),
        providers: Sequence[str] = (),
    ) -> None:
        self.tiers = tuple(tiers)
        self._by_name: Mapping[str, Tier] = {tier.name: tier for tier in tiers}
        self._rules = tuple(rules)
        self._default = None if default is None else self._by_name[default]
        self._auto = frozenset((AUTO, *aliases))
        self._providers = frozenset(providers)
        self._pins: dict[str, Tier] = dict(self._by_name)
        for tier in reversed(self.tiers):  # the cheapest of several tiers on one model wins
            self._pins[str(tier.model)] = tier
            self._pins.setdefault(tier.model.model, tier)

    @property
    def names(self) -> tuple[str, ...]:
        """What a caller may ask for: `auto`, aliases, tiers and the tiers' models."""
        models = dict.fromkeys(str(tier.model) for tier in self.tiers)
        return (*sorted(self._auto), *self._by_name, *models)

    def tier(self, name: str) -> Tier:
        """The tier of that name. Raises KeyError where there is none."""
        return self._by_name[name]

    def decide(self, ask: Ask) -> Decision | None:
        """The decision that can be taken without asking anybody, or None.

        Raises:
            UnknownModelError: the caller asked for a model this gateway does not serve.
        """
        if ask.model not in self._auto:
            return self._pinned(ask.model)
        for candidate in self._rules:
            if candidate.holds(ask):
                return Decision(self._by_name[candidate.tier], f"rule:{candidate.name}")
        return None if self._default is None else Decision(self._default, "default")

    def _pinned(self, name: str) -> Decision:
        tier = self._pins.get(name)
        if tier is None:
            tier = self._outside(name)
        return Decision(tier, "pinned", routed=False)

    def _outside(self, name: str) -> Tier:
        """A model of a configured provider that no tier uses: called as asked, never routed."""
        provider, slash, model = name.partition("/")
        if (
            slash
            and model
            and provider in self._providers
            and model.isprintable()
            and " " not in model
        ):
            return Tier(name=PINNED, model=ModelRef(provider, model), fallback=False)
        near = difflib.get_close_matches(name, self.names, n=3)
        known = ", ".join(f"`{known}`" for known in (near or self.names))
        raise UnknownModelError(
            f"The model `{name[:100]}` is not served here.",
            fix=f"{'Did you mean' if near else 'Ask for one of'} {known}?",
        )
