"""event_stream: frames are read however they are split, and what is damaged is never whole."""

from __future__ import annotations

import json
import struct
from base64 import b64encode
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.testing.platforms import frame
from headgate.wire.event_stream import BrokenStreamError, Frames, Unframed

GOLDEN = (
    b"\x00\x00\x00\x3e\x00\x00\x00\x20\x40\x5d\xf9\x46"
    b"\x0ccontent-type\x07\x00\x10application/json"
    b'{"foo": "bar"}'
    b"\x6f\xa2\xbf\x3b"
)
"""A frame that another's encoder made: hex.pm's event_stream 0.1 shows it in its documentation."""
EVENT = {"message_type": "event", "event_type": "chunk", "content_type": "application/json"}


def chunk(**event: object) -> bytes:
    data = b64encode(json.dumps(event).encode()).decode()
    return frame(json.dumps({"bytes": data, "p": "abc"}).encode(), **EVENT)


STREAM = [
    chunk(type="message_start", message={"id": "m"}),
    chunk(type="content_block_delta", delta={"text": "grün \u2028 \n"}),
    frame(b"{}", message_type="event", event_type="initial-response"),
    chunk(type="message_stop"),
]


def test_a_frame_of_another_encoder_is_read():
    assert list(Frames().feed(GOLDEN)) == [
        ({"content-type": "application/json"}, b'{"foo": "bar"}')
    ]


def test_a_chunk_is_an_event_of_the_name_that_it_has_inside():
    events = Unframed().feed(b"".join(STREAM)).split(b"\n\n")
    assert [event.partition(b"\n")[0] for event in events if event] == [
        b"event: message_start",
        b"event: content_block_delta",
        b"event: message_stop",
    ]
    assert json.loads(events[1].partition(b"data: ")[2])["delta"] == {"text": "grün \u2028 \n"}


@given(st.data())
def test_however_the_bytes_are_split_the_events_are_the_same(data: st.DataObject):
    whole = b"".join(STREAM)
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=40).map(sorted))
    parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    unframed = Unframed()
    assert b"".join([unframed.feed(part) for part in parts]) == Unframed().feed(whole)
    assert unframed.broken is None


@given(st.data())
def test_no_bit_can_be_turned_unseen(data: st.DataObject):
    """What came before the damage is told in any case, and nothing after it."""
    at = data.draw(st.integers(0, len(STREAM) - 1))
    bit = data.draw(st.integers(0, 8 * len(STREAM[at]) - 1))
    damaged = bytearray(STREAM[at])
    damaged[bit // 8] ^= 1 << bit % 8
    stream = b"".join([*STREAM[:at], bytes(damaged), *STREAM[at + 1 :]])
    cut = data.draw(st.integers(0, len(stream)))
    unframed = Unframed()
    out = unframed.feed(stream[:cut]) + unframed.feed(stream[cut:])
    assert unframed.broken is not None
    assert out == Unframed().feed(b"".join(STREAM[:at]))


def test_a_stream_that_ends_within_a_frame_tells_what_was_whole():
    unframed = Unframed()
    assert unframed.feed(STREAM[0] + STREAM[1][:-1]) == Unframed().feed(STREAM[0])
    assert unframed.broken is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("throttlingException", "rate_limit_error"),
        ("serviceUnavailableException", "overloaded_error"),
        ("modelTimeoutException", "timeout_error"),
        ("internalServerException", "api_error"),
        ("validationException", "invalid_request_error"),
        ("somethingNewException", "api_error"),
    ],
)
def test_an_exception_is_an_error_in_the_platforms_words(name: str, kind: str):
    payload = json.dumps({"message": "Too many requests."}).encode()
    out = Unframed().feed(frame(payload, message_type="exception", exception_type=name))
    assert out.startswith(b"event: error\n")
    told = json.loads(out.partition(b"data: ")[2])
    assert told["error"] == {"type": kind, "message": "Too many requests."}


def test_an_error_without_a_model_is_told_from_its_headers():
    out = Unframed().feed(
        frame(b"", message_type="error", error_code="InternalError", error_message="Sorry.")
    )
    assert json.loads(out.partition(b"data: ")[2])["error"]["message"] == "Sorry."


@pytest.mark.parametrize(
    "data",
    [
        frame(b"{}", message_type="event", event_type="chunk"),
        frame(b'{"bytes":"not base64"}', message_type="event", event_type="chunk"),
        frame(b'{"bytes":"e30="}', message_type="event", event_type="chunk"),
        frame(b"{}", message_type="letter"),
        frame(b"{}"),
        chunk(type="a\nb"),
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_what_is_no_such_stream_is_broken(data: bytes):
    unframed = Unframed()
    assert unframed.feed(data) == b""
    assert unframed.broken


def built(headers: bytes, *, total: int | None = None, length: int | None = None) -> bytes:
    size = 16 + len(headers) if total is None else total
    prelude = struct.pack(">II", size, len(headers) if length is None else length)
    prelude += struct.pack(">I", crc32(prelude))
    body = prelude + headers
    return body + struct.pack(">I", crc32(body))


def test_headers_of_all_types_are_passed_over_to_those_that_are_text():
    block = b"\x01a\x00\x01b\x01\x01c\x02\x01\x01d\x03\x00\x01\x01e\x04\x00\x00\x00\x01"
    block += b"\x01f\x05" + bytes(8) + b"\x01g\x06\x00\x02xy\x01h\x08" + bytes(8)
    block += b"\x01i\x09" + bytes(16) + b"\x01j\x07\x00\x02ok"
    assert list(Frames().feed(built(block))) == [({"j": "ok"}, b"")]


@pytest.mark.parametrize(
    "data",
    [
        built(b"", total=15),
        built(b"", length=1),
        built(b"", total=2**31),
        built(b"\x05ab"),
        built(b"\x01a\x0b"),
        built(b"\x01a\x07\x00"),
        built(b"\x01a\x07\x00\x09x"),
        built(b"\x01a\x04\x00"),
        built(b"\x01\xff\x00"),
    ],
)
def test_frames_that_make_no_sense_are_refused(data: bytes):
    with pytest.raises(BrokenStreamError):
        list(Frames().feed(data))
