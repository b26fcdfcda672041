import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.values import Usage
from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.neutral import (
    Aside,
    Done,
    Failure,
    Finish,
    RefusalDelta,
    Start,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    Thinks,
    ToolDelta,
    ToolStart,
)
from headgate.wire.openai_responses.streams import Reader
from headgate.wire.sse import Decoder
from tests.wire.recordings import (
    RESPONSES_EVENTS,
    RESPONSES_STREAM,
    Json,
    responses_stream,
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
    return read(responses_stream(*events))[0]


EVENTS: list[StreamEvent] = [
    Start("resp_1", "gpt-5"),
    Thinks(),
    ThinkingDelta("First this."),
    ThinkingDelta("\n\n"),
    ThinkingDelta("Then that."),
    TextDelta("Two searches, "),
    TextDelta("äöü 🦊 at once."),
    ToolStart(0, "call_2", "search"),
    ToolDelta(0, '{"q":'),
    ToolDelta(0, '"2"}'),
    ToolStart(1, "call_3", "search"),
    ToolDelta(1, '{"q":'),
    ToolDelta(1, '"3"}'),
    Finish("tool_calls"),
    Done(),
]


def test_a_stream_with_reasoning_text_and_parallel_calls_is_read():
    events, usage = read(RESPONSES_STREAM)
    assert events == EVENTS
    assert usage == Usage(input=30, output=50, cache_read=60, cache_write_5m=10, reasoning=20)


def test_a_split_at_any_byte_gives_the_same_events_and_usage():
    whole = read(RESPONSES_STREAM)
    for left, right in splits(RESPONSES_STREAM):
        assert read(left, right) == whole


def test_bytes_one_by_one_give_the_same_events_and_usage():
    one_by_one = [RESPONSES_STREAM[at : at + 1] for at in range(len(RESPONSES_STREAM))]
    assert read(*one_by_one) == read(RESPONSES_STREAM)


def test_what_comes_without_deltas_is_said_when_its_item_is_done():
    bare = [event for event in RESPONSES_EVENTS if not event["type"].endswith(".delta")]
    assert events_of(*bare) == [
        Start("resp_1", "gpt-5"),
        Thinks(),
        ThinkingDelta("\n\n"),
        TextDelta("Two searches, äöü 🦊 at once."),
        ToolStart(0, "call_2", "search"),
        ToolDelta(0, '{"q":"2"}'),
        ToolStart(1, "call_3", "search"),
        ToolDelta(1, '{"q":"3"}'),
        Finish("tool_calls"),
        Done(),
    ]


def test_a_call_that_is_only_told_when_it_is_done_is_read():
    done = [event for event in RESPONSES_EVENTS if event["type"] == "response.output_item.done"]
    assert events_of(done[-1]) == [ToolStart(0, "call_3", "search"), ToolDelta(0, '{"q":"3"}')]


def test_a_refusal_is_read():
    item = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
    assert events_of(
        {"type": "response.refusal.delta", "output_index": 0, "delta": "No."},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
    ) == [RefusalDelta("No.")]
    alone = {"type": "response.output_item.done", "output_index": 0, "item": item}
    assert events_of(alone) == [RefusalDelta("No.")]


@pytest.mark.parametrize(
    ("reason", "stop"), [("max_output_tokens", "length"), ("content_filter", "refusal")]
)
def test_an_incomplete_response_says_why(reason, stop):
    response = {"status": "incomplete", "incomplete_details": {"reason": reason}}
    assert events_of({"type": "response.incomplete", "response": response}) == [
        Finish(stop),
        Done(),
    ]


FAILURES = [
    {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "Boom"}}},
    {"type": "error", "code": "server_error", "message": "Boom", "param": None},
    {"type": "error", "error": {"type": "server_error", "code": "server_error", "message": "Boom"}},
]


@pytest.mark.parametrize("event", FAILURES)
def test_an_error_is_read_in_each_of_its_shapes(event):
    (failure,) = events_of(event)
    assert isinstance(failure, Failure)
    assert (failure.problem.message, failure.problem.code) == ("Boom", "server_error")
    assert failure.problem.status == 500


def test_an_item_of_another_kind_shows_that_the_answer_has_begun():
    added = {"type": "response.output_item.added", "item": {"type": "web_search_call", "id": "ws"}}
    assert events_of(added, {"type": "response.web_search_call.searching"}) == [Aside()]


def test_kinds_that_are_not_known_and_keep_alives_are_passed_over():
    assert events_of({"type": "response.future.thing", "delta": "x"}, {"type": "keepalive"}) == []
    assert read(b": ping\n\n", b"data: [DONE]\n\n")[0] == []


def test_types_that_are_not_as_expected_are_read_as_far_as_can_be():
    odd = {"type": "response.output_text.delta", "output_index": "zero", "delta": "Hi"}
    end = {"type": "response.completed", "response": {"status": "completed", "output": {"a": 1}}}
    assert events_of(odd, end | {"output_index": None}) == [TextDelta("Hi"), Finish("stop"), Done()]


@pytest.mark.parametrize("data", [b"data: nonsense\n\n", b"data: [1]\n\n", b'data: "x"\n\n'])
def test_what_is_no_event_is_unusable(data):
    with pytest.raises(UnusableAnswerError):
        read(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(sorted({event["type"] for event in RESPONSES_EVENTS} | {"error"}))
FIELDS = ("output_index", "delta", "item", "response", "error", "arguments", "message", "code")


@given(st.lists(st.tuples(KINDS, st.dictionaries(st.sampled_from(FIELDS), JSON)), max_size=6))
def test_no_stream_makes_the_reader_fail(events):
    data = responses_stream(*[{**fields, "type": kind} for kind, fields in events])
    for event in read(data)[0]:
        assert isinstance(event, StreamEvent)
