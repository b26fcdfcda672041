import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headgate.errors import RequestError
from headgate.values import Usage
from headgate.wire.anthropic_messages import ANTHROPIC_MESSAGES
from headgate.wire.dialect import Dialect, UnusableAnswerError
from headgate.wire.neutral import (
    File,
    Image,
    JsonFormat,
    Message,
    Part,
    Request,
    SealedThinking,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    normal,
)
from headgate.wire.openai_chat import OPENAI_CHAT
from headgate.wire.sse import Decoder
from headgate.wire.translate import Translation
from tests.wire.recordings import (
    OPENAI_TOOL_STREAM,
    TOOL_STREAM,
    exchange,
    message_start,
    openai_chunk,
    openai_stream,
    recorded,
    splits,
)

AT = 1755137921


def to_anthropic(**fields: object) -> Translation:
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}], **fields}
    inbound = OPENAI_CHAT.read(json.dumps(body).encode(), {})
    return Translation(inbound, OPENAI_CHAT, ANTHROPIC_MESSAGES, AT)


def to_openai(**fields: object) -> Translation:
    body = {
        "model": "auto",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "Hi"}],
        **fields,
    }
    inbound = ANTHROPIC_MESSAGES.read(json.dumps(body).encode(), {})
    return Translation(inbound, ANTHROPIC_MESSAGES, OPENAI_CHAT, AT)


def test_an_openai_tool_loop_reaches_anthropic():
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    way = to_anthropic(
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather and time in Paris?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"Paris"}'},
                    },
                    {
                        "id": "call_2",
                        "type": "function",
                        "function": {"name": "clock", "arguments": ""},
                    },
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "Rain"},
            {"role": "tool", "tool_call_id": "call_2", "content": "12:00"},
            {"role": "user", "content": "In French, please."},
        ],
        tools=[
            {"type": "function", "function": {"name": "weather", "parameters": schema}},
            {"type": "function", "function": {"name": "clock"}},
        ],
        tool_choice="auto",
        parallel_tool_calls=False,
        max_completion_tokens=300,
        temperature=0.2,
        stop="END",
        stream=True,
    )
    assert json.loads(way.request("claude-haiku-4-5")) == {
        "model": "claude-haiku-4-5",
        "max_tokens": 300,
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Weather and time in Paris?"},
            {
                "role": "assistant",
                "content": [
                    {
                        "type": "tool_use",
                        "id": "call_1",
                        "name": "weather",
                        "input": {"city": "Paris"},
                    },
                    {"type": "tool_use", "id": "call_2", "name": "clock", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "call_1", "content": "Rain"},
                    {"type": "tool_result", "tool_use_id": "call_2", "content": "12:00"},
                    {"type": "text", "text": "In French, please."},
                ],
            },
        ],
        "tools": [
            {"name": "weather", "input_schema": schema},
            {"name": "clock", "input_schema": {"type": "object", "properties": {}}},
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "stop_sequences": ["END"],
        "temperature": 0.2,
        "stream": True,
    }


