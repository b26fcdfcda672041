"""What the checks of a cascade see: a provider's answer as a draft, and what the caller wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from headgate.errors import InternalError
from headgate.values import Draft, ToolUse, Wanted
from headgate.wire.dialect import Dialect
from headgate.wire.inbound import Inbound
from headgate.wire.neutral import (
    Answer,
    Aside,
    File,
    Finish,
    Image,
    Refusal,
    RefusalDelta,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
)
from headgate.wire.sse import Decoder

__all__ = ["RESPONSES", "asking_logprobs", "draft_of", "streamed_draft", "wanted_of"]

CHAT, RESPONSES = "openai", "openai-responses"


def draft_of(dialect: Dialect, body: bytes) -> Draft:
    """A provider's whole answer, which has been read before.

    Raises:
        UnusableAnswerError: it is none.
    """
    answer = dialect.read_answer(body, True)
    return _draft(answer, _mean(_logprobs([body], dialect.name, streamed=False)))


def _draft(answer: Answer, logprob: float | None) -> Draft:
    parts = answer.parts
    return Draft(
        text="".join([part.text for part in parts if type(part) is Text]),
        refused=answer.stop == "refusal" or any(isinstance(part, Refusal) for part in parts),
        calls=tuple(
            ToolUse(part.name, part.arguments) for part in parts if isinstance(part, ToolCall)
        ),
        other=any(isinstance(part, Image | File) for part in parts),
        finish=answer.stop,
        logprob=logprob,
    )


def streamed_draft(dialect: Dialect, stream: bytes) -> Draft:
    """A provider's whole stream, which has been read before.

    Raises:
        UnusableAnswerError: it is none.
    """
    decoder, reader = Decoder(), dialect.reader()
    events = [*decoder.feed(stream), *decoder.end()]
    gathered = _Gathered()
    for event in events:
        for said in reader.read(event):
            gathered.take(said)
    payloads = [event.data for event in events if event.data is not None]
    return gathered.draft(_mean(_logprobs(payloads, dialect.name, streamed=True)))


class _Gathered:
    """A draft put together from the events of its stream."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: dict[int, tuple[str, list[str]]] = {}
        self._refused = False
        self._other = False
        self._finish = "unknown"

    def take(self, said: StreamEvent) -> None:
        match said:
            case TextDelta():
                self._text.append(said.text)
            case RefusalDelta():
                self._refused = True
            case ToolStart():
                self._calls[said.index] = (said.name, [])
            case ToolDelta():
                self._calls.setdefault(said.index, ("", []))[1].append(said.text)
            case Aside():
                self._other = True
            case Finish():
                self._finish = said.stop
                self._refused = self._refused or said.stop == "refusal"

    def draft(self, logprob: float | None) -> Draft:
        return Draft(
            text="".join(self._text),
            refused=self._refused,
            calls=tuple(ToolUse(name, "".join(parts)) for name, parts in self._calls.values()),
            other=self._other,
            finish=self._finish,
            logprob=logprob,
        )


# ---- log-probabilities, which only OpenAI's dialects tell


class _Token(msgspec.Struct):
    logprob: float


class _Tokens(msgspec.Struct):
    content: list[_Token] | None = None


class _Choice(msgspec.Struct):
    logprobs: _Tokens | None = None


class _Content(msgspec.Struct):
    logprobs: list[_Token] | None = None


class _Item(msgspec.Struct):
    content: list[_Content] | None = None


class _ChatPayload(msgspec.Struct):
    choices: list[_Choice] = []


class _ResponsesPayload(msgspec.Struct):
    type: str = ""
    output: list[_Item] = []
    logprobs: list[_Token] | None = None


_CHAT = msgspec.json.Decoder(_ChatPayload)
_RESPONSES = msgspec.json.Decoder(_ResponsesPayload)


