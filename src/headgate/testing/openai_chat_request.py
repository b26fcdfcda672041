"""What the simulated provider's chat completions take: a request, strictly read and checked."""

from __future__ import annotations

import json
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct, ValidationError

from headgate.testing.brain import Prompt, Tool, Turn, asked_tier
from headgate.testing.dialect import Json, Refused, checked

__all__ = ["read"]

Count: TypeAlias = Annotated[int, Meta(ge=1)]
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class _Strict(Struct, forbid_unknown_fields=True):
    pass


class _ImageUrl(_Strict):
    url: Annotated[str, Meta(min_length=1)]
    detail: Literal["auto", "low", "high"] = "auto"


class _TextPart(_Strict, tag_field="type", tag="text"):
    text: str


class _RefusalPart(_Strict, tag_field="type", tag="refusal"):
    refusal: str


class _ImagePart(_Strict, tag_field="type", tag="image_url"):
    image_url: _ImageUrl


_Texts: TypeAlias = str | Annotated[list[_TextPart], Meta(min_length=1)]
_Parts: TypeAlias = str | Annotated[list[_TextPart | _ImagePart], Meta(min_length=1)]


class _System(_Strict, tag_field="role", tag="system"):
    content: _Texts
    name: str | None = None


class _Developer(_Strict, tag_field="role", tag="developer"):
    content: _Texts
    name: str | None = None


class _User(_Strict, tag_field="role", tag="user"):
    content: _Parts
    name: str | None = None


class _CalledFunction(_Strict):
    name: Name
    arguments: str


class _Call(_Strict):
    id: Annotated[str, Meta(min_length=1)]
    type: Literal["function"]
    function: _CalledFunction


class _Assistant(_Strict, tag_field="role", tag="assistant"):
    content: str | list[_TextPart | _RefusalPart] | None = None
    name: str | None = None
    refusal: str | None = None
    annotations: list[Json] | None = None
    audio: Json | None = None
    tool_calls: Annotated[list[_Call], Meta(min_length=1)] | None = None


class _ToolResult(_Strict, tag_field="role", tag="tool"):
    content: _Texts
    tool_call_id: str


class _Function(_Strict):
    name: Name
    description: str = ""
    parameters: Json = {}
    strict: bool | None = None


class _Tool(_Strict):
    type: Literal["function"]
    function: _Function


class _ChosenName(_Strict):
    name: str


class _Chosen(_Strict):
    type: Literal["function"]
    function: _ChosenName


class _StreamOptions(_Strict):
    include_usage: bool = False
    include_obfuscation: bool | None = None


