"""The simulated provider's Responses dialect: strictly read, whole or streamed.

Written from the public API reference, and on purpose without the gateway's own translation code: a
mistake there must not be repeated here and so go unseen. It keeps nothing: a request that leans on
an earlier response is refused, and reasoning is taken back only as the encrypted content it sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct, ValidationError

from headgate.testing.brain import Prompt, Tool, Turn, asked_tier
from headgate.testing.dialect import Piece, Refused, Reply, checked, pieces
from headgate.testing.openai_chat import OpenAIChat

__all__ = ["OpenAIResponses"]

Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
CallId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
Json: TypeAlias = dict[str, object]


class _Strict(Struct, forbid_unknown_fields=True):
    pass


class _InputText(_Strict, tag_field="type", tag="input_text"):
    text: str


class _InputImage(_Strict, tag_field="type", tag="input_image"):
    image_url: Annotated[str, Meta(min_length=1)]
    detail: Literal["auto", "low", "high"] = "auto"


class _InputFile(_Strict, tag_field="type", tag="input_file"):
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None


class _OutputText(_Strict, tag_field="type", tag="output_text"):
    text: str
    annotations: list[Json] = []
    logprobs: list[Json] | None = None


class _OutputRefusal(_Strict, tag_field="type", tag="refusal"):
    refusal: str


_Shown: TypeAlias = _InputText | _InputImage | _InputFile
_Said: TypeAlias = _OutputText | _OutputRefusal


class _Asked(_Strict):
    """A message of the caller's side."""

    role: Literal["user", "system", "developer"]
    content: str | Annotated[list[_Shown], Meta(min_length=1)]
    type: Literal["message"] = "message"


class _Answered(_Strict):
    """A message of the model's."""

    role: Literal["assistant"]
    content: str | Annotated[list[_Said], Meta(min_length=1)]
    type: Literal["message"] = "message"
    id: Annotated[str, Meta(pattern="^msg_")] | None = None
    status: str | None = None


class _Call(_Strict, tag_field="type", tag="function_call"):
    call_id: CallId
    name: Name
    arguments: str
    id: Annotated[str, Meta(pattern="^fc_")] | None = None
    status: str | None = None


class _Result(_Strict, tag_field="type", tag="function_call_output"):
    call_id: CallId
    output: str | list[_Shown]
    id: str | None = None
    status: str | None = None


class _Summary(_Strict):
    type: Literal["summary_text"]
    text: str


class _Reasoning(_Strict, tag_field="type", tag="reasoning"):
    id: Annotated[str, Meta(pattern="^rs_")]
    summary: list[_Summary]
    encrypted_content: str | None = None
    status: str | None = None


_Typed: TypeAlias = _Call | _Result | _Reasoning
_Item: TypeAlias = _Asked | _Answered | _Typed


class _Tool(_Strict):
    type: Literal["function"]
    name: Name
    parameters: Json | None = None
    strict: bool | None = None
    description: str | None = None


class _Chosen(_Strict):
    type: Literal["function"]
    name: str


class _Effort(_Strict):
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None


class _Format(_Strict):
    type: Literal["text", "json_object", "json_schema"]
    name: Name | None = None
    schema: Json | None = None
    description: str | None = None
    strict: bool | None = None


class _Text(_Strict):
    format: _Format | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class _Request(_Strict):
    model: str
    input: str | Annotated[list[msgspec.Raw], Meta(min_length=1)]
    background: bool | None = None
    include: list[str] | None = None
    instructions: str | None = None
    max_output_tokens: Annotated[int, Meta(ge=16)] | None = None
    max_tool_calls: int | None = None
    metadata: dict[str, str] | None = None
    parallel_tool_calls: bool | None = None
    previous_response_id: str | None = None
    prompt_cache_key: str | None = None
    reasoning: _Effort | None = None
    safety_identifier: Annotated[str, Meta(max_length=128)] | None = None
    service_tier: str | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: Json | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    text: _Text | None = None
    tool_choice: Literal["none", "auto", "required"] | _Chosen | None = None
    tools: list[_Tool] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    user: str | None = None


class _Kind(Struct):
    type: str = "message"
    role: str = ""


def _bad(message: str, *, param: str | None = None, code: str | None = None) -> Refused:
    return Refused(400, "invalid_request_error", message, param=param, code=code)


