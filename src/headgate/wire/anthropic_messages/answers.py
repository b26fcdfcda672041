"""Messages answers and errors, read leniently where servers differ, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from headgate.values import Usage
from headgate.wire.anthropic_messages.writing import arguments_of
from headgate.wire.dialect import Answered, UnusableAnswerError
from headgate.wire.leniency import loads, object_of, text_of
from headgate.wire.meter import AnthropicCounts, told_once
from headgate.wire.neutral import (
    Answer,
    Part,
    Problem,
    Refusal,
    SealedThinking,
    Stop,
    Text,
    Thinking,
    ToolCall,
)
from headgate.wire.problems import kind_of, problem_from

__all__ = [
    "NO_THREADS",
    "REASONS",
    "STOPS",
    "AnswerForm",
    "Said",
    "explained",
    "is_problem",
    "json_text",
    "problem_within",
    "read",
    "weigh",
    "write",
    "write_problem",
    "write_usage",
]

STOPS: dict[str, Stop] = {
    "end_turn": "stop",
    "max_tokens": "length",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "pause",
    "model_context_window_exceeded": "context_window",
}


_THOUGHTS = ("thinking", "redacted_thinking")


class Said(msgspec.Struct):
    """A content block, or a delta of one."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: object = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: object = None


class AnswerForm(msgspec.Struct):
    """A whole answer, or the message of a `message_start`."""

    type: str = ""
    id: str | None = None
    model: str | None = None
    content: list[Said] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: object = None
    usage: object = None
    error: object = None


class _Whole(AnswerForm):
    """A whole answer whose usage has the form that most servers give it."""

    usage: AnthropicCounts | None = None


_WHOLE = msgspec.json.Decoder(_Whole)


def _form(body: bytes) -> AnswerForm:
    """Read strictly, which is fast, and where a server's types differ, leniently.

    Raises:
        UnusableAnswerError: it is not a JSON object.
    """
    try:
        return _WHOLE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = object_of(body)
    content = found.get("content")
    return AnswerForm(
        type=text_of(found.get("type")) or "",
        id=text_of(found.get("id")),
        model=text_of(found.get("model")),
        content=[_said(one) for one in content] if isinstance(content, list) else None,
        stop_reason=text_of(found.get("stop_reason")),
        stop_sequence=text_of(found.get("stop_sequence")),
        stop_details=found.get("stop_details"),
        usage=found.get("usage"),
        error=found.get("error"),
    )


def _said(block: object) -> Said:
    """A block; one of unexpected types is kept as a block that is not read."""
    try:
        return msgspec.convert(block, Said)
    except msgspec.ValidationError:
        return Said(type="unknown")


def read(body: bytes, quiet: bool) -> Answer:
    """See Dialect.read_answer."""
    found, content, stop, usage = _checked(body, quiet)
    parts = _parts(content, explained(found.stop_details))
    return Answer(found.id or "", found.model or "", parts, stop, found.stop_sequence, usage)


def weigh(body: bytes, quiet: bool) -> Answered:
    """See Dialect.weigh_answer."""
    found, _, stop, usage = _checked(body, quiet)
    return Answered(body, usage, found.model or None, stop, found.id or None)


def _checked(body: bytes, quiet: bool) -> tuple[AnswerForm, list[Said], Stop, Usage | None]:
    """An answer, its content, why it ended, and the usage.

    Raises:
        UnusableAnswerError: it is none.
    """
    found = _form(body)
    usage = told_once(AnthropicCounts, found.usage)
    if found.error or found.type == "error":
        message = problem_within(found.error).message
        raise UnusableAnswerError(f"The provider failed within its answer: {message}", usage=usage)
    if found.content is None:
        raise UnusableAnswerError("The provider's answer has no content.", usage=usage)
    stop = STOPS.get(found.stop_reason or "", "stop")
    wanting = stop == "tool_calls" or (stop == "stop" and not quiet)
    if wanting and not _tell(found.content):
        raise UnusableAnswerError("The provider's answer is empty.", usage=usage)
    return found, found.content, stop, usage


def _tell(blocks: Sequence[Said]) -> bool:
    """Whether any of them makes an answer; reasoning without a conclusion does not."""
    for block in blocks:
        if block.text if block.type == "text" else block.type not in _THOUGHTS:
            return True
    return False


def _parts(blocks: Sequence[Said], refusal: str | None) -> tuple[Part, ...]:
    parts: list[Part] = []
    for block in blocks:
        match block.type:
            case "text" if block.text:
                parts.append(Text(block.text))
            case "tool_use":
                arguments = json_text({} if block.input is None else block.input)
                parts.append(ToolCall(block.id or "", block.name or "", arguments))
            case "thinking":
                parts.append(Thinking(block.thinking or "", block.signature))
            case "redacted_thinking" if block.data:
                parts.append(SealedThinking(block.data))
    if refusal:
        parts.append(Refusal(refusal))
    return tuple(parts)


def explained(details: object) -> str | None:
    """The words of `stop_details`, which say why the model was made to refuse."""
    return text_of(details.get("explanation")) if isinstance(details, dict) else None


def json_text(value: object) -> str:
    """A decoded value as JSON text again."""
    return msgspec.json.encode(value).decode()


_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_KINDS = frozenset({*_STATUSES, "api_error"})

NO_THREADS = "thread_unsupported_request"
"""By this code in an error's details, the SDKs know to go on without a thread."""


def problem_within(error: object) -> Problem:
    """The error told within a 200, with the status it would have had."""
    kind = error.get("type") if isinstance(error, dict) else None
    status = _STATUSES.get(kind, 502) if isinstance(kind, str) else 502
    return problem_from({"error": error or "The provider broke off with an error."}, status)


REASONS: Mapping[Stop, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_calls": "tool_use",
    "refusal": "refusal",
    "pause": "pause_turn",
    "context_window": "model_context_window_exceeded",
}


def write_usage(usage: Usage | None) -> dict[str, object]:
    """Anthropic counts tokens read from and written to a cache apart; it always has a usage."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0}
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    }


def write(answer: Answer, at: int) -> bytes:
    """See Dialect.write_answer."""
    blocks = [_write_part(part) for part in answer.parts]
    return msgspec.json.encode(
        {
            "id": answer.id or f"msg_{at}",
            "type": "message",
            "role": "assistant",
            "model": answer.model,
            "content": [block for block in blocks if block is not None],
            "stop_reason": REASONS[answer.stop],
            "stop_sequence": answer.stop_sequence,
            "usage": write_usage(answer.usage),
        }
    )


def _write_part(part: Part) -> dict[str, object] | None:
    """Reasoning is left out: the caller sends it back later, when its signature is not valid."""
    match part:
        case Text() | Refusal():
            return {"type": "text", "text": part.text}
        case ToolCall():
            return {
                "type": "tool_use",
                "id": part.id,
                "name": part.name,
                "input": arguments_of(part.arguments),
            }
    return None


def is_problem(body: bytes) -> bool:
    """See Dialect.is_problem."""
    try:
        found = loads(body)
    except ValueError:
        return False
    return (
        isinstance(found, dict)
        and found.get("type") == "error"
        and isinstance(found.get("error"), dict)
    )


def write_problem(problem: Problem) -> bytes:
    """See Dialect.write_problem. A kind that Anthropic does not have becomes the status's."""
    kind = problem.kind if problem.kind in _KINDS else kind_of(problem.status)
    error: dict[str, object] = {"type": kind, "message": problem.message}
    if problem.code == NO_THREADS:
        error["details"] = {"error_code": NO_THREADS, "unsupported": ["thread"]}
    return msgspec.json.encode({"type": "error", "error": error})
