"""Responses streams that are written: of the SDK's types, well formed, and read as they were."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from headgate.values import Usage
from headgate.wire.neutral import (
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
    Tool,
    ToolDelta,
    ToolStart,
)
from headgate.wire.openai_responses.items import OWN_REASONING
from headgate.wire.openai_responses.stream_writing import Writer, error_event
from headgate.wire.sse import Decoder
from tests.wire.openai_responses.test_streams import EVENTS, read
from tests.wire.recordings import Json

ANY_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
REQUEST = Request(messages=(Message("user", (Text("Hi"),)),), tools=(Tool("f", {}),), stream=True)


def written(*events: StreamEvent, usage: Usage | None = None) -> list[Json]:
    writer = Writer(REQUEST, 7)
    out = b"".join([writer.write(event) for event in events]) + writer.done(usage)
    return [json.loads(event.data or b"") for event in Decoder().feed(out)]


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