def _logprobs(payloads: Iterable[bytes], dialect: str, *, streamed: bool) -> Iterator[float]:
    """Every token's log-probability, of the first choice; none where it is not told."""
    for payload in payloads:
        try:
            if dialect == CHAT:
                tokens = _chat_tokens(_CHAT.decode(payload))
            elif dialect == RESPONSES:
                tokens = _responses_tokens(_RESPONSES.decode(payload), streamed=streamed)
            else:
                return
        except (msgspec.DecodeError, RecursionError):
            continue  # such as [DONE]
        yield from (token.logprob for token in tokens)


def _chat_tokens(found: _ChatPayload) -> list[_Token]:
    logprobs = found.choices[0].logprobs if found.choices else None
    return (logprobs.content or []) if logprobs else []


def _responses_tokens(found: _ResponsesPayload, *, streamed: bool) -> list[_Token]:
    if streamed:  # the events that close a part tell all its tokens once more
        return (found.logprobs or []) if found.type == "response.output_text.delta" else []
    contents = (content for item in found.output for content in item.content or ())
    return [token for content in contents for token in content.logprobs or ()]


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None


def asking_logprobs(dialect: str, body: bytes, fields: Mapping[str, object]) -> bytes:
    """A call's body that asks for log-probabilities too, where its dialect has them.

    `fields` are the caller's own: what it has said of them stands.
    """
    if dialect == CHAT and "logprobs" not in fields:
        return b'{"logprobs":true,' + body[1:]
    if dialect == RESPONSES and "include" not in fields:
        return b'{"include":["message.output_text.logprobs"],' + body[1:]
    return body


# ---- what the caller wanted


class _Schema(msgspec.Struct):
    schema: dict[str, object] | None = None


class _Format(msgspec.Struct):
    """`response_format` of chat completions, `text.format` of Responses, Anthropic's format."""

    type: str = ""
    json_schema: _Schema | None = None
    schema: dict[str, object] | None = None


class _Output(msgspec.Struct):
    format: _Format | None = None


class _Function(msgspec.Struct):
    name: str = ""
    parameters: dict[str, object] | None = None


class _Tool(msgspec.Struct):
    """A tool in any of the dialects; what a provider runs itself has no schema."""

    name: str = ""
    function: _Function | None = None
    parameters: dict[str, object] | None = None
    input_schema: dict[str, object] | None = None


_FORMAT: msgspec.json.Decoder[_Format | None] = msgspec.json.Decoder(_Format | None)
_OUTPUT: msgspec.json.Decoder[_Output | None] = msgspec.json.Decoder(_Output | None)
_TOOLS: msgspec.json.Decoder[list[_Tool] | None] = msgspec.json.Decoder(list[_Tool] | None)

_PLACES: Mapping[str, tuple[tuple[str, bool], ...]] = {
    "openai": (("response_format", False),),
    "openai-responses": (("text", True),),
    "anthropic": (("output_config", True), ("output_format", False)),
}
"""Where each dialect says the form of the answer, and whether it is one level down."""


def wanted_of(inbound: Inbound) -> Wanted:
    """What an answer must fit. What cannot be read is not asked for: the provider will say so."""
    try:
        form = _form(inbound)
        raw = inbound.fields.get("tools")
        tools = None if raw is None else _TOOLS.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return Wanted()
    schema, as_json = None, False
    if form is not None and form.type in ("json_schema", "json_object"):
        as_json = True
        schema = form.schema or (form.json_schema.schema if form.json_schema else None)
    return Wanted(
        json=as_json,
        schema=schema,
        tools=None if tools is None else dict(map(_tool, tools)),
    )


def _form(inbound: Inbound) -> _Format | None:
    try:
        places = _PLACES[inbound.dialect]
    except KeyError:
        raise InternalError(f"There is no dialect {inbound.dialect!r}.") from None
    for field, deeper in places:
        raw = inbound.fields.get(field)
        if raw is None:
            continue
        if not deeper:
            return _FORMAT.decode(raw)
        output = _OUTPUT.decode(raw)
        if output is not None and output.format is not None:
            return output.format
    return None


def _tool(tool: _Tool) -> tuple[str, dict[str, object] | None]:
    if tool.function is not None:
        return tool.function.name, tool.function.parameters
    return tool.name, tool.input_schema or tool.parameters
