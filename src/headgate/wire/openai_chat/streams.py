"""Chat completion streams: chunks read into neutral events, and written from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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

    def twin(self) -> Reader:
        """See StreamReader.twin."""
        twin = Reader()
        twin._started, twin._id = self._started, self._id
        twin._calls = [_Called(call.id, ["{}"]) for call in self._calls]
        twin._numbers = {**self._numbers}
        return twin

    def keeper(self, said: StreamEvent) -> Callable[[str], object] | None:
        """See StreamReader.keeper."""
        return self._calls[said.index].arguments.append if type(said) is ToolDelta else None

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
            self._calls[number].arguments.append(function.arguments)
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
        return bool(function.arguments) and is_object("".join(before.arguments))


class _Called(msgspec.Struct):
    """A call as far as it has come."""

    id: str | None
    arguments: list[str] = []
    """In pieces: a text that grows would be copied with each."""


_ENCODE = msgspec.json.Encoder().encode
_NO_TEXT = b':""}'
"""Stands nowhere else in a chunk: within a string each quotation mark has a backslash before it,
and what else may be empty is not the last of its object."""


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
        self._around: dict[str | int, tuple[bytes, bytes]] = {}
        """What stands before and after a text, by its field, and arguments, by their call."""

    def write(self, event: StreamEvent) -> bytes:  # noqa: PLR0911 - the table of events
        """See StreamWriter.write."""
        # by type: a `case` of a struct that it is not costs a thousand instructions
        if type(event) is TextDelta:
            return self._more("content", event.text)
        if type(event) is ToolDelta:
            if event.index == self._bare:
                self._bare = None
            return self._more(event.index, event.text)
        if type(event) is ThinkingDelta:
            return self._more("reasoning_content", event.text)
        if type(event) is RefusalDelta:
            return self._more("refusal", event.text)
        if type(event) is Start:
            self._id, self._model = event.id or self._id, event.model
            self._around.clear()
            return self._open()
        if type(event) is ToolStart:
            return self._call(event)
        if type(event) is Finish:
            return self._finish(FINISHES[event.stop])
        if type(event) is Failure:
            return sse.encode(write_problem(event.problem))
        return b""

    def done(self, usage: Usage | None) -> bytes:
        """See StreamWriter.done."""
        out = b"" if self._finished else self._finish("stop")
        if self._usage and usage is not None:
            out += self._chunk([], {"usage": write_usage(usage)})
        return out + sse.encode(b"[DONE]")

    def _more(self, where: str | int, text: str) -> bytes:
        """More of a field, or of a call's arguments: of such a chunk only that is written anew."""
        around = self._around.get(where)
        if around is None:
            first = self._open()
            self._around[where] = self._empty(where)
            return first + self._more(where, text)
        before, after = around
        return before + _ENCODE(text) + after

    def _empty(self, where: str | int) -> tuple[bytes, bytes]:
        """What stands before and after a text there."""
        delta: dict[str, object] = {str(where): ""}
        if isinstance(where, int):
            delta = {"tool_calls": [{"index": where, "function": {"arguments": ""}}]}
        before, _, after = self._delta(delta).partition(_NO_TEXT)
        return before + _NO_TEXT[:1], _NO_TEXT[-1:] + after

    def _call(self, call: ToolStart) -> bytes:
        function = {"name": call.name, "arguments": ""}
        begun = {"index": call.index, "id": call.id, "type": "function", "function": function}
        out = self._fill() + self._delta({"tool_calls": [begun]})
        self._bare = call.index
        return out

    def _fill(self) -> bytes:
        """A call without arguments has an empty object, which callers parse."""
        bare, self._bare = self._bare, None
        return b"" if bare is None else self._more(bare, "{}")

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
