import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.sse import Decoder, Event, encode
from tests.wire.recordings import TOOL_STREAM, recorded, splits


def decoded(*chunks: bytes) -> list[Event]:
    decoder = Decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.end()


def told(*chunks: bytes) -> list[tuple[bytes, bytes | None]]:
    return [(event.name, event.data) for event in decoded(*chunks)]


def test_one_data_line_and_a_blank_line_are_an_event():
    assert told(b"data: hello\n\n") == [(b"", b"hello")]


def test_the_event_field_names_it():
    assert told(b"event: ping\ndata: {}\n\n") == [(b"ping", b"{}")]


def test_the_last_event_field_counts():
    assert told(b"event: a\nevent: b\ndata: 1\n\n") == [(b"b", b"1")]


def test_data_lines_are_joined_by_a_line_feed():
    assert told(b"data: a\ndata:\ndata:  b\n\n") == [(b"", b"a\n\n b")]


def test_only_one_space_after_the_colon_is_taken_off():
    assert told(b"data:x\n\ndata:  y\n\n") == [(b"", b"x"), (b"", b" y")]


def test_a_field_without_a_colon_is_empty():
    assert told(b"data\n\n") == [(b"", b"")]


def test_comments_and_unknown_fields_carry_no_data():
    assert told(b": keep-alive\n\nid: 7\nretry: 10\nfoo: bar\n\n") == [(b"", None), (b"", None)]


def test_a_comment_may_stand_within_an_event():
    assert told(b": wait\ndata: x\n\n") == [(b"", b"x")]


def test_a_byte_order_mark_at_the_start_is_no_content():
    assert told(b"\xef\xbb\xbfdata: x\n\n\xef\xbb\xbfdata: y\n\n") == [(b"", b"x"), (b"", None)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_all_three_line_ends_end_a_line(end):
    stream = b"event: a" + end + b"data: 1" + end + b"data: 2" + end + end + b"data: 3" + end + end
    assert told(stream) == [(b"a", b"1\n2"), (b"", b"3")]


def test_line_ends_may_be_mixed():
    assert told(b"data: 1\r\n\ndata: 2\n\r\ndata: 3\r\r\n") == [
        (b"", b"1"),
        (b"", b"2"),
        (b"", b"3"),
    ]


def test_further_blank_lines_belong_to_the_next_event():
    events = decoded(b"data: 1\n\n\n\ndata: 2\n\n")
    assert [event.data for event in events if event.data] == [b"1", b"2"]


def test_an_event_without_its_blank_line_is_closed_at_the_end_of_the_stream():
    assert decoded(b"data: [DONE]") == [Event(b"data: [DONE]\n\n", b"[DONE]")]


def test_what_carries_no_data_is_dropped_at_the_end_of_the_stream():
    assert decoded(b"data: 1\n\nevent: message_stop") == [Event(b"data: 1\n\n", b"1")]


STREAMS = [
    TOOL_STREAM,
    TOOL_STREAM.replace(b"\n", b"\r\n"),
    TOOL_STREAM.replace(b"\n", b"\r"),
    b"\xef\xbb\xbf: hi\r\n\r\ndata: \xe5\xa4\xa9\r\rdata: 2\n\r\n\n\rdata: 3\n\n",
]


@pytest.mark.parametrize("stream", STREAMS, ids=["lf", "crlf", "cr", "mixed"])
def test_a_split_at_any_byte_gives_the_same_events(stream):
    whole = decoded(stream)
    for left, right in splits(stream):
        assert decoded(left, right) == whole


@pytest.mark.parametrize("stream", STREAMS, ids=["lf", "crlf", "cr", "mixed"])
def test_single_bytes_give_the_same_events(stream):
    assert decoded(*(bytes([byte]) for byte in stream)) == decoded(stream)


def test_recorded_streams_split_at_any_byte_give_the_same_events():
    for exchange in recorded():
        if exchange.streamed:
            whole = decoded(exchange.answer)
            assert whole[-1].data == b"[DONE]"
            head, rest = exchange.answer[:4000], exchange.answer[4000:]
            for left, right in splits(head):
                assert decoded(left, right, rest) == whole


_BYTES = st.lists(
    st.sampled_from([b"data: ", b"event: e", b"a", b"\xc3", b"\xa4", b":", b"\n", b"\r", b"\r\n"])
).map(b"".join)


@given(st.lists(_BYTES))
def test_the_blocks_joined_are_the_stream_however_it_was_cut(chunks):
    stream = b"".join(chunks)
    decoder = Decoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    raws = b"".join(event.raw for event in events)
    assert stream.startswith(raws)
    assert events + decoder.end() == decoded(stream)


@given(st.lists(st.binary()))
def test_any_bytes_can_be_decoded(chunks):
    assert decoded(*chunks) == decoded(b"".join(chunks))


def test_an_event_that_is_too_long_is_reported_and_not_kept():
    decoder = Decoder(max_event=1000)
    assert decoder.feed(b"data: ok\n\ndata: ") == [Event(b"data: ok\n\n", b"ok")]
    for _ in range(10):
        assert decoder.feed(b"x" * 200) == []
    assert decoder.overflow
    assert decoder.feed(b"\n\ndata: late\n\n") == []
    assert decoder.end() == []


def test_an_event_as_long_as_allowed_is_not_too_long():
    decoder = Decoder(max_event=1000)
    event = b"data: " + b"x" * 992 + b"\n\n"
    assert decoder.feed(event[:-1]) == []
    assert decoder.feed(event[-1:]) == [Event(event, b"x" * 992)]
    assert not decoder.overflow


def test_a_ten_megabyte_line_does_not_fill_the_memory():
    decoder = Decoder()
    for _ in range(160):
        decoder.feed(b"x" * 65536)
    assert decoder.overflow
    assert len(decoder._tail) == 0


@pytest.mark.parametrize(
    "block",
    [
        b"data: a\n\n",
        b"event: n\ndata: a\n\n",
        b"event: n\nevent: m\n\n",
        b"event: n\ndata:a\n\n",
        b"event: \ndata: \n\n",
        b"event: n\n\ndata: a\n",
        b"event: n\ndata: a\ndata: b\n\n",
        b"event: n\rdata: a\n\n",
        b"data: a\rdata: b\n\n",
        b"data: a\n\ndata: b\n\n",
        b"data: \n\n",
        b"data: a\nb",
        b"\n\n",
    ],
)
def test_a_block_that_comes_as_one_piece_is_read_as_one_that_comes_in_bytes(block):
    def events(*pieces):
        decoder = Decoder()
        found = decoder.feed(b"data: first\n\n")
        for piece in (*pieces, b"data: last\n\n"):
            found += decoder.feed(piece)
        return found + decoder.end()

    assert events(block) == events(*(bytes([byte]) for byte in block))


def test_an_encoded_event_is_read_back():
    assert told(encode(b'{"a":1}'), encode(b"{}", b"ping")) == [(b"", b'{"a":1}'), (b"ping", b"{}")]
