"""The streams that are counted are such as providers send: all that they say is read in them."""

from __future__ import annotations

import json

import pytest

from headgate.wire import drafts, lane
from headgate.wire.neutral import ThinkingDelta
from headgate.wire.sse import Decoder
from tests.gateway import agent_streams
from tests.gateway.agent_streams import CALLS, SAYS, THOUGHT

STREAMS = {
    "openai": agent_streams.chat,
    "anthropic": agent_streams.claude,
    "openai-responses": agent_streams.responses,
}


@pytest.mark.parametrize("dialect", STREAMS)
def test_the_calls_have_the_arguments_that_were_cut(dialect):
    stream = b"".join(STREAMS[dialect]("tools"))
    draft = drafts.streamed_draft(lane.DIALECTS[dialect], stream)
    found = [(call.name, json.loads(call.arguments)) for call in draft.calls]
    assert found == list(CALLS)
    assert draft.finish == "tool_calls"


@pytest.mark.parametrize("dialect", STREAMS)
def test_the_reasoning_comes_in_thirty_words(dialect):
    reader = lane.DIALECTS[dialect].reader()
    said = [
        one
        for event in STREAMS[dialect]("thinking")
        for read in Decoder().feed(event)
        for one in reader.read(read)
    ]
    words = [one.text for one in said if type(one) is ThinkingDelta]
    assert len(words) == 30
    assert "".join(words) == (THOUGHT * 3)[:150]


@pytest.mark.parametrize("dialect", STREAMS)
@pytest.mark.parametrize("says", SAYS)
def test_a_stream_is_complete(dialect, says):
    turn = [{"role": "user", "content": "Hi"}]
    body = {"model": "auto", "max_tokens": 9, "messages": turn, "input": turn, "stream": True}
    asked = lane.read(dialect, json.dumps(body).encode(), {})
    flow = lane.lane(asked, dialect, at=0).flow()
    for event in STREAMS[dialect](says):
        flow.feed(event)
    assert flow.complete
    assert flow.error is None
