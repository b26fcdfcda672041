"""Messages streams: events read into neutral ones, and written from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from headgate.values import Usage
from headgate.wire import sse
from headgate.wire.anthropic_messages.answers import (
    REASONS,
    STOPS,
    AnswerForm,
    Said,
    explained,
    json_text,
    problem_within,
    write_problem,
    write_usage,
)
from headgate.wire.leniency import object_of, text_of
from headgate.wire.meter import AnthropicCounts, Meter
from headgate.wire.neutral import (
    Done,
    Failure,
    Finish,
    RefusalDelta,
    Request,
    Start,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    ThinkingSeal,
    Thinks,
    ToolDelta,
    ToolStart,
)

__all__ = ["Reader", "Writer"]


class _Event(msgspec.Struct):
    type: str = ""
    index: int = 0
    message: AnswerForm | None = None
    content_block: Said | None = None
    delta: Said | None = None
    usage: object = None
    error: object = None


_EVENT = msgspec.json.Decoder(_Event)


def _event(data: bytes) -> _Event:
    """One event; of a kind whose types are not as expected only the kind is read.

    Raises:
        UnusableAnswerError: it is not a JSON object.
    """
    try:
        return _EVENT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = object_of(data)
    try:
        return msgspec.convert(found, _Event)
    except msgspec.ValidationError:
        return _Event(type=text_of(found.get("type")) or "", error=found.get("error"))


class Reader:
    """One stream of events."""

    def __init__(self) -> None:
        self.meter = Meter(AnthropicCounts)
        self._calls: dict[int, int] = {}  # index of a content block -> number of the tool call

    def read(self, event: sse.Event) -> Sequence[StreamEvent]:  # noqa: PLR0911 - the table of events
        """What one event says; kinds that are not known are passed over, as the API asks for."""
        if not event.data:
            return ()
        said = _event(event.data)
        match said.type:
            case "content_block_delta":
                return self._delta(said)
            case "content_block_start":
                return self._block(said)
            case "message_start":
                return self._start(said)
            case "message_delta":
                return self._finish(said)
            case "message_stop":
                return (Done(),)
            case "error":
                return (Failure(problem_within(said.error)),)
        if event.name == b"error" or (said.error and not said.type):
            return (Failure(problem_within(said.error)),)
        return ()

    def twin(self) -> Reader:
        """See StreamReader.twin."""
        twin = Reader()
        twin._calls = {**self._calls}
        return twin

    def keeper(self, _: StreamEvent) -> Callable[[str], object] | None:
        """See StreamReader.keeper."""
        return None

    def _start(self, said: _Event) -> Sequence[StreamEvent]:
        message = said.message or AnswerForm()
        self.meter.see(message.usage)
        return (Start(message.id or "", message.model or ""),)

    def _block(self, said: _Event) -> Sequence[StreamEvent]:
        block = said.content_block or Said()
        match block.type:
            case "tool_use":
                number = self._calls[said.index] = len(self._calls)
                start = ToolStart(number, block.id or f"toolu_{number}", block.name or "")
                if block.input:
                    return (start, ToolDelta(number, json_text(block.input)))
                return (start,)
            case "text" if block.text:
                return (TextDelta(block.text),)
            case "redacted_thinking" if block.data:
                return (ThinkingSeal(block.data, sealed=True),)
            case "" | "text" | "redacted_thinking":
                return ()
        return (Thinks(),)

    def _delta(self, said: _Event) -> Sequence[StreamEvent]:
        delta = said.delta or Said()
        match delta.type:
            case "text_delta" if delta.text:
                return (TextDelta(delta.text),)
            case "input_json_delta" if delta.partial_json and said.index in self._calls:
                return (ToolDelta(self._calls[said.index], delta.partial_json),)
            case "thinking_delta" if delta.thinking:
                return (ThinkingDelta(delta.thinking),)
            case "signature_delta" if delta.signature:
                return (ThinkingSeal(delta.signature),)
        return ()

    def _finish(self, said: _Event) -> Sequence[StreamEvent]:
        self.meter.see(said.usage)
        delta = said.delta or Said()
        if not delta.stop_reason:
            return ()
        finish = Finish(STOPS.get(delta.stop_reason, "stop"), delta.stop_sequence)
        why = explained(delta.stop_details)
        return (RefusalDelta(why), finish) if why else (finish,)


_ENCODE = msgspec.json.Encoder().encode
_FILLED = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":'
_BEFORE: Mapping[str, bytes] = {
    "text": _FILLED + b'{"type":"text_delta","text":',
    "tool_use": _FILLED + b'{"type":"input_json_delta","partial_json":',
}
"""What stands before a text in a block of each kind, as the encoder would write it."""
_AFTER = b"}}\n\n"


class Writer:
    """One stream of events: blocks one after the other, each started, filled and stopped.

    Tool calls may come interleaved, which this dialect does not do: while one call's arguments are
    incomplete, what belongs to another is held back.
    """

    def __init__(self, _: Request, at: int) -> None:
        self._id = f"msg_{at}"
        self._model = ""
        self._opened = False
        self._block: str | None = None  # the kind of the open block
        self._index = -1
        self._before = b""  # what stands before a text in the open block
        self._call = -1  # number of the open tool call
        self._arguments: list[str] = []
        self._held: list[ToolStart | ToolDelta] = []
        self._finish = Finish("stop")

    def write(self, event: StreamEvent) -> bytes:
        """See StreamWriter.write."""
        # by type: a `case` of a struct that it is not costs a thousand instructions
        if type(event) is TextDelta or type(event) is RefusalDelta:
            return self._text(event.text)
        if type(event) is ToolDelta:
            return self._argue(event)
        if type(event) is ToolStart:
            self._held.append(event)
            return self._release()
        if type(event) is Start:
            self._id, self._model = event.id or self._id, event.model
            return self._open()
        if type(event) is Finish:
            self._finish = event
        elif type(event) is Failure:
            return sse.encode(write_problem(event.problem), b"error")
        return b""

    def done(self, usage: Usage | None) -> bytes:
        """See StreamWriter.done."""
        out = self._open() + self._release(ended=True) + self._close()
        stop = {"stop_reason": REASONS[self._finish.stop]}
        delta = {**stop, "stop_sequence": self._finish.stop_sequence}
        out += _encoded({"type": "message_delta", "delta": delta, "usage": write_usage(usage)})
        return out + _encoded({"type": "message_stop"})

    def _open(self) -> bytes:
        if self._opened:
            return b""
        self._opened = True
        message: dict[str, object] = {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            # not known before the end; message_delta has the whole usage
            "usage": write_usage(None),
        }
        return _encoded({"type": "message_start", "message": message})

    def _text(self, text: str) -> bytes:
        out = b""
        if self._block != "text":
            out = self._release(ended=True) + self._start("text", {"type": "text", "text": ""})
        return out + self._before + _ENCODE(text) + _AFTER

    def _argue(self, event: ToolDelta) -> bytes:
        if event.index != self._call:
            self._held.append(event)
            return self._release()
        out = self._fill(event.text)
        return out + self._release() if self._held else out

    def _whole(self) -> bool:
        """Whether the open call has all its arguments: a complete JSON object."""
        text = "".join(self._arguments)
        if not text.startswith("{") or not text.rstrip().endswith("}"):
            return False
        try:
            msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return False
        return True

    def _fill(self, text: str) -> bytes:
        self._arguments.append(text)
        return self._before + _ENCODE(text) + _AFTER

    def _begin(self, call: ToolStart) -> bytes:
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        out = self._start("tool_use", block)
        self._call = call.index
        self._arguments = []
        return out

    def _release(self, *, ended: bool = False) -> bytes:
        """The calls held back, one after the other, as far as the one before is complete.

        `ended` releases them all: no more arguments are to come.
        """
        out = b""
        while self._held and (ended or self._call < 0 or self._whole()):
            first = self._held.pop(0)
            if not isinstance(first, ToolStart):
                continue  # more arguments for a call that was complete
            mine = [one for one in self._held if one.index == first.index]
            self._held = [one for one in self._held if one.index != first.index]
            out += self._begin(first)
            for event in mine:
                out += self._fill(event.text) if isinstance(event, ToolDelta) else b""
        return out

    def _start(self, kind: str, block: Mapping[str, object]) -> bytes:
        out = self._open() + self._close()
        self._block = kind
        self._index += 1
        self._before = _BEFORE[kind] % self._index
        event = {"type": "content_block_start", "index": self._index, "content_block": block}
        return out + _encoded(event)

    def _close(self) -> bytes:
        if self._block is None:
            return b""
        self._block = None
        self._call = -1
        return _encoded({"type": "content_block_stop", "index": self._index})


def _encoded(event: Mapping[str, object]) -> bytes:
    return sse.encode(_ENCODE(event), str(event["type"]).encode())
