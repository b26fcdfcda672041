"""Rules: the conditions on a request that decide its tier, from their written form."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from headgate.routing.needles import search
from headgate.values import Ask

__all__ = ["SEARCHED_CHARS", "Condition", "Rule", "header_condition", "rule"]

SEARCHED_CHARS = 32_000
"""Longest text a rule's expression is run on. Python's expressions cannot be timed out, so what
they see is bounded instead; the last part is searched, where the question usually stands."""

Condition = Callable[[Ask], bool]


class Rule(msgspec.Struct, frozen=True):
    """The tier for requests on which every condition holds."""

    name: str
    tier: str
    conditions: tuple[Condition, ...]

    def holds(self, ask: Ask) -> bool:
        """Whether all conditions hold."""
        for condition in self.conditions:  # noqa: SIM110 - a generator costs more than two rules
            if not condition(ask):
                return False
        return True


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
        conditions.append(header_condition(header))
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
        asks_so = search(re.compile(matches))
        conditions.append(lambda ask: asks_so(ask.last_user[-SEARCHED_CHARS:]))
    if system_matches is not None:
        says_so = search(re.compile(system_matches))
        conditions.append(lambda ask: says_so(ask.system[-SEARCHED_CHARS:]))
    return Rule(name, tier, tuple(conditions))


def header_condition(text: str) -> Condition:
    """Holds where the header `name` is there, or, of `name: value`, has that value."""
    name, colon, value = text.partition(":")
    name, value = name.strip().lower(), value.strip()
    if colon:
        return lambda ask: ask.headers.get(name) == value
    return lambda ask: name in ask.headers
