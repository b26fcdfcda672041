"""What a model refuses of a request though it only tunes the answer: read, and left out.

Models of one dialect take different fields. A caller who lets a gateway choose among them cannot
know which, so the provider is asked, and what it has refused is remembered for its model. A limit
above what a model can write at all is lowered to that.

Source: the APIs' 400s as their users report them (GitHub issues of Claude Code, docker-agent,
inspect_ai, OpenHands, 9router, ChatterUI, hermes-agent, sub2api; read November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from headgate.wire.neutral import Problem

__all__ = ["Easing", "anthropic_easings", "eased", "openai_easings"]


class Easing(NamedTuple):
    """A change of one field that makes a request acceptable to a model."""

    field: str
    """Its name; `a.b` is the field `b` of the object `a`."""
    moved: str = ""
    """The name that its value goes by instead, such as max_completion_tokens."""
    value: bytes = b""
    """JSON to send in its place; without it and `moved` the field is left out."""
    where: bytes = b""
    """Only where these bytes are in the field's value."""
    along: str = ""
    """Only where this other field has been changed, too."""
    most: int = 0
    """A larger number is lowered to this one; 0: it is no such easing."""
    lasting: bool = True
    """It holds for all requests to the model; else only for one like that which was refused."""


def eased(
    fields: Mapping[str, bytes | msgspec.Raw | None], easings: Sequence[Easing]
) -> tuple[dict[str, bytes | None], list[str]]:
    """What easings change of a request: fields to set (None: to take out), and those left out.

    `fields` are those of the request, with their bytes; None is none. An easing whose field is not
    there changes nothing.
    """
    changes: dict[str, bytes | None] = {}
    left: list[str] = []
    for easing in sorted(easings, key=_is_limit):  # a limit is lowered under its last name
        top, _, inner = easing.field.partition(".")
        found = changes[top] if top in changes else fields.get(top)
        raw = b"null" if found is None else bytes(found)
        if raw == b"null" or easing.where not in raw:
            continue
        if easing.along and easing.along not in changes:
            continue
        if easing.most:
            if _above(raw, easing.most):
                changes[top] = b"%d" % easing.most
            continue
        if inner:
            rest = _without(raw, inner)
            if rest is None:
                continue
            changes[top] = rest or None
        else:
            changes[top] = easing.value or None
        if easing.moved:
            changes[easing.moved] = raw
        else:
            left.append(easing.field)
    return changes, left


def _is_limit(easing: Easing) -> bool:
    return easing.most > 0


_NUMBER = msgspec.json.Decoder(int)


def _above(raw: bytes, most: int) -> bool:
    try:
        return _NUMBER.decode(raw) > most
    except msgspec.MsgspecError:
        return False


_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _without(raw: bytes, name: str) -> bytes | None:
    """An object without one of its fields, empty if it was the last; None if it has no such."""
    try:
        inner = _OBJECT.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if name not in inner:
        return None
    del inner[name]
    return msgspec.json.encode(inner) if inner else b""


# ---- OpenAI's two dialects name the field that they refuse

_TUNING = frozenset(
    {
        "frequency_penalty",
        "metadata",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning.context",
        "reasoning.effort",
        "reasoning.generate_summary",
        "reasoning.summary",
        "reasoning_effort",
        "safety_identifier",
        "seed",
        "store",
        "temperature",
        "text.verbosity",
        "top_p",
        "truncation",
        "user",
        "verbosity",
    }
)
"""What may be left out. A service tier may not: it has a price; nor may a stop sequence."""
_REFUSED = re.compile(
    r"Unsupported (?:parameter|value): '(?P<openai>[a-z_.]+)'"
    r"|(?:Unrecognized request argument supplied|Unknown parameter): '?(?P<unknown>[a-z_.]+)'?"
    r'|Unknown name "(?P<google>[a-z_]+)": Cannot find field'
    r"|^property '(?P<groq>[a-z_]+)' is unsupported"
    r"|^`(?P<model>[a-z_]+)` is not supported with this model"
    r"|does not support parameter (?P<xai>[A-Za-z]+)"
)
_ONLY = "Only the default"
_CAPITAL = re.compile("[A-Z]")
_TOO_LONG = re.compile(
    r"max_tokens is too large: \d+\. This model supports at most ([1-9]\d{0,8}) "
)
_LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_SEALED = b'["reasoning.encrypted_content"]'


