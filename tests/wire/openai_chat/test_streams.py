import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.values import Usage
from headgate.wire import sse
from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.neutral import (
    Counted,
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
    ToolDelta,
    ToolStart,
)
from headgate.wire.openai_chat.streams import Reader, Writer
from headgate.wire.sse import Decoder
from tests.wire.recordings import (
    OPENAI_TOOL_STREAM,
    USAGE,
    Json,
    call_chunk,
    openai_chunk,
    openai_stream,
    recorded,
    splits,
)


def read(*chunks: bytes) -> tuple[list[StreamEvent], Usage | None]:
    decoder, reader = Decoder(), Reader()
    events: list[StreamEvent] = []
    for chunk in chunks:
        for event in decoder.feed(chunk):
            events += reader.read(event)
    return events, reader.meter.usage


def events_of(*chunks: Json) -> list[StreamEvent]:
    return read(openai_stream(*chunks, done=False))[0]


STARTED = Start("chatcmpl-9", "gpt-5-nano-2025-08-07")


def test_a_stream_with_parallel_calls_is_read():
    events, usage = read(OPENAI_TOOL_STREAM)
    assert events == [
        STARTED,
        TextDelta("I look ☂ up."),
        ToolStart(0, "call_A", "get_weather"),
        ToolDelta(0, '{"city":'),
        ToolDelta(0, '"Paris"}'),
        ToolStart(1, "call_B", "get_time"),
        ToolDelta(1, '{"zone":"CET"}'),
        Finish("tool_calls"),
        Counted(),
        Done(),
    ]
    assert usage == Usage(input=24, output=9, cache_read=16, reasoning=4)


def test_a_split_at_any_byte_gives_the_same_events_and_usage():
    whole = read(OPENAI_TOOL_STREAM)
    for left, right in splits(OPENAI_TOOL_STREAM):
        assert read(left, right) == whole


def test_recorded_streams_split_at_any_byte_give_the_same_events_and_usage():
    finishes = set()
    for exchange in recorded():
        if exchange.streamed:
            whole = read(exchange.answer)
            assert whole[0][-1] == Done()
            finishes |= {event.stop for event in whole[0] if isinstance(event, Finish)}
            for left, right in splits(exchange.answer[:3000]):
                assert read(left, right, exchange.answer[3000:]) == whole
    assert finishes == {"stop", "length"}


def test_a_recorded_text_is_whole():
    (stream,) = (one for one in recorded() if one.name == "chat-streaming")
    events, usage = read(stream.answer)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert text.startswith("Hi there! How can I help today? I can answer questions,")
    assert text.endswith("Tell me what you’d like to work on or a topic you’re curious about.")
    assert usage is None


def test_reasoning_and_refusals_are_read():
    assert events_of(
        openai_chunk({"reasoning_content": "Hm"}),
        openai_chunk({"reasoning": "so"}),
        openai_chunk({"refusal": "No"}, "content_filter"),
    ) == [
        STARTED,
        ThinkingDelta("Hm"),
        ThinkingDelta("so"),
        RefusalDelta("No"),
        Finish("refusal"),
    ]


def test_a_call_may_come_whole_and_without_id_or_index():
    delta: Json = {"tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
    assert events_of(openai_chunk(delta), openai_chunk(delta)) == [
        STARTED,
        ToolStart(0, "call_chatcmpl-9_0", "f"),
        ToolDelta(0, "{}"),
        ToolStart(1, "call_chatcmpl-9_1", "f"),
        ToolDelta(1, "{}"),
    ]


def test_a_name_that_is_repeated_begins_no_second_call():
    found = events_of(
        call_chunk(0, "{", id="a", name="f"),
        call_chunk(0, "}", id="a", name="f"),
        call_chunk(1, "{}", id="b", name="g"),
    )
    assert [event for event in found if isinstance(event, ToolStart)] == [
        ToolStart(0, "a", "f"),
        ToolStart(1, "b", "g"),
    ]


def test_a_call_is_why_a_stream_ended_whatever_the_server_says():
    found = events_of(call_chunk(0, "{}", id="a", name="f"), openai_chunk({}, "stop"))
    assert found[-1] == Finish("tool_calls")


def test_arguments_before_any_call_are_passed_over():
    assert events_of(call_chunk(0, "{}")) == [STARTED]


def test_usage_in_the_last_choice_is_no_event_of_its_own():
    events, usage = read(openai_stream(openai_chunk({}, "stop", usage=USAGE), done=False))
    assert events == [STARTED, Finish("stop")]
    assert usage is not None


def test_an_error_in_the_stream_is_a_failure():
    failures: list[tuple[Json, int]] = [
        ({"error": {"message": "Boom", "code": 429}}, 429),
        ({"error": {"message": "Boom", "code": "server_error"}}, 502),
        ({"error": "Boom"}, 502),
    ]
    for chunk, status in failures:
        (event,) = events_of(chunk)
        assert isinstance(event, Failure)
        assert (event.problem.message, event.problem.status) == ("Boom", status)
    late = events_of(openai_chunk({"content": "x"}, "error"))
    assert isinstance(late[-1], Failure)


def test_what_is_no_json_object_is_unusable():
    for data in (b"hello", b"[1]", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(UnusableAnswerError):
            read(b"data: " + data + b"\n\n")


def test_keep_alives_and_empty_data_say_nothing():
    assert read(b": ping\n\ndata:\n\n")[0] == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "content", "tool_calls", "index", "id", "usage"]),
            inner,
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

