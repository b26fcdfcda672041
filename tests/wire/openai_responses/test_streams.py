import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from headgate.values import Usage
from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.neutral import (
    Aside,
    Done,
    Failure,
    Finish,
    Message,
    Problem,
    RefusalDelta,
    Request,
    Start,
    Stop,
    StreamEvent,
    Text,
    TextDelta,
    ThinkingDelta,
    ThinkingSeal,
    Thinks,
    Tool,
    ToolDelta,
    ToolStart,
)
from headgate.wire.openai_responses.items import OWN_REASONING
from headgate.wire.openai_responses.streams import Reader, Writer, error_event
from headgate.wire.sse import Decoder
from tests.wire.recordings import (
    RESPONSES_EVENTS,
    RESPONSES_STREAM,
    Json,
    responses_stream,
    splits,
)

ANY_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
REQUEST = Request(messages=(Message("user", (Text("Hi"),)),), tools=(Tool("f", {}),), stream=True)


def read(*chunks: bytes) -> tuple[list[StreamEvent], Usage | None]:
    decoder, reader = Decoder(), Reader()
    events: list[StreamEvent] = []
    for chunk in chunks:
        for event in decoder.feed(chunk):
            events += reader.read(event)
    return events, reader.meter.usage


def events_of(*events: Json) -> list[StreamEvent]:
    return read(responses_stream(*events))[0]


def written(*events: StreamEvent, usage: Usage | None = None) -> list[Json]:
    writer = Writer(REQUEST, 7)
    out = b"".join([writer.write(event) for event in events]) + writer.done(usage)
    return [json.loads(event.data or b"") for event in Decoder().feed(out)]


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


# ---- written


def test_what_is_written_reads_as_it_was():
    usage = Usage(input=30, output=50, cache_read=60, cache_write_5m=10, reasoning=20)
    writer = Writer(REQUEST, 7)
    out = b"".join([writer.write(event) for event in EVENTS[:-1]]) + writer.done(usage)
    assert read(out) == (EVENTS, usage)


def test_every_event_is_of_the_sdks_type_and_numbered():
    found = written(*EVENTS[:-1], usage=Usage(1, 2))
    for number, event in enumerate(found):
        ANY_EVENT.validate_python(event)
        assert event["sequence_number"] == number
    Response.model_validate(found[-1]["response"])


def test_the_last_event_holds_the_whole_output():
    *_, last = written(*EVENTS[:-1])
    reasoning, message, first, second = last["response"]["output"]
    assert reasoning["id"].startswith(OWN_REASONING)
    assert reasoning["summary"][0]["text"] == "First this.\n\nThen that."
    assert message["content"][0]["text"] == "Two searches, äöü 🦊 at once."
    assert (first["call_id"], second["call_id"]) == ("call_2", "call_3")
    assert (first["arguments"], second["arguments"]) == ('{"q":"2"}', '{"q":"3"}')
    assert last["response"]["status"] == "completed"
    assert last["response"]["store"] is False


def test_items_are_done_as_they_were_added():
    found = written(*EVENTS[:-1])
    added = [e["item"]["id"] for e in found if e["type"] == "response.output_item.added"]
    done = [e["item"]["id"] for e in found if e["type"] == "response.output_item.done"]
    assert added == done
    assert len(set(added)) == 4


def test_calls_that_are_filled_by_turns_keep_their_arguments():
    *_, last = written(
        ToolStart(0, "a", "f"),
        ToolStart(1, "b", "g"),
        ToolDelta(0, '{"x":'),
        ToolDelta(1, "{"),
        ToolDelta(0, "1}"),
        ToolDelta(1, "}"),
        Finish("tool_calls"),
    )
    assert [item["arguments"] for item in last["response"]["output"]] == ['{"x":1}', "{}"]


def test_a_refusal_after_text_is_a_part_of_its_own():
    *_, last = written(TextDelta("I c"), RefusalDelta("No."), Finish("refusal"))
    (message,) = last["response"]["output"]
    assert [part["type"] for part in message["content"]] == ["output_text", "refusal"]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "content_filter"}
    assert message["status"] == "incomplete"


def test_an_answer_without_a_word_is_complete_and_empty():
    found = written()
    assert [event["type"] for event in found] == [
        "response.created",
        "response.in_progress",
        "response.completed",
    ]
    assert found[-1]["response"]["output"] == []


def test_signatures_say_nothing():
    assert Writer(REQUEST, 7).write(ThinkingSeal("sig")) == b""


def test_an_error_is_told_in_both_shapes_with_its_number():
    problem = Problem(502, "Gone.", code="reset")
    event = error_event(problem, 3)
    assert ANY_EVENT.validate_python(event).message == "Gone."
    assert event["error"] == {
        "type": "api_error",
        "code": "reset",
        "message": "Gone.",
        "param": None,
    }
    writer = Writer(REQUEST, 7)
    writer.write(Start("r", "m"))
    (sent,) = Decoder().feed(writer.write(Failure(problem)))
    assert (sent.name, json.loads(sent.data or b"")["sequence_number"]) == (b"error", 2)


TEXTS = st.text(min_size=1, max_size=5)
DELTAS = st.one_of(TEXTS.map(TextDelta), TEXTS.map(RefusalDelta), TEXTS.map(ThinkingDelta))
STOPS: list[Stop] = ["stop", "length", "tool_calls", "refusal", "pause", "context_window"]


@given(st.lists(DELTAS, max_size=12), st.sampled_from(STOPS))
def test_any_order_of_text_refusal_and_reasoning_is_well_formed(deltas, stop):
    found = written(*deltas, Finish(stop))
    for event in found:
        ANY_EVENT.validate_python(event)
    depth: dict[int, int] = {}
    for event in found:
        if event["type"] == "response.output_item.added":
            assert depth.setdefault(event["output_index"], 1) == 1
        elif event["type"] == "response.output_item.done":
            depth[event["output_index"]] -= 1
    assert set(depth.values()) <= {0}
    said = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    output = found[-1]["response"]["output"]
    told = [part for item in output if item["type"] == "message" for part in item["content"]]
    assert "".join(part.get("text", "") for part in told) == said
