import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.values import Usage
from headgate.wire import sse
from headgate.wire.anthropic_messages.streams import Reader, Writer
from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.neutral import (
    Done,
    Failure,
    Finish,
    Message,
    Problem,
    RefusalDelta,
    Request,
    Start,
    StreamEvent,
    Text,
    TextDelta,
    ThinkingDelta,
    ThinkingSeal,
    Thinks,
    ToolDelta,
    ToolStart,
)
from headgate.wire.sse import Decoder
from tests.wire.recordings import (
    PING,
    TOOL_STREAM,
    Json,
    anthropic_stream,
    block_delta,
    block_start,
    message_delta,
    splits,
)


def read(*chunks: bytes) -> tuple[list[StreamEvent], Usage | None]:
    decoder, reader = Decoder(), Reader()
    events: list[StreamEvent] = []
    for chunk in chunks:
        for event in decoder.feed(chunk):
            events += reader.read(event)
    return events, reader.meter.usage


def events_of(*events: Json) -> list[StreamEvent]:
    return read(anthropic_stream(*events))[0]


STARTED = Start("msg_01", "claude-haiku-4-5-20251001")
READ = (
    [
        STARTED,
        Thinks(),
        ThinkingDelta("The weather… 天気"),
        ThinkingSeal("EqQBCgIYAh"),
        TextDelta("I look "),
        TextDelta("it up ☂."),
        ToolStart(0, "toolu_01A", "get_weather"),
        ToolDelta(0, '{"city": "Par'),
        ToolDelta(0, 'is"}'),
        ToolStart(1, "toolu_01B", "get_time"),
        ToolDelta(1, '{"zone": "CET"}'),
        Finish("tool_calls"),
        Done(),
    ],
    Usage(input=25, output=89, cache_read=10, cache_write_5m=4, cache_write_1h=3, reasoning=12),
)


def test_a_stream_with_thinking_and_parallel_calls_is_read():
    assert read(TOOL_STREAM) == READ


def test_a_split_at_any_byte_gives_the_same_events_and_usage():
    for left, right in splits(TOOL_STREAM):
        assert read(left, right) == READ


def test_single_bytes_give_the_same_events_and_usage():
    assert read(*(bytes([byte]) for byte in TOOL_STREAM)) == READ


def test_sealed_thinking_and_blocks_that_begin_with_content_are_read():
    assert events_of(
        block_start(0, type="redacted_thinking", data="xyz"),
        block_start(1, type="text", text="Hi"),
        block_start(2, type="tool_use", id="a", name="f", input={"x": 1}),
    ) == [
        ThinkingSeal("xyz", sealed=True),
        TextDelta("Hi"),
        ToolStart(0, "a", "f"),
        ToolDelta(0, '{"x":1}'),
    ]


def test_of_what_the_provider_runs_itself_only_that_it_does_is_read():
    assert events_of(
        PING,
        block_start(0, type="server_tool_use", id="s", name="web_search", input={}),
        block_delta(0, type="input_json_delta", partial_json='{"q":1}'),
        block_start(1, type="web_search_tool_result", content=[]),
        block_delta(2, type="citations_delta", citation={}),
        {"type": "something_new", "delta": "x"},
    ) == [Thinks(), Thinks()]


def test_thinking_that_is_not_shown_is_known_from_its_beginning():
    assert events_of(
        block_start(0, type="thinking", thinking="", signature=""),
        PING,
        block_delta(0, type="signature_delta", signature="EqQB"),
        block_start(1, type="text", text=""),
    ) == [Thinks(), ThinkingSeal("EqQB")]


def test_a_refusal_tells_its_reason():
    details = {"type": "refusal", "explanation": "It may harm."}
    event = message_delta("refusal", 3)
    event["delta"] = {"stop_reason": "refusal", "stop_details": details}
    assert events_of(event) == [RefusalDelta("It may harm."), Finish("refusal")]


def test_the_stop_sequence_that_was_met_is_kept():
    event = message_delta("stop_sequence", 3)
    event["delta"] = {"stop_reason": "stop_sequence", "stop_sequence": "END"}
    assert events_of(event) == [Finish("stop_sequence", "END")]


