"""The mould of a stream's commonest event: the bytes of the one before, but for the text in it.

Hundreds of events of a stream differ in a word, or in a piece of a call's arguments. Once one of
them has been read, another with the same bytes around its text says the same but for the text, and
only that need be read. The Responses API counts its events besides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import msgspec

from headgate.wire.dialect import StreamReader, UnusableAnswerError
from headgate.wire.neutral import RefusalDelta, StreamEvent, TextDelta, ThinkingDelta, ToolDelta
from headgate.wire.sse import event_of

__all__ = ["Delta", "Mould", "mould_of"]

Delta: TypeAlias = TextDelta | ToolDelta | ThinkingDelta | RefusalDelta
"""What a moulded event says: more of a text, or of the arguments of one call."""

_DECODE = msgspec.json.Decoder(str).decode
_ENCODE = msgspec.json.Encoder().encode
_RETURN, _ZERO = b"\r0"
_PROBE = "another text"
_PADS = (
    (
        b'"obfuscation":"',
        re.compile(rb'(?<="obfuscation":")[0-9A-Za-z]*(?=")'),
        b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    ),
    (b" }\n\n", re.compile(rb" +(?=\}\n\n\Z)"), b" "),
    (
        b'"sequence_number":',
        re.compile(rb'(?:(?<="sequence_number":)|(?<="sequence_number": ))\d+(?=[,}])'),
        b"",
    ),
)
"""What providers fill events up with, so that a length tells nobody the text: what stands in such
an event, where, and which bytes it may hold. OpenAI has a field for it, Anthropic puts spaces
before the last brace. A number may stand there too (some servers' events begin with the text); no
bytes stand for that."""
_COUNT = b'"sequence_number":'
"""The field that counts events, in the Responses API. It is no part of a string: there a quotation
mark has a backslash before it."""
_NUMBER = re.compile(rb" ?(0|[1-9][0-9]{0,15})(?=,)")
_OTHER = b"1234567"


class Mould(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What stands around the text of one event, quoted, and of those that are like it.

    They may differ in a number before the text, and in what fills them up behind it, or a number.
    """

    say: Callable[[str], Delta]
    """What an event with this text says."""
    keep: Callable[[str], object] | None
    """Takes the text for the reader, which keeps it; None: it keeps nothing of such an event."""
    _head: bytes
    _counted: bytes
    """What stands between the number and the text; empty where there is no number."""
    _between: bytes
    """What stands between the text and the filling, the closing quotation mark included; empty
    where nothing is filled up."""
    _pad: bytes
    """The bytes that the filling may hold; none: it is a number."""
    _tail: bytes

    def text(self, raw: bytes) -> str | None:
        """The text of an event that is like the one the mould was taken of; None: it is not."""
        rest = raw.removeprefix(self._head)
        if rest is raw:
            return None
        quoted = rest.removesuffix(self._tail)
        if quoted is rest:
            return None
        if self._counted:
            number, counted, quoted = quoted.partition(self._counted)
            if not counted or not _is_number(number):
                return None
        if self._between:
            text, between, pad = quoted.partition(self._between)
            if not between or (pad.strip(self._pad) if self._pad else not _is_number(pad)):
                return None
            quoted = text + b'"'
        try:
            return _DECODE(quoted) or None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # more than a text, or one that is read leniently


def mould_of(raw: bytes, said: Sequence[StreamEvent], reader: StreamReader) -> Mould | None:
    """The mould of an event that has been read; None where it says more than a text, or nothing.

    Args:
        raw: one whole event, ended by line feeds.
        said: what the reader has read in it.
        reader: its twin says whether the place found is the text's.
    """
    delta = said[0] if len(said) == 1 else None
    if not (
        type(delta) is TextDelta
        or type(delta) is ToolDelta
        or type(delta) is ThinkingDelta
        or type(delta) is RefusalDelta
    ):
        return None
    if _RETURN in raw or not _is_block(raw) or delta.text == _PROBE:
        return None
    say: Callable[[str], Delta] = type(delta)
    if type(delta) is ToolDelta:
        say = partial(ToolDelta, delta.index)
    quoted = _ENCODE(delta.text)
    at = raw.find(quoted)
    if at < 0 or raw.find(quoted, at + 1) >= 0:
        return None
    head, tail = raw[:at], raw[at + len(quoted) :]
    head, counted = _parted(head)
    probe = (head, _OTHER if counted else b"", counted, _PROBE.encode(), tail)
    if not _says(b'%b%b%b"%b"%b' % probe, say(_PROBE), reader.twin()):
        return None
    keep = reader.keeper(delta)
    for mark, pattern, pad in _PADS:
        found = pattern.search(tail) if tail.find(mark) >= 0 else None
        if found is not None:
            between = b'"' + tail[: found.start()]
            return Mould(say, keep, head, counted, between, pad, tail[found.end() :])
    return Mould(say, keep, head, counted, b"", b"", tail)


def _parted(head: bytes) -> tuple[bytes, bytes]:
    """What stands before an event's number, and what between it and the text, where it has one."""
    at = head.find(_COUNT)
    number = None if at < 0 else _NUMBER.match(head, at + len(_COUNT))
    return (head, b"") if number is None else (head[: number.start(1)], head[number.end() :])


def _is_number(digits: bytes) -> bool:
    """Whether it can stand for another number in JSON: no sign, no zero before it."""
    return digits.isdigit() and (digits[0] != _ZERO or digits == b"0") and len(digits) <= 16


def _is_block(raw: bytes) -> bool:
    """Whether it begins and ends as an event does, without a comment before it."""
    return raw[-2:] == b"\n\n" and (raw[:6] == b"data: " or raw[:7] == b"event: ")


def _says(raw: bytes, delta: Delta, reader: StreamReader) -> bool:
    """Whether an event says this and nothing else."""
    try:
        return list(reader.read(event_of(raw))) == [delta]
    except UnusableAnswerError:
        return False
