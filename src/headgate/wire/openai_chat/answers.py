"""Chat completion answers and errors, read leniently where servers differ, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from headgate.values import Usage
from headgate.wire.dialect import Answered, UnusableAnswerError
from headgate.wire.leniency import loads, object_of, text_of
from headgate.wire.meter import OpenAICounts, told_once
from headgate.wire.neutral import Answer, Part, Problem, Refusal, Stop, Text, Thinking, ToolCall
from headgate.wire.openai_chat.writing import write_call
from headgate.wire.problems import problem_from

__all__ = [
    "FINISHES",
    "STOPS",
    "Call",
    "Function",
    "Said",
    "WrittenUsage",
    "call_id",
    "completion",
    "is_object",
    "is_problem",
    "problem_within",
    "read",
    "stop_of",
    "weigh",
    "write",
    "write_problem",
    "write_usage",
]

STOPS: dict[str, Stop] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "refusal",
}


def stop_of(finish: str | None, *, called: bool) -> Stop:
    """Why an answer ended. A forced call ends with "stop" at OpenAI, any call at some others."""
    finish = finish or "stop"
    stop = STOPS.get(finish) or STOPS.get(finish.partition(":")[0], "stop")  # so Google's reasons
    return "tool_calls" if called and stop == "stop" else stop


class Function(msgspec.Struct, gc=False):
    """The function of a call, or more of it."""

    name: str | None = None
    arguments: str | None = None


class Call(msgspec.Struct):
    """A tool call, or more of one; `index` tells which in a stream."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Said(msgspec.Struct):
    """A message of an answer, or a delta of a stream."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[Call] | None = None
    function_call: object = None
    audio: object = None
    images: object = None


class _Choice(msgspec.Struct):
    index: int = 0
    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None
    error: object = None


class _Completion(msgspec.Struct):
    """A whole answer or one chunk."""

    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: object = None
    service_tier: object = None
    error: object = None


class _Whole(_Completion):
    """A whole answer whose usage has the form that most servers give it."""

    usage: OpenAICounts | None = None


_COMPLETION = msgspec.json.Decoder(_Completion)
_WHOLE = msgspec.json.Decoder(_Whole)


def completion(
    data: bytes,
    decoder: msgspec.json.Decoder[_Whole] | msgspec.json.Decoder[_Completion] = _COMPLETION,
) -> _Completion:
    """Read strictly, which is fast, and where a server's types differ, leniently.

    Raises:
        UnusableAnswerError: it is not a JSON object.
    """
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = object_of(data, wrapped=True)  # as Google sends its errors, in a stream too
    choices = found.get("choices")
    return _Completion(
        id=text_of(found.get("id")),
        model=text_of(found.get("model")),
        choices=[_choice(one) for one in choices if isinstance(one, dict)]
        if isinstance(choices, list)
        else None,
        usage=found.get("usage"),
        service_tier=found.get("service_tier"),
        error=found.get("error"),
    )


def _choice(found: dict[str, object]) -> _Choice:
    index = found.get("index")
    return _Choice(
        index=index if isinstance(index, int) else 0,
        message=_said(found.get("message")),
        delta=_said(found.get("delta")),
        finish_reason=text_of(found.get("finish_reason")),
        error=found.get("error"),
    )


def _said(found: object) -> Said | None:
    if not isinstance(found, dict):
        return None
    calls = found.get("tool_calls")
    return Said(
        content=_plain(found.get("content")),
        refusal=text_of(found.get("refusal")),
        reasoning_content=text_of(found.get("reasoning_content")),
        reasoning=text_of(found.get("reasoning")),
        tool_calls=[_call(one) for one in calls if isinstance(one, dict)]
        if isinstance(calls, list)
        else None,
        function_call=found.get("function_call"),
        audio=found.get("audio"),
        images=found.get("images"),
    )


def _plain(content: object) -> str | None:
    """Content as a string; some servers send a list of typed parts."""
    if not isinstance(content, list):
        return text_of(content)
    texts = [text_of(part.get("text")) for part in content if isinstance(part, dict)]
    return "".join([text for text in texts if text])


def _call(found: dict[str, object]) -> Call:
    index = found.get("index")
    function = found.get("function")
    if not isinstance(function, dict):
        function = {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        arguments = msgspec.json.encode(arguments).decode()
    return Call(
        index=index if isinstance(index, int) else None,
        id=text_of(found.get("id")),
        function=Function(text_of(function.get("name")), text_of(arguments)),
    )


def is_object(text: str) -> bool:
    """Whether arguments are a whole JSON object."""
    if not text.startswith("{"):
        return False
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False


def call_id(answer_id: str, index: int) -> str:
    """An id for a tool call that came without one: unique over the turns of a conversation."""
    return f"call_{answer_id or 'x'}_{index}"


def problem_within(error: object) -> Problem:
    """The error told within a 200; its code is its status where it is one."""
    found = error if isinstance(error, dict) else {}
    code = found.get("code", found.get("status"))
    status = code if isinstance(code, int) and 400 <= code < 600 else 502
    return problem_from({"error": error or "The provider broke off with an error."}, status)


def read(body: bytes, quiet: bool) -> Answer:
    """See Dialect.read_answer. Of several choices the first is read."""
    found, said, stop, usage = _checked(body, quiet)
    parts = _parts(said, found.id or "")
    return Answer(found.id or "", found.model or "", parts, stop, usage=usage)


def weigh(body: bytes, quiet: bool) -> Answered:
    """See Dialect.weigh_answer."""
    found, _, stop, usage = _checked(body, quiet)
    return Answered(body, usage, found.model or None, stop, found.id or None)


def _checked(body: bytes, quiet: bool) -> tuple[_Completion, Said, Stop, Usage | None]:
    """An answer, what its first choice says, why that ended, and the usage.

    Raises:
        UnusableAnswerError: it is none.
    """
    found = completion(body, _WHOLE)
    usage = told_once(OpenAICounts, found.usage, found.service_tier)
    if found.error:
        raise _failed(found.error, usage)
    if not found.choices:
        raise UnusableAnswerError("The provider's answer has no choices.", usage=usage)
    choice = found.choices[0]
    finish = choice.finish_reason
    if choice.error or finish == "error":
        raise _failed(choice.error, usage)
    said = choice.message
    if said is None:
        raise UnusableAnswerError("The provider's answer has no message.", usage=usage)
    called = bool(said.tool_calls)
    stop = "stop" if finish == "stop" and not called else stop_of(finish, called=called)
    wanting = stop == "tool_calls" or (stop == "stop" and not quiet)
    if wanting and not said.content and _says_nothing_else(said):
        raise UnusableAnswerError("The provider's answer is empty.", usage=usage)
    return found, said, stop, usage


def _failed(error: object, usage: Usage | None) -> UnusableAnswerError:
    message = problem_within(error).message
    return UnusableAnswerError(f"The provider failed within its answer: {message}", usage=usage)


def _says_nothing_else(said: Said) -> bool:
    """Reasoning without a conclusion is no answer; kinds that are not read here are one."""
    return not (said.refusal or said.tool_calls or said.function_call or said.audio or said.images)


def _parts(said: Said, answer_id: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    thought = said.reasoning_content or said.reasoning
    if thought:
        parts.append(Thinking(thought))
    if said.content:
        parts.append(Text(said.content))
    if said.refusal:
        parts.append(Refusal(said.refusal))
    for index, call in enumerate(said.tool_calls or ()):
        function = call.function or Function()
        identity = call.id or call_id(answer_id, index)
        parts.append(ToolCall(identity, function.name or "", function.arguments or ""))
    return tuple(parts)


def is_problem(body: bytes) -> bool:
    """See Dialect.is_problem."""
    try:
        found = loads(body)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("error"), dict)


FINISHES: Mapping[Stop, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "context_window": "length",
    "tool_calls": "tool_calls",
    "refusal": "content_filter",
    "pause": "stop",
}


# What is written has its own structs: their names are encoded once, and a dictionary is not made.


class _WrittenMessage(msgspec.Struct, gc=False):
    role: str
    content: str | None
    refusal: str | None
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[dict[str, object]] | UnsetType = UNSET


class _WrittenChoice(msgspec.Struct, gc=False):
    index: int
    message: _WrittenMessage
    logprobs: None
    finish_reason: str


class _WrittenInput(msgspec.Struct, gc=False):
    cached_tokens: int
    cache_write_tokens: int | UnsetType = UNSET


class _WrittenOutput(msgspec.Struct, gc=False):
    reasoning_tokens: int


class WrittenUsage(msgspec.Struct, gc=False):
    """A usage object as OpenAI writes it."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _WrittenInput
    completion_tokens_details: _WrittenOutput


