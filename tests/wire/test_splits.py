"""Every pair of dialects: a stream cut anywhere reaches the caller as the same bytes and usage."""

from __future__ import annotations

import json
import random

import pytest

from headgate.wire.lane import DIALECTS, Inbound, lane, read
from tests.wire.recordings import (
    OPENAI_TOOL_STREAM,
    RESPONSES_STREAM,
    TOOL_STREAM,
    recorded,
    splits,
)

STREAMS = {
    "openai": OPENAI_TOOL_STREAM,
    "openai-responses": RESPONSES_STREAM,
    "anthropic": TOOL_STREAM,
}
LINE_ENDS = [b"\n", b"\r\n", b"\r"]


def asking(dialect: str) -> Inbound:
    turn = [{"role": "user", "content": "Hi"}]
    body = {"model": "auto", "max_tokens": 100, "messages": turn, "input": turn, "stream": True}
    return read(dialect, json.dumps(body).encode(), {})


def passed(caller: str, provider: str, *pieces: bytes):
    """What the caller gets and what the books get."""
    flow = lane(asking(caller), provider, at=0).flow()
    out = b"".join([flow.feed(piece) for piece in pieces]) + flow.end()
    assert flow.complete
    return out, flow.usage, flow.finish, flow.delivered_chars


@pytest.mark.parametrize("caller", list(DIALECTS))
@pytest.mark.parametrize("provider", list(STREAMS))
def test_a_split_at_every_byte_changes_nothing(caller: str, provider: str):
    stream = STREAMS[provider]
    whole = passed(caller, provider, stream)
    assert whole[1] is not None
    for left, right in splits(stream):
        assert passed(caller, provider, left, right) == whole
    assert passed(caller, provider, *(bytes([one]) for one in stream)) == whole


@pytest.mark.parametrize("end", LINE_ENDS)
@pytest.mark.parametrize("caller", list(DIALECTS))
@pytest.mark.parametrize("provider", list(STREAMS))
def test_line_ends_and_many_cuts_change_nothing_in_a_translation(
    caller: str, provider: str, end: bytes
):
    plain = passed(caller, provider, STREAMS[provider])
    stream = STREAMS[provider].replace(b"\n", end)
    chance = random.Random(5)
    for _ in range(100):
        cuts = sorted(chance.randrange(len(stream)) for _ in range(chance.randrange(40)))
        pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
        found = passed(caller, provider, *pieces)
        assert found[1:] == plain[1:]
        if caller != provider:
            assert found[0] == plain[0]


@pytest.mark.parametrize("caller", list(DIALECTS))
def test_recorded_streams_cut_anywhere_reach_every_caller_alike(caller: str):
    for one in recorded():
        if not one.streamed:
            continue
        whole = passed(caller, "openai", one.answer)
        step = max(1, len(one.answer) // 400)
        for at in range(0, len(one.answer) + 1, step):
            assert passed(caller, "openai", one.answer[:at], one.answer[at:]) == whole