def openai_easings(problem: Problem) -> list[Easing]:
    """What may help after a refusal by OpenAI's API, or by one that is like it; else nothing.

    It is told by `param`, or by the message: "Unsupported value: 'temperature' does not support 0.2
    with this model. Only the default (1) value is supported." Google, Groq and xAI have words of
    their own.
    """
    if problem.status != 400 or problem.message.startswith("Invalid value:"):
        return []  # that one repeats the caller's words
    if (limit := _TOO_LONG.match(problem.message)) is not None:
        return [Easing(problem.param or "max_tokens", most=int(limit[1]))]
    if problem.param == "include" and "Encrypted content" in problem.message:
        return [Easing("include", where=_SEALED)]
    names = [match[match.lastgroup or 0] for match in _REFUSED.finditer(problem.message)]
    if names and problem.param:
        names = [problem.param]
    found = [easing for name in names for easing in _named(_CAPITAL.sub(_lowered, name))]
    if problem.message.startswith("Unsupported value") and _ONLY not in problem.message:
        return [easing._replace(lasting=False) for easing in found]  # other values may be taken
    return found


def _lowered(capital: re.Match[str]) -> str:
    """reasoningEffort is xAI's word for reasoning_effort."""
    return f"_{capital[0].lower()}"


def _named(field: str) -> list[Easing]:
    if field in _LIMITS:
        return [Easing(field, moved=_LIMITS[field])]
    if field == "reasoning_effort":  # by its name in either dialect
        return [Easing(field), Easing("reasoning.effort")]
    return [Easing(field)] if field in _TUNING else []


# ---- Anthropic's says it in words

_NO_CLEARING = Easing("context_management", where=b"clear_thinking", lasting=False)
_WITH_THINKING = Easing("context_management", where=b"clear_thinking", along="thinking")
_NO_THINKING = (Easing("thinking"), _WITH_THINKING)
_NO_ADAPTIVE = (Easing("thinking", where=b'"adaptive"'), _WITH_THINKING)
_ADAPTIVE = Easing("thinking", value=b'{"type":"adaptive"}', where=b'"enabled"')
_TOO_MANY = re.compile(r"max_tokens: \d+ > ([1-9]\d{0,8}), which is the maximum allowed")
_WORDS: Sequence[tuple[re.Pattern[str], Sequence[Easing]]] = (
    (re.compile(r"adaptive thinking is not supported"), _NO_ADAPTIVE),
    (re.compile(r"does not support thinking"), _NO_THINKING),
    (re.compile(r"thinking\.type\.enabled\W+is not supported"), (_ADAPTIVE,)),
    (re.compile(r"does not support the effort parameter"), (Easing("output_config.effort"),)),
    (
        re.compile(r"output_config\.effort .*not supported"),
        (Easing("output_config.effort", lasting=False),),
    ),
    (re.compile(r"temperature\W+and\W+top_p\W+cannot both"), (Easing("top_p", lasting=False),)),
    (re.compile(r"\btemperature\W+is deprecated"), (Easing("temperature"),)),
    (re.compile(r"\btop_p\W+is deprecated"), (Easing("top_p"),)),
    (re.compile(r"\btop_k\W+is deprecated"), (Easing("top_k"),)),
    (re.compile(r"clear_thinking\w*\W+strategy requires"), (_NO_CLEARING,)),
    (re.compile(r"^cache_control: Extra inputs"), (Easing("cache_control"),)),
    (re.compile(r"^context_management: Extra inputs"), (Easing("context_management"),)),
    (re.compile(r"^output_config\.effort: Extra inputs"), (Easing("output_config.effort"),)),
)
"""What a refusal says -> what to change. A model that has no adaptive thinking answers without:
a budget of tokens in its place would be a guess, and paid."""


def anthropic_easings(problem: Problem) -> list[Easing]:
    """What may help after a refusal by Anthropic's API; else nothing."""
    if problem.status != 400 or "Input tag" in problem.message:
        return []  # that one repeats the caller's words
    if (limit := _TOO_MANY.match(problem.message)) is not None:
        return [Easing("max_tokens", most=int(limit[1]))]
    for words, easings in _WORDS:
        if words.search(problem.message):
            return list(easings)
    return []
