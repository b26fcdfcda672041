"""The way of a request whose caller and provider speak one dialect: bytes stay what they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from headgate.errors import RequestError
from headgate.values import Usage
from headgate.wire.betas import BETA, ascribed, without_flags
from headgate.wire.dialect import Answered, Dialect, UnusableAnswerError
from headgate.wire.easing import Easing, eased
from headgate.wire.inbound import Inbound
from headgate.wire.mould import Delta, Mould, mould_of
from headgate.wire.neutral import (
    Aside,
    Counted,
    Done,
    Failure,
    Finish,
    Problem,
    RefusalDelta,
    Start,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    ThinkingSeal,
    Thinks,
    ToolDelta,
)
from headgate.wire.problems import kind_of, read_problem
from headgate.wire.sse import Decoder, Event
from headgate.wire.usage_cost import USAGE_AT, with_cost

__all__ = [
    "Flow",
    "Passthrough",
    "PlainFlow",
    "passthrough",
    "spliced",
]


class Passthrough(msgspec.Struct, eq=False, gc=False):
    """Requests, answers, streams and errors of one dialect, their bytes kept; see `passthrough`."""

    path: str
    """Appended to the provider's base URL."""
    _inbound: Inbound
    _dialect: Dialect
    _own: dict[str, bytes | None]
    _strip: bool
    _mended: bool = False
    _left: tuple[str, ...] = ()
    heeded: tuple[Easing, ...] = ()
    """What refusals have said of this request."""
    _headers: Mapping[str, str] | None = None
    """The caller's, less what a model has refused; None: as they are."""

    def passed(self) -> list[tuple[str, str]]:
        """The caller's headers that its dialect's features hang on, such as anthropic-beta.

        Names are in lower case; a key is never among them.

        Raises:
            RequestError: one holds what no header may hold.
        """
        given = self._inbound.ask.headers if self._headers is None else self._headers
        kept = []
        for name in self._dialect.kept_headers:
            if name in given:
                kept.append((name, _sayable(name, given[name])))  # noqa: PERF401 - a call more
        return kept

    def request(self, model: str) -> bytes:
        """The caller's request for `model`."""
        return spliced(self._inbound.fields, model, self._own)

    def forget(self, first: int) -> None:
        """Leave the reasoning out of so many messages at the beginning: it is another model's."""
        self._own |= self._dialect.forget(self._inbound, first)

    def mended(self, status: int, body: bytes) -> bool:
        """Whether `request` now gives another body, which the provider may take after this refusal.

        True at most once in the life of a lane.
        """
        if self._mended:
            return False
        fields = self._dialect.mend(self._inbound, status, body)
        self._own |= fields
        self._mended = bool(fields)
        return self._mended

    def ease(self, easings: Sequence[Easing]) -> bool:
        """Change what a model is known to refuse. True where that changes the request."""
        if not easings:
            return False
        fields: dict[str, msgspec.Raw | bytes | None] = {**self._inbound.fields, **self._own}
        changes, left = eased(fields, easings)
        self._own |= changes
        self._left += tuple(left)
        return self._ease_flags(easings) or bool(changes)

    def _ease_flags(self, easings: Sequence[Easing]) -> bool:
        headers = self._inbound.ask.headers if self._headers is None else self._headers
        rest, gone = without_flags(headers.get(BETA, ""), easings)
        if gone:
            others = {name: value for name, value in headers.items() if name != BETA}
            self._headers = {**others, BETA: rest} if rest else others
            self._left += tuple(f"{BETA}={flag}" for flag in gone)
        return bool(gone)

    def refused(self, status: int, body: bytes) -> Sequence[Easing]:
        """What of a refusal `request` now heeds: it gives another body. Nothing: it does not.

        None is heeded twice, so there is an end.
        """
        if status != 400:
            return ()
        headers = self._inbound.ask.headers if self._headers is None else self._headers
        refused = self._dialect.easings(read_problem(status, body))
        easings = [ascribed(easing, headers.get(BETA, "")) for easing in refused]
        met = {easing[:5] for easing in self.heeded}  # a limit again, with another number, too
        found = [easing for easing in easings if easing[:5] not in met]
        self.heeded += tuple(found)
        return found if found and self.ease(found) else ()

    def left_out(self, _: str) -> Sequence[str]:
        """The caller's fields that are not sent: none, but for what a model has refused."""
        return self._left

    def answer(self, body: bytes) -> Answered:
        """The provider's answer as it is.

        Raises:
            UnusableAnswerError: it is none (not JSON, an error, nothing in it). Its `usage` is what
                the provider said of its tokens: such an attempt is billed.
        """
        try:
            return self._dialect.weigh_answer(body, self._inbound.quiet)
        except RecursionError:
            raise UnusableAnswerError("The provider's answer is nested too deeply.") from None

    def flow(self) -> Flow:
        """A stream as it is, less the usage that only we asked for."""
        return PlainFlow(self._dialect, strip=self._strip)

    def error(self, status: int, body: bytes) -> bytes:
        """The provider's error as it is; what is not of this dialect is wrapped."""
        if self._dialect.is_problem(body):
            return body
        return self._dialect.write_problem(read_problem(status, body))


