"""What the simulated provider's Anthropic dialect takes: a request, strictly read and checked.

It is stricter than the real one in one thing: turns must alternate, where Anthropic nowadays merges
neighbours of one role.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct, ValidationError

from headgate.testing.brain import Prefix, Prompt, Tool, Turn
from headgate.testing.dialect import Json, Refused, checked

__all__ = ["bad", "read", "read_count", "signature"]

Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,128}$")]


class _Strict(Struct, forbid_unknown_fields=True):
    pass


class _CacheControl(_Strict):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class _Text(_Strict, tag_field="type", tag="text"):
    text: str
    cache_control: _CacheControl | None = None
    citations: list[Json] | None = None


class _Base64(_Strict, tag_field="type", tag="base64"):
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: Annotated[str, Meta(min_length=1)]


class _Url(_Strict, tag_field="type", tag="url"):
    url: Annotated[str, Meta(min_length=1)]


class _Image(_Strict, tag_field="type", tag="image"):
    source: _Base64 | _Url
    cache_control: _CacheControl | None = None


class _ToolUse(_Strict, tag_field="type", tag="tool_use"):
    id: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]+$")]
    name: Name
    input: Json
    cache_control: _CacheControl | None = None


class _ToolResult(_Strict, tag_field="type", tag="tool_result"):
    tool_use_id: str
    content: str | list[_Text | _Image] = ""
    is_error: bool = False
    cache_control: _CacheControl | None = None


class _Thinking(_Strict, tag_field="type", tag="thinking"):
    thinking: str
    signature: str
    # never cached by itself, but every block is asked for its breakpoint
    cache_control: None = None


_Block: TypeAlias = _Text | _Image | _ToolUse | _ToolResult | _Thinking


class _Message(_Strict):
    role: Literal["user", "assistant"]
    content: str | list[_Block]

    def blocks(self) -> list[_Block]:
        return [_Text(self.content)] if isinstance(self.content, str) else self.content


class _Tool(_Strict):
    name: Name
    input_schema: Json
    description: str = ""
    type: Literal["custom"] | None = None
    strict: bool | None = None
    cache_control: _CacheControl | None = None


class _AnyTool(_Strict, tag_field="type", tag="any"):
    disable_parallel_tool_use: bool = False


class _AutoTool(_Strict, tag_field="type", tag="auto"):
    disable_parallel_tool_use: bool = False


class _NoTool(_Strict, tag_field="type", tag="none"):
    pass


class _OneTool(_Strict, tag_field="type", tag="tool"):
    name: str
    disable_parallel_tool_use: bool = False


class _Request(_Strict):
    model: str
    max_tokens: Annotated[int, Meta(ge=1)]
    messages: list[_Message]
    container: str | None = None
    context_management: Json | None = None
    inference_geo: str | None = None
    mcp_servers: list[Json] | None = None
    metadata: Json | None = None
    output_config: Json | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    stop_sequences: list[str] | None = None
    stream: bool = False
    system: str | list[_Text] = ""
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    thinking: Json | None = None
    tool_choice: _AnyTool | _AutoTool | _NoTool | _OneTool | None = None
    tools: list[_Tool] = []
    top_k: Annotated[int, Meta(ge=0)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None


class _CountRequest(_Strict):
    model: str
    messages: list[_Message]
    context_management: Json | None = None
    mcp_servers: list[Json] | None = None
    output_config: Json | None = None
    system: str | list[_Text] = ""
    thinking: Json | None = None
    tool_choice: _AnyTool | _AutoTool | _NoTool | _OneTool | None = None
    tools: list[_Tool] = []


def bad(message: str) -> Refused:
    """400 `invalid_request_error`."""
    return Refused(400, "invalid_request_error", message)


def read(body: bytes) -> Prompt:
    """Read and check a request.

    Raises:
        Refused: 400.
    """
    return _prompt(_checked(_decoded(body, _Request)))


def read_count(body: bytes) -> Prompt:
    """Read and check a request for a count of its tokens. Raises: as `read`."""
    asked = msgspec.structs.asdict(_decoded(body, _CountRequest))
    return _prompt(_checked(_Request(**asked, max_tokens=1)))


_R = TypeVar("_R")


def _decoded(body: bytes, kind: type[_R]) -> _R:
    try:
        return msgspec.json.decode(body, type=kind)
    except ValidationError as error:
        flaw = checked(error)
        words = {
            "missing": "Field required",
            "unknown": "Extra inputs are not permitted",
            "invalid": flaw.message,
        }[flaw.kind]
        raise bad(f"{flaw.path}: {words}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad("The request body is not valid JSON") from error


def _checked(request: _Request) -> _Request:
    if not request.messages:
        raise bad("messages: at least one message is required")
    _check_choice(request)
    _check_turns(request.messages)
    _check_thinking(request)
    return request


def _check_thinking(request: _Request) -> None:
    """Each block bears this model's signature, and thinking by a budget goes on in a tool loop."""
    for index, message in enumerate(request.messages):
        for number, block in enumerate(message.blocks()):
            if isinstance(block, _Thinking) and block.signature != signature(
                request.model, block.thinking
            ):
                here = f"messages.{index}.content.{number}"
                raise bad(f"{here}: Invalid `signature` in `thinking` block")
    if request.thinking is None or request.thinking.get("type") != "enabled":
        return
    results = [isinstance(block, _ToolResult) for block in request.messages[-1].blocks()]
    if any(results) and not isinstance(request.messages[-2].blocks()[0], _Thinking):
        raise bad(
            "messages: when `thinking` is enabled, a final assistant message must start with a "
            "thinking block"
        )


