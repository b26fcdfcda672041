"""Responses answers, read leniently where servers differ, and written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from headgate.values import Usage
from headgate.wire.dialect import Answered, UnusableAnswerError
from headgate.wire.leniency import object_of, text_of
from headgate.wire.meter import ResponsesCounts, told_once
from headgate.wire.neutral import (
    Answer,
    Part,
    Problem,
    Refusal,
    Request,
    Stop,
    Text,
    Thinking,
    ToolCall,
)
from headgate.wire.openai_responses.items import OWN_REASONING
from headgate.wire.openai_responses.writing import (
    write_call,
    write_choice,
    write_format,
    write_tool,
)
from headgate.wire.problems import problem_from

__all__ = [
    "INCOMPLETE",
    "Content",
    "Item",
    "ResponseForm",
    "envelope",
    "item_id",
    "problem_within",
    "read",
    "response_of",
    "stop_of",
    "weigh",
    "write",
    "write_usage",
]


class Content(msgspec.Struct):
    """A content part of a message, or a part of a summary of reasoning."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None


class Item(msgspec.Struct):
    """An item of the output."""

    type: str = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    content: list[Content] | None = None
    summary: list[Content] | None = None


class Details(msgspec.Struct, gc=False):
    """Why an answer is incomplete."""

    reason: str | None = None


