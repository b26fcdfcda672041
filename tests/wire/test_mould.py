"""The mould of an event: what is like it is read by its text alone, and says the same."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.anthropic_messages.streams import Reader as ClaudeReader
from headgate.wire.lane import lane, read
from headgate.wire.mould import _PROBE, mould_of
from headgate.wire.neutral import RefusalDelta, TextDelta, ThinkingDelta
from headgate.wire.openai_chat.streams import Reader
from headgate.wire.openai_responses.streams import Reader as ResponsesReader
from headgate.wire.passthrough import MOST_USELESS, Flow
from headgate.wire.sse import Decoder, Event

PAD = '"obfuscation":"aB3"'
SHAPES = {
    "openai": '{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":%s}}],"usage":null}',
    "padded": '{"id":"c","choices":[{"delta":{"content":%s},"finish_reason":null}],"x":1,'
    + PAD
    + "}",
    "spaced": '{"id": "c", "choices": [{"delta": {"reasoning": %s}, "logprobs": null}]}',
    "refused": '{"id":"c","service_tier":"flex","choices":[{"delta":{"refusal":%s}}]}',
    "parts": '{"id":"c","choices":[{"delta":{"content":[{"type":"t","text":%s}]}}]}',
}
CLAUDE = (
    '{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":%s}      }',
    '{"type":"content_block_delta","index":1,"delta":{"type":"thinking_delta","thinking":%s}}',
)


def event(data: str, name: str = "") -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode() if name else f"data: {data}\n\n".encode()


def event_of(raw: bytes) -> Event:
    (found,) = Decoder().feed(raw)
    return found


def asking(caller: str, *, provider: str) -> Flow:
    turn = [{"role": "user", "content": "Hi"}]
    body = {"model": "auto", "max_tokens": 9, "messages": turn, "input": turn, "stream": True}
    return lane(read(caller, json.dumps(body).encode(), {}), provider, at=0).flow()


def heard_by(flow: Flow, blocks: list[bytes], *, moulds: bool) -> tuple[object, ...]:
    """All that a flow hands on and tells, with moulds and without."""
    if not moulds:
        flow._useless = MOST_USELESS
    heard: list[object] = []
    flow.heard = heard.append
    out = [flow.feed(block) for block in blocks]
    out.append(flow.end())
    known = (flow.usage, flow.service_tier, flow.model, flow.finish, flow.begun, flow.error)
    return b"".join(out), heard, flow.delivered_chars, flow.complete, *known


TEXTS = st.text(max_size=12).map(json.dumps) | st.text(max_size=12).map(
    lambda text: json.dumps(text, ensure_ascii=False).encode(errors="replace").decode()
)
ODD = st.sampled_from(
    ['"a","content":"b"', '"\\ud800"', "null", '"a" ', '["a"]', '"a\x01"', '"', ""]
)
MORE = st.sampled_from(
    [
        event('{"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}'),
        event('{"choices":[{"delta":{},"finish_reason":"stop"}]}'),
        event('{"choices":[{"delta":{"content":"x"},"finish_reason":"length"}]}'),
        event('{"error":{"message":"no"}}'),
        event("[DONE]"),
        b": ping\n\n",
        b"\xef\xbb\xbf" + event(SHAPES["openai"] % '"x"'),
    ]
)


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    shapes = st.sampled_from(list(SHAPES.values()))
    blocks: list[bytes] = []
    for _ in range(draw(st.integers(1, 4))):
        shape = draw(shapes)
        texts = draw(st.lists(TEXTS | ODD, max_size=5))
        pads = draw(st.lists(st.sampled_from(["", "Q", 'a"b', " "]), min_size=5, max_size=5))
        for text, pad in zip(texts, pads, strict=False):
            blocks.append(event((shape % text).replace(PAD, f'"obfuscation":"{pad}"')))
        blocks += draw(st.lists(MORE, max_size=2))
    return blocks


@pytest.mark.parametrize("caller", ["openai", "anthropic"])
@given(blocks=streams(), seed=st.integers(0, 9))
def test_a_stream_read_by_moulds_is_the_stream_read_event_by_event(caller, blocks, seed):
    def flow() -> Flow:
        return asking(caller, provider="openai")

    plain = heard_by(flow(), blocks, moulds=False)
    assert heard_by(flow(), blocks, moulds=True) == plain
    stream, chance = b"".join(blocks), random.Random(seed)
    cuts = sorted(chance.randrange(len(stream) + 1) for _ in range(5))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert heard_by(flow(), pieces, moulds=True) == heard_by(flow(), pieces, moulds=False)


@pytest.mark.parametrize("caller", ["openai", "anthropic"])
@given(texts=st.lists(TEXTS | ODD, max_size=9), shape=st.sampled_from(CLAUDE))
def test_it_is_so_with_named_events_too(caller, texts, shape):
    blocks = [event(shape % text, "content_block_delta") for text in texts]
    blocks.append(event('{"type":"message_stop"}', "message_stop"))
    found = [
        heard_by(asking(caller, provider="anthropic"), blocks, moulds=moulds)
        for moulds in (True, False)
    ]
    assert found[0] == found[1]


NUMBERED = (
    '{"type":"%s","sequence_number":%s,"item_id":"m","output_index":0,"delta":%s,"obfuscation":"%s"}',
    '{"type": "%s", "sequence_number": %s, "delta": %s, "obfuscation": "%s"}',
)
BEHIND = (
    '{"type":"%s","content_index":0,"delta":%s,"output_index":0,"sequence_number":%s}',
    '{"delta": %s, "sequence_number": %s, "type": "%s"}',
)
NUMBERS = st.integers(0, 10**6).map(str)
ODD_NUMBERS = st.sampled_from(["01", "-1", "1.5", "", "9" * 40, "null", '"1"', "1,", "1}", "0"])


def numbered(shape: str, kind: str, number: str, text: str, pad: str = "") -> bytes:
    if shape in NUMBERED:
        return event(shape % (kind, number, text, pad), kind)
    return event(
        shape % ((kind, text, number) if shape is BEHIND[0] else (text, number, kind)), kind
    )


@pytest.mark.parametrize("caller", ["openai-responses", "openai"])
@given(
    events=st.lists(
        st.tuples(NUMBERS | ODD_NUMBERS, TEXTS | ODD, st.sampled_from(["aB3", "", " "])),
        max_size=9,
    ),
    shape=st.sampled_from(NUMBERED + BEHIND),
)
def test_it_is_so_where_each_event_has_a_number(caller, events, shape):
    kind = "response.output_text.delta"
    blocks = [numbered(shape, kind, *one) for one in events]
    blocks.append(event('{"type":"response.completed","response":{}}', "response.completed"))
    found = [
        heard_by(asking(caller, provider="openai-responses"), blocks, moulds=moulds)
        for moulds in (True, False)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize("shape", NUMBERED + BEHIND)
def test_the_number_of_an_event_may_be_another_one_and_nothing_else(shape):
    kind = "response.output_text.delta"
    raw = numbered(shape, kind, "9", '"one"', "aB3")
    mould = mould_of(event_of(raw), [TextDelta("one")], ResponsesReader())
    assert mould is not None
    for number in ("1", "10", "1234567"):
        assert mould.text(numbered(shape, kind, number, '"two"', "aB3")) == "two"
    for number in ("0", "01", "-1", "1.5", "", "null", "9" * 40):
        assert mould.text(numbered(shape, kind, number, '"two"', "aB3")) is None
    assert mould.text(numbered(shape, "response.refusal.delta", "9", '"two"', "aB3")) is None


def begun() -> Reader:
    """A reader that has seen a stream begin."""
    reader = Reader()
    reader.read(Event(b"", b'{"id":"c"}'))
    return reader


@pytest.mark.parametrize("name", SHAPES)
def test_a_mould_gives_the_text_of_each_event_that_is_like_its_own(name):
    shape, reader = SHAPES[name], begun()
    raw = event(shape % '"one"')
    mould = mould_of(event_of(raw), reader.read(event_of(raw)), reader)
    assert mould is not None
    assert type(mould.say("two")) in (TextDelta, ThinkingDelta, RefusalDelta)
    for text in ("two", "zwei ä 🙂", 'quoted "\n\\'):
        assert mould.text(event(shape % json.dumps(text))) == text
    for other in (b"", raw[:-1], raw + raw, event(shape % '""'), event(shape % "null")):
        assert mould.text(other) is None
    assert mould.text(event(shape.replace('"c"', '"d"') % '"two"')) is None


def test_what_fills_an_event_up_may_differ_and_nothing_else_may():
    raw = event(SHAPES["padded"] % '"one"')
    mould = mould_of(event_of(raw), [TextDelta("one")], begun())
    assert mould is not None
    assert mould.text(raw.replace(b"aB3", b"longerPad").replace(b"one", b"two")) == "two"
    assert mould.text(raw.replace(b"aB3", b"")) == "one"
    assert mould.text(raw.replace(b'"aB3"', b'"","error":"a"')) is None
    spaced = event(CLAUDE[0] % '"one"', "content_block_delta")
    mould = mould_of(event_of(spaced), [TextDelta("one")], ClaudeReader())
    assert mould is not None
    assert mould.text(spaced.replace(b"      }", b" }")) == "one"
    assert mould.text(spaced.replace(b"      }", b" 1 }")) is None


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("ab", '{"model":"ab","choices":[{"delta":{"content":[{"text":"a"},{"text":"b"}]}}]}'),
        ("ab", '{"choices":[{"delta":{"content":"ab"}}],"model":"ab"}'),
        (":", '{"choices":[{"delta":{"content":":"}}]}'),
        ("a", '{"choices":[{"delta":{"content":"\\u0061"}}],"model":"a"}'),
        (_PROBE, '{"choices":[{"delta":{"content":"another\\u0020text"}}],"model":"another text"}'),
    ],
)
def test_a_text_whose_place_is_not_certain_has_no_mould(text, data):
    reader = begun()
    said = reader.read(Event(b"", data.encode()))
    assert said == [TextDelta(text)]
    assert mould_of(event_of(event(data)), said, reader) is None


@pytest.mark.parametrize(
    ("raw", "moulded"),
    [
        (b"data: %b\n\n", True),
        (b"data:%b\n\n", True),
        (b": a comment\nevent: x\ndata: %b\n\n", True),
        (b"data: %b\nid: 1\n\n", False),
        (b"data: %b\nxdata: %b\n\n", False),
        (b"data: %b\r\n\r\n", False),
        (b"\xef\xbb\xbfdata: %b\n\n", False),
    ],
)
def test_an_event_whose_last_line_is_not_its_data_has_no_mould(raw, moulded):
    data = SHAPES["openai"].encode() % b'"one"'
    raw = raw.replace(b"%b", data)
    reader = begun()
    found = event_of(raw)
    mould = mould_of(found, reader.read(found), reader)
    assert (mould is not None) is moulded
    if mould is not None:
        assert mould.text(raw.replace(b"one", b"two")) == "two"


def test_a_stream_without_likeness_has_few_moulds_taken(monkeypatch):
    taken: list[object] = []

    def noted(*told: Any) -> object:
        taken.append(told)
        return mould_of(*told)

    monkeypatch.setattr("headgate.wire.passthrough.mould_of", noted)
    flow = asking("openai", provider="openai")
    shape = '{"id":"%d","choices":[{"delta":{"content":"word"}}]}'
    for number in range(50):
        flow.feed(event(shape % number))
    assert len(taken) <= MOST_USELESS + 1
    flow = asking("openai", provider="openai")
    for number in range(50):  # each of them serves once
        flow.feed(event(shape % (number // 2)))
    assert len(taken) > 20


def test_an_event_of_words_is_not_decoded_again(monkeypatch):
    flow = asking("openai", provider="openai")
    raw = event(SHAPES["openai"] % '"one"')
    flow.feed(raw + raw)
    monkeypatch.setattr(flow._reader, "read", None)
    assert flow.feed(raw.replace(b"one", b"two")) == raw.replace(b"one", b"two")
    assert flow.delivered_chars == 9