def test_an_error_event_is_a_failure_with_the_status_it_would_have_had():
    (event,) = events_of(
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    )
    assert event == Failure(Problem(529, "Overloaded", "overloaded_error"))
    (bare,) = read(b'data: {"error": {"message": "Boom"}}\n\n')[0]
    assert isinstance(bare, Failure)
    (named,) = read(b"event: error\ndata: {}\n\n")[0]
    assert isinstance(named, Failure)


def test_what_is_no_json_object_is_unusable():
    for data in (b"hello", b"[1]", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(UnusableAnswerError):
            read(b"event: x\ndata: " + data + b"\n\n")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "index", "delta", "text", "content_block", "message", "usage"]
            ),
            inner | st.sampled_from(["content_block_start", "message_start", "tool_use", "text"]),
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(st.lists(_JSON, max_size=4))
def test_any_json_is_read_or_unusable(chunks):
    try:
        events, _ = read(b"".join(f"data: {json.dumps(one)}\n\n".encode() for one in chunks))
    except UnusableAnswerError:
        return
    writer = Writer(ASKED, 1)
    assert all(isinstance(writer.write(event), bytes) for event in events)


# ---- written

ASKED = Request(messages=(Message("user", (Text("Hi"),)),), stream=True)
COUNTS = Usage(input=5, output=9, cache_read=3)
BEGUN = Start("chatcmpl-1", "gpt-5-nano")


def written(*events: StreamEvent, usage: Usage | None = COUNTS) -> bytes:
    writer = Writer(ASKED, 5)
    return b"".join(writer.write(event) for event in events) + writer.done(usage)


def told(stream: bytes) -> list[Json]:
    found = []
    for event in Decoder().feed(stream):
        data = json.loads(event.data or b"")
        assert event.name.decode() == data["type"]
        found.append(data)
    return found


def shape(stream: bytes) -> list[str]:
    """The stream in short, one word an event."""
    words = []
    for event in told(stream):
        match event:
            case {"type": "content_block_start", "index": index, "content_block": block}:
                words.append(f"{index}+{block.get('name', block['type'])}")
            case {"type": "content_block_delta", "index": index, "delta": delta}:
                words.append(f"{index}:{delta.get('text', delta.get('partial_json'))}")
            case {"type": "content_block_stop", "index": index}:
                words.append(f"{index}-")
            case _:
                words.append(str(event["type"]))
    return words


def test_blocks_are_started_filled_and_stopped_in_order():
    stream = written(
        BEGUN,
        TextDelta("I "),
        TextDelta("look."),
        ToolStart(0, "a", "f"),
        ToolDelta(0, '{"x":'),
        ToolDelta(0, "1}"),
        ToolStart(1, "b", "g"),
        ToolDelta(1, "{}"),
        Finish("tool_calls"),
    )
    assert shape(stream) == [
        "message_start",
        "0+text",
        "0:I ",
        "0:look.",
        "0-",
        "1+f",
        '1:{"x":',
        "1:1}",
        "1-",
        "2+g",
        "2:{}",
        "2-",
        "message_delta",
        "message_stop",
    ]


def test_the_frame_of_a_stream_is_complete():
    events = told(written(BEGUN, Finish("length")))
    assert events == [
        {
            "type": "message_start",
            "message": {
                "id": "chatcmpl-1",
                "type": "message",
                "role": "assistant",
                "model": "gpt-5-nano",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 0, "output_tokens": 0},
            },
        },
        {
            "type": "message_delta",
            "delta": {"stop_reason": "max_tokens", "stop_sequence": None},
            "usage": {
                "input_tokens": 5,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 3,
                "output_tokens": 9,
                "output_tokens_details": {"thinking_tokens": 0},
            },
        },
        {"type": "message_stop"},
    ]


def test_text_after_a_call_is_a_block_of_its_own():
    stream = written(BEGUN, ToolStart(0, "a", "f"), TextDelta("Done."))
    assert shape(stream)[1:-2] == ["0+f", "0-", "1+text", "1:Done.", "1-"]


