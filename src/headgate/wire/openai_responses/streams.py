"""Responses streams: events read into neutral ones, and written from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from headgate.values import Usage
from headgate.wire import sse
from headgate.wire.leniency import object_of, text_of
from headgate.wire.meter import Meter, ResponsesCounts
from headgate.wire.neutral import (
    Aside,
    Done,
    Failure,
    Finish,
    Problem,
    RefusalDelta,
    Request,
    Start,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    Thinks,
    ToolCall,
    ToolDelta,
    ToolStart,
)
from headgate.wire.openai_responses.answers import (
    INCOMPLETE,
    Item,
    ResponseForm,
    envelope,
    item_id,
    problem_within,
    response_of,
    stop_of,
    write_usage,
)
from headgate.wire.openai_responses.writing import write_call

__all__ = ["Reader", "Writer", "error_event"]


class _Event(msgspec.Struct):
    type: str = ""
    output_index: int = 0
    summary_index: int = 0
    delta: str | None = None
    text: str | None = None
    refusal: str | None = None
    arguments: str | None = None
    item: Item | None = None
    response: ResponseForm | None = None
    error: object = None
    message: str | None = None
    code: str | None = None


_EVENT = msgspec.json.Decoder(_Event)


def _event(data: bytes) -> _Event:
    """One event; where its types are not as expected, its kind and its response.

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
        response = found.get("response")
        return _Event(
            type=text_of(found.get("type")) or "",
            delta=text_of(found.get("delta")),
            response=response_of(response) if isinstance(response, dict) else None,
            error=found.get("error"),
            message=text_of(found.get("message")),
            code=text_of(found.get("code")),
        )


_DELTAS: Mapping[str, type[TextDelta | RefusalDelta | ThinkingDelta]] = {
    "response.output_text.delta": TextDelta,
    "response.refusal.delta": RefusalDelta,
    "response.reasoning_summary_text.delta": ThinkingDelta,
    "response.reasoning_text.delta": ThinkingDelta,
}
_ENDS = frozenset({"response.completed", "response.incomplete"})
_READ_ITEMS = frozenset({"message", "function_call", "reasoning"})


class Reader:
    """One stream of events.

    Servers are known to leave out the deltas of text or of arguments; what an item holds when it is
    done is then said at once.
    """

    def __init__(self) -> None:
        self.meter = Meter(ResponsesCounts)
        self._calls: dict[int, int] = {}  # output index -> number of the call
        self._told: set[int] = set()  # output indexes of items whose content has been said

    def read(self, event: sse.Event) -> Sequence[StreamEvent]:  # noqa: PLR0911 - the table of events
        """What one event says; kinds that are not known are passed over."""
        if not event.data or event.data.startswith(b"[DONE]"):
            return ()
        said = _event(event.data)
        kind = said.type or event.name.decode("utf-8", "replace")
        if kind in _DELTAS:
            if not said.delta:
                return ()
            self._told.add(said.output_index)
            return (_DELTAS[kind](said.delta),)
        if kind in _ENDS and said.response is not None:
            return self._end(said.response)
        match kind:
            case "response.function_call_arguments.delta":
                return self._argue(said.output_index, said.delta)
            case "response.output_item.added":
                return self._begin(said.output_index, said.item or Item())
            case "response.output_item.done":
                return self._close(said.output_index, said.item or Item())
            case "response.reasoning_summary_part.added" if said.summary_index > 0:
                return (ThinkingDelta("\n\n"),)
            case "response.created":
                response = said.response or ResponseForm()
                self._meter(response)
                return (Start(response.id or "", response.model or ""),)
        return self._failed(kind, said)

    def _failed(self, kind: str, said: _Event) -> Sequence[StreamEvent]:
        if kind == "response.failed":
            response = said.response or ResponseForm()
            self._meter(response)
            return (Failure(problem_within(response.error)),)
        if kind == "error" or (said.error and not said.type):
            flat = {"message": said.message, "code": said.code} if said.message else None
            return (Failure(problem_within(said.error or flat)),)
        return ()

    def _meter(self, response: ResponseForm) -> None:
        self.meter.see(response.usage)
        self.meter.serve(response.service_tier)

    def _begin(self, index: int, item: Item) -> Sequence[StreamEvent]:
        if item.type == "function_call":
            number = self._calls[index] = len(self._calls)
            identity = item.call_id or item.id or f"call_{number}"
            start = ToolStart(number, identity, item.name or "")
            return (start, *self._argue(index, item.arguments))
        if item.type == "reasoning":
            return (Thinks(),)
        return () if item.type in _READ_ITEMS else (Aside(),)

    def _argue(self, index: int, text: str | None) -> Sequence[StreamEvent]:
        if not text or index not in self._calls:
            return ()
        self._told.add(index)
        return (ToolDelta(self._calls[index], text),)

    def _close(self, index: int, item: Item) -> Sequence[StreamEvent]:
        """An item is done: say what of it has not been said."""
        if item.type == "function_call":
            start = () if index in self._calls else self._begin(index, item)
            rest = () if index in self._told else self._argue(index, item.arguments)
            return (*start, *rest)
        if item.type != "message" or index in self._told:
            return ()
        self._told.add(index)
        return [
            RefusalDelta(part.refusal) if part.refusal else TextDelta(part.text or "")
            for part in item.content or ()
            if part.text or part.refusal
        ]

    def _end(self, response: ResponseForm) -> Sequence[StreamEvent]:
        self._meter(response)
        return (Finish(stop_of(response, called=bool(self._calls))), Done())