class ResponseForm(msgspec.Struct):
    """A whole response, or as much of it as an event tells."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    output: list[Item] | None = None
    usage: object = None
    service_tier: object = None
    error: object = None
    incomplete_details: Details | None = None


class _Whole(ResponseForm):
    """A whole response whose usage has the form that most servers give it."""

    usage: ResponsesCounts | None = None


_WHOLE = msgspec.json.Decoder(_Whole)


def _form(body: bytes) -> ResponseForm:
    """Read strictly, which is fast, and where a server's types differ, leniently.

    Raises:
        UnusableAnswerError: it is not a JSON object.
    """
    try:
        return _WHOLE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return response_of(object_of(body))


def response_of(found: Mapping[str, object]) -> ResponseForm:
    """A decoded response whose types may not be as expected."""
    output = found.get("output")
    details = found.get("incomplete_details")
    return ResponseForm(
        id=text_of(found.get("id")),
        model=text_of(found.get("model")),
        status=text_of(found.get("status")),
        output=[_item(one) for one in output] if isinstance(output, list) else None,
        usage=found.get("usage"),
        service_tier=found.get("service_tier"),
        error=found.get("error"),
        incomplete_details=Details(text_of(details.get("reason")))
        if isinstance(details, dict)
        else None,
    )


def _item(found: object) -> Item:
    """An item; one of unexpected types is kept as an item that is not read."""
    try:
        return msgspec.convert(found, Item)
    except msgspec.ValidationError:
        return Item(type="unknown")


_STATUSES = {"rate_limit_exceeded": 429, "invalid_prompt": 400, "server_error": 500}


def problem_within(error: object) -> Problem:
    """The error told within a 200, with the status it would have had."""
    code = error.get("code") if isinstance(error, dict) else None
    status = _STATUSES.get(code, 502) if isinstance(code, str) else 502
    return problem_from({"error": error or "The provider broke off with an error."}, status)


def stop_of(found: ResponseForm, *, called: bool) -> Stop:
    """Why a response ended; `called` says whether it asks for a function."""
    if found.status == "incomplete":
        reason = None if found.incomplete_details is None else found.incomplete_details.reason
        return "refusal" if reason == "content_filter" else "length"
    return "tool_calls" if called else "stop"


def read(body: bytes, quiet: bool) -> Answer:
    """See Dialect.read_answer."""
    found, output, stop, usage = _checked(body, quiet)
    parts = tuple([part for item in output for part in _parts(item)])
    return Answer(id=found.id or "", model=found.model or "", parts=parts, stop=stop, usage=usage)


def weigh(body: bytes, quiet: bool) -> Answered:
    """See Dialect.weigh_answer."""
    found, _, stop, usage = _checked(body, quiet)
    return Answered(body, usage, found.model or None, stop, found.id or None)


def _checked(body: bytes, quiet: bool) -> tuple[ResponseForm, list[Item], Stop, Usage | None]:
    """An answer, its output, why it ended, and the usage.

    Raises:
        UnusableAnswerError: it is none.
    """
    found = _form(body)
    usage = told_once(ResponsesCounts, found.usage, found.service_tier)
    if found.error or found.status in ("failed", "cancelled"):
        message = problem_within(found.error).message
        raise UnusableAnswerError(f"The provider failed within its answer: {message}", usage=usage)
    if found.output is None:
        raise UnusableAnswerError("The provider's answer has no output.", usage=usage)
    called = any(item.type == "function_call" for item in found.output)
    stop = stop_of(found, called=called)
    # an answer in the background has nothing to say yet
    ended = found.status in (None, "completed")
    if stop == "stop" and ended and not quiet and not any(map(_tells, found.output)):
        raise UnusableAnswerError("The provider's answer is empty.", usage=usage)
    return found, found.output, stop, usage


def _tells(item: Item) -> bool:
    """Whether an item makes an answer; reasoning without a conclusion does not."""
    if item.type == "message":
        return any(part.text or part.refusal for part in item.content or ())
    return item.type != "reasoning"


def _parts(item: Item) -> list[Part]:
    match item.type:
        case "message":
            return [_said(part) for part in item.content or () if part.text or part.refusal]
        case "function_call":
            identity = item.call_id or item.id or ""
            return [ToolCall(identity, item.name or "", item.arguments or "")]
        case "reasoning":
            texts = [part.text for part in item.summary or item.content or () if part.text]
            return [Thinking("\n\n".join(texts))] if texts else []
    return []


def _said(part: Content) -> Part:
    return Refusal(part.refusal) if part.refusal else Text(part.text or "")


# ---- written

INCOMPLETE: Mapping[Stop, str] = {
    "length": "max_output_tokens",
    "context_window": "max_output_tokens",
    "refusal": "content_filter",
}
"""Why an answer is incomplete, for the ways to stop that leave it so."""

_FOREIGN = re.compile(r"[^a-zA-Z0-9]")
_PREFIXES = {"message": "msg_", "function_call": "fc_", "reasoning": OWN_REASONING}


def item_id(kind: str, answer_id: str, index: int) -> str:
    """The id of an item, with the prefix that the API demands of ids that come back."""
    return f"{_PREFIXES[kind]}{_FOREIGN.sub('', answer_id)[-40:]}{index:02d}"


def envelope(request: Request, answer_id: str, model: str, at: int) -> dict[str, object]:
    """A response without its output: what was asked, and that nothing is stored."""
    return {
        "id": answer_id if answer_id.startswith("resp_") else f"resp_{_FOREIGN.sub('', answer_id)}",
        "object": "response",
        "created_at": at,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": request.system or None,
        "max_output_tokens": request.max_tokens,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": request.parallel is not False,
        "previous_response_id": None,
        "reasoning": {"effort": request.effort, "summary": None},
        "store": False,
        "temperature": request.temperature,
        "text": {"format": write_format(request.format)},
        "tool_choice": write_choice(request.tool_choice),
        "tools": [write_tool(tool) for tool in request.tools],
        "top_p": request.top_p,
        "truncation": "disabled",
        "usage": None,
    }


def write(answer: Answer, request: Request, at: int) -> bytes:
    """See Dialect.write_answer."""
    reason = INCOMPLETE.get(answer.stop)
    identity = answer.id or f"{at}"
    ended = {
        "status": "completed" if reason is None else "incomplete",
        "incomplete_details": None if reason is None else {"reason": reason},
        "output": _output(answer.parts, identity, complete=reason is None),
        "usage": None if answer.usage is None else write_usage(answer.usage),
    }
    return msgspec.json.encode({**envelope(request, identity, answer.model, at), **ended})


def _output(parts: Sequence[Part], answer_id: str, *, complete: bool) -> list[dict[str, object]]:
    """The items: neighbouring texts are one message, each call is an item of its own."""
    out: list[dict[str, object]] = []
    status = "completed" if complete else "incomplete"
    for kind, group in groupby(parts, _kind):
        if kind == "message":
            content = [_content(part) for part in group]
            identity = item_id(kind, answer_id, len(out))
            message = {"id": identity, "type": kind, "role": "assistant", "content": content}
            out.append({**message, "status": status})
            continue
        for part in group:
            if type(part) is ToolCall:
                identity = item_id(kind, answer_id, len(out))
                out.append({"id": identity, **write_call(part), "status": status})
            elif isinstance(part, Thinking) and part.text:
                summary = [{"type": "summary_text", "text": part.text}]
                identity = item_id(kind, answer_id, len(out))
                out.append({"id": identity, "type": kind, "summary": summary})
    return out


def _kind(part: Part) -> str:
    if type(part) is ToolCall:
        return "function_call"
    return "message" if type(part) is Text or type(part) is Refusal else "reasoning"


def _content(part: Part) -> dict[str, object]:
    if type(part) is Refusal:
        return {"type": "refusal", "refusal": part.text}
    text = part.text if isinstance(part, Text) else ""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def write_usage(usage: Usage) -> dict[str, object]:
    """OpenAI counts tokens read from and written to a cache as part of the input."""
    written = usage.cache_write_5m + usage.cache_write_1h
    return {
        "input_tokens": usage.total_input,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": written},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total_input + usage.output,
    }
