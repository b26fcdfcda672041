"""The meter: what an answer or a stream says of its tokens and its service tier, read as Usage.

Providers repeat usage over the chunks of a stream, mostly growing, sometimes with fields left out.
So the largest value of each field on the wire is kept, and Usage is derived from those at the end:
deriving first and comparing later would count cached tokens twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from headgate.values import Usage

__all__ = ["Counts", "Meter", "anthropic_usage", "openai_usage", "responses_usage"]

Counts = Mapping[str, int]
"""Token counts by their names on the wire; a nested one is called `outer.inner`."""


class Meter:
    """Collects the usage objects of one call. `usage` is None until one of them said a number."""

    def __init__(self, derive: Callable[[Counts], Usage | None]) -> None:
        self._derive = derive
        self._counts: dict[str, int] = {}
        self.service_tier: str | None = None
        """How the provider says that it serves the call, as in `Usage`."""

    def see(self, usage: object) -> None:
        """Take a usage object as decoded JSON; whatever says nothing of a bill is passed over.

        Anthropic's tells the service tier too, and its fast mode as `speed`.
        """
        if isinstance(usage, dict):
            self._merge("", usage)

    def serve(self, word: object) -> None:
        """Take the word for a service tier; the last one counts: a stream may begin with what was
        asked for and end with what was given."""
        if not isinstance(word, str):
            return
        word = word.lower()
        if word in _STANDARD:
            self.service_tier = None
        else:
            self.service_tier = word if _WORD.fullmatch(word) else "unknown"

    def _merge(self, prefix: str, usage: Mapping[object, object], depth: int = 1) -> None:
        counts = self._counts
        for key, value in usage.items():
            name = f"{prefix}{key}"
            if isinstance(value, dict) and depth:
                self._merge(f"{name}.", value, depth - 1)
                continue
            if type(value) is str:
                if name == "service_tier":
                    self.serve(value)
                elif name == "speed" and value == "fast":
                    self.service_tier = "fast"
                continue
            count = value if type(value) is int and 0 <= value < _MOST else _count(value)
            if count is not None and count >= counts.get(name, 0):
                counts[name] = count

    @property
    def usage(self) -> Usage | None:
        """All that was seen so far; None where nothing was."""
        usage = self._derive(self._counts) if self._counts else None
        if usage is None or self.service_tier is None:
            return usage
        return msgspec.structs.replace(usage, service_tier=self.service_tier)


_STANDARD = frozenset({"", "auto", "default", "on_demand", "standard", "unspecified"})
"""Words for the tier that a card without a variant prices; `auto` has not been decided yet."""
_WORD = re.compile(r"[a-z0-9_.-]{1,32}")
"""A tier's word as it is kept; anything else is `unknown`."""


_MOST = 2**53
"""A larger count is an error of the provider's; money must not be computed from it."""


def _count(value: object) -> int | None:
    """A token count, or None; some servers write whole numbers as 12.0."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer() and 0 <= value < _MOST:
        return int(value)
    return value if isinstance(value, int) and 0 <= value < _MOST else None


def openai_usage(counts: Counts) -> Usage | None:
    """Usage from OpenAI's counts, where `prompt_tokens` includes what a cache read or wrote.

    `cache_write_tokens` have a lifetime of 30 minutes, for which Usage has no kind of its own; they
    are counted with the shorter one. DeepSeek says its cache reads as `prompt_cache_hit_tokens`.
    Google's endpoint (and xAI's) leave hidden thinking out of `completion_tokens` but bill it and
    have it in `total_tokens`: what the total holds beyond the prompt is output.
    """
    prompt = counts.get("prompt_tokens")
    completion = counts.get("completion_tokens")
    if prompt is None and completion is None:
        return None
    read = counts.get("prompt_tokens_details.cached_tokens")
    if read is None:
        read = counts.get("prompt_cache_hit_tokens", 0)
    written = counts.get("prompt_tokens_details.cache_write_tokens", 0)
    output = completion or 0
    if prompt is not None:
        output = max(output, counts.get("total_tokens", 0) - prompt)
    reasoning = counts.get("completion_tokens_details.reasoning_tokens", 0)
    hidden = output - (completion or 0)
    return Usage(
        input=max(0, (prompt or 0) - read - written),
        output=output,
        cache_read=read,
        cache_write_5m=written,
        reasoning=min(output, max(reasoning, hidden)),
    )


def anthropic_usage(counts: Counts) -> Usage | None:
    """Usage from Anthropic's counts, where `input_tokens` excludes what a cache read or wrote.

    Cache writes come as a total and, mostly, split by lifetime; what is not named as one hour is
    the default of five minutes.
    """
    if not any(name in counts for name in ("input_tokens", "output_tokens")):
        return None
    hour = counts.get("cache_creation.ephemeral_1h_input_tokens", 0)
    written = counts.get("cache_creation_input_tokens", 0)
    return Usage(
        input=counts.get("input_tokens", 0),
        output=counts.get("output_tokens", 0),
        cache_read=counts.get("cache_read_input_tokens", 0),
        cache_write_5m=max(
            counts.get("cache_creation.ephemeral_5m_input_tokens", 0), written - hour
        ),
        cache_write_1h=hour,
        reasoning=counts.get("output_tokens_details.thinking_tokens", 0),
    )


def responses_usage(counts: Counts) -> Usage | None:
    """Usage from the counts of the Responses API: OpenAI's, under other names.

    `input_tokens` includes what a cache read or wrote, and `output_tokens` the reasoning.
    """
    if not any(name in counts for name in ("input_tokens", "output_tokens")):
        return None
    read = counts.get("input_tokens_details.cached_tokens", 0)
    written = counts.get("input_tokens_details.cache_write_tokens", 0)
    output = counts.get("output_tokens", 0)
    return Usage(
        input=max(0, counts.get("input_tokens", 0) - read - written),
        output=output,
        cache_read=read,
        cache_write_5m=written,
        reasoning=min(output, counts.get("output_tokens_details.reasoning_tokens", 0)),
    )
