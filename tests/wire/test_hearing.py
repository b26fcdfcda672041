"""hearing: the parts of a streamed answer, put together as they were said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.hearing import Hearing
from headgate.wire.lane import DIALECTS
from headgate.wire.neutral import (
    Done,
    Refusal,
    RefusalDelta,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolDelta,
    ToolStart,
)
from headgate.wire.sse import Decoder
from tests.gateway.plants import stream


def heard(*events, most: int = 10_000) -> Hearing:
    hearing = Hearing(most)
    for event in events:
        hearing.take(event)
    return hearing


def test_deltas_of_one_kind_are_one_part_and_parts_keep_their_order():
    found = heard(
        ThinkingDelta("h"), ThinkingDelta("m"), TextDelta("a"), TextDelta("b"), RefusalDelta("no"),
        TextDelta("c"),
    )  # fmt: skip
    assert found.parts() == [Thinking("hm"), Text("ab"), Refusal("no"), Text("c")]
    assert not found.done


def test_calls_of_tools_that_come_interleaved_are_told_apart():
    found = heard(
        ToolStart(0, "c1", "look"), ToolDelta(0, '{"a"'), ToolStart(1, "c2", "find"),
        ToolDelta(1, "{}"), ToolDelta(0, ":1}"), ToolDelta(7, "lost"), Done(),
    )  # fmt: skip
    assert found.parts() == [
        ToolCall("c1", "look", '{"a":1}'),
        ToolCall("c2", "find", "{}"),
        ToolCall("", "", "lost"),
    ]
    assert found.done


def test_a_call_without_arguments_is_a_part_and_a_text_without_words_is_none():
    assert heard(TextDelta(""), ToolStart(0, "c", "now")).parts() == [ToolCall("c", "now", "")]


@given(st.lists(st.text(max_size=30)), st.integers(0, 60))
def test_the_beginning_is_kept_and_every_byte_of_the_rest_is_counted(texts, most):
    found = heard(*map(TextDelta, texts), most=most)
    kept = "".join(part.text for part in found.parts() if isinstance(part, Text))
    whole = "".join(texts)
    assert whole.startswith(kept)
    assert len(kept.encode()) <= most
    assert len(kept.encode()) + found.left_out == len(whole.encode())


@pytest.mark.parametrize("pieces", [("all at once",), ("in ", "three ", "pieces")])
def test_a_stream_of_a_dialect_is_heard_as_it_was_said(pieces):
    decoder, reader, hearing = Decoder(), DIALECTS["anthropic"].reader(), Hearing(999)
    for event in decoder.feed(b"".join(stream(*pieces))):
        for said in reader.read(event):
            hearing.take(said)
    assert hearing.parts() == [Text("".join(pieces))]
    assert hearing.done