class OpenAIResponses(OpenAIChat):
    """`POST /v1/responses` as OpenAI defines it; keys and errors are those of chat completions."""

    name = "openai-responses"
    path = "/v1/responses"

    def read(self, body: bytes) -> Prompt:
        """Read and check a request. Raises Refused (400)."""
        try:
            request = msgspec.json.decode(body, type=_Request)
        except ValidationError as error:
            raise _flawed(error, "") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _bad("The body of the request is not valid JSON.") from error
        if request.previous_response_id is not None:
            raise _bad(
                f"Previous response with id '{request.previous_response_id}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        if isinstance(request.input, str):
            items: list[_Item] = [_Asked("user", request.input)]
        else:
            items = [_item(raw, index) for index, raw in enumerate(request.input)]
        _check(request, items)
        return _prompt(request, items)

    def whole(self, reply: Reply) -> bytes:
        """A `response` object."""
        return msgspec.json.encode(_ended(reply))

    def stream(self, reply: Reply) -> Iterator[Piece]:
        """The events, from `response.created` to `response.completed`."""
        for number, (kind, fields, characters) in enumerate(_events(reply)):
            event = {"type": kind, "sequence_number": number, **fields}
            data = b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(event) + b"\n\n"
            yield Piece(data, characters)


def _flawed(error: ValidationError, place: str) -> Refused:
    flaw = checked(error)
    path = ".".join(filter(None, (place, flaw.path)))
    code, words = {
        "missing": ("missing_required_parameter", f"Missing required parameter: '{path}'."),
        "unknown": ("unknown_parameter", f"Unknown parameter: '{path}'."),
        "invalid": ("invalid_value", f"Invalid value for '{path}': {flaw.message}."),
    }[flaw.kind]
    return _bad(words, param=path or None, code=code)


def _item(raw: msgspec.Raw, index: int) -> _Item:
    try:
        kind = msgspec.json.decode(raw, type=_Kind)
        if kind.type != "message":
            typed: _Typed = msgspec.json.decode(raw, type=_Typed)
            return typed
        if kind.role == "assistant":
            return msgspec.json.decode(raw, type=_Answered)
        return msgspec.json.decode(raw, type=_Asked)
    except ValidationError as error:
        raise _flawed(error, f"input[{index}]") from error


def _check(request: _Request, items: list[_Item]) -> None:
    """Every call has its result and every result its call; reasoning is this model's own."""
    called: dict[str, bool] = {}
    for index, item in enumerate(items):
        here = f"input[{index}]"
        if isinstance(item, _Call):
            called[item.call_id] = False
        elif isinstance(item, _Result):
            if item.call_id not in called:
                raise _bad(
                    f"No tool call found for function call output with call_id {item.call_id}.",
                    param="input",
                )
            called[item.call_id] = True
        elif isinstance(item, _Reasoning):
            if item.encrypted_content is None:
                raise Refused(
                    404, "invalid_request_error", f"Item with id '{item.id}' not found.", param=here
                )
            if item.encrypted_content != _sealed(request.model, item.id):
                raise _bad(
                    "The encrypted content could not be verified.",
                    code="invalid_encrypted_content",
                )
    for call_id, answered in called.items():
        if not answered:
            raise _bad(f"No tool output found for function call {call_id}.", param="input")
    if isinstance(request.tool_choice, _Chosen) and request.tool_choice.name not in {
        tool.name for tool in request.tools or ()
    }:
        raise _bad("The chosen tool is not in 'tools'.", param="tool_choice")
    wanted = None if request.text is None else request.text.format
    if wanted is not None and wanted.type == "json_schema" and not (wanted.name and wanted.schema):
        raise _bad("Missing required parameter: 'text.format.name'.", param="text.format.name")


def _prompt(request: _Request, items: list[_Item]) -> Prompt:
    system = [request.instructions] if request.instructions else []
    turns: list[Turn] = []
    calls: list[str] = []
    images = 0
    for item in items:
        if isinstance(item, _Call):
            calls.append(item.name + item.arguments)
        if isinstance(item, _Call | _Reasoning):
            continue
        content = item.output if isinstance(item, _Result) else item.content
        text, pictures = _text(content)
        images += pictures
        if isinstance(item, _Result):
            turns.append(Turn("tool", text))
        elif item.role in ("system", "developer"):
            system.append(text)
        else:
            turns.append(Turn(item.role, text))
    tools = request.tools or ()
    defined = [t.name + (t.description or "") + _compact(t.parameters or {}) for t in tools]
    choice = request.tool_choice
    must_call = choice.name if isinstance(choice, _Chosen) else None
    return Prompt(
        model=request.model,
        system="\n".join(system),
        turns=tuple(turns) or (Turn("user", ""),),
        text="".join([*defined, *system, *(turn.text for turn in turns), *calls]),
        images=images,
        tools=() if choice == "none" else tuple(Tool(t.name, t.parameters or {}) for t in tools),
        must_call="" if choice == "required" else must_call,
        max_tokens=request.max_output_tokens,
        stream=bool(request.stream),
        thinking=request.reasoning is not None and request.reasoning.summary is not None,
        service_tier=asked_tier(request.service_tier),
    )


def _text(content: str | list[_Shown] | list[_Said]) -> tuple[str, int]:
    if isinstance(content, str):
        return content, 0
    images = sum(isinstance(part, _InputImage) for part in content)
    texts = [part.text for part in content if isinstance(part, _InputText | _OutputText)]
    return "".join(texts), images


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _sealed(model: str, item_id: str) -> str:
    """What proves that reasoning is this model's own."""
    return hashlib.blake2b(f"{model}\x1f{item_id}".encode(), digest_size=16).hexdigest()


def _response(reply: Reply) -> Json:
    return {
        "id": f"resp_{reply.id}",
        "object": "response",
        "created_at": reply.created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": reply.prompt.max_tokens,
        "metadata": {},
        "model": reply.prompt.model,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "auto",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
    }


def _ended(reply: Reply) -> Json:
    cut = reply.finish == "length"
    usage = reply.usage
    return _response(reply) | {
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": _output(reply),
        "service_tier": usage.service_tier or "default",
        "usage": {
            "input_tokens": usage.total_input,
            "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": 0},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.total_input + usage.output,
        },
    }


