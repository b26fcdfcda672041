"""Responses streams as they are written: neutral events to this dialect's."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headgate.values import Usage
from headgate.wire import sse
from headgate.wire.neutral import (
    Failure,
    Finish,
    Problem,
    RefusalDelta,
    Request,
    Start,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
)
from headgate.wire.openai_responses.answers import INCOMPLETE, envelope, item_id, write_usage
from headgate.wire.openai_responses.writing import write_call

__all__ = ["Writer", "error_event"]


class _Open(msgspec.Struct):
    """An item on its way out; `part` is the kind of its open content part."""

    kind: str
    index: int
    id: str
    texts: list[str] = []
    """In pieces: a text that grows would be copied with each."""
    around: tuple[bytes, bytes, bytes] | None = None
    """What stands before the number of an event with more text, between both, and after."""
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
        # by type: a `case` of a struct that it is not costs a thousand instructions
        if type(event) is TextDelta:
            return self._say("output_text", event.text)
        if type(event) is ToolDelta:
            return self._argue(event)
        if type(event) is ThinkingDelta:
            return self._think(event.text)
        if type(event) is RefusalDelta:
            return self._say("refusal", event.text)
        if type(event) is Start:
            self._id, self._model = event.id or self._id, event.model
            return self._begin()
        if type(event) is ToolStart:
            return self._call(event)
        if type(event) is Finish:
            self._stop = event.stop
        elif type(event) is Failure:
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

    def _more(self, item: _Open, text: str) -> bytes:
        """More of an item's text: of such an event only that and its number are written anew."""
        item.texts.append(text)
        around = item.around
        if around is None:
            around = item.around = _around(item)
        before, between, after = around
        self._number += 1
        return b"%b%d%b%b%b" % (before, self._number, between, _ENCODE(text), after)

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
            item.part, item.texts, item.around = part, [], None
            out += self._event("response.content_part.added", **_at(item), part=_content(item))
        return out + self._more(item, text)

    def _close_part(self, item: _Open) -> bytes:
        if not item.part:
            return b""
        content, field = _content(item), "text" if item.part == "output_text" else "refusal"
        more: dict[str, object] = {field: _text(item)}
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
        return out + self._more(item, text)

    def _close(self, status: str) -> bytes:
        """End the open message or reasoning."""
        item, self._open = self._open, None
        if item is None:
            return b""
        if item.kind == "reasoning":
            text = _text(item)
            part = {"type": "summary_text", "text": text}
            out = self._event("response.reasoning_summary_text.done", **_in(item), text=text)
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
        return self._more(item, event.text)

    def _close_call(self, item: _Open, status: str) -> bytes:
        call = item.call or ToolCall("", "", "")
        whole = {"id": item.id, **write_call(ToolCall(call.id, call.name, _text(item)))}
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


def _text(item: _Open) -> str:
    return "".join(item.texts)


def _content(item: _Open) -> dict[str, object]:
    if item.part == "refusal":
        return {"type": "refusal", "refusal": _text(item)}
    return {"type": "output_text", "text": _text(item), "annotations": [], "logprobs": []}


def _around(item: _Open) -> tuple[bytes, bytes, bytes]:
    """What stands around the number and the text of an event that says more of this item."""
    kind, place = f"response.{item.part}.delta", _at(item)
    more: dict[str, object] = {}
    if item.kind == "reasoning":
        kind, place = "response.reasoning_summary_text.delta", _in(item)
    elif item.kind == "function_call":
        kind = "response.function_call_arguments.delta"
        place = {"item_id": item.id, "output_index": item.index}
    elif item.part == "output_text":
        more = {"logprobs": []}
    event = {"type": kind, "sequence_number": 0, **place, "delta": "", **more}
    before, _, rest = _encoded(event).partition(b"0")
    between, _, after = rest.partition(_NO_TEXT)
    return before, between + _NO_TEXT[:1], after


def error_event(problem: Problem, number: int) -> dict[str, object]:
    """An error within a stream, in both shapes that clients know.

    The reference has the fields in the event itself, what is sent in practice has them in `error`,
    and it is that one which makes the official SDKs raise.
    """
    code = problem.code or problem.kind
    fields = {"code": code, "message": problem.message, "param": problem.param}
    error = {"type": problem.kind, **fields}
    return {"type": "error", "sequence_number": number, **fields, "error": error}


_ENCODE = msgspec.json.Encoder().encode
_NO_TEXT = b':""'
"""Stands nowhere else: within a string each quotation mark has a backslash before it."""


def _encoded(event: Mapping[str, object]) -> bytes:
    return sse.encode(_ENCODE(event), str(event["type"]).encode())