def test_an_anthropic_tool_loop_reaches_openai():
    way = to_openai(
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        messages=[
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "iV"},
                    },
                    {"type": "text", "text": "Where is this?"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
                    {"type": "text", "text": "I look it up."},
                    {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"q": "x"}},
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "Paris"}],
            },
        ],
        tools=[{"name": "find", "description": "d", "input_schema": {"type": "object"}}],
        tool_choice={"type": "tool", "name": "find", "disable_parallel_tool_use": True},
        stop_sequences=["END"],
        stream=True,
    )
    assert json.loads(way.request("gpt-4.1-mini")) == {
        "model": "gpt-4.1-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iV"}},
                    {"type": "text", "text": "Where is this?"},
                ],
            },
            {
                "role": "assistant",
                "content": "I look it up.",
                "tool_calls": [
                    {
                        "id": "toolu_1",
                        "type": "function",
                        "function": {"name": "find", "arguments": '{"q":"x"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "toolu_1", "content": "Paris"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "find", "parameters": {"type": "object"}, "description": "d"},
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "find"}},
        "parallel_tool_calls": False,
        "max_completion_tokens": 100,
        "stop": ["END"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_every_recorded_request_can_be_sent_to_anthropic():
    sent = 0
    for one in recorded():
        if one.status != 200:
            continue
        way = Translation(OPENAI_CHAT.read(one.request, {}), OPENAI_CHAT, ANTHROPIC_MESSAGES, AT)
        body = json.loads(way.request("claude-haiku-4-5"))
        assert body["messages"][0]["role"] == "user"
        assert body["max_tokens"] > 0
        assert body.get("stream", False) is one.streamed
        sent += 1
    assert sent >= 9


def test_what_would_be_lost_is_refused_before_anything_is_sent():
    with pytest.raises(RequestError) as caught:
        to_anthropic(n=2)
    assert caught.value.param == "n"
    with pytest.raises(RequestError) as fifth:
        to_openai(stop_sequences=["1", "2", "3", "4", "5"])
    assert fifth.value.param == "stop_sequences"
    with pytest.raises(RequestError) as blank:
        to_anthropic(stop=["\n"])
    assert blank.value.param == "stop"
    open_object = {"type": "object", "additionalProperties": True}
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": open_object}}
    with pytest.raises(RequestError) as loose:
        to_anthropic(response_format=schema)
    assert loose.value.param == "response_format.json_schema.schema"


def test_headers_of_one_dialect_mean_nothing_in_the_other():
    assert to_openai().headers() == []


def sent_or_refused(body: bytes) -> str:
    try:
        inbound = OPENAI_CHAT.read(body, {})
        Translation(inbound, OPENAI_CHAT, ANTHROPIC_MESSAGES, AT).request("claude-haiku-4-5")
    except RequestError as error:
        return error.message
    return "sent"


def test_a_schema_of_any_depth_is_sent_or_refused():
    outcomes = []
    for depth in (100, 200, 400, 600, 800, 900, 950, 980, 1000, 5000, 200_000):
        schema = b'{"a":' * depth + b"1" + b"}" * depth
        tool = b'{"type":"function","function":{"name":"f","parameters":' + schema + b"}}"
        hello = b'{"model":"auto","messages":[{"role":"user","content":"Hi"}],"tools":['
        outcomes.append(sent_or_refused(hello + tool + b"]}"))
    assert outcomes[0] == "sent"
    assert outcomes[-1] == "The request body is nested too deeply."
    assert set(outcomes) == {outcomes[0], outcomes[-1]}


# ---- answers


def test_a_recorded_openai_answer_reaches_an_anthropic_caller():
    found = to_openai().answer(exchange("chat-tools").answer)
    assert json.loads(found.body) == {
        "id": "chatcmpl-C4GmWI2Sl7HnrQsKorSAZkJy94dpT",
        "type": "message",
        "role": "assistant",
        "model": "gpt-5-nano-2025-08-07",
        "content": [
            {
                "type": "tool_use",
                "id": "call_8fxy20OEu9ulvvaa5b5CzVA4",
                "name": "get_current_weather",
                "input": {"location": "Boston, MA", "unit": "fahrenheit"},
            }
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 162,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 287,
            "output_tokens_details": {"thinking_tokens": 256},
        },
    }
    assert (found.model, found.finish) == ("gpt-5-nano-2025-08-07", "tool_calls")
    assert found.usage == Usage(input=162, output=287, reasoning=256)


def test_an_anthropic_answer_reaches_an_openai_caller():
    body = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5-20251001",
        "content": [{"type": "text", "text": "Rain."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 20, "output_tokens": 3},
    }
    found = to_anthropic().answer(json.dumps(body).encode())
    told = json.loads(found.body)
    assert told["choices"][0]["message"]["content"] == "Rain."
    assert told["created"] == AT
    assert told["model"] == "claude-haiku-4-5-20251001"
    assert told["usage"]["prompt_tokens"] == 25
    assert told["usage"]["prompt_tokens_details"]["cached_tokens"] == 20
    assert found.usage == Usage(input=5, output=3, cache_read=20)


def test_an_unusable_answer_is_unusable_in_translation_too():
    with pytest.raises(UnusableAnswerError):
        to_anthropic().answer(b'{"content": []}')
    assert read_or_unusable(100) == "read"
    assert {read_or_unusable(depth) for depth in (*range(150, 1100, 50), 200_000)} == {
        "read",
        "unusable",
    }


def read_or_unusable(depth: int) -> str:
    deep = b'{"x":' * depth + b"1" + b"}" * depth
    block = b'{"type":"tool_use","id":"1","name":"f","input":' + deep + b"}"
    try:
        to_anthropic().answer(b'{"content":[' + block + b"]}")
    except UnusableAnswerError:
        return "unusable"
    return "read"


def test_a_providers_error_keeps_its_message():
    own = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    assert json.loads(to_anthropic().error(529, own))["error"] == {
        "message": "Overloaded",
        "type": "server_error",
        "param": None,
        "code": None,
    }
    other = exchange("chat-unknown-model").answer
    assert json.loads(to_openai().error(404, other)) == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "The model `gpt-4.1-nano-wrong` does not exist or you do not have access "
            "to it.",
        },
    }


# ---- streams


def passed(way: Translation, *chunks: bytes) -> tuple[bytes, Usage | None]:
    flow = way.flow()
    out = b"".join([flow.feed(chunk) for chunk in chunks]) + flow.end()
    assert flow.complete
    return out, flow.usage


def deltas(stream: bytes) -> list[object]:
    """OpenAI's stream in short."""
    found: list[object] = []
    for event in Decoder().feed(stream):
        if event.data == b"[DONE]":
            found.append("DONE")
            continue
        chunk = json.loads(event.data or b"")
        found += [one["finish_reason"] or one["delta"] for one in chunk["choices"]]
        if chunk.get("usage"):
            found.append(chunk["usage"]["total_tokens"])
    return found


def test_an_anthropic_stream_reaches_an_openai_caller():
    way = to_anthropic(stream=True, stream_options={"include_usage": True})
    out, usage = passed(way, TOOL_STREAM)

    def call(index: int, **more: object) -> dict[str, object]:
        return {"tool_calls": [{"index": index, **more}]}

    assert deltas(out) == [
        {"role": "assistant", "content": "", "refusal": None},
        {"reasoning_content": "The weather… 天気"},
        {"content": "I look "},
        {"content": "it up ☂."},
        call(0, id="toolu_01A", type="function", function={"name": "get_weather", "arguments": ""}),
        call(0, function={"arguments": '{"city": "Par'}),
        call(0, function={"arguments": 'is"}'}),
        call(1, id="toolu_01B", type="function", function={"name": "get_time", "arguments": ""}),
        call(1, function={"arguments": '{"zone": "CET"}'}),
        "tool_calls",
        131,
        "DONE",
    ]
    assert usage is not None
    assert usage.total_input + usage.output == 131
    assert b"EqQBCgIYAh" not in out


def test_an_openai_caller_who_did_not_ask_gets_no_usage_and_the_books_do():
    out, usage = passed(to_anthropic(stream=True), TOOL_STREAM)
    assert b'"usage"' not in out
    assert usage is not None


def test_an_openai_stream_reaches_an_anthropic_caller():
    out, usage = passed(to_openai(stream=True), OPENAI_TOOL_STREAM)
    kinds = [event.name.decode() for event in Decoder().feed(out)]
    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    last = json.loads(Decoder().feed(out)[-2].data or b"")
    assert last["delta"]["stop_reason"] == "tool_use"
    assert last["usage"]["input_tokens"] == 24
    assert usage == Usage(input=24, output=9, cache_read=16, reasoning=4)


@pytest.mark.parametrize(
    ("way", "stream"),
    [
        (to_anthropic(stream=True, stream_options={"include_usage": True}), TOOL_STREAM),
        (to_anthropic(stream=True), TOOL_STREAM.replace(b"\n", b"\r\n")),
        (to_openai(stream=True), OPENAI_TOOL_STREAM),
    ],
    ids=["anthropic", "anthropic with CR LF", "openai"],
)
def test_a_split_at_any_byte_gives_the_same_bytes_and_usage(way, stream):
    whole = passed(way, stream)
    for left, right in splits(stream):
        assert passed(way, left, right) == whole


def test_a_recorded_stream_split_anywhere_reaches_an_anthropic_caller_alike():
    stream = exchange("chat-streaming-detailed-usage").answer
    whole = passed(to_openai(stream=True), stream)
    assert whole[1] == Usage(input=12, output=100, reasoning=100)
    assert b'"stop_reason":"max_tokens"' in whole[0]
    for left, right in splits(stream):
        assert passed(to_openai(stream=True), left, right) == whole


def test_a_stream_translated_there_and_back_says_the_same():
    there, usage = passed(to_openai(stream=True), OPENAI_TOOL_STREAM)
    back, same = passed(to_anthropic(stream=True, stream_options={"include_usage": True}), there)
    assert usage == same
    assert said(back) == said(OPENAI_TOOL_STREAM)


def said(stream: bytes) -> tuple[str, dict[int, list[str]], object]:
    """Text, the pieces of each call, and how it ended, of a stream in OpenAI's dialect."""
    text = ""
    calls: dict[int, list[str]] = {}
    for one in deltas(stream):
        if isinstance(one, dict):
            text += one.get("content") or ""
            for call in one.get("tool_calls", []):
                function = call["function"]
                calls.setdefault(call["index"], []).append(
                    call.get("id", "") + function.get("name", "") + function["arguments"]
                )
    return text, calls, deltas(stream)[-3:]


def test_a_cut_stream_ends_in_an_error_of_the_callers_dialect():
    for at in range(0, len(TOOL_STREAM) - 30, 97):
        flow = to_anthropic(stream=True).flow()
        out = flow.feed(TOOL_STREAM[:at]) + flow.end()
        assert OPENAI_CHAT.is_problem(out[out.rindex(b"data: ") + 6 :].strip())
        assert b"[DONE]" not in out
        assert not flow.complete
    for at in range(0, len(OPENAI_TOOL_STREAM) - 30, 97):
        flow = to_openai(stream=True).flow()
        out = flow.feed(OPENAI_TOOL_STREAM[:at]) + flow.end()
        assert ANTHROPIC_MESSAGES.is_problem(out[out.rindex(b"data: ") + 6 :].strip())
        assert b"message_stop" not in out


def test_a_providers_error_event_is_translated():
    flow = to_openai(stream=True).flow()
    out = flow.feed(openai_stream({"error": {"message": "Boom", "code": 429}}, done=False))
    assert out.startswith(b"event: error\n")
    assert b"Boom" in out
    assert flow.end() == b""
    assert flow.error == "Boom"


def test_half_a_surrogate_pair_can_be_written():
    flow = to_openai(stream=True).flow()
    out = flow.feed(b'data: {"choices":[{"delta":{"content":"ok \\ud83d"}}]}\n\n')
    assert "ok �".encode() in out


def test_the_first_bytes_do_not_wait_for_text():
    flow = to_openai(stream=True).flow()
    assert b"message_start" in flow.feed(
        openai_stream(openai_chunk({"role": "assistant", "content": ""}), done=False)
    )
    start = f"event: message_start\ndata: {json.dumps(message_start())}\n\n".encode()
    assert b'"role":"assistant"' in to_anthropic(stream=True).flow().feed(start)


@given(st.lists(st.binary(), max_size=4))
def test_any_bytes_end_in_an_error_event(chunks):
    assume(b"[DONE]" not in b"".join(chunks))  # which is a whole stream, if an empty one
    for way, caller in ((to_openai(), ANTHROPIC_MESSAGES), (to_anthropic(), OPENAI_CHAT)):
        flow = way.flow()
        out = b"".join([flow.feed(chunk) for chunk in chunks]) + flow.end()
        assert caller.is_problem(out[out.rindex(b"data: ") + 6 :].strip())


# ---- round trips: neutral -> dialect -> neutral keeps what the dialect can say

_TEXT = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip() == text)
_NAME = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
_IMAGE = st.builds(
    Image, st.just("aGk="), st.sampled_from(["image/png", "image/jpeg"])
) | st.builds(Image, url=st.just("https://example.com/a.png"))
_PDF = st.builds(
    File, st.just("JVBERi0="), st.just("application/pdf"), name=st.sampled_from(["a.pdf", "b.pdf"])
)
_CALL = st.builds(
    ToolCall,
    _NAME,
    _NAME,
    st.dictionaries(_NAME, st.integers(), max_size=2).map(
        lambda found: json.dumps(found, separators=(",", ":"))
    ),
)
_USER = st.lists(
    _TEXT.map(Text)
    | _IMAGE
    | _PDF
    | st.builds(ToolResult, _NAME, st.lists(_TEXT.map(Text), max_size=1).map(tuple)),
    min_size=1,
    max_size=3,
)
_THOUGHT = st.builds(Thinking, _TEXT, _NAME) | st.builds(SealedThinking, _NAME)