class _Request(_Strict):
    model: str
    messages: list[_System | _Developer | _User | _Assistant | _ToolResult]
    audio: Json | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    max_completion_tokens: Count | None = None
    max_tokens: Count | None = None
    metadata: dict[str, str] | None = None
    modalities: list[str] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    parallel_tool_calls: bool | None = None
    prediction: Json | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    reasoning_effort: str | None = None
    response_format: Json | None = None
    safety_identifier: str | None = None
    seed: int | None = None
    service_tier: str | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    tool_choice: Literal["none", "auto", "required"] | _Chosen | None = None
    tools: Annotated[list[_Tool], Meta(min_length=1, max_length=128)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    user: str | None = None
    verbosity: str | None = None
    web_search_options: Json | None = None


def _bad(message: str, *, param: str | None = None, code: str | None = None) -> Refused:
    return Refused(400, "invalid_request_error", message, param=param, code=code)


def read(body: bytes) -> Prompt:
    """Read and check a request.

    Raises:
        Refused: 400.
    """
    try:
        request = msgspec.json.decode(body, type=_Request)
    except ValidationError as error:
        flaw = checked(error)
        code = {
            "missing": "missing_required_parameter",
            "unknown": "unknown_parameter",
            "invalid": "invalid_value",
        }[flaw.kind]
        words = {
            "missing": f"Missing required parameter: '{flaw.path}'.",
            "unknown": f"Unknown parameter: '{flaw.path}'.",
            "invalid": f"Invalid value for '{flaw.path}': {flaw.message}.",
        }[flaw.kind]
        raise _bad(words, param=flaw.path or None, code=code) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad("The body of the request is not valid JSON.") from error
    _check_options(request)
    _check_turns(request.messages)
    return _prompt(request)


def _check_options(request: _Request) -> None:
    if not request.messages:
        raise _bad(
            "Invalid 'messages': the array is empty, at least one message is needed.",
            param="messages",
            code="empty_array",
        )
    if request.stream_options is not None and not request.stream:
        raise _bad("'stream_options' needs 'stream' to be true.", param="stream_options")
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        raise _bad(
            "Give either 'max_tokens' or 'max_completion_tokens', not both.", param="max_tokens"
        )
    if request.tools is None:
        for field in ("tool_choice", "parallel_tool_calls"):
            if getattr(request, field) is not None:
                raise _bad(f"'{field}' needs 'tools'.", param=field)
    elif isinstance(request.tool_choice, _Chosen):
        chosen = request.tool_choice.function.name
        if chosen not in {tool.function.name for tool in request.tools}:
            raise _bad(f"The chosen tool '{chosen}' is not in 'tools'.", param="tool_choice")


def _check_turns(
    messages: list[_System | _Developer | _User | _Assistant | _ToolResult],
) -> None:
    """Every tool call is answered by the messages right after it, and nothing else is answered."""
    open_calls: set[str] = set()
    for index, message in enumerate(messages):
        here = f"messages.[{index}]"
        if isinstance(message, _ToolResult):
            if message.tool_call_id not in open_calls:
                raise _bad(
                    "A message with role 'tool' must answer a preceding message's 'tool_calls'.",
                    param=f"{here}.role",
                )
            open_calls.discard(message.tool_call_id)
            continue
        if open_calls:
            missing = ", ".join(sorted(open_calls))
            raise _bad(
                "An assistant message with 'tool_calls' must be followed by a tool message for "
                f"each 'tool_call_id'. Without one: {missing}.",
                param=f"{here}.role",
            )
        if isinstance(message, _Assistant):
            if message.content is None and not message.tool_calls and message.refusal is None:
                raise _bad(
                    f"Invalid value for '{here}.content': only with tool calls may it be null.",
                    param=f"{here}.content",
                )
            open_calls = {call.id for call in message.tool_calls or ()}
    if open_calls:
        raise _bad(
            "An assistant message with 'tool_calls' must be followed by tool messages.",
            param=f"messages.[{len(messages) - 1}].role",
        )


def _prompt(request: _Request) -> Prompt:
    turns: list[Turn] = []
    system: list[str] = []
    calls: list[str] = []
    images = 0
    for message in request.messages:
        text, pictures = _content(message.content)
        images += pictures
        if isinstance(message, _System | _Developer):
            system.append(text)
            continue
        if isinstance(message, _Assistant):
            calls += [c.function.name + c.function.arguments for c in message.tool_calls or ()]
        role = {_User: "user", _Assistant: "assistant", _ToolResult: "tool"}[type(message)]
        turns.append(Turn(role, text))
    tools = [tool.function for tool in request.tools or ()]
    defined = [f.name + f.description + _compact(f.parameters) for f in tools]
    choice = request.tool_choice
    must_call = choice.function.name if isinstance(choice, _Chosen) else None
    options = request.stream_options
    return Prompt(
        model=request.model,
        system="\n".join(system),
        turns=tuple(turns) or (Turn("user", ""),),
        text="".join([*defined, *system, *(turn.text for turn in turns), *calls]),
        images=images,
        tools=() if choice == "none" else tuple(Tool(f.name, f.parameters) for f in tools),
        must_call="" if choice == "required" else must_call,
        max_tokens=request.max_completion_tokens or request.max_tokens,
        stream=bool(request.stream),
        include_usage=options is not None and options.include_usage,
        choices=request.n or 1,
        service_tier=asked_tier(request.service_tier),
    )


def _content(
    content: str
    | list[_TextPart]
    | list[_TextPart | _ImagePart]
    | list[_TextPart | _RefusalPart]
    | None,
) -> tuple[str, int]:
    if content is None or isinstance(content, str):
        return content or "", 0
    images = sum(isinstance(part, _ImagePart) for part in content)
    return "".join(part.text for part in content if isinstance(part, _TextPart)), images


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
