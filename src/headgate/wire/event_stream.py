"""AWS's event streams: frames of bytes as they come, read into the events that they hold.

Source: AWS's "Event stream encoding" and Bedrock's ResponseStream (docs.aws.amazon.com, read
November 2026). A frame is: its length and that of its headers, a checksum of these two, the
headers, the payload, a checksum of all before it. Numbers are big-endian, checksums CRC-32.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from zlib import crc32

import msgspec

from headgate.wire.problems import MAX_MESSAGE_CHARS, kind_of
from headgate.wire.sse import encode

__all__ = ["BrokenStreamError", "Frames", "Unframed"]

PRELUDE, CHECKSUM = 12, 4
MOST_BYTES = 24 * 1024 * 1024
"""Longest frame; AWS allows for 16 MB of payload."""
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; the two others, bytes and text, say their length."""
TEXT, BYTES = 7, 6


class BrokenStreamError(Exception):
    """What came is no event stream, or was damaged on its way: nothing after it can be trusted."""


class Frames:
    """Cuts bytes into frames, however they were split on their way."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, chunk: bytes) -> Iterator[tuple[Mapping[str, str], bytes]]:
        """The headers (those that are text) and the payload of each frame that is now whole.

        Raises:
            BrokenStreamError: a checksum is wrong, or a length makes no sense.
        """
        data = self._data
        data += chunk
        at = 0
        try:
            while len(data) - at >= PRELUDE:
                total, headers, checksum = struct.unpack_from(">III", data, at)
                if crc32(data[at : at + 8]) != checksum:
                    raise BrokenStreamError("A frame's beginning does not fit its checksum.")
                if not PRELUDE + headers + CHECKSUM <= total <= MOST_BYTES:
                    raise BrokenStreamError("A frame's length makes no sense.")
                if len(data) - at < total:
                    break
                end = at + total - CHECKSUM
                if crc32(data[at:end]) != int.from_bytes(data[end : end + CHECKSUM]):
                    raise BrokenStreamError("A frame does not fit its checksum.")
                start, at = at + PRELUDE, at + total
                payload = start + headers
                yield _headers(bytes(data[start:payload])), bytes(data[payload:end])
        finally:
            del data[:at]


def _headers(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            length = data[at]
            name, kind = data[at + 1 : at + 1 + length].decode(), data[at + 1 + length]
            at += 2 + length
            if kind in (TEXT, BYTES):
                size = struct.unpack_from(">H", data, at)[0]
                at += 2
            else:
                size = _SIZES[kind]
            if at + size > len(data):
                raise BrokenStreamError("A frame's headers are cut off.")
            if kind == TEXT:
                found[name] = data[at : at + size].decode()
            at += size
    except (IndexError, KeyError, struct.error, UnicodeDecodeError):
        raise BrokenStreamError("A frame's headers cannot be read.") from None
    return found


class _Chunk(msgspec.Struct):
    data: bytes = msgspec.field(name="bytes")
    """In base64, as bytes are in JSON for msgspec as well."""


class _Typed(msgspec.Struct):
    type: str


class _Told(msgspec.Struct):
    message: str = ""


_CHUNK, _TYPED = msgspec.json.Decoder(_Chunk), msgspec.json.Decoder(_Typed)
_TOLD = msgspec.json.Decoder(_Told)
_STATUSES = {
    "internalserverexception": 500,
    "modelstreamerrorexception": 424,
    "modeltimeoutexception": 408,
    "serviceunavailableexception": 503,
    "throttlingexception": 429,
    "validationexception": 400,
}


class Unframed:
    """Reads Bedrock's stream of a Messages answer into the server-sent events that it holds."""

    def __init__(self) -> None:
        self._frames = Frames()
        self.broken: str | None = None
        """Why nothing more can be read: it is no such stream, or was damaged."""

    def feed(self, chunk: bytes) -> bytes:
        """The events that are now whole; those before a damage, too, however the bytes were split.

        An exception's frame is an event `error`.
        """
        events: list[bytes] = []
        if self.broken is None:
            try:
                for frame in self._frames.feed(chunk):
                    events.append(_event(*frame))  # noqa: PERF401 - what was read before counts
            except BrokenStreamError as broken:
                self.broken = str(broken)
        return b"".join(events)


def _event(headers: Mapping[str, str], payload: bytes) -> bytes:
    sort = headers.get(":message-type")
    if sort == "event":
        return _chunk(payload) if headers.get(":event-type") == "chunk" else b""
    if sort == "exception":
        name = headers.get(":exception-type", "exception")
        return _error(name, _message(payload))
    if sort == "error":
        return _error(headers.get(":error-code", "error"), headers.get(":error-message", ""))
    raise BrokenStreamError("A frame is of no known sort.")


def _chunk(payload: bytes) -> bytes:
    try:
        data = _CHUNK.decode(payload).data
        kind = _TYPED.decode(data).type
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise BrokenStreamError("A frame holds no event of a Messages stream.") from None
    except RecursionError:
        raise BrokenStreamError("A frame's event is nested too deeply.") from None
    if not (kind.isascii() and kind.isprintable()):
        raise BrokenStreamError("A frame's event has no name.")
    if b"\n" in data or b"\r" in data:  # between the parts of a JSON text; its strings have none
        data = msgspec.json.format(data, indent=-1)
    return encode(data, kind.encode())


def _message(payload: bytes) -> str:
    try:
        return _TOLD.decode(payload).message
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return payload.decode("utf-8", "replace")


def _error(name: str, message: str) -> bytes:
    kind = kind_of(_STATUSES.get(name.lower(), 500))
    told = (message or name)[:MAX_MESSAGE_CHARS]
    error = {"type": "error", "error": {"type": kind, "message": told}}
    return encode(msgspec.json.encode(error), b"error")
