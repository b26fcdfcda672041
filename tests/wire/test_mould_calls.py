"""Moulds of a call's arguments: read by their text alone they say the same, and nothing is lost."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.lane import DIALECTS
from headgate.wire.mould import mould_of
from headgate.wire.neutral import StreamEvent, ThinkingDelta, ToolDelta, ToolStart
from headgate.wire.openai_chat.streams import Reader
from headgate.wire.sse import Decoder, Event
from tests.gateway import agent_streams
from tests.wire.test_mould import ODD, TEXTS, asking, event, event_of, heard_by

BEGIN = '{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[%s]}}]}'
THINK = '{"id":"c","choices":[{"delta":{"reasoning_content":%s}}]}'
MORE = BEGIN % '{"index":%d,"function":{"arguments":%s}}'
PROVIDERS = ("openai", "anthropic", "openai-responses")


def begins(provider: str, index: int, name: str) -> bytes:
    """A call begins at this index of its provider's."""
    if provider == "openai":
        function = f'{{"name":"{name}","arguments":""}}'
        return event(BEGIN % f'{{"index":{index},"id":"call_{index}","function":{function}}}')
    if provider == "anthropic":
        block = f'{{"type":"tool_use","id":"toolu_{index}","name":"{name}","input":{{}}}}'
        kind = "content_block_start"
        return event(f'{{"type":"{kind}","index":{index},"content_block":{block}}}', kind)
    item = f'{{"type":"function_call","call_id":"call_{index}","name":"{name}","arguments":""}}'
    kind = "response.output_item.added"
    return event(f'{{"type":"{kind}","output_index":{index},"item":{item}}}', kind)


def more(provider: str, index: int, quoted: str, pad: str = "aB3") -> bytes:
    """More of that call's arguments, as its provider writes them."""
    if provider == "openai":
        return event(MORE % (index, quoted))
    if provider == "anthropic":
        delta = f'{{"type":"input_json_delta","partial_json":{quoted}}}'
        kind = "content_block_delta"
        return event(f'{{"type":"{kind}","index":{index},"delta":{delta}{" " * len(pad)}}}', kind)
    kind = "response.function_call_arguments.delta"
    place = f'"sequence_number":{len(quoted)},"output_index":{index}'
    return event(f'{{"type":"{kind}",{place},"delta":{quoted},"obfuscation":"{pad}"}}', kind)


def thinks(provider: str, quoted: str) -> bytes:
    if provider == "openai":
        return event(THINK % quoted)
    if provider == "anthropic":
        delta = f'{{"type":"thinking_delta","thinking":{quoted}}}'
        kind = "content_block_delta"
        return event(f'{{"type":"{kind}","index":9,"delta":{delta}}}', kind)
    kind = "response.reasoning_summary_text.delta"
    return event(f'{{"type":"{kind}","output_index":9,"delta":{quoted}}}', kind)


@st.composite
def arguments(draw: st.DrawFn) -> list[str]:
    """A call's arguments, quoted, in pieces that may end anywhere, within an escape too."""
    value = draw(st.dictionaries(st.text(max_size=4), st.text(max_size=12), max_size=3))
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    size = draw(st.integers(1, 6))
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    plain = draw(st.booleans())
    return [json.dumps(one, ensure_ascii=not plain) for one in pieces]


@st.composite
def streams(draw: st.DrawFn, provider: str) -> list[bytes]:
    """Calls whose arguments come one after the other or by turns, and reasoning between."""
    blocks: list[bytes] = []
    waiting: list[tuple[int, list[str]]] = []
    for index in range(draw(st.integers(1, 3))):
        blocks.append(begins(provider, index, "f"))
        waiting.append(
            (index, draw(arguments() | st.lists(TEXTS | ODD | st.just('""'), max_size=6)))
        )
        if draw(st.booleans()):
            blocks += [more(provider, index, one) for one in waiting.pop()[1]]
    while waiting:
        index, pieces = draw(st.sampled_from(waiting))
        take = draw(st.integers(1, 4))
        blocks += [more(provider, index, one, "x" * at) for at, one in enumerate(pieces[:take])]
        del pieces[:take]
        waiting = [one for one in waiting if one[1]]
        if draw(st.booleans()):
            blocks += [thinks(provider, one) for one in draw(st.lists(TEXTS, max_size=3))]
    return blocks


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("caller", PROVIDERS)
@given(data=st.data(), seed=st.integers(0, 9))
def test_a_stream_of_calls_read_by_moulds_is_the_stream_read_event_by_event(
    caller, provider, data, seed
):
    blocks = data.draw(streams(provider))

    def heard(pieces: list[bytes], *, moulds: bool) -> tuple[object, ...]:
        return heard_by(asking(caller, provider=provider), pieces, moulds=moulds)

    assert heard(blocks, moulds=True) == heard(blocks, moulds=False)
    stream, chance = b"".join(blocks), random.Random(seed)
    cuts = sorted(chance.randrange(len(stream) + 1) for _ in range(5))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert heard(pieces, moulds=True) == heard(pieces, moulds=False)


