import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.values import Usage
from headgate.wire.anthropic_messages import ANTHROPIC_MESSAGES
from headgate.wire.dialect import Dialect, UnusableAnswerError
from headgate.wire.inbound import fields_of
from headgate.wire.openai_chat import OPENAI_CHAT
from headgate.wire.passthrough import (
    Flow,
    Passthrough,
    PlainFlow,
    passthrough,
    spliced,
)
from headgate.wire.sse import MAX_EVENT_BYTES
from tests.wire.recordings import (
    MESSAGE_STOP,
    OPENAI_TOOL_STREAM,
    TOOL_STREAM,
    USAGE,
    Json,
    anthropic_stream,
    block_delta,
    call_chunk,
    exchange,
    message_delta,
    message_start,
    openai_chunk,
    openai_stream,
    recorded,
    splits,
)


def openai(body: bytes, **headers: str) -> Passthrough:
    return passthrough(OPENAI_CHAT.read(body, headers), OPENAI_CHAT)


def anthropic(body: bytes, **headers: str) -> Passthrough:
    return passthrough(ANTHROPIC_MESSAGES.read(body, headers), ANTHROPIC_MESSAGES)


HELLO = b'"messages":[{"role":"user","content":"Hi"}]'
PLAIN = b'{"model":"auto",' + HELLO + b"}"
STREAM = b'{"model":"auto","stream":true,' + HELLO + b"}"
MESSAGE = b'{"model":"auto","max_tokens":9,' + HELLO + b"}"


def test_only_the_model_of_a_request_changes():
    body = (
        b'{ "temperature" : 1.50, "model":"auto",\n "messages": [ {"role":"user",'
        b'"content":"Gr\\u00fc\xc3\x9fe"} ],"x-new": {"a": [1, 2 ,3e2]} }'
    )
    sent = openai(body).request('gpt-5 "nano"')
    assert json.loads(sent) == {**json.loads(body), "model": 'gpt-5 "nano"'}
    for kept in (b"1.50", b'"content":"Gr\\u00fc\xc3\x9fe"', b'{"a": [1, 2 ,3e2]}'):
        assert kept in sent


def test_cache_control_and_thinking_go_on_untouched():
    system = b'[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral","ttl":"1h"}}]'
    body = b'{"model":"auto","max_tokens":9,"system":' + system + b',"top_k":5,' + HELLO + b"}"
    sent = anthropic(body).request("claude-haiku-4-5")
    assert system in sent
    assert b'"top_k":5' in sent


def test_of_a_field_given_twice_only_the_last_is_sent():
    body = b'{"model":"a","model":"auto","stream":true,"stream":false,' + HELLO + b"}"
    sent = openai(body).request("gpt-5-nano")
    assert (sent.count(b'"stream"'), sent.count(b'"model"')) == (1, 1)
    assert json.loads(sent)["stream"] is False


def test_every_recorded_request_is_sent_as_it_came():
    for one in recorded():
        if one.name != "chat-no-messages":
            sent = json.loads(openai(one.request).request("gpt-5-nano"))
            if one.streamed:
                assert sent.pop("stream_options")["include_usage"] is True
            assert sent == {
                **{k: v for k, v in json.loads(one.request).items() if k != "stream_options"},
                "model": "gpt-5-nano",
            }


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text().map("x-{}".format), _VALUES, max_size=4))
def test_whatever_a_caller_adds_arrives(extras):
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}], **extras}
    for ascii_only in (True, False):
        given_body = json.dumps(body, ensure_ascii=ascii_only).encode()
        assert json.loads(openai(given_body).request("m")) == {**body, "model": "m"}


def test_own_fields_replace_the_callers():
    inbound = OPENAI_CHAT.read(b'{"model":"auto","a":1,"b":2,' + HELLO + b"}", {})
    assert json.loads(spliced(inbound.fields, "m", {"b": b"[3]", "c": b"4"})) == {
        "model": "m",
        "a": 1,
        "b": [3],
        "c": 4,
        "messages": [{"role": "user", "content": "Hi"}],
    }


def test_beta_headers_go_on_to_anthropic_only():
    beta = {"anthropic-beta": "context-1m", "authorization": "Bearer secret", "x-api-key": "k"}
    assert anthropic(MESSAGE, **beta).passed() == [("anthropic-beta", "context-1m")]
    assert openai(PLAIN, **beta).passed() == []


def test_an_answer_is_handed_on_byte_for_byte():
    body = exchange("chat-tools").answer
    found = openai(PLAIN).answer(body)
    assert found.body is body
    assert found.usage == Usage(input=162, output=287, reasoning=256)
    assert (found.model, found.finish) == ("gpt-5-nano-2025-08-07", "tool_calls")


def test_an_empty_answer_is_unusable_unless_a_tool_has_just_spoken():
    body = b'{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}'
    with pytest.raises(UnusableAnswerError):
        openai(PLAIN).answer(body)
    after_tool = PLAIN.replace(b"]}", b',{"role":"tool","tool_call_id":"1","content":"42"}]}')
    assert openai(after_tool).answer(body).body is body