ASKED = Request(messages=(Message("user", (Text("Hi"),)),), stream=True, stream_usage=True)
PLAIN = Request(messages=ASKED.messages, stream=True, stream_usage=False)
COUNTS = Usage(input=5, output=9, cache_read=3)


def written(*events: StreamEvent, request: Request = PLAIN, usage: Usage | None = COUNTS) -> bytes:
    writer = Writer(request, 1755137921)
    return b"".join(writer.write(event) for event in events) + writer.done(usage)


def chunks_of(stream: bytes) -> list[Json]:
    datas = [event.data for event in Decoder().feed(stream)]
    assert datas[-1] == b"[DONE]"
    return [json.loads(data or b"") for data in datas[:-1]]


BEGUN = Start("msg_1", "claude-haiku-4-5")


def test_the_role_comes_first_and_the_finish_last():
    chunks = chunks_of(written(BEGUN, TextDelta("Hi"), Finish("length")))
    assert [chunk["choices"] for chunk in chunks] == [
        [
            {
                "index": 0,
                "delta": {"role": "assistant", "content": "", "refusal": None},
                "finish_reason": None,
            }
        ],
        [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}],
        [{"index": 0, "delta": {}, "finish_reason": "length"}],
    ]
    for chunk in chunks:
        assert chunk["id"] == "msg_1"
        assert chunk["object"] == "chat.completion.chunk"
        assert chunk["created"] == 1755137921
        assert chunk["model"] == "claude-haiku-4-5"
        assert "usage" not in chunk


def test_usage_comes_last_and_only_when_it_was_asked_for():
    chunks = chunks_of(written(BEGUN, Finish("stop"), request=ASKED))
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None, None]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["prompt_tokens"] == 8
    unknown = chunks_of(written(BEGUN, Finish("stop"), request=ASKED, usage=None))
    assert all(chunk["usage"] is None for chunk in unknown)


def test_calls_are_written_with_their_index():
    chunks = chunks_of(
        written(
            BEGUN,
            ToolStart(0, "a", "f"),
            ToolDelta(0, '{"x":1}'),
            ToolStart(1, "b", "g"),
            ToolStart(2, "c", "h"),
            Finish("tool_calls"),
        )
    )
    calls = [
        chunk["choices"][0]["delta"]["tool_calls"][0]
        for chunk in chunks
        if "tool_calls" in chunk["choices"][0]["delta"]
    ]
    assert calls == [
        {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"x":1}'}},
        {"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": ""}},
        # Anthropic streams nothing for a call without arguments; callers parse what they get
        {"index": 1, "function": {"arguments": "{}"}},
        {"index": 2, "id": "c", "type": "function", "function": {"name": "h", "arguments": ""}},
        {"index": 2, "function": {"arguments": "{}"}},
    ]


def test_a_stream_that_never_said_how_it_ended_gets_an_end():
    chunks = chunks_of(written(TextDelta("Hi")))
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_a_signature_is_not_sent_on():
    assert Writer(PLAIN, 1).write(ThinkingSeal("sig")) == b""


def test_a_failure_is_written_as_an_error():
    found = Writer(PLAIN, 1).write(Failure(Problem(529, "Overloaded", "overloaded_error")))
    assert json.loads(found.removeprefix(b"data: "))["error"]["message"] == "Overloaded"


def test_what_is_written_is_read_back():
    events: list[StreamEvent] = [
        BEGUN,
        ThinkingDelta("Hm"),
        TextDelta("Hi"),
        RefusalDelta("No"),
        ToolStart(0, "a", "f"),
        ToolDelta(0, '{"x":'),
        ToolDelta(0, "1}"),
        Finish("tool_calls"),
    ]
    assert read(written(*events, request=ASKED)) == ([*events, Counted(), Done()], COUNTS)


@given(st.lists(st.text()), st.text(), st.text(), st.booleans())
def test_a_text_is_written_as_the_encoder_would_write_all_of_its_chunk(texts, name, model, usage):
    told = Request(messages=(), stream=True, stream_usage=usage)
    writer = Writer(told, 7)
    for place in range(2):  # a stream that says anew what it is
        writer.write(Start(f"{name}{place}", model))
        for text in texts:
            chunk = {
                "id": f"{name}{place}",
                "object": "chat.completion.chunk",
                "created": 7,
                "model": model,
                "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}],
                **({"usage": None} if usage else {}),
            }
            assert writer.write(TextDelta(text)) == sse.encode(msgspec.json.encode(chunk))


def test_a_text_before_anything_else_opens_the_stream():
    found = Writer(Request(messages=()), 7).write(TextDelta("a"))
    assert found.count(b"data: ") == 2
    assert found.index(b'"role":"assistant"') < found.index(b'"content":"a"')
