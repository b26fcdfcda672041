"""The records of a journal's segment: how one is framed, and how a stretch of bytes is read back.

A segment is a file of records, nothing else:

    marker   4 bytes   b"HGE2" for an entry, b"HGP1" for a prompt
    length   u32 LE    bytes of payload
    crc32    u32 LE    of the payload
    payload  msgpack   one `Entry` as an array of its values, or one `Prompt` as a map;
                       empty where it only tried the disk

b"HGE1" marks an entry as a map with its fields' names. None is written so any more, but a segment
that an older Headgate has left is read as before.

The marker lets a reader find the next whole record behind a damaged one. A Headgate that does not
know a marker yet takes such a record for damage, and sets it aside.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple
from zlib import crc32

import msgspec

from headgate.ledger.entry import Entry
from headgate.ledger.prompt import Prompt

__all__ = ["ENTRY", "HEAD", "MAX_PAYLOAD", "PROMPT", "Scan", "frame", "next_record", "scan"]

ENTRY, PROMPT = b"HGE2", b"HGP1"
_NAMED = b"HGE1"
MAX_PAYLOAD = 1 << 20
"""Longest payload, bytes: a length beyond it is damage, not a record."""

HEAD = struct.Struct("<4sII")
"""What stands before the payload: marker, length, checksum."""

_MARKER = re.compile(b"HG(?:E[12]|P1)")


class _Named(Entry, frozen=True, array_like=False):
    """An entry as a map."""


_ENTRIES = msgspec.msgpack.Decoder(Entry)
_KINDS: dict[
    bytes,
    msgspec.msgpack.Decoder[Entry]
    | msgspec.msgpack.Decoder[_Named]
    | msgspec.msgpack.Decoder[Prompt],
] = {
    ENTRY: _ENTRIES,
    _NAMED: msgspec.msgpack.Decoder(_Named),
    PROMPT: msgspec.msgpack.Decoder(Prompt),
}


class Scan(NamedTuple):
    """What a stretch of a segment holds: whole entries and prompts, and the bytes that are none."""

    entries: list[Entry]
    damaged: list[bytes]
    end: int
    """How many bytes were looked at."""
    prompts: list[Prompt]


def frame(payload: bytes, marker: bytes = ENTRY) -> bytes:
    """One record as it stands in a segment."""
    return HEAD.pack(marker, len(payload), crc32(payload)) + payload


def scan(data: bytes, *, to_the_end: bool = True) -> Scan:
    """Read every whole record; what lies between or behind them comes back as damaged.

    A whole record that is neither entry nor prompt is one piece of damage, a torn stretch up to the
    next marker is another. With `to_the_end` off, more bytes follow `data`, and reading stops at
    the first record that is not whole in it.
    """
    entries: list[Entry] = []
    prompts: list[Prompt] = []
    damaged: list[bytes] = []
    at = 0
    while (at := _run(data, at, entries)) < len(data):
        payload = _payload(data, at)
        if payload is None:
            if not to_the_end:
                break
            end = next_record(data, at + 1)
            damaged.append(data[at:end])
        else:
            end = at + HEAD.size + len(payload)
            record = _record(data[at : at + 4], payload)
            if not payload:  # a probe: it was only to show that the disk takes something
                pass
            elif record is None:
                damaged.append(data[at:end])
            elif isinstance(record, Prompt):
                prompts.append(record)
            else:
                entries.append(record)
        at = end
    return Scan(entries, damaged, at, prompts)


def _run(data: bytes, at: int, entries: list[Entry]) -> int:
    """Read the entries from `at` on up to the first record that is anything else, or not whole.

    Nearly all records are such entries: what is said in general below is said here once more, in
    the fewest steps.
    """
    unpack, decode, head = HEAD.unpack_from, _ENTRIES.decode, HEAD.size
    last = len(data) - head
    while at <= last:
        marker, length, crc = unpack(data, at)
        begin = at + head
        payload = data[begin : begin + length]
        if marker != ENTRY or not 0 < length <= MAX_PAYLOAD or len(payload) != length:
            return at
        if crc32(payload) != crc:
            return at
        try:
            entries.append(decode(payload))
        except (msgspec.DecodeError, UnicodeDecodeError):
            return at
        at = begin + length
    return at


def next_record(data: bytes, at: int) -> int:
    """Where the next whole record begins, or the end of the data."""
    for found in _MARKER.finditer(data, at):
        if _payload(data, found.start()) is not None:
            return found.start()
    return len(data)


def _payload(data: bytes, at: int) -> bytes | None:
    """The payload of the record that begins at `at`; None where no whole record does."""
    if at + HEAD.size > len(data):
        return None
    marker, length, crc = HEAD.unpack_from(data, at)
    if marker not in _KINDS or length > MAX_PAYLOAD:
        return None
    begin = at + HEAD.size
    payload = data[begin : begin + length]
    return payload if len(payload) == length and crc32(payload) == crc else None


def _record(marker: bytes, payload: bytes) -> Entry | Prompt | None:
    try:
        found = _KINDS[marker].decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Entry(*msgspec.structs.astuple(found)) if isinstance(found, _Named) else found
