"""The meter: what an answer or a stream says of its tokens and its service tier, read as Usage.

Providers repeat usage over the chunks of a stream, mostly growing, sometimes with fields left out.
So the largest value of each field on the wire is kept, and Usage is derived from those at the end:
deriving first and comparing later would count cached tokens twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, TypeAlias, TypeVar

import msgspec

from headgate.values import Usage

__all__ = [
    "AnthropicCounts",
    "Counts",
    "Meter",
    "OpenAICounts",
    "ResponsesCounts",
    "service_tier",
    "told_once",
]

_MOST = 2**53
"""A larger count is an error of the provider's; money must not be computed from it."""

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=_MOST)] | None


class Counts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A usage object as a dialect has it on the wire, as far as it bears on a bill.

    None is a count that was not told. Anthropic tells the service tier here too, and its fast mode
    as `speed`.
    """

    service_tier: object = None
    speed: object = None

    def usage(self, service_tier: str | None = None) -> Usage | None:
        """The tokens in kinds that do not overlap; None where nothing was told."""
        raise NotImplementedError


class _InputDetails(msgspec.Struct, frozen=True, gc=False):
    cached_tokens: Count = None
    cache_write_tokens: Count = None


class _OutputDetails(msgspec.Struct, frozen=True, gc=False):
    reasoning_tokens: Count = None
    thinking_tokens: Count = None


class _Written(msgspec.Struct, frozen=True, gc=False):
    ephemeral_5m_input_tokens: Count = None
    ephemeral_1h_input_tokens: Count = None


_NO_INPUT, _NO_OUTPUT, _NOT_WRITTEN = _InputDetails(), _OutputDetails(), _Written()


class OpenAICounts(Counts, frozen=True, kw_only=True, gc=False):
    """Of chat completions, where `prompt_tokens` includes what a cache read or wrote.

    `cache_write_tokens` have a lifetime of 30 minutes, for which Usage has no kind of its own; they
    are counted with the shorter one. DeepSeek says its cache reads as `prompt_cache_hit_tokens`.
    Google's endpoint (and xAI's) leave hidden thinking out of `completion_tokens` but bill it and
    have it in `total_tokens`: what the total holds beyond the prompt is output.
    """

    prompt_tokens: Count = None
    completion_tokens: Count = None
    total_tokens: Count = None
    prompt_cache_hit_tokens: Count = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None

    def usage(self, service_tier: str | None = None) -> Usage | None:
        """See Counts.usage."""
        prompt, told = self.prompt_tokens, self.completion_tokens
        if prompt is None and told is None:
            return None
        read = written = None
        if (before := self.prompt_tokens_details) is not None:
            read, written = before.cached_tokens, before.cache_write_tokens
        if read is None:
            read = self.prompt_cache_hit_tokens
        read, written = read or 0, written or 0
        output, thought = told or 0, 0
        if (after := self.completion_tokens_details) is not None:
            thought = after.reasoning_tokens or 0
        total = self.total_tokens
        if total is not None and prompt is not None and (hidden := total - prompt - output) > 0:
            output += hidden
            if hidden > thought:
                thought = hidden
        if thought > output:
            thought = output
        fresh = (prompt or 0) - read - written
        if fresh < 0:
            fresh = 0
        return Usage(fresh, output, read, written, 0, thought, service_tier)


class ResponsesCounts(Counts, frozen=True, kw_only=True, gc=False):
    """Of the Responses API: OpenAI's, under other names.

    `input_tokens` includes what a cache read or wrote, and `output_tokens` the reasoning.
    """

    input_tokens: Count = None
    output_tokens: Count = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None

    def usage(self, service_tier: str | None = None) -> Usage | None:
        """See Counts.usage."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        details = self.input_tokens_details or _NO_INPUT
        read, written = details.cached_tokens or 0, details.cache_write_tokens or 0
        output = self.output_tokens or 0
        reasoning = (self.output_tokens_details or _NO_OUTPUT).reasoning_tokens or 0
        return Usage(
            max(0, (self.input_tokens or 0) - read - written),
            output,
            read,
            written,
            0,
            min(output, reasoning),
            service_tier,
        )