def _output(reply: Reply) -> list[Json]:
    """The items of the answer."""
    if reply.empty:
        return []
    items: list[Json] = []
    if reply.prompt.thinking:
        item_id = f"rs_{reply.id}"
        summary = {"type": "summary_text", "text": "What is to be said?"}
        sealed = _sealed(reply.prompt.model, item_id)
        items.append({"id": item_id, "type": "reasoning", "summary": [summary]})
        items[-1]["encrypted_content"] = sealed
    status = "incomplete" if reply.finish == "length" else "completed"
    if reply.text:
        part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        message = {"type": "message", "role": "assistant", "content": [part], "status": status}
        items.append({"id": f"msg_{reply.id}", **message})
    for index, use in enumerate(reply.tools):
        call = {"call_id": f"call_{reply.id}{index}", "name": use.name, "arguments": use.arguments}
        fc_id = f"fc_{reply.id}{index}"
        items.append({"id": fc_id, "type": "function_call", **call, "status": "completed"})
    return items


_Event: TypeAlias = tuple[str, Mapping[str, object], int]


def _events(reply: Reply) -> Iterator[_Event]:
    """Kind, fields and how much of the answer each event holds."""
    yield "response.created", {"response": _response(reply)}, 0
    yield "response.in_progress", {"response": _response(reply)}, 0
    for index, item in enumerate(_output(reply)):
        fill = {"message": _message, "function_call": _call, "reasoning": _reasoning}
        yield from fill[str(item["type"])](item, index)
        yield "response.output_item.done", {"output_index": index, "item": item}, 0
    ended = _ended(reply)
    yield f"response.{ended['status']}", {"response": ended}, 0


def _added(item: Json, index: int, **bare: object) -> _Event:
    shown = {**item, **bare, "status": "in_progress"}
    return "response.output_item.added", {"output_index": index, "item": shown}, 0


def _message(item: Json, index: int) -> Iterator[_Event]:
    content = item["content"]
    assert isinstance(content, list)  # noqa: S101 - made above
    (part,) = content
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    yield _added(item, index, content=[])
    yield "response.content_part.added", {**place, "part": {**part, "text": ""}}, 0
    for text in pieces(part["text"]):
        fields = {**place, "delta": text, "logprobs": [], "obfuscation": "x" * 7}
        yield "response.output_text.delta", fields, len(text)
    done = {**place, "text": part["text"], "logprobs": []}
    yield "response.output_text.done", done, 0
    yield "response.content_part.done", {**place, "part": part}, 0


def _call(item: Json, index: int) -> Iterator[_Event]:
    place = {"item_id": item["id"], "output_index": index}
    kind, fields, _ = _added(item, index, arguments="")
    yield kind, fields, len(str(item["name"]))
    for text in pieces(str(item["arguments"])):
        yield "response.function_call_arguments.delta", {**place, "delta": text}, len(text)
    done = {**place, "name": item["name"], "arguments": item["arguments"]}
    yield "response.function_call_arguments.done", done, 0


def _reasoning(item: Json, index: int) -> Iterator[_Event]:
    summary = item["summary"]
    assert isinstance(summary, list)  # noqa: S101 - made above
    (part,) = summary
    place = {"item_id": item["id"], "output_index": index, "summary_index": 0}
    yield _added(item, index, summary=[], encrypted_content=None)
    kind = "response.reasoning_summary"
    yield f"{kind}_part.added", {**place, "part": {**part, "text": ""}}, 0
    yield f"{kind}_text.delta", {**place, "delta": part["text"]}, 0
    yield f"{kind}_text.done", {**place, "text": part["text"]}, 0
    yield f"{kind}_part.done", {**place, "part": part}, 0
