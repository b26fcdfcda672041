"""Responses streams as they are read: this dialect's events to neutral ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from headgate.wire import sse
from headgate.wire.leniency import object_of, text_of
from headgate.wire.meter import Meter, ResponsesCounts
from headgate.wire.neutral import (
    Aside,
    Done,
    Failure,
    Finish,
    RefusalDelta,
    Start,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    Thinks,
    ToolDelta,
    ToolStart,
)
from headgate.wire.openai_responses.answers import (
    Item,
    ResponseForm,
    problem_within,
    response_of,
    stop_of,
)

__all__ = ["Reader"]


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

    def twin(self) -> Reader:
        """See StreamReader.twin."""
        twin = Reader()
        twin._calls = {**self._calls}
        twin._told = {*self._told}
        return twin

    def keeper(self, _: StreamEvent) -> Callable[[str], object] | None:
        """See StreamReader.keeper."""
        return None

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
        return () if item.type == "message" else (Aside(),)

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
