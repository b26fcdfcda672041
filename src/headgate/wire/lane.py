"""The one face of wire: a request is read once, then sent through a lane for each attempt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from headgate.errors import HeadgateError, InternalError
from headgate.values import Usage
from headgate.wire.anthropic_messages import ANTHROPIC_MESSAGES
from headgate.wire.dialect import Answered, Dialect, UnusableAnswerError
from headgate.wire.drafts import RESPONSES, asking_logprobs, draft_of, streamed_draft, wanted_of
from headgate.wire.easing import Easing
from headgate.wire.inbound import Inbound
from headgate.wire.meter import service_tier
from headgate.wire.neutral import Message, Request, Text
from headgate.wire.openai_chat import OPENAI_CHAT
from headgate.wire.openai_responses import OPENAI_RESPONSES
from headgate.wire.passthrough import Flow, Passthrough, passthrough
from headgate.wire.problems import is_overflow, problem_of, read_problem
from headgate.wire.translate import Translation

__all__ = [
    "DIALECTS",
    "Answered",
    "Easing",
    "Flow",
    "Inbound",
    "Lane",
    "Translation",
    "UnusableAnswerError",
    "asked_tier",
    "asking_logprobs",
    "draft_of",
    "in_background",
    "lane",
    "overflows",
    "read",
    "read_count",
    "refuse",
    "small_answer",
    "small_request",
    "streamed_draft",
    "wanted_of",
]

DIALECTS: Mapping[str, Dialect] = {
    dialect.name: dialect for dialect in (OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES)
}


def _dialect(name: str) -> Dialect:
    try:
        return DIALECTS[name]
    except KeyError:
        raise InternalError(f"There is no dialect {name!r}.") from None


def read(dialect: str, body: bytes, headers: Mapping[str, str]) -> Inbound:
    """One caller's request; `headers` have lower-case names.

    Raises:
        RequestError: it is not a request of that dialect (400).
    """
    return _dialect(dialect).read(body, headers)


def read_count(dialect: str, body: bytes, headers: Mapping[str, str]) -> Inbound:
    """A caller's request for a count of its tokens, in a dialect that has such a call.

    Raises:
        RequestError: it is not a request of that dialect (400).
    """
    counting = _dialect(dialect).read_count
    if counting is None:
        raise InternalError(f"The dialect {dialect!r} has no call that counts tokens.")
    return counting(body, headers)


_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_WORD = msgspec.json.Decoder(str | None)


Lane: TypeAlias = Passthrough | Translation
"""The request's way through one provider's dialect. A new one for each attempt is cheap."""


def lane(inbound: Inbound, dialect_out: str, *, at: float) -> Lane:
    """The lane of a request to a provider that speaks `dialect_out`; `at` is the unix time.

    Raises:
        RequestError: the translation would lose something essential (400, `param` names it).
    """
    provider = _dialect(dialect_out)
    if dialect_out == inbound.dialect:
        return passthrough(inbound, provider)
    return Translation(inbound, _dialect(inbound.dialect), provider, int(at))


def history_of(inbound: Inbound) -> int:
    """How many messages or items a request holds."""
    name = "input" if inbound.dialect == RESPONSES else "messages"
    raw = inbound.fields.get(name)
    return len(_ITEMS.decode(raw)) if raw is not None and bytes(raw).startswith(b"[") else 1


def asked_tier(inbound: Inbound) -> str | None:
    """The service tier that a caller asks for, as in `Usage`; None where it asks for none.

    OpenAI's dialects and Anthropic's have `service_tier`; `speed` is Anthropic's word for `fast`.
    What the provider serves the call in is for the provider to say.
    """
    fields = inbound.fields
    if "service_tier" not in fields and "speed" not in fields:
        return None
    try:
        if (speed := fields.get("speed")) is not None and _WORD.decode(speed) == "fast":
            return "fast"
        word = fields.get("service_tier")
        return None if word is None else service_tier(_WORD.decode(word) or "")
    except msgspec.MsgspecError:  # no word: the provider says what is wrong with it
        return None


def in_background(inbound: Inbound) -> bool:
    """Whether an answer is asked for that is made after it has been given: a Responses' alone."""
    background = inbound.fields.get("background") if inbound.dialect == RESPONSES else None
    return background is not None and bytes(background) == b"true"


def overflows(status: int, body: bytes) -> bool:
    """Whether a provider has refused a request for its length, which another model may read."""
    return status == 400 and is_overflow(read_problem(status, body))


def refuse(dialect: str, error: HeadgateError) -> bytes:
    """One of our own errors as a body in the caller's dialect; `error.status` is its status."""
    return _dialect(dialect).write_problem(problem_of(error))


def small_request(dialect_out: str, model: str, system: str, user: str, max_tokens: int) -> bytes:
    """A short call of our own, such as the classifier's: not streamed, as repeatable as can be.

    Where a model can be told not to think it is, because thinking would use up `max_tokens`.
    """
    request = Request(
        system=system,
        messages=(Message("user", (Text(user),)),),
        max_tokens=max_tokens,
        temperature=0.0,
        effort="none",
    )
    return _dialect(dialect_out).write_request(request, model)


def small_answer(dialect_out: str, body: bytes) -> tuple[str, Usage | None]:
    """The text of a short call's answer, and its usage.

    Raises:
        UnusableAnswerError: it is no answer, or has no text.
    """
    try:
        found = _dialect(dialect_out).read_answer(body, False)
    except RecursionError:
        raise UnusableAnswerError("The answer is nested too deeply.") from None
    text = "".join([part.text for part in found.parts if type(part) is Text])
    if not text.strip():
        raise UnusableAnswerError("The answer has no text.", usage=found.usage)
    return text, found.usage