def test_the_providers_own_error_is_handed_on_byte_for_byte():
    body = exchange("chat-unknown-model").answer
    assert openai(PLAIN).error(404, body) is body
    own = b'{"type":"error","error":{"type":"overloaded_error","message":"x"}}'
    assert anthropic(MESSAGE).error(529, own) is own


def test_another_shape_of_error_is_wrapped():
    wrapped = json.loads(openai(PLAIN).error(502, b"<html>"))
    assert wrapped["error"]["message"] == "The provider answered with status 502: <html>"
    assert json.loads(anthropic(MESSAGE).error(502, b"<html>"))["type"] == "error"


# ---- streams


def passed(flow: Flow, *chunks: bytes) -> bytes:
    return b"".join([flow.feed(chunk) for chunk in chunks]) + flow.end()


def told(flow: Flow) -> tuple[object, ...]:
    return flow.usage, flow.model, flow.finish, flow.complete, flow.error, flow.delivered_chars


ASKED = STREAM.replace(b'"stream":true', b'"stream":true,"stream_options":{"include_usage":true}')


def test_recorded_streams_pass_byte_for_byte_wherever_they_are_split():
    for one in recorded():
        if one.streamed:
            head, rest = one.answer[:3000], one.answer[3000:]
            whole = openai(ASKED).flow()
            assert passed(whole, one.answer) == one.answer
            assert whole.complete
            for left, right in splits(head):
                flow = openai(ASKED).flow()
                assert passed(flow, left, right, rest) == one.answer
                assert told(flow) == told(whole)


@pytest.mark.parametrize("stream", [TOOL_STREAM, TOOL_STREAM.replace(b"\n", b"\r\n")])
def test_an_anthropic_stream_passes_byte_for_byte_wherever_it_is_split(stream):
    for left, right in splits(stream):
        flow = anthropic(MESSAGE).flow()
        assert passed(flow, left, right) == stream
        assert flow.usage == Usage(
            input=25, output=89, cache_read=10, cache_write_5m=4, cache_write_1h=3, reasoning=12
        )
        assert told(flow)[1:5] == ("claude-haiku-4-5-20251001", "tool_calls", True, None)
        assert flow.delivered_chars == len(
            'The weather… 天気I look it up ☂.{"city": "Paris"}'
        ) + len('{"zone": "CET"}')


def test_usage_that_only_we_asked_for_is_taken_out():
    without = b"".join(
        part for part in OPENAI_TOOL_STREAM.splitlines(keepends=True) if b'"usage"' not in part
    ).replace(b"\n\n\n", b"\n\n")
    for left, right in splits(OPENAI_TOOL_STREAM):
        flow = openai(STREAM).flow()
        assert passed(flow, left, right) == without
        assert flow.usage == Usage(input=24, output=9, cache_read=16, reasoning=4)
        assert flow.complete


def test_usage_that_the_caller_asked_for_stays():
    assert passed(openai(ASKED).flow(), OPENAI_TOOL_STREAM) == OPENAI_TOOL_STREAM


def test_usage_beside_a_choice_stays_because_the_choice_must():
    stream = openai_stream(openai_chunk({}, "stop", usage=USAGE))
    flow = openai(STREAM).flow()
    assert passed(flow, stream) == stream
    assert flow.usage is not None


def test_comments_keep_a_connection_alive():
    flow = openai(STREAM).flow()
    assert flow.feed(b": OPENROUTER PROCESSING\n\n") == b": OPENROUTER PROCESSING\n\n"


def test_a_stream_without_usage_has_none():
    flow = openai(STREAM).flow()
    passed(flow, openai_stream(openai_chunk({"content": "Hi"}), openai_chunk({}, "stop")))
    assert told(flow) == (None, "gpt-5-nano-2025-08-07", "stop", True, None, 2)


FLOWS: list[tuple[Dialect, bytes]] = [
    (OPENAI_CHAT, OPENAI_TOOL_STREAM),
    (ANTHROPIC_MESSAGES, TOOL_STREAM),
]


@pytest.mark.parametrize(("dialect", "stream"), FLOWS, ids=["openai", "anthropic"])
def test_a_stream_cut_anywhere_never_ends_cleanly(dialect, stream):
    last = stream.rstrip(b"\n")
    for at in range(len(last)):
        flow = PlainFlow(dialect, strip=False)
        forwarded = flow.feed(stream[:at])
        ending = flow.end()
        assert stream.startswith(forwarded)
        assert not flow.complete
        assert flow.error
        assert b"error" in ending
        assert dialect.is_problem(ending[ending.rindex(b"data: ") + 6 :].strip())


@pytest.mark.parametrize(("dialect", "stream"), FLOWS, ids=["openai", "anthropic"])
def test_a_stream_that_lacks_only_its_last_line_ends_is_complete(dialect, stream):
    flow = PlainFlow(dialect, strip=False)
    assert passed(flow, stream.rstrip(b"\n")) == stream
    assert flow.complete


