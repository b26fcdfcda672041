"""What the simulated provider's Responses take: a request, strictly read and checked.

It keeps nothing: a request that leans on an earlier response is refused, and reasoning is taken
back only as the encrypted content that was sent.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct, ValidationError

from headgate.testing.brain import Prompt, Tool, Turn, asked_tier
from headgate.testing.dialect import Json, Refused, checked

__all__ = ["read", "sealed"]

Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
CallId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]


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


def read(body: bytes) -> Prompt:
    """Read and check a request.

    Raises:
        Refused: 400; 404 for an item that would have to be kept.
    """
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
            if item.encrypted_content != sealed(request.model, item.id):
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


def sealed(model: str, item_id: str) -> str:
    """What proves that reasoning is this model's own."""
    return hashlib.blake2b(f"{model}\x1f{item_id}".encode(), digest_size=16).hexdigest()
