"""The dialect-free forms between two dialects: requests, answers, stream events, errors.

A dialect reads its own bytes into these and writes these as its own bytes, so N dialects need N
modules. What is in here is what at least two dialects can say; what only one can say is refused or
dropped where it is read (docs/translation.md lists which).

Messages have a normal form, which every reader produces (see `normal`): neighbouring messages of
the same role are one, and tool results stand first in a user message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias, final, get_args

import msgspec

from headgate.values import Usage

__all__ = [
    "EFFORTS",
    "MODELS_AT_HAND",
    "Answer",
    "Aside",
    "Counted",
    "Done",
    "Effort",
    "Failure",
    "File",
    "Finish",
    "Image",
    "JsonFormat",
    "Message",
    "Part",
    "Problem",
    "Refusal",
    "RefusalDelta",
    "Request",
    "SealedThinking",
    "Start",
    "Stop",
    "StreamEvent",
    "Text",
    "TextDelta",
    "Thinking",
    "ThinkingDelta",
    "ThinkingSeal",
    "Thinks",
    "Tool",
    "ToolCall",
    "ToolChoice",
    "ToolDelta",
    "ToolResult",
    "ToolStart",
    "normal",
]

# ---- parts of a message


@final
class Text(msgspec.Struct, frozen=True, tag="text"):
    """Plain text."""

    text: str


@final
class Image(msgspec.Struct, frozen=True, tag="image"):
    """An image: `data` in base64 with its `media_type`, or a `url` that the provider fetches."""

    data: str | None = None
    media_type: str | None = None
    url: str | None = None


@final
class File(msgspec.Struct, frozen=True, tag="file"):
    """A document: `data` in base64 (a PDF) or as `text`, or a `url` that the provider fetches."""

    data: str | None = None
    media_type: str | None = None
    text: str | None = None
    url: str | None = None
    name: str | None = None


@final
class ToolCall(msgspec.Struct, frozen=True, tag="tool_call"):
    """The model asks for a tool; `arguments` is JSON text, which a model may get wrong."""

    id: str
    name: str
    arguments: str


@final
class ToolResult(msgspec.Struct, frozen=True, tag="tool_result"):
    """What the tool gave, in a user message."""

    id: str
    parts: tuple[Text | Image | File, ...] = ()
    failed: bool = False


@final
class Thinking(msgspec.Struct, frozen=True, tag="thinking"):
    """Visible reasoning; `signature` is the provider's proof that it is its own."""

    text: str
    signature: str | None = None


@final
class SealedThinking(msgspec.Struct, frozen=True, tag="sealed_thinking"):
    """Reasoning that only its provider can read."""

    data: str


@final
class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """The model declines, in these words."""

    text: str


Part: TypeAlias = Text | Image | File | ToolCall | ToolResult | Thinking | SealedThinking | Refusal


class Message(msgspec.Struct, frozen=True):
    """One turn. A system message stands here only when it comes after the first turn."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[Part, ...]


def normal(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The same conversation with neighbours of one role merged and tool results put first."""
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1].role == message.role:
            merged[-1] = Message(message.role, merged[-1].parts + message.parts)
        else:
            merged.append(message)
    for index, message in enumerate(merged):
        if len(message.parts) > 1 and message.role == "user":
            merged[index] = _results_first(message)
    return tuple(merged)


def _results_first(message: Message) -> Message:
    ordered = sorted(message.parts, key=lambda part: type(part) is not ToolResult)
    return Message("user", tuple(ordered))


# ---- requests

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
EFFORTS: Mapping[str, Effort] = {level: level for level in get_args(Effort)}
"""By their names, which are OpenAI's words too."""

MODELS_AT_HAND = 256
"""Of so many models is kept what follows from their names: callers may pin any."""


class Tool(msgspec.Struct, frozen=True):
    """A function that the caller can run; `schema` is the JSON schema of its arguments."""

    name: str
    schema: dict[str, object]
    description: str | None = None
    strict: bool = False


class ToolChoice(msgspec.Struct, frozen=True):
    """Whether tools may, must or must not be called; `name` when it must be this one."""

    mode: Literal["auto", "none", "required", "tool"]
    name: str | None = None


class JsonFormat(msgspec.Struct, frozen=True):
    """The answer is to be JSON; without a schema, any object will do."""

    schema: dict[str, object] | None = None
    name: str | None = None
    description: str | None = None
    strict: bool = False


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asks of a model. The model's own name is not part of it."""

    system: str = ""
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel: bool | None = None
    """Whether several tools may be called at once; None leaves it to the provider."""
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    effort: Effort | None = None
    format: JsonFormat | None = None
    user: str | None = None
    stream: bool = False
    stream_usage: bool = True
    """Whether the caller wants to be told the usage at the end of a stream."""


# ---- answers

Stop: TypeAlias = Literal[
    "stop", "length", "tool_calls", "refusal", "pause", "context_window", "stop_sequence"
]
"""Why an answer ended. `stop` is the natural end; `pause` is a long turn to be continued."""


class Answer(msgspec.Struct, frozen=True):
    """A whole answer; `stop_sequence` names the one that was met, where the provider says so."""

    id: str
    model: str
    parts: tuple[Part, ...]
    stop: Stop
    stop_sequence: str | None = None
    usage: Usage | None = None


# ---- stream events


class Start(msgspec.Struct, frozen=True, gc=False):
    """The stream begins, as far as the provider has said: its id and the model that answers."""

    id: str
    model: str


class TextDelta(msgspec.Struct, frozen=True, gc=False):
    """More text."""

    text: str


class RefusalDelta(msgspec.Struct, frozen=True, gc=False):
    """More of a refusal."""

    text: str


class ThinkingDelta(msgspec.Struct, frozen=True, gc=False):
    """More visible reasoning."""

    text: str


class ThinkingSeal(msgspec.Struct, frozen=True, gc=False):
    """The signature of the reasoning before it, or sealed reasoning (`sealed`)."""

    data: str
    sealed: bool = False


class Thinks(msgspec.Struct, frozen=True, gc=False):
    """The model is at work, though it says nothing: it thinks, or the provider runs a tool of its
    own."""


class ToolStart(msgspec.Struct, frozen=True, gc=False):
    """A tool call begins; `index` counts the calls of this answer from 0."""

    index: int
    id: str
    name: str


class ToolDelta(msgspec.Struct, frozen=True, gc=False):
    """More of a call's arguments, JSON text."""

    index: int
    text: str


class Finish(msgspec.Struct, frozen=True, gc=False):
    """The model has ended; usage may still follow."""

    stop: Stop
    stop_sequence: str | None = None


class Failure(msgspec.Struct, frozen=True, gc=False):
    """The provider reports an error within the stream."""

    problem: Problem


class Aside(msgspec.Struct, frozen=True, gc=False):
    """Something of the answer has come that only this provider's dialect can say."""


class Counted(msgspec.Struct, frozen=True, gc=False):
    """The provider has told the usage, in an event that holds nothing else."""


class Done(msgspec.Struct, frozen=True, gc=False):
    """The stream is complete."""


StreamEvent: TypeAlias = (
    Start
    | TextDelta
    | RefusalDelta
    | ThinkingDelta
    | ThinkingSeal
    | Thinks
    | ToolStart
    | ToolDelta
    | Finish
    | Failure
    | Aside
    | Counted
    | Done
)


class Problem(msgspec.Struct, frozen=True, gc=False):
    """An error as dialects tell it. `kind` is Anthropic's `type`, whose set is the clearer one."""

    status: int
    message: str
    kind: str = "api_error"
    code: str | None = None
    param: str | None = None
