"""The mould of a stream's commonest event: the bytes of the one before, but for the text in it.

Hundreds of events of a stream differ in a word. Once one of them has been read, another with the
same bytes around its text says the same but for the text, and only that need be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from headgate.wire.dialect import StreamReader, UnusableAnswerError
from headgate.wire.neutral import RefusalDelta, Start, StreamEvent, TextDelta, ThinkingDelta
from headgate.wire.sse import Decoder

__all__ = ["Mould", "Words", "mould_of"]

Words: TypeAlias = TextDelta | RefusalDelta | ThinkingDelta
"""What a moulded event says. No reader remembers anything of it, as it does of a call."""

_STRING = msgspec.json.Decoder(str)
_PROBE = "another text"
_PADS = (
    (
        re.compile(rb'(?<="obfuscation":")[0-9A-Za-z]*(?=")'),
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    ),
    (re.compile(rb" +(?=\}\n\n\Z)"), b" "),
)
"""What providers fill events up with, so that a length tells nobody the text, and which bytes it
may hold: OpenAI has a field for it, Anthropic puts spaces before the last brace."""


class Mould:
    """What stands around the text of one event, and of those that are like it."""

    __slots__ = ("_between", "_end", "_head", "_pad", "_start", "_tail", "kind")

    def __init__(self, kind: type[Words], head: bytes, between: bytes, pad: bytes, tail: bytes):
        self.kind = kind
        self._head, self._start = head, len(head)
        self._between, self._pad = between, pad
        self._tail, self._end = tail, -len(tail)

    def text(self, raw: bytes) -> str | None:
        """The text of an event that is like the one the mould was taken of; None: it is not."""
        start, end = self._start, self._end
        if raw[:start] != self._head or raw[end:] != self._tail:
            return None
        quoted = raw[start - 1 : end + 1]
        if self._between:
            text, between, pad = quoted[:-1].partition(self._between)
            if not between or pad.strip(self._pad):
                return None
            quoted = text + b'"'
        try:
            return _STRING.decode(quoted) or None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # more than a text, or one that is read leniently


def mould_of(
    raw: bytes, said: Sequence[StreamEvent], reader: Callable[[], StreamReader]
) -> Mould | None:
    """The mould of an event that has been read; None where it does not say words and nothing else.

    Args:
        raw: one whole event, ended by line feeds.
        said: what a reader has read in it.
        reader: makes another such reader; it says whether the place found is the text's.
    """
    if len(said) != 1 or b"\\" in raw or not raw.startswith((b"data: ", b"event: ")):
        return None
    (words,) = said
    if not isinstance(words, Words) or raw[-2:] != b"\n\n" or b"\r" in raw:
        return None
    quoted = b'"%b"' % words.text.encode()
    at = raw.find(quoted)
    if at < 0 or raw.find(quoted, at + 1) >= 0:
        return None
    head, tail = raw[: at + 1], raw[at + len(quoted) - 1 :]
    if not _says(head + _PROBE.encode() + tail, type(words)(_PROBE), reader()):
        return None
    for pattern, pad in _PADS:
        found = pattern.search(tail)
        if found is not None:
            return Mould(type(words), head, tail[: found.start()], pad, tail[found.end() :])
    return Mould(type(words), head, b"", b"", tail)


def _says(raw: bytes, words: Words, reader: StreamReader) -> bool:
    """Whether an event says these words and nothing else, but that the stream has begun."""
    (event,) = Decoder().feed(raw)
    try:
        said = reader.read(event)
    except UnusableAnswerError:
        return False
    return [one for one in said if not isinstance(one, Start)] == [words]