def passthrough(inbound: Inbound, dialect: Dialect) -> Passthrough:
    """The way of a request to a provider that speaks its caller's dialect."""
    own: dict[str, bytes | None] = {**dialect.own_fields(inbound)}
    return Passthrough(dialect.path, inbound, dialect, own, bool(own))


def _sayable(name: str, value: str) -> str:
    """A header's value, if HTTP allows for it."""
    if value.isascii() and value.isprintable():
        return value
    raise RequestError(
        f"The header '{name}' holds a character that HTTP does not allow.",
        code="invalid_value",
        param=name,
    )


def spliced(
    fields: Mapping[str, msgspec.Raw], model: str, own: Mapping[str, bytes | None]
) -> bytes:
    """A caller's object with another model and the fields of `own`; other values untouched.

    None takes a field out.
    """
    parts: dict[str, str | msgspec.Raw] = dict(fields)
    parts["model"] = model
    for name, value in own.items():
        if value is None:
            parts.pop(name, None)
        else:
            parts[name] = msgspec.Raw(value)
    return _OBJECT.encode(parts)  # what is raw is copied as it is


_OBJECT = msgspec.json.Encoder()
MOST_USELESS = 4
"""Moulds that may be taken in vain, one after the other."""


class Flow:
    """A provider's stream on its way to the caller. What it tells is known as far as it has come.

    Events are handed on when they are complete, so a stream that breaks off leaves the caller with
    whole events and one that says what happened.
    """

    def __init__(self, provider: Dialect, caller: Dialect) -> None:
        self.model: str | None = None
        self.id: str | None = None
        self.finish: str | None = None
        """Why the model stopped, in the words of `neutral.Stop`."""
        self.complete = False
        """The terminal event has been seen; nothing is missing."""
        self.error: str | None = None
        """What went wrong within the stream, the provider's words or ours."""
        self.delivered_chars = 0
        """Characters of text, reasoning and arguments, for an estimate when no usage comes."""
        self.begun = False
        """Something of the answer itself has come, beyond the events that only open it."""
        self.thinking = False
        """The model is at work on it, though nothing of the answer may have come."""
        self.price: Callable[[Usage], str | None] | None = None
        """Says what the request has cost in US dollars, once the usage is known; None: not told."""
        self.heard: Callable[[StreamEvent], None] | None = None
        """Told of all that is said, before it is handed on; None: nobody is."""
        self._ending = False  # what has just been said may hold the final usage
        self._caller = caller
        self._reader = provider.reader()
        self._decoder = Decoder()
        self._mould: Mould | None = None  # of the last event, where it said a text and nothing else
        self._useless = 0  # moulds in a row that no event was like

    @property
    def usage(self) -> Usage | None:
        """What the provider has said of its tokens so far; None when it has said nothing."""
        return self._reader.meter.usage

    @property
    def service_tier(self) -> str | None:
        """How the provider says that it serves the call, as in `Usage`."""
        return self._reader.meter.service_tier

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes from the provider; the bytes to hand on, perhaps none."""
        mould = self._mould
        if mould is not None and self._decoder.resting:
            text = mould.text(chunk)
            if text is not None:
                return self._repeat(chunk, mould, text)
        out = self._pass(self._decoder.feed(chunk))
        if self._decoder.overflow and self.error is None and not self.complete:
            out += self._break("The provider sent an event that is too long.")
        return out

    def end(self) -> bytes:
        """The provider has closed; what is still to be said: nothing, or an error event."""
        out = self._pass(self._decoder.end())
        if self.complete or self.error is not None:
            return out
        return out + self._break("The provider's stream ended before the answer was complete.")

    def _pass(self, events: Sequence[Event]) -> bytes:
        if len(events) == 1 and not (self.error or self.complete):
            return self._pass_one(events[0])
        out: list[bytes] = []
        for event in events:
            if self.error is not None or self.complete:
                break  # nothing of meaning follows the last event
            out.append(self._pass_one(event))
        return b"".join(out)

    def _pass_one(self, event: Event) -> bytes:
        mould = self._mould
        if mould is not None:
            text = mould.text(event.raw)
            if text is not None:
                return self._repeat(event.raw, mould, text)
        try:
            said = self._reader.read(event)
            for one in said:
                self._note(one)
                if self.heard is not None:
                    self.heard(one)
            self._mould = self._taken(event, said)
            return self._forward(event, said)
        except UnusableAnswerError as error:
            return self._break(error.message)
        except RecursionError:
            return self._break("The provider sent an event that is nested too deeply.")

    def _taken(self, event: Event, said: Sequence[StreamEvent]) -> Mould | None:
        """The mould of an event. No more are taken where no event is like the one before."""
        if self._ending or self._useless >= MOST_USELESS:
            return None
        mould = mould_of(event, said, self._reader)
        if mould is not None:
            self._useless += 1
        return mould

    def _repeat(self, raw: bytes, mould: Mould, text: str) -> bytes:
        """Hand on an event that is like the one before but for its text."""
        self._useless = 0
        self.delivered_chars += len(text)
        if mould.keep is not None:
            mould.keep(text)
        if self.heard is not None:
            self.heard(mould.say(text))
        return self._forward_delta(raw, mould.say, text)

    def _note(self, event: StreamEvent) -> None:
        # by type: a `case` of a struct that it is not costs a thousand instructions
        if (
            type(event) is TextDelta
            or type(event) is ToolDelta
            or type(event) is ThinkingDelta
            or type(event) is RefusalDelta
        ):
            self.delivered_chars += len(event.text)
            if not self.begun:
                self.begun = bool(event.text) or type(event) is ToolDelta
        elif type(event) is Aside:
            self.begun = True
        elif type(event) is Thinks or type(event) is ThinkingSeal:
            self.thinking = True
        elif type(event) is Start:
            self.model = event.model or None
            self.id = event.id or None
        elif type(event) is Finish:
            self.finish, self._ending = event.stop, True
        elif type(event) is Counted:
            self._ending = True
        elif type(event) is Done:
            self.complete = self._ending = True
        elif type(event) is Failure:
            self.error = event.problem.message

    def _break(self, message: str) -> bytes:
        self.error, self._mould = message, None
        problem = Problem(status=502, message=message, kind=kind_of(502), code="stream_broken")
        return self._tell(problem)

    def _tell(self, problem: Problem) -> bytes:
        """The error event that ends a broken stream."""
        return self._caller.write_problem_event(problem)

    def _told(self, block: bytes) -> bytes:
        """A last event with the cost in its usage, where both are known."""
        usage = self.usage
        cost = None if self.price is None or usage is None else self.price(usage)
        return block if cost is None else with_cost(block, USAGE_AT[self._caller.name], cost)

    def _forward(self, event: Event, said: Sequence[StreamEvent]) -> bytes:
        raise NotImplementedError

    def _forward_delta(self, raw: bytes, say: Callable[[str], Delta], text: str) -> bytes:
        """As `_forward`, of an event that says this text and nothing else, before the end."""
        raise NotImplementedError


class PlainFlow(Flow):
    """Events go on as they came; `strip` takes out the one that only tells the usage."""

    def __init__(self, dialect: Dialect, *, strip: bool) -> None:
        super().__init__(dialect, dialect)
        self._strip = strip

    def _forward(self, event: Event, said: Sequence[StreamEvent]) -> bytes:
        if self._strip and self._ending:
            for one in said:
                if type(one) is Counted:
                    return b""
        if self._ending and self.price is not None:
            return self._told(event.raw)
        return event.raw

    def _forward_delta(self, raw: bytes, _: Callable[[str], Delta], __: str) -> bytes:
        return raw
