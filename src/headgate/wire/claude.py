"""What the generations of Claude models accept, which the Messages API leaves to the model.

Source: platform.claude.com, "Effort", "Thinking", "Migration guide" and "Structured outputs" (read
November 2026), with the 400s that users report. In short: 4.5 and older think by a token budget;
4.6 brought adaptive thinking with effort levels; 4.7 dropped temperature and top_p; 5 thinks unless
told not to, and some of its models cannot be told.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from headgate.wire.neutral import MODELS_AT_HAND, Effort

__all__ = ["Abilities", "abilities"]

DEFAULT_MAX_TOKENS = 16_384
"""Sent when the caller sets no limit, which the Messages API requires: enough for a long answer
with its thinking, and accepted by every Claude model from 3.7 on."""

_OLD_MAX_TOKENS = 4096  # the most that Claude 3 accepts

_VERSION = re.compile(r"claude-(?:[a-z]+-)*(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_NEWEST = (99, 0)


class Abilities(msgspec.Struct, frozen=True):
    """What a model takes of a request."""

    sampling: bool = True
    """temperature or top_p"""
    adaptive: bool = False
    """thinking of type "adaptive" """
    no_thinking: str | None = None
    """The type of thinking that turns it off, where it is on by default and can be turned off."""
    strict_tools: bool = False
    efforts: dict[Effort, str] = {}
    """The level to send for a caller's; empty where none is accepted."""
    default_max_tokens: int = DEFAULT_MAX_TOKENS


_THREE_LEVELS: dict[Effort, str] = {
    "none": "low",
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
_FIVE_LEVELS: dict[Effort, str] = {**_THREE_LEVELS, "xhigh": "xhigh", "max": "max"}


@lru_cache(maxsize=MODELS_AT_HAND)
def abilities(model: str) -> Abilities:
    """What `model` accepts; a Claude of unknown version is taken for the newest.

    A model of another maker behind this dialect gets temperature and top_p, and no effort.

    >>> abilities("claude-haiku-4-5-20251001").sampling, abilities("claude-opus-5-5").sampling
    (True, False)
    """
    if "claude" not in model:
        return Abilities()
    found = _VERSION.search(model)
    version = (int(found[1]), int(found[2] or 0)) if found else _NEWEST
    opus = "opus" in model
    efforts: dict[Effort, str] = {}
    if version >= (4, 7):
        efforts = _FIVE_LEVELS
    elif version >= (4, 6) or (opus and version >= (4, 5)):
        efforts = _THREE_LEVELS
    return Abilities(
        sampling=version < (4, 7),
        adaptive=version >= (4, 6),
        no_thinking=_no_thinking(model, version),
        strict_tools=version >= (4, 5) or (opus and version >= (4, 1)),
        efforts=efforts,
        default_max_tokens=_OLD_MAX_TOKENS if version < (3, 7) else DEFAULT_MAX_TOKENS,
    )


def _no_thinking(model: str, version: tuple[int, int]) -> str | None:
    if version < (5, 0) or version == _NEWEST:
        return None
    if "haiku" in model or version < (5, 5):
        return None if "fable" in model or "mythos" in model else "disabled"
    return "between_tools" if "sonnet" in model else None