def test_interleaved_calls_are_put_one_after_the_other():
    stream = written(
        BEGUN,
        ToolStart(0, "a", "f"),
        ToolDelta(0, '{"x"'),
        ToolStart(1, "b", "g"),
        ToolDelta(1, '{"y"'),
        ToolDelta(0, ":1}"),
        ToolDelta(1, ":2}"),
        Finish("tool_calls"),
    )
    assert shape(stream)[1:-2] == [
        "0+f",
        '0:{"x"',
        "0::1}",
        "0-",
        "1+g",
        '1:{"y"',
        "1::2}",
        "1-",
    ]


def test_a_call_that_stays_incomplete_does_not_lose_the_next():
    stream = written(
        BEGUN,
        ToolStart(0, "a", "f"),
        ToolDelta(0, '{"x"'),
        ToolStart(1, "b", "g"),
        ToolDelta(1, "{}"),
        Finish("length"),
    )
    assert shape(stream)[1:-2] == ["0+f", '0:{"x"', "0-", "1+g", "1:{}", "1-"]


def test_reasoning_is_left_out():
    assert shape(written(BEGUN, ThinkingDelta("Hm"), ThinkingSeal("s"))) == [
        "message_start",
        "message_delta",
        "message_stop",
    ]


def test_a_refusal_is_text():
    assert "0:No." in shape(written(BEGUN, RefusalDelta("No."), Finish("refusal")))


def test_a_stream_that_never_began_is_framed_all_the_same():
    assert shape(written())[0] == "message_start"
    assert shape(written(TextDelta("Hi")))[:2] == ["message_start", "0+text"]


def test_a_failure_is_written_as_an_error_event():
    found = Writer(ASKED, 1).write(Failure(Problem(429, "Slow down", "rate_limit_error")))
    assert found.startswith(b"event: error\n")
    assert b"Slow down" in found


def test_what_is_written_is_read_back():
    events: list[StreamEvent] = [
        BEGUN,
        TextDelta("Hi"),
        ToolStart(0, "a", "f"),
        ToolDelta(0, '{"x":'),
        ToolDelta(0, "1}"),
        Finish("tool_calls"),
    ]
    assert read(written(*events)) == ([*events, Done()], COUNTS)


def assert_one_block_at_a_time(stream: bytes) -> None:
    opened: object = None
    blocks = 0
    for event in told(stream):
        match event["type"]:
            case "content_block_start":
                assert (opened, event["index"]) == (None, blocks)
                opened, blocks = event["index"], blocks + 1
            case "content_block_delta":
                assert event["index"] == opened
            case "content_block_stop":
                assert event["index"] == opened
                opened = None
    assert opened is None


_ARGUMENTS = st.dictionaries(st.text(max_size=3), st.text(max_size=3) | st.integers(), max_size=2)


@given(st.data(), st.lists(_ARGUMENTS, min_size=1, max_size=3))
def test_no_argument_is_lost_or_mixed_up_however_calls_are_interleaved(data, calls):
    left = [json.dumps(arguments) for arguments in calls]
    events: list[StreamEvent] = []
    begun = 0
    while any(left):
        index = data.draw(st.sampled_from([at for at, text in enumerate(left) if text]))
        while begun <= index:
            events.append(ToolStart(begun, f"id{begun}", f"f{begun}"))
            begun += 1
        cut = data.draw(st.integers(1, len(left[index])))
        events.append(ToolDelta(index, left[index][:cut]))
        left[index] = left[index][cut:]
    stream = written(BEGUN, *events, Finish("tool_calls"))
    found, _ = read(stream)
    names = [event.name for event in found if isinstance(event, ToolStart)]
    assert names == [f"f{index}" for index in range(begun)]
    for index, arguments in enumerate(calls):
        got = [one.text for one in found if isinstance(one, ToolDelta) and one.index == index]
        assert json.loads("".join(got)) == arguments
    assert_one_block_at_a_time(stream)


@given(st.lists(st.text(), min_size=1))
def test_a_text_is_written_as_the_encoder_would_write_all_of_its_event(texts):
    writer = Writer(Request(messages=()), 7)
    writer.write(TextDelta("first"))
    for text in texts:
        delta = {"type": "text_delta", "text": text}
        told = {"type": "content_block_delta", "index": 0, "delta": delta}
        expected = sse.encode(msgspec.json.encode(told), b"content_block_delta")
        assert writer.write(TextDelta(text)) == expected
