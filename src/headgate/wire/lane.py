"""The one face of wire: a request is read once, then sent through a lane for each attempt."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headgate.errors import HeadgateError, InternalError
from headgate.values import Usage
from headgate.wire.anthropic_messages import ANTHROPIC_MESSAGES
from headgate.wire.dialect import Dialect, UnusableAnswerError
from headgate.wire.drafts import asking_logprobs, draft_of, streamed_draft, wanted_of
from headgate.wire.inbound import Inbound
from headgate.wire.neutral import Message, Request, Text
from headgate.wire.openai_chat import OPENAI_CHAT
from headgate.wire.openai_responses import OPENAI_RESPONSES
from headgate.wire.passthrough import Answered, Flow, Passthrough
from headgate.wire.problems import problem_of
from headgate.wire.translate import Translation

__all__ = [
    "DIALECTS",
    "Answered",
    "Flow",
    "Inbound",
    "Lane",
    "UnusableAnswerError",
    "asking_logprobs",
    "draft_of",
    "lane",
    "read",
    "read_count",
    "refuse",
    "refuse_stream",
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


class Lane:
    """The request's way through one provider's dialect. A new one for each attempt is cheap."""

    def __init__(self, provider: Dialect, way: Passthrough | Translation) -> None:
        self._provider = provider
        self._way = way
        self.path = provider.path
        """Appended to the provider's base URL."""

    def headers(self, api_key: str | None) -> list[tuple[str, str]]:
        """The headers of the call, names in lower case; the caller's replace the dialect's."""
        return list({**dict(self._provider.headers(api_key)), **dict(self.passed())}.items())

    def passed(self) -> list[tuple[str, str]]:
        """The caller's headers that go along with the call, names in lower case; never a key.

        Raises:
            RequestError: one holds what no header may hold.
        """
        return self._way.headers()

    def forget(self, first: int) -> None:
        """Leave the reasoning out of so many messages at the beginning: it is another model's."""
        self._way.forget(first)

    def mended(self, status: int, body: bytes) -> bool:
        """Whether `request` now gives another body, which the provider may take after this refusal.

        True at most once in the life of a lane.
        """
        return self._way.mended(status, body)

    def request(self, model: str) -> bytes:
        """The body of the call."""
        return self._way.request(model)

    def answer(self, body: bytes) -> Answered:
        """A 200's whole body, made an answer for the caller.

        Raises:
            UnusableAnswerError: it is no answer (not JSON, an error, nothing in it). Its `usage`
                is what the provider said of its tokens: such an attempt is billed.
        """
        return self._way.answer(body)

    def flow(self) -> Flow:
        """A 200's stream, made a stream for the caller."""
        return self._way.flow()

    def error(self, status: int, body: bytes) -> bytes:
        """The provider's own error in the caller's shape; its message is kept."""
        return self._way.error(status, body)


def lane(inbound: Inbound, dialect_out: str, *, at: int) -> Lane:
    """The lane of a request to a provider that speaks `dialect_out`; `at` is the unix time.

    Raises:
        RequestError: the translation would lose something essential (400, `param` names it).
    """
    provider, caller = _dialect(dialect_out), _dialect(inbound.dialect)
    if provider is caller:
        return Lane(provider, Passthrough(inbound, provider))
    return Lane(provider, Translation(inbound, caller, provider, at))


def history_of(inbound: Inbound) -> int:
    """How many messages or items a request holds."""
    name = "input" if inbound.dialect == "openai-responses" else "messages"
    raw = inbound.fields.get(name)
    return len(_ITEMS.decode(raw)) if raw is not None and bytes(raw).startswith(b"[") else 1


def refuse(dialect: str, error: HeadgateError) -> bytes:
    """One of our own errors as a body in the caller's dialect; `error.status` is its status."""
    return _dialect(dialect).write_problem(problem_of(error))


def refuse_stream(dialect: str, error: HeadgateError) -> bytes:
    """One of our own errors as the last event of a stream in the caller's dialect."""
    return _dialect(dialect).write_problem_event(problem_of(error))


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
    text = "".join([part.text for part in found.parts if isinstance(part, Text)])
    if not text.strip():
        raise UnusableAnswerError("The answer has no text.", usage=found.usage)
    return text, found.usage