def _conversation(
    assistant: st.SearchStrategy[list[Part]],
) -> st.SearchStrategy[tuple[Message, ...]]:
    turn = st.tuples(_USER, assistant).map(
        lambda pair: [Message("user", tuple(pair[0])), Message("assistant", tuple(pair[1]))]
    )
    return st.tuples(st.lists(turn, max_size=2), _USER).map(
        lambda found: normal(
            [message for turn in found[0] for message in turn] + [Message("user", tuple(found[1]))]
        )
    )


# OpenAI has a turn's text before its calls, Anthropic any order and reasoning
_OPENAI_TURN: st.SearchStrategy[list[Part]] = st.tuples(
    st.lists(_TEXT.map(Text), min_size=1, max_size=2), st.lists(_CALL, max_size=2)
).map(lambda pair: [*pair[0], *pair[1]])
_ANTHROPIC_TURN: st.SearchStrategy[list[Part]] = st.lists(
    _TEXT.map(Text) | _CALL | _THOUGHT, min_size=1, max_size=3
)

_CLOSED: dict[str, object] = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
_TOOLS = st.lists(
    st.builds(Tool, _NAME, st.just(_CLOSED), st.none() | _TEXT, st.booleans()),
    min_size=1,
    max_size=2,
    unique_by=lambda tool: tool.name,
).map(tuple)
_CHOICE = st.none() | st.sampled_from(
    [ToolChoice("auto"), ToolChoice("none"), ToolChoice("required"), ToolChoice("tool", "f")]
)
_REQUESTS = {
    "system": st.just("") | _TEXT,
    "tools": _TOOLS,
    "tool_choice": _CHOICE,
    "max_tokens": st.integers(1, 10_000),
    "temperature": st.none() | st.floats(0, 1),
    "stop": st.lists(_NAME, max_size=4).map(tuple),
    "user": st.none() | _NAME,
    "stream": st.booleans(),
}


