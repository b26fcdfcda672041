"""The records of a journal's segment: how one is framed, and how a stretch of bytes is read back.

A segment is a file of records, nothing else:

    marker   4 bytes   b"HGE1"
    length   u32 LE    bytes of payload
    crc32    u32 LE    of the payload
    payload  msgpack   one `Entry` as a map; empty in a record that only tried the disk

The marker lets a reader find the next whole record behind a damaged one.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import msgspec

from headgate.ledger.entry import Entry

__all__ = ["HEAD", "MARKER", "MAX_PAYLOAD", "Scan", "frame", "next_record", "scan"]

MARKER = b"HGE1"
MAX_PAYLOAD = 1 << 20
"""Longest payload, bytes: a length beyond it is damage, not a record."""
HEAD = struct.Struct("<4sII")
"""What stands before the payload: marker, length, checksum."""

_DECODER = msgspec.msgpack.Decoder(Entry)


class Scan(NamedTuple):
    """What a stretch of a segment holds: whole entries, and the bytes that are none."""

    entries: list[Entry]
    damaged: list[bytes]
    end: int
    """How many bytes were looked at."""


def frame(payload: bytes) -> bytes:
    """One record as it stands in a segment."""
    return HEAD.pack(MARKER, len(payload), zlib.crc32(payload)) + payload


def scan(data: bytes, *, to_the_end: bool = True) -> Scan:
    """Read every whole record; what lies between or behind them comes back as damaged.

    A whole record that is no entry is one piece of damage, a torn stretch up to the next marker is
    another. With `to_the_end` off, more bytes follow `data`, and reading stops at the first record
    that is not whole in it.
    """
    entries: list[Entry] = []
    damaged: list[bytes] = []
    at = 0
    while at < len(data):
        payload = _payload(data, at)
        if payload is None:
            if not to_the_end:
                break
            end = next_record(data, at + 1)
            damaged.append(data[at:end])
        else:
            end = at + HEAD.size + len(payload)
            entry = _entry(payload)
            if not payload:  # a probe: it was only to show that the disk takes something
                pass
            elif entry is None:
                damaged.append(data[at:end])
            else:
                entries.append(entry)
        at = end
    return Scan(entries, damaged, at)


def next_record(data: bytes, at: int) -> int:
    """Where the next whole record begins, or the end of the data."""
    while (at := data.find(MARKER, at)) >= 0:
        if _payload(data, at) is not None:
            return at
        at += 1
    return len(data)


def _payload(data: bytes, at: int) -> bytes | None:
    """The payload of the record that begins at `at`; None where no whole record does."""
    if at + HEAD.size > len(data):
        return None
    marker, length, crc = HEAD.unpack_from(data, at)
    if marker != MARKER or length > MAX_PAYLOAD:
        return None
    begin = at + HEAD.size
    payload = data[begin : begin + length]
    return payload if len(payload) == length and zlib.crc32(payload) == crc else None


def _entry(payload: bytes) -> Entry | None:
    try:
        return _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
