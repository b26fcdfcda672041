"""Server-sent events: bytes cut into events wherever they were split, and events written as bytes.

Follows the WHATWG HTML standard, section "Parsing an event stream", with one liberty: an event ends
at its blank line, and a carriage return that is the last byte at hand waits for the next one, which
may be its line feed. So the events do not depend on how the bytes were split.
"""

from __future__ import annotations

import re

import msgspec

__all__ = ["MAX_EVENT_BYTES", "Decoder", "Event", "encode"]

MAX_EVENT_BYTES = 4 * 1024 * 1024
"""Longest event that is waited for. Chat events are a few hundred bytes, one with a whole image in
base64 about 2 MB; something longer is a stream gone wrong and must not fill the memory."""

_BOM = b"\xef\xbb\xbf"
_END = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE = re.compile(rb"\r\n|\n|\r")
_FEED, _RETURN = b"\n\r"
"""As integers: looking for a piece of bytes, `in` first makes an error, and drops it."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """One block of a stream, up to and including its blank line.

    `raw` is all its bytes, so that the blocks joined are the stream. `data` is None for a block
    that carries none (comments, keep-alives); several data lines are joined by a line feed.
    """

    raw: bytes
    data: bytes | None
    name: bytes = b""


class Decoder:
    """Takes bytes in pieces of any size, gives the events that they complete.

    `overflow` turns true when an event exceeds `max_event` bytes; nothing is decoded after that,
    and nothing is kept. Between two events it is `resting`: what comes next begins one.
    """

    def __init__(self, max_event: int = MAX_EVENT_BYTES) -> None:
        self.overflow = False
        self.resting = False
        self._max = max_event
        self._tail = bytearray()
        self._at_start = True
        self._returns = False  # whether a carriage return was ever seen

    def feed(self, chunk: bytes) -> list[Event]:
        """The events completed by `chunk`, in order."""
        if self.overflow:
            return []
        if self.resting:  # mostly a chunk is an event
            event = _line(chunk) or _named(chunk)
            if event is not None:
                return [event]
        self._returns = self._returns or _RETURN in chunk
        if self._tail:
            seen = len(self._tail)
            self._tail += chunk
            return self._cut(self._tail, max(0, seen - 3))
        return self._cut(chunk, 0)

    def end(self) -> list[Event]:
        """The last event, where the stream ended without closing it by a blank line.

        The standard discards such an event. Servers are known to end on `data: [DONE]` and no
        blank line, so it is handed out, closed; whether its data is whole is for the reader to say.
        """
        rest = bytes(self._tail)
        self._tail.clear()
        if not rest:
            return []
        closed = any(match.end() == len(rest) for match in _END.finditer(rest))
        event = self._event(rest if closed else rest + b"\n\n")
        return [] if event.data is None else [event]

    def _cut(self, buffer: bytes | bytearray, start: int) -> list[Event]:
        """Events out of `buffer`, whose bytes before `start` hold no blank line."""
        events: list[Event] = []
        done = 0
        if self._returns:
            for match in _END.finditer(buffer, start):
                if match.end() == len(buffer) and buffer[-1:] == b"\r":
                    break
                events.append(self._event(bytes(buffer[done : match.end()])))
                done = match.end()
        else:
            end = buffer.find(b"\n\n", start)
            while end >= 0:
                events.append(self._event(bytes(buffer[done : end + 2])))
                done = end + 2
                end = buffer.find(b"\n\n", done)
        self._keep(buffer, done)
        return events

    def _keep(self, buffer: bytes | bytearray, done: int) -> None:
        if len(buffer) - done > self._max:
            self.overflow = True
            self._tail = bytearray()
        elif buffer is self._tail:
            del self._tail[:done]
        elif done < len(buffer):
            self._tail += buffer[done:]
        self.resting = not (self._tail or self._at_start or self.overflow)

    def _event(self, raw: bytes) -> Event:
        text = raw
        if self._at_start:
            self._at_start = False
            text = raw.removeprefix(_BOM)
        return _line(raw) or _named(raw) or _parse(raw, text)


def _line(raw: bytes) -> Event | None:
    """One whole event of one line, as nearly all of OpenAI's are, or None: it is something else."""
    if raw[:6] != b"data: " or raw[-2:] != b"\n\n":
        return None
    data = raw[6:-2]
    return None if _FEED in data or _RETURN in data else Event(raw, data)


def _named(raw: bytes) -> Event | None:
    """A name and one line of data, as Anthropic's and the Responses API's are, or None."""
    if raw[:7] != b"event: " or raw[-2:] != b"\n\n":
        return None
    name, between, data = raw[7:-2].partition(b"\ndata: ")
    if not between or _FEED in name or _FEED in data or _RETURN in raw:
        return None
    return Event(raw, data, name)


def _parse(raw: bytes, text: bytes) -> Event:
    name = b""
    data: list[bytes] = []
    for line in _LINE.split(text):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return Event(raw, b"\n".join(data) if data else None, name)


def encode(data: bytes, name: bytes = b"") -> bytes:
    """One event; `data` must be a single line, as JSON without indentation is."""
    if name:
        return b"event: " + name + b"\ndata: " + data + b"\n\n"
    return b"data: " + data + b"\n\n"