@pytest.mark.parametrize("garbage", [b"data: <html>\n\n", b"data: \xff\xfe\n\n", b"data: [7]\n\n"])
@pytest.mark.parametrize("dialect", [OPENAI_CHAT, ANTHROPIC_MESSAGES], ids=lambda one: one.name)
def test_garbage_is_not_handed_on_and_ends_the_stream_with_an_error(dialect, garbage):
    flow = PlainFlow(dialect, strip=False)
    out = flow.feed(garbage + b"data: {}\n\n")
    assert garbage not in out
    assert out.count(b"data: ") == 1
    assert flow.error
    assert flow.feed(b"data: [DONE]\n\n") == b""
    assert flow.end() == b""
    assert not flow.complete


def test_the_providers_error_event_is_handed_on_once():
    error: Json = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    stream = anthropic_stream(message_start(), error)
    flow = anthropic(MESSAGE).flow()
    assert passed(flow, stream) == stream
    assert (flow.error, flow.complete) == ("Overloaded", False)
    later = PlainFlow(OPENAI_CHAT, strip=False)
    chunk = openai_stream({"error": {"message": "Boom", "code": 500}}, done=False)
    assert passed(later, chunk, b"data: [DONE]\n\n") == chunk
    assert later.error == "Boom"


def test_an_endless_event_is_an_error_and_not_memory():
    flow = openai(STREAM).flow()
    out = b"".join(flow.feed(b"x" * 65536) for _ in range(2 * MAX_EVENT_BYTES // 65536))
    assert out.count(b"too long") == 1
    assert flow.end() == b""
    assert flow.error


def test_what_follows_the_last_event_is_not_handed_on():
    for dialect, stream in FLOWS:
        flow = PlainFlow(dialect, strip=False)
        assert passed(flow, stream + b"data: <html>\n\n" + stream, b"x" * 10) == stream
        assert (flow.complete, flow.error) == (True, None)


def begun(flow: Flow, *chunks: bytes) -> list[bool]:
    """After each chunk, whether the answer has begun."""
    return [bool(flow.feed(chunk)) and flow.begun for chunk in chunks]


def test_an_answer_begins_with_its_first_words_or_arguments():
    role, text, call = (
        openai_stream(chunk, done=False)
        for chunk in (
            openai_chunk({"role": "assistant", "content": ""}),
            openai_chunk({"content": "Hi"}),
            call_chunk(0, "{", id="a", name="f"),
        )
    )
    assert begun(openai(STREAM).flow(), role, text) == [False, True]
    assert begun(openai(STREAM).flow(), role, call) == [False, True]
    hello = anthropic_stream(block_delta(0, type="text_delta", text="Hi"))
    start = anthropic_stream(message_start())
    assert begun(anthropic(MESSAGE).flow(), start, hello) == [False, True]


def test_usage_told_before_a_break_is_kept():
    stream = anthropic_stream(
        message_start(), block_delta(0, type="text_delta", text="Hi"), message_delta("end_turn", 7)
    )
    flow = anthropic(MESSAGE).flow()
    assert b"event: error" in passed(flow, stream)
    assert (flow.usage, flow.finish, flow.delivered_chars) == (
        Usage(input=25, output=7),
        "stop",
        2,
    )


def test_nothing_at_all_is_an_error():
    for dialect in (OPENAI_CHAT, ANTHROPIC_MESSAGES):
        flow = PlainFlow(dialect, strip=False)
        assert b"error" in flow.end()
        assert told(flow)[:4] == (None, None, None, False)


def test_the_message_stop_completes_a_stream():
    flow = anthropic(MESSAGE).flow()
    flow.feed(anthropic_stream(message_start(), message_delta("end_turn", 1)))
    assert not flow.complete
    flow.feed(anthropic_stream(MESSAGE_STOP))
    assert flow.complete


@given(st.sampled_from([OPENAI_CHAT, ANTHROPIC_MESSAGES]), st.lists(st.binary(), max_size=5))
def test_any_bytes_end_in_an_error_event(dialect, chunks):
    flow = PlainFlow(dialect, strip=True)
    out = passed(flow, *chunks)
    assert flow.error
    assert dialect.is_problem(out[out.rindex(b"data: ") + 6 :].strip())


@given(st.dictionaries(st.text(), _VALUES, max_size=4), st.dictionaries(st.text(), _VALUES))
def test_a_spliced_object_is_the_caller_s_with_what_is_set_in_its_place(sent, own):
    """Names may hold anything that JSON can say, and values keep their very bytes."""
    sent = {"model": "auto", **sent}
    written = {name: json.dumps(value, indent=3).encode() for name, value in own.items()}
    body = spliced(fields_of(json.dumps(sent, indent=1).encode()), "m", written)
    assert json.loads(body) == {**sent, "model": "m", **own}
    assert all(value in body for value in written.values())
