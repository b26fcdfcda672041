"""Chat completion streams: chunks read into neutral events, and written from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from headgate.values import Usage
from headgate.wire import sse
from headgate.wire.meter import Meter, OpenAICounts
from headgate.wire.neutral import (
    Counted,
    Done,
    Failure,
    Finish,
    RefusalDelta,
    Request,
    Start,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    ToolDelta,
    ToolStart,
)
from headgate.wire.openai_chat.answers import (
    FINISHES,
    Call,
    Function,
    Said,
    call_id,
    completion,
    is_object,
    problem_within,
    stop_of,
    write_problem,
    write_usage,
)

__all__ = ["Reader", "Writer"]


class Reader:
    """One stream of chunks."""

    def __init__(self) -> None:
        self.meter = Meter(OpenAICounts)
        self._started = False
        self._id = ""
        self._calls: list[_Called] = []
        self._numbers: dict[int, int] = {}  # the provider's index -> number of the latest call

    def read(self, event: sse.Event) -> Sequence[StreamEvent]:
        """What one event says. More than one choice is only asked for where nothing is translated;
        then they are read as one."""
        data = event.data
        if not data:
            return ()
        if data[:6] == b"[DONE]":
            return (Done(),)
        chunk = completion(data)
        if chunk.error:
            return (Failure(problem_within(chunk.error)),)
        events: list[StreamEvent] = []
        if not self._started and (chunk.id or chunk.model):
            self._started = True
            self._id = chunk.id or ""
            events.append(Start(self._id, chunk.model or ""))
        if chunk.service_tier:
            self.meter.serve(chunk.service_tier)
        if chunk.usage:
            self.meter.see(chunk.usage)
            if not chunk.choices:
                events.append(Counted())
        for choice in chunk.choices or ():
            if choice.error or choice.finish_reason == "error":
                return (*events, Failure(problem_within(choice.error)))
            if choice.delta is not None:
                self._said(choice.delta, events)
            if choice.finish_reason:
                events.append(Finish(stop_of(choice.finish_reason, called=bool(self._calls))))
        return events

    def _said(self, delta: Said, events: list[StreamEvent]) -> None:
        if delta.content:
            events.append(TextDelta(delta.content))
        thought = delta.reasoning_content or delta.reasoning
        if thought:
            events.append(ThinkingDelta(thought))
        if delta.refusal:
            events.append(RefusalDelta(delta.refusal))
        for call in delta.tool_calls or ():
            self._called(call, events)

    def _called(self, call: Call, events: list[StreamEvent]) -> None:
        function = call.function or Function()
        if function.name and self._is_fresh(call, function):
            number = len(self._calls)
            self._calls.append(_Called(call.id))
            if call.index is not None:
                self._numbers[call.index] = number
            identity = call.id or call_id(self._id, number)
            events.append(ToolStart(number, identity, function.name))
        if function.arguments and self._calls:
            last = len(self._calls) - 1
            number = last if call.index is None else self._numbers.get(call.index, last)
            self._calls[number].arguments += function.arguments
            events.append(ToolDelta(number, function.arguments))

    def _is_fresh(self, call: Call, function: Function) -> bool:
        """Whether a call that is named begins here. Names may be repeated with each delta.

        Google's endpoint gives all calls of a turn the index 0, each whole and with its own id.
        """
        if call.index is None or call.index not in self._numbers:
            return True
        before = self._calls[self._numbers[call.index]]
        if call.id:
            return call.id != before.id
        return bool(function.arguments) and is_object(before.arguments)


class _Called(msgspec.Struct):
    """A call as far as it has come."""

    id: str | None
    arguments: str = ""


_ENCODE = msgspec.json.Encoder().encode
_NO_TEXT = b'"content":""'
"""Stands nowhere else in a chunk: within a string each quotation mark has a backslash before it."""


class Writer:
    """One stream of chunks: the role first, then deltas, the finish, the usage if it was asked."""

    def __init__(self, request: Request, at: int) -> None:
        self._usage = request.stream_usage
        self._at = at
        self._id = f"chatcmpl-{at}"
        self._model = ""
        self._opened = False
        self._finished = False
        self._bare: int | None = None  # the call that has no arguments yet
        self._around: tuple[bytes, bytes] | None = None  # what stands before and after a text

    def write(self, event: StreamEvent) -> bytes:  # noqa: PLR0911 - the table of events
        """See StreamWriter.write."""
        match event:
            case TextDelta():  # first: what is passed over costs a thousand instructions
                return self._text(event.text)
            case Start():
                self._id, self._model = event.id or self._id, event.model
                self._around = None
                return self._open()
            case RefusalDelta():
                return self._delta({"refusal": event.text})
            case ThinkingDelta():
                return self._delta({"reasoning_content": event.text})
            case ToolStart():
                function = {"name": event.name, "arguments": ""}
                call = {"index": event.index, "id": event.id, "type": "function"}
                out = self._fill() + self._delta({"tool_calls": [{**call, "function": function}]})
                self._bare = event.index
                return out
            case ToolDelta():
                return self._argue(event.index, event.text)
            case Finish():
                return self._finish(FINISHES[event.stop])
            case Failure():
                return sse.encode(write_problem(event.problem))
        return b""

    def done(self, usage: Usage | None) -> bytes:
        """See StreamWriter.done."""
        out = b"" if self._finished else self._finish("stop")
        if self._usage and usage is not None:
            out += self._chunk([], {"usage": write_usage(usage)})
        return out + sse.encode(b"[DONE]")

    def _text(self, text: str) -> bytes:
        """More text: of such a chunk only the text is written anew."""
        if self._around is None:
            first = self._open()
            before, empty, after = self._delta({"content": ""}).partition(_NO_TEXT)
            self._around = before + empty[:-2], after
            return first + self._text(text)
        before, after = self._around
        return before + _ENCODE(text) + after

    def _argue(self, index: int, text: str) -> bytes:
        if index == self._bare:
            self._bare = None
        return self._delta({"tool_calls": [{"index": index, "function": {"arguments": text}}]})

    def _fill(self) -> bytes:
        """A call without arguments has an empty object, which callers parse."""
        return b"" if self._bare is None else self._argue(self._bare, "{}")

    def _open(self) -> bytes:
        if self._opened:
            return b""
        self._opened = True
        return self._delta({"role": "assistant", "content": "", "refusal": None})

    def _delta(self, delta: Mapping[str, object]) -> bytes:
        first = self._open()
        return first + self._chunk([{"index": 0, "delta": delta, "finish_reason": None}])

    def _finish(self, reason: str) -> bytes:
        self._finished = True
        first = self._open() + self._fill()
        return first + self._chunk([{"index": 0, "delta": {}, "finish_reason": reason}])

    def _chunk(
        self, choices: list[dict[str, object]], more: Mapping[str, object] | None = None
    ) -> bytes:
        usage = {"usage": None} if self._usage else {}
        chunk = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._at,
            "model": self._model,
            "choices": choices,
            **(usage if more is None else more),
        }
        return sse.encode(_ENCODE(chunk))