def signature(model: str, thinking: str) -> str:
    """What proves that thinking is this model's own."""
    digest = hashlib.blake2b(f"{model}\x1f{thinking}".encode(), digest_size=12)
    return f"sig-{digest.hexdigest()}"


def _check_choice(request: _Request) -> None:
    if request.tool_choice is None or isinstance(request.tool_choice, _NoTool):
        return
    if not request.tools:
        raise bad("tool_choice: may only be given together with tools")
    if isinstance(request.tool_choice, _OneTool):
        chosen = request.tool_choice.name
        if chosen not in {tool.name for tool in request.tools}:
            raise bad(f"tool_choice: the tool {chosen!r} is not in tools")


def _check_turns(messages: list[_Message]) -> None:
    """Roles alternate from `user` on, nothing is empty, and tool calls are answered at once."""
    called: set[str] = set()
    for index, message in enumerate(messages):
        here = f"messages.{index}"
        if message.role != ("user", "assistant")[index % 2]:
            raise bad(f'{here}: roles must alternate between "user" and "assistant", user first')
        blocks = message.blocks()
        if not blocks:
            raise bad(f"{here}: all messages must have non-empty content")
        for block in blocks:
            _check_block(block, message.role, here)
        if message.role == "assistant":
            called = {block.id for block in blocks if isinstance(block, _ToolUse)}
        else:
            _check_results(blocks, called, here)
            called = set()
    if called:
        raise bad("messages: tool_use ids were found without tool_result blocks after them")
    last = messages[-1].blocks()[-1]
    if messages[-1].role == "assistant" and isinstance(last, _Text) and last.text[-1].isspace():
        raise bad("messages: the final assistant content cannot end with trailing whitespace")


def _check_block(block: _Block, role: str, here: str) -> None:
    if isinstance(block, _Text) and not block.text.strip():
        raise bad(f"{here}: text content blocks must be non-empty")
    if isinstance(block, _ToolUse | _Thinking) and role != "assistant":
        kind = block.__struct_config__.tag
        raise bad(f"{here}: {kind} blocks can only be in assistant messages")
    if isinstance(block, _ToolResult | _Image) and role != "user":
        raise bad(f"{here}: {block.__struct_config__.tag} blocks can only be in user messages")


def _check_results(blocks: list[_Block], called: set[str], here: str) -> None:
    answered = [block.tool_use_id for block in blocks if isinstance(block, _ToolResult)]
    if set(answered) - called:
        raise bad(f"{here}: tool_result blocks must answer tool_use blocks of the message before")
    if called - set(answered):
        missing = ", ".join(sorted(called - set(answered)))
        raise bad(f"{here}: tool_use ids were found without tool_result blocks: {missing}")
    if len(set(answered)) < len(answered):
        raise bad(f"{here}: each tool_use must have a single result")
    if not all(isinstance(block, _ToolResult) for block in blocks[: len(answered)]):
        raise bad(f"{here}: tool_result blocks come before all other content")


def _prompt(request: _Request) -> Prompt:
    reading = _Reading()
    for tool in request.tools:
        reading.add(tool.name + tool.description + _compact(tool.input_schema), tool.cache_control)
    system = [_Text(request.system)] if isinstance(request.system, str) else request.system
    for block in system:
        reading.add(block.text, block.cache_control)
    turns = [reading.turn(message) for message in request.messages]
    choice = request.tool_choice
    must_call = choice.name if isinstance(choice, _OneTool) else None
    hidden = isinstance(choice, _NoTool)
    return Prompt(
        model=request.model,
        system="\n".join(block.text for block in system),
        turns=tuple(turns),
        text=reading.text,
        images=reading.images,
        tools=() if hidden else tuple(Tool(t.name, t.input_schema) for t in request.tools),
        must_call="" if isinstance(choice, _AnyTool) else must_call,
        max_tokens=request.max_tokens,
        stream=request.stream,
        thinking=(request.thinking or {}).get("type") in ("enabled", "adaptive"),
        prefixes=tuple(reading.prefixes),
    )


class _Reading:
    """Text and images collected in the order of the prompt cache, with the breakpoints met."""

    def __init__(self) -> None:
        self.text = ""
        self.images = 0
        self.prefixes: list[Prefix] = []

    def add(self, text: str, breakpoint_here: _CacheControl | None) -> None:
        self.text += text
        if breakpoint_here is not None:
            self.prefixes.append(Prefix(self.text, breakpoint_here.ttl))

    def turn(self, message: _Message) -> Turn:
        said: list[str] = []
        blocks = message.blocks()
        for block in blocks:
            text = self._block(block)
            self.add(text, block.cache_control)
            if not isinstance(block, _ToolUse | _Thinking):
                said.append(text)
        results_only = all(isinstance(block, _ToolResult) for block in blocks)
        return Turn("tool" if results_only else message.role, "\n".join(said))

    def _block(self, block: _Block) -> str:
        if isinstance(block, _Text):
            return block.text
        if isinstance(block, _Thinking):
            return ""  # what was thought before is not billed again
        if isinstance(block, _Image):
            self.images += 1
            return ""
        if isinstance(block, _ToolUse):
            return block.name + _compact(block.input)
        if isinstance(block.content, str):
            return block.content
        return "".join(self._block(part) for part in block.content)


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