class _Written(msgspec.Struct, gc=False):
    id: str
    object: str
    created: int
    model: str
    choices: list[_WrittenChoice]
    usage: WrittenUsage | UnsetType


_ENCODE = msgspec.json.Encoder().encode


def write(answer: Answer, at: int) -> bytes:
    """See Dialect.write_answer."""
    usage = answer.usage
    choice = _WrittenChoice(0, _write_message(answer.parts), None, FINISHES[answer.stop])
    return _ENCODE(
        _Written(
            answer.id or f"chatcmpl-{at}",
            "chat.completion",
            at,
            answer.model,
            [choice],
            UNSET if usage is None else write_usage(usage),
        )
    )


def _write_message(parts: Sequence[Part]) -> _WrittenMessage:
    text = refusal = thought = ""
    calls: list[dict[str, object]] = []
    for part in parts:  # by type: `isinstance` of a struct that it is not costs five times as much
        if type(part) is Text:
            text += part.text
        elif type(part) is ToolCall:
            calls.append(write_call(part))
        elif type(part) is Thinking:
            thought += part.text
        elif type(part) is Refusal:
            refusal += part.text
    return _WrittenMessage(
        "assistant",
        text if text or not (calls or refusal) else None,
        refusal or None,
        thought or UNSET,
        calls or UNSET,
    )


def write_usage(usage: Usage) -> WrittenUsage:
    """OpenAI counts tokens read from and written to a cache as part of the prompt."""
    written = usage.cache_write_5m + usage.cache_write_1h
    total, output = usage.input + usage.cache_read + written, usage.output
    return WrittenUsage(
        total,
        output,
        total + output,
        _WrittenInput(usage.cache_read, written or UNSET),
        _WrittenOutput(usage.reasoning),
    )


_TYPES = {
    "authentication_error": "invalid_request_error",
    "permission_error": "invalid_request_error",
    "not_found_error": "invalid_request_error",
    "conflict_error": "invalid_request_error",
    "request_too_large": "invalid_request_error",
    "billing_error": "insufficient_quota",
    "rate_limit_error": "rate_limit_exceeded",
    "overloaded_error": "server_error",
    "timeout_error": "server_error",
    "api_error": "server_error",
}
"""OpenAI's `type` for a kind, as its answers have it; the reference documents codes only."""


def write_problem(problem: Problem) -> bytes:
    """See Dialect.write_problem."""
    error = {
        "message": problem.message,
        "type": _TYPES.get(problem.kind, problem.kind),
        "param": problem.param,
        "code": problem.code,
    }
    return msgspec.json.encode({"error": error})
