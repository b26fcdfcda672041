"""The mould of a stream's commonest event: the bytes of the one before, but for the text in it.

Hundreds of events of a stream differ in a word, or in a piece of a call's arguments. Once one of
them has been read, another with the same bytes around its text says the same but for the text, and
only that need be read. The Responses API counts its events besides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import msgspec

from headgate.wire.dialect import StreamReader, UnusableAnswerError
from headgate.wire.neutral import RefusalDelta, StreamEvent, TextDelta, ThinkingDelta, ToolDelta
from headgate.wire.sse import Event

__all__ = ["Delta", "Mould", "mould_of"]

Delta: TypeAlias = TextDelta | ToolDelta | ThinkingDelta | RefusalDelta
"""What a moulded event says: more of a text, or of the arguments of one call."""

_DECODE = msgspec.json.Decoder(str).decode
_ENCODE = msgspec.json.Encoder().encode
_ZERO = b"0"[0]
_DIGITS = b"0123456789"
_MOST = 16
"""Digits of a number, at most."""
_OPENINGS = (b"data: ", b"data:")
_PROBE = "another text"
_OTHER = b"1234567"
_COUNT = b'"sequence_number":'
"""The field that counts events, in the Responses API. It is no part of a string: there a quotation
mark has a backslash before it."""
_PAD = b'"obfuscation":"'
_PAD_SIGNS = _DIGITS + b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""What OpenAI fills events up with, so that a length tells nobody the text. Anthropic puts spaces
before the last brace."""


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
    """What stands between the number and the text, less the comma before it; empty where there is
    no number."""
    _between: bytes
    """What stands between the text and the filling; empty where nothing is filled up."""
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
            number, _, after = quoted.partition(b",")
            quoted = after.removeprefix(self._counted)
            if quoted is after or not number.isdigit() or number[0] == _ZERO or len(number) > _MOST:
                return None  # `_is_number`, without a call for each event
        if self._between:  # the last one: in the filling stands none, in the text one may
            quoted, between, pad = quoted.rpartition(self._between)
            if not between or (pad.strip(self._pad) if self._pad else not _is_number(pad)):
                return None
        try:
            return _DECODE(quoted) or None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None  # more than a text, or one that is read leniently


def mould_of(event: Event, said: Sequence[StreamEvent], reader: StreamReader) -> Mould | None:
    """The mould of an event that has been read; None where it says more than a text, or nothing.

    Args:
        event: it has a mould only where its last line, and no other, is its data.
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
    data, quoted = event.data or b"", _ENCODE(delta.text)
    opening = event.raw.removesuffix(data + b"\n\n")
    if opening.rpartition(b"\n")[2] not in _OPENINGS or delta.text == _PROBE:
        return None
    if data.count(quoted) != 1:
        return None
    say: Callable[[str], Delta] = type(delta)
    if type(delta) is ToolDelta:
        say = partial(ToolDelta, delta.index)
    head, _, tail = data.partition(quoted)
    head, counted = _counting(head) or (head, b"")
    probe = (head, _OTHER if counted else b"", counted, _PROBE.encode(), tail)
    other = Event(b"", b'%b%b%b"%b"%b' % probe, event.name)
    if not _says(other, say(_PROBE), reader.twin()):
        return None
    between, signs, end = _filling(tail)
    keep = reader.keeper(delta)
    return Mould(say, keep, opening + head, counted[1:], between, signs, end + b"\n\n")


def _filling(tail: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before a filling, which bytes it may hold (none: it is a number), what follows.

    Nothing stands before it where there is none.
    """
    before, mark, rest = tail.partition(_PAD)
    if mark:
        pad, end, after = rest.partition(b'"')
        if not pad.strip(_PAD_SIGNS):
            return before + mark, _PAD_SIGNS, end + after
    counting = _counting(tail)
    if counting is not None:
        return counting[0], b"", counting[1]
    before = tail[:-1].rstrip(b" ")
    if len(before) < len(tail) - 1:
        return before, b" ", tail[-1:]
    return b"", b"", tail


def _counting(part: bytes) -> tuple[bytes, bytes] | None:
    """What stands before the number of an event, and what after; None: it has none there."""
    at = part.find(_COUNT)
    if at < 0:
        return None
    rest = part[at + len(_COUNT) :]
    after = rest.lstrip(b" " + _DIGITS)
    number = rest[: len(rest) - len(after)].lstrip(b" ")
    if not _is_number(number) or after[:1] not in (b",", b"}"):
        return None
    return part[: len(part) - len(number) - len(after)], after


def _is_number(digits: bytes) -> bool:
    """Whether it can stand for another number in JSON: no sign, and no zero before it. None is a
    zero itself, which only servers send that do not count."""
    return digits.isdigit() and digits[0] != _ZERO and len(digits) <= _MOST


def _says(event: Event, delta: Delta, reader: StreamReader) -> bool:
    """Whether an event says this and nothing else."""
    try:
        return list(reader.read(event)) == [delta]
    except UnusableAnswerError:
        return False
