"""The header anthropic-beta, a list of flags: what a model refuses of it is read, and taken out.

Source: the 400s of Anthropic, Vertex and Bedrock as their users report them (GitHub issues of
Claude Code, Zed, LiteLLM, new-api, quarkus-langchain4j, hermes-agent; read November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from headgate.wire.easing import Easing
from headgate.wire.neutral import Problem

__all__ = ["BETA", "ascribed", "beta_easings", "without_flags"]

BETA = "anthropic-beta"

_NAMED = re.compile(
    r"Unexpected value\(s\) (`[^`]+`(?:, `[^`]+`)*) for the `anthropic-beta` header"
)
_FLAG = re.compile(r"`([\w.-]+)`", re.ASCII)
_ONE_OF_THEM = re.compile(r"\binvalid beta flag\b")
_LONG = re.compile(r"long context beta is not (?:yet )?available")


def beta_easings(problem: Problem) -> list[Easing]:
    """What may help after a refusal of flags; nothing if it is another one.

    `where` of such an easing is a list of flags, empty where the refusal does not say which.
    """
    if problem.status != 400:
        return []
    message = problem.message
    if (named := _NAMED.search(message)) is not None:
        return [Easing(BETA, where=flag.encode()) for flag in _FLAG.findall(named[1])]
    if _LONG.search(message):
        return [Easing(BETA, where=b"context-1m-2025-08-07")]
    return [Easing(BETA)] if _ONE_OF_THEM.search(message) else []


def ascribed(easing: Easing, value: str) -> Easing:
    """An easing of flags that are not named, as one of all that the refused request had.

    One of them at least is refused, and so is any other request that has them all.
    """
    if easing.field != BETA or easing.where:
        return easing
    return easing._replace(where=",".join(_flags(value)).encode())


def without_flags(value: str, easings: Iterable[Easing]) -> tuple[str, list[str]]:
    """What easings leave of the header's value, and the flags that they take out."""
    kept = _flags(value)
    gone: list[str] = []
    for easing in easings:
        if easing.field != BETA or not easing.where:
            continue
        refused = easing.where.decode().split(",")
        if set(refused).issubset(kept):
            kept = [flag for flag in kept if flag not in refused]
            gone += refused
    return (",".join(kept), gone) if gone else (value, gone)


def _flags(value: str) -> Sequence[str]:
    """Each of them once."""
    return list(dict.fromkeys(filter(None, map(str.strip, value.split(",")))))