class _Open(msgspec.Struct):
    """An item on its way out; `part` is the kind of its open content part."""

    kind: str
    index: int
    id: str
    text: str = ""
    part: str = ""
    content: list[dict[str, object]] = []
    call: ToolCall | None = None


class Writer:
    """One stream of events: items one after the other, each added, filled and done.

    Calls may be filled by turns, so they stay open until the end.
    """

    def __init__(self, request: Request, at: int) -> None:
        self._request = request
        self._at = at
        self._id = f"{at}"
        self._model = ""
        self._number = -1
        self._opened = False
        self._open: _Open | None = None  # a message or reasoning
        self._calls: dict[int, _Open] = {}
        self._items: list[dict[str, object]] = []  # by output index; empty until it is done
        self._stop = Finish("stop").stop

    def write(self, event: StreamEvent) -> bytes:  # noqa: PLR0911 - the table of events
        """See StreamWriter.write."""
        match event:
            case TextDelta():  # first: what is passed over costs a lot
                return self._say("output_text", event.text)
            case Start():
                self._id, self._model = event.id or self._id, event.model
                return self._begin()
            case RefusalDelta():
                return self._say("refusal", event.text)
            case ThinkingDelta():
                return self._think(event.text)
            case ToolStart():
                return self._call(event)
            case ToolDelta():
                return self._argue(event)
            case Finish():
                self._stop = event.stop
            case Failure():
                self._number += 1
                return _encoded(error_event(event.problem, self._number))
        return b""

    def done(self, usage: Usage | None) -> bytes:
        """See StreamWriter.done."""
        reason = INCOMPLETE.get(self._stop)
        status = "completed" if reason is None else "incomplete"
        out = self._begin() + self._close(status)
        for call in self._calls.values():
            out += self._close_call(call, status)
        response = self._envelope() | {
            "status": status,
            "incomplete_details": None if reason is None else {"reason": reason},
            "output": self._items,
            "usage": None if usage is None else write_usage(usage),
        }
        return out + self._event(f"response.{status}", response=response)

    # ---- the frame

    def _event(self, kind: str, **fields: object) -> bytes:
        self._number += 1
        return _encoded({"type": kind, "sequence_number": self._number, **fields})

    def _envelope(self) -> dict[str, object]:
        return envelope(self._request, self._id, self._model, self._at)

    def _begin(self) -> bytes:
        if self._opened:
            return b""
        self._opened = True
        response = self._envelope()
        first = self._event("response.created", response=response)
        return first + self._event("response.in_progress", response=response)

    def _add(self, kind: str, item: Mapping[str, object]) -> tuple[_Open, bytes]:
        """A new item at the next place in the output."""
        index = len(self._items)
        made = _Open(kind, index, item_id(kind, self._id, index))
        self._items.append({})
        shown = {"id": made.id, "type": kind, **item, "status": "in_progress"}
        added = self._event("response.output_item.added", output_index=index, item=shown)
        return made, added

    def _done(self, item: _Open, shown: dict[str, object]) -> bytes:
        self._items[item.index] = shown
        return self._event("response.output_item.done", output_index=item.index, item=shown)

    # ---- messages and reasoning

    def _say(self, part: str, text: str) -> bytes:
        out = self._begin()
        item = self._open
        if item is None or item.kind != "message":
            out += self._close("completed")
            item, added = self._add("message", {"role": "assistant", "content": []})
            self._open = item
            out += added
        if item.part != part:
            out += self._close_part(item)
            item.part, item.text = part, ""
            out += self._event("response.content_part.added", **_at(item), part=_content(item))
        item.text += text
        kind = f"response.{part}.delta"
        logprobs: dict[str, object] = {"logprobs": []} if part == "output_text" else {}
        return out + self._event(kind, **_at(item), delta=text, **logprobs)

    def _close_part(self, item: _Open) -> bytes:
        if not item.part:
            return b""
        content, field = _content(item), "text" if item.part == "output_text" else "refusal"
        more: dict[str, object] = {field: item.text}
        if item.part == "output_text":
            more["logprobs"] = []
        out = self._event(f"response.{item.part}.done", **_at(item), **more)
        out += self._event("response.content_part.done", **_at(item), part=content)
        item.content = [*item.content, content]
        item.part = ""
        return out

    def _think(self, text: str) -> bytes:
        out = self._begin()
        item = self._open
        if item is None or item.kind != "reasoning":
            out += self._close("completed")
            item, added = self._add("reasoning", {"summary": []})
            self._open = item
            part = {"type": "summary_text", "text": ""}
            out += added
            out += self._event("response.reasoning_summary_part.added", **_in(item), part=part)
        item.text += text
        return out + self._event("response.reasoning_summary_text.delta", **_in(item), delta=text)

    def _close(self, status: str) -> bytes:
        """End the open message or reasoning."""
        item, self._open = self._open, None
        if item is None:
            return b""
        if item.kind == "reasoning":
            part = {"type": "summary_text", "text": item.text}
            out = self._event("response.reasoning_summary_text.done", **_in(item), text=item.text)
            out += self._event("response.reasoning_summary_part.done", **_in(item), part=part)
            shown: dict[str, object] = {"id": item.id, "type": "reasoning", "summary": [part]}
            return out + self._done(item, shown)
        out = self._close_part(item)
        shown = {"id": item.id, "type": "message", "role": "assistant", "content": item.content}
        return out + self._done(item, {**shown, "status": status})

    # ---- calls

    def _call(self, event: ToolStart) -> bytes:
        out = self._begin() + self._close("completed")
        call = ToolCall(event.id, event.name, "")
        item, added = self._add("function_call", {**write_call(call), "arguments": ""})
        item.call = call
        self._calls[event.index] = item
        return out + added

    def _argue(self, event: ToolDelta) -> bytes:
        item = self._calls.get(event.index)
        if item is None or not event.text:
            return b""
        item.text += event.text
        kind = "response.function_call_arguments.delta"
        return self._event(kind, item_id=item.id, output_index=item.index, delta=event.text)

    def _close_call(self, item: _Open, status: str) -> bytes:
        call = item.call or ToolCall("", "", "")
        whole = {"id": item.id, **write_call(ToolCall(call.id, call.name, item.text))}
        out = self._event(
            "response.function_call_arguments.done",
            item_id=item.id,
            output_index=item.index,
            name=call.name,
            arguments=whole["arguments"],
        )
        return out + self._done(item, {**whole, "status": status})


def _at(item: _Open) -> dict[str, object]:
    """Where a content part stands."""
    place = {"item_id": item.id, "output_index": item.index}
    return {**place, "content_index": len(item.content)}


def _in(item: _Open) -> dict[str, object]:
    """Where a part of a summary stands."""
    return {"item_id": item.id, "output_index": item.index, "summary_index": 0}


def _content(item: _Open) -> dict[str, object]:
    if item.part == "refusal":
        return {"type": "refusal", "refusal": item.text}
    return {"type": "output_text", "text": item.text, "annotations": [], "logprobs": []}


def error_event(problem: Problem, number: int) -> dict[str, object]:
    """An error within a stream, in both shapes that clients know.

    The reference has the fields in the event itself, what is sent in practice has them in `error`,
    and it is that one which makes the official SDKs raise.
    """
    code = problem.code or problem.kind
    fields = {"code": code, "message": problem.message, "param": problem.param}
    error = {"type": problem.kind, **fields}
    return {"type": "error", "sequence_number": number, **fields, "error": error}


def _encoded(event: Mapping[str, object]) -> bytes:
    return sse.encode(msgspec.json.encode(event), str(event["type"]).encode())