NAMED = [
    '{"index":0,"function":{"name":"f","arguments":%s}}',
    '{"index":0,"id":"a","function":{"name":"f","arguments":%s}}',
    '{"index":0,"id":"b","function":{"name":"f","arguments":%s}}',
    '{"index":1,"id":"","function":{"name":"g","arguments":%s}}',
    '{"function":{"name":"f","arguments":%s}}',
    '{"index":0,"function":{"arguments":%s}}',
    '{"function":{"arguments":%s}}',
    '{"index":7,"function":{"arguments":%s}}',
]
"""Calls of chat completions as servers are known to tell them: named once or each time, with an id
or without, with an index of their own or with none."""


@pytest.mark.parametrize("caller", PROVIDERS)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(NAMED),
            st.lists(
                st.sampled_from(['{"a":', "1}", "{}", "x", "\\", '"', "ä", ""]).map(json.dumps),
                max_size=4,
            ),
        ),
        max_size=6,
    )
)
def test_calls_that_are_named_again_begin_where_they_did(caller, steps):
    blocks = [event(BEGIN % (call % text)) for call, texts in steps for text in texts]
    found = [
        heard_by(asking(caller, provider="openai"), blocks, moulds=moulds)
        for moulds in (True, False)
    ]
    assert found[0] == found[1]


def said_by(provider: str, *blocks: bytes) -> list[StreamEvent]:
    flow = asking(provider, provider=provider)
    heard: list[StreamEvent] = []
    flow.heard = heard.append
    for block in blocks:
        flow.feed(block)
    return heard


def test_a_call_with_the_same_name_begins_once_the_arguments_before_are_whole():
    named = event(BEGIN % (NAMED[0] % '"{}"'))
    pieces = [json.dumps(one) for one in ('{"a":', '"b', 'c"', "}")]
    blocks = [more("openai", 0, piece) for piece in pieces]
    first = event(BEGIN % (NAMED[0] % '""'))
    whole = [one for one in said_by("openai", first, *blocks, named) if type(one) is ToolStart]
    assert [one.index for one in whole] == [0, 1]
    cut = [one for one in said_by("openai", first, *blocks[:-1], named) if type(one) is ToolStart]
    assert [one.index for one in cut] == [0]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_arguments_are_not_decoded_again_and_belong_to_their_call(monkeypatch, provider):
    flow = asking(provider, provider=provider)
    heard: list[StreamEvent] = []
    flow.heard = heard.append
    for block in (begins(provider, 3, "f"), begins(provider, 5, "g")):
        flow.feed(block)
    flow.feed(more(provider, 5, '"{\\"a\\""'))
    monkeypatch.setattr(flow._reader, "read", None)
    raw = more(provider, 5, '": \\"\\\\"', "longerPad")
    assert flow.feed(raw) == raw
    assert heard[-2:] == [ToolDelta(1, '{"a"'), ToolDelta(1, ': "\\')]
    assert flow.delivered_chars == len('{"a": "\\')


@pytest.mark.parametrize("provider", PROVIDERS)
def test_reasoning_is_not_decoded_again(monkeypatch, provider):
    flow = asking(provider, provider=provider)
    heard: list[StreamEvent] = []
    flow.heard = heard.append
    flow.feed(thinks(provider, '"one\\n"'))
    flow.feed(thinks(provider, '"one\\n"'))
    monkeypatch.setattr(flow._reader, "read", None)
    raw = thinks(provider, '"two \\"2\\""')
    assert flow.feed(raw) == raw
    assert heard[-1] == ThinkingDelta('two "2"')


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("says", agent_streams.SAYS)
def test_of_an_agents_stream_few_events_are_read_whole(monkeypatch, provider, says):
    flow = asking(provider, provider=provider)
    events = {
        "openai": agent_streams.chat,
        "anthropic": agent_streams.claude,
        "openai-responses": agent_streams.responses,
    }[provider](says)
    read, whole = flow._reader.read, []

    def noted(one: Event) -> Sequence[StreamEvent]:
        whole.append(one)
        return read(one)

    monkeypatch.setattr(flow._reader, "read", noted)
    for one in events:
        flow.feed(one)
    assert flow.complete
    assert len(whole) <= 12 < len(events) / 2


@pytest.mark.parametrize("named", [NAMED[0], NAMED[4]])
def test_arguments_that_might_begin_a_call_have_no_mould(named):
    reader = Reader()
    reader.read(Decoder().feed(event(BEGIN % (NAMED[0] % '"{"')))[0])
    raw = event(BEGIN % (named % '"x"'))
    said = reader.read(Decoder().feed(raw)[0])
    assert ToolDelta(len(said) - 1, "x") in said
    assert mould_of(event_of(raw), said, reader) is None


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_twin_reads_its_reader_does_not_know(provider):
    reader = DIALECTS[provider].reader()
    for block in (begins(provider, 0, "f"), more(provider, 0, '"{"')):
        reader.read(Decoder().feed(block)[0])
    twin = reader.twin()
    for block in (begins(provider, 1, "g"), more(provider, 1, '"x"'), more(provider, 0, '"y"')):
        assert twin.read(Decoder().feed(block)[0])
    (start,) = reader.read(Decoder().feed(begins(provider, 2, "g"))[0])
    assert type(start) is ToolStart
    assert start.index == 1