class AnthropicCounts(Counts, frozen=True, kw_only=True, gc=False):
    """Of Messages, where `input_tokens` excludes what a cache read or wrote.

    Cache writes come as a total and, mostly, split by lifetime; what is not named as one hour is
    the default of five minutes.
    """

    input_tokens: Count = None
    output_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_creation: _Written | None = None
    output_tokens_details: _OutputDetails | None = None

    def usage(self, service_tier: str | None = None) -> Usage | None:
        """See Counts.usage."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        split = self.cache_creation or _NOT_WRITTEN
        hour = split.ephemeral_1h_input_tokens or 0
        written = self.cache_creation_input_tokens or 0
        return Usage(
            self.input_tokens or 0,
            self.output_tokens or 0,
            self.cache_read_input_tokens or 0,
            max(split.ephemeral_5m_input_tokens or 0, written - hour),
            hour,
            (self.output_tokens_details or _NO_OUTPUT).thinking_tokens or 0,
            service_tier,
        )


class Meter:
    """Collects the usage objects of one call. `usage` is None until one of them said a number."""

    __slots__ = ("_form", "_seen", "service_tier")

    def __init__(self, form: type[Counts]) -> None:
        self._form = form
        self._seen: Counts | None = None
        self.service_tier: str | None = None
        """How the provider says that it serves the call, as in `Usage`."""

    def see(self, usage: object) -> None:
        """Take a usage object as decoded JSON, or as decoded in its form already.

        Whatever says nothing of a bill is passed over.
        """
        if isinstance(usage, self._form):
            found = usage
        elif isinstance(usage, dict):
            found = self._read(usage)
        else:
            return
        if found.service_tier is not None:
            self.serve(found.service_tier)
        if found.speed == "fast":
            self.service_tier = "fast"
        self._seen = found if self._seen is None else _largest(self._seen, found)

    def _read(self, usage: Mapping[str, object]) -> Counts:
        try:
            return msgspec.convert(usage, self._form)
        except msgspec.ValidationError:
            return _lenient(self._form, usage)

    def serve(self, word: object) -> None:
        """Take the word for a service tier; the last one counts: a stream may begin with what was
        asked for and end with what was given."""
        if isinstance(word, str):
            self.service_tier = service_tier(word)

    @property
    def usage(self) -> Usage | None:
        """All that was seen so far; None where nothing was."""
        return None if self._seen is None else self._seen.usage(self.service_tier)


def told_once(form: type[Counts], usage: object, word: object = None) -> Usage | None:
    """The usage of a whole answer, as a meter reads it that sees `usage` alone.

    `word` is what the answer says of its service tier beside it; None and "" say nothing.
    """
    if not isinstance(usage, form):
        meter = Meter(form)
        meter.see(usage)
        if word:
            meter.serve(word)
        return meter.usage
    tier = None
    if isinstance(usage.service_tier, str):
        tier = service_tier(usage.service_tier)
    if usage.speed == "fast":
        tier = "fast"
    if word and isinstance(word, str):
        tier = service_tier(word)
    return usage.usage(tier)


def service_tier(word: str) -> str | None:
    """A provider's or caller's word for a service tier, as in `Usage`.

    >>> service_tier("Priority"), service_tier("auto"), service_tier("no word")
    ('priority', None, 'unknown')
    """
    word = word.lower()
    if word in _STANDARD:
        return None
    return word if _WORD.fullmatch(word) else "unknown"


_STANDARD = frozenset(
    {"", "auto", "default", "on_demand", "standard", "standard_only", "unspecified"}
)
"""Words for the tier that a card without a variant prices; `auto` has not been decided yet."""
_WORD = re.compile(r"[a-z0-9_.-]{1,32}")
"""A tier's word as it is kept; anything else is `unknown`."""


S = TypeVar("S", bound=msgspec.Struct)


def _lenient(form: type[S], found: Mapping[str, object]) -> S:
    """As much of a usage object as can be read, field by field."""
    fields: dict[str, object] = {}
    for name in form.__struct_fields__:
        value = found.get(name)
        if name in _DETAILS:
            fields[name] = _lenient(_DETAILS[name], value) if isinstance(value, dict) else None
            continue
        if isinstance(value, float) and value.is_integer():  # some servers write 12.0
            value = int(value)
        with suppress(msgspec.ValidationError):
            fields[name] = getattr(msgspec.convert({name: value}, form), name)
    return form(**fields)


_DETAILS: Mapping[str, type[msgspec.Struct]] = {
    "prompt_tokens_details": _InputDetails,
    "input_tokens_details": _InputDetails,
    "completion_tokens_details": _OutputDetails,
    "output_tokens_details": _OutputDetails,
    "cache_creation": _Written,
}


def _largest(one: S, other: S) -> S:
    """The larger of each count."""
    fields: dict[str, object] = {}
    for name in one.__struct_fields__:
        a, b = getattr(one, name), getattr(other, name)
        if a is None or b is None:
            fields[name] = a if b is None else b
        elif isinstance(a, int) and isinstance(b, int):
            fields[name] = max(a, b)
        elif isinstance(a, msgspec.Struct) and isinstance(b, msgspec.Struct):
            fields[name] = _largest(a, b)
        else:
            fields[name] = b
    return type(one)(**fields)