def _back(dialect: Dialect, request: Request, model: str) -> Request:
    body = dialect.write_request(request, model)
    return dialect.read_request(dialect.read(body, {}), "another")


OPENAI_REQUESTS = st.builds(
    Request,
    messages=_conversation(_OPENAI_TURN),
    parallel=st.none() | st.booleans(),
    top_p=st.none() | st.floats(0, 1),
    format=st.none()
    | st.just(JsonFormat())
    | st.builds(JsonFormat, st.just(_CLOSED), _NAME, st.none() | _TEXT, st.booleans()),
    **_REQUESTS,
)
ANTHROPIC_REQUESTS = st.builds(
    Request,
    messages=_conversation(_ANTHROPIC_TURN),
    parallel=st.none(),
    format=st.none() | st.just(JsonFormat(_CLOSED, strict=True)),
    **_REQUESTS,
)


@given(OPENAI_REQUESTS)
def test_openai_keeps_what_it_can_say(request):
    found = _back(OPENAI_CHAT, request, "some-model")
    said = Request(
        **{
            name: getattr(request, name)
            for name in Request.__struct_fields__
            if name != "stream_usage"
        },
        stream_usage=request.stream,
    )
    assert found == said


@given(ANTHROPIC_REQUESTS)
def test_anthropic_keeps_what_it_can_say(request):
    assert _back(ANTHROPIC_MESSAGES, request, "claude-haiku-4-5") == request
