"""Every writer of streams writes between bytes that stay what the encoder would have written."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.lane import DIALECTS
from headgate.wire.neutral import (
    Message,
    RefusalDelta,
    Request,
    Start,
    StreamEvent,
    Text,
    TextDelta,
    ThinkingDelta,
    ToolDelta,
    ToolStart,
)
from headgate.wire.sse import Decoder

WORDS = st.text(min_size=1, max_size=8) | st.sampled_from(['"', "\\", ':""}', "\n\n", "ä🙂"])
NAMES = st.sampled_from(["m", 'q"', ':""}', '":"', "0", "\\"]) | st.text(max_size=4)
EVENTS = st.lists(
    st.one_of(
        WORDS.map(TextDelta),
        WORDS.map(ThinkingDelta),
        WORDS.map(RefusalDelta),
        st.builds(ToolDelta, st.integers(0, 2), WORDS),
    ),
    max_size=12,
)
PIECES = ("content", "reasoning_content", "refusal", "arguments", "delta")


def opened(start: Start, *, usage: bool) -> tuple[list[StreamEvent], Request]:
    """What begins a stream with three calls, and the request that it answers."""
    request = Request(messages=(Message("user", (Text("Hi"),)),), stream=True, stream_usage=usage)
    return [start, *(ToolStart(at, f"{start.id}{at}", f"f{at}") for at in range(3))], request


def told(dialect: str, data: dict[str, Any]) -> list[str]:
    """The texts that an event says."""
    found = [data]
    if dialect == "openai":
        found = [one["delta"] for one in data["choices"]]
        found += [call["function"] for one in found for call in one.get("tool_calls", ())]
    return [one[name] for one in found for name in PIECES if one.get(name)]


@pytest.mark.parametrize("dialect", DIALECTS)
@given(events=EVENTS, name=NAMES, identity=NAMES, usage=st.booleans())
def test_all_is_written_as_the_encoder_would_write_it(dialect, events, name, identity, usage):
    first, request = opened(Start(identity, name), usage=usage)
    writer = DIALECTS[dialect].writer(request, 7)
    out = b"".join([writer.write(event) for event in (*first, *events)])
    for event in Decoder().feed(out):
        found = json.loads(event.data or b"")
        assert event.data == msgspec.json.encode(found)
        assert event.name in (b"", found.get("type", "").encode())


@pytest.mark.parametrize("dialect", ["openai", "openai-responses"])
@given(events=EVENTS, name=NAMES, identity=NAMES)
def test_each_text_stands_in_an_event_of_its_own(dialect, events, name, identity):
    first, request = opened(Start(identity, name), usage=True)
    writer = DIALECTS[dialect].writer(request, 7)
    for event in first:
        writer.write(event)
    for said in events:
        written = [json.loads(one.data or b"") for one in Decoder().feed(writer.write(said))]
        texts = [text for one in written for text in told(dialect, one)]
        assert texts[-1:] == [said.text]
