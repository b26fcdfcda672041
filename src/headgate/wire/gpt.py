"""What the models behind OpenAI's dialects accept, which the API leaves to the model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from headgate.wire.neutral import MODELS_AT_HAND, Effort, Request

__all__ = [
    "MAX_USER_CHARS",
    "NO_SIGNATURE",
    "effort_of",
    "is_openais",
    "left_out",
    "takes_sampling",
    "wants_signatures",
]

MAX_USER_CHARS = 64
"""The longest id of a user that OpenAI takes."""

_THINKING_MODELS = re.compile(r"(?:^|/)(?:gpt-(?:[5-9]|[1-9]\d|oss)|o[1-9]|gemini-(?:2\.5|[3-9]))")
"""Models that take `reasoning_effort`; others answer 400 to it."""
_OPENAI_MODELS = re.compile(r"(?:^|/)(?:gpt-(?!oss)|chatgpt-|o[1-9])")
"""OpenAI's own, which want `max_completion_tokens`; other servers may know `max_tokens` only."""
_FIXED_SAMPLING = re.compile(r"(?:^|/)(?:gpt-(?:[5-9]|[1-9]\d)|o[1-9])")
"""Models that answer 400 to a temperature or top_p other than their own."""
_LEVELS: Mapping[Effort, str] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
"""The three levels that every model with `reasoning_effort` knows."""
_LEAST = (
    (re.compile(r"(?:^|/)gpt-5(?![.\d])"), "minimal"),
    (re.compile(r"(?:^|/)gpt-(?:5\.\d|[6-9]|[1-9]\d)"), "none"),
    (re.compile(r"(?:^|/)gemini-2\.5-flash"), "none"),
)
_SIGNING = re.compile(r"(?:^|/)gemini-(?:[3-9]|[1-9]\d)")
NO_SIGNATURE = "skip_thought_signature_validator"
"""What Google documents for calls in a history that its model did not make ("Thought signatures",
ai.google.dev, read November 2026); without any signature the request is refused."""


@lru_cache(maxsize=MODELS_AT_HAND)
def wants_signatures(model: str) -> bool:
    """Whether the model refuses calls in a history that bear no signature of its thoughts."""
    return _SIGNING.search(model) is not None


@lru_cache(maxsize=MODELS_AT_HAND)
def is_openais(model: str) -> bool:
    """Whether the model is one of OpenAI's own, so far as its name tells."""
    return _OPENAI_MODELS.search(model) is not None


@lru_cache(maxsize=MODELS_AT_HAND)
def takes_sampling(model: str) -> bool:
    """Whether the model takes a temperature and a top_p."""
    return _FIXED_SAMPLING.search(model) is None


def effort_of(model: str, effort: Effort | None) -> str | None:
    """The level of reasoning to ask the model for; None where it is not to be asked."""
    if effort is None or _THINKING_MODELS.search(model) is None:
        return None
    return _LEVELS.get(effort) or _least(model)


def left_out(request: Request, model: str) -> list[str]:
    """See Dialect.left_out: the same for both of OpenAI's dialects."""
    found: list[str] = []
    if not takes_sampling(model):
        found += [name for name in ("temperature", "top_p") if getattr(request, name) is not None]
    if request.effort is not None and effort_of(model, request.effort) is None:
        found.append("effort")
    if request.user and len(request.user) > MAX_USER_CHARS:
        found.append("user")
    return found


def _least(model: str) -> str:
    """The level with the least thinking: "none" is not known to all, "low" is."""
    return next((level for pattern, level in _LEAST if pattern.search(model)), "low")
