import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import RequestError
from headgate.wire.anthropic_messages.inbound import read
from headgate.wire.anthropic_messages.thinking import forget, mend
from tests.wire.recordings import Json

REFUSED = (
    b'{"type":"error","error":{"type":"invalid_request_error",'
    b'"message":"messages.1.content.0: Invalid `signature` in `thinking` block"}}'
)
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
SEALED = {"type": "redacted_thinking", "data": "x"}
USE = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "42"}
HI = {"role": "user", "content": "Hi"}


def assistant(*blocks) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def mended(*messages: Json, status: int = 400, body: bytes = REFUSED, **fields) -> Json:
    whole = {"model": "m", "max_tokens": 9, "messages": messages, **fields}
    found = mend(read(json.dumps(whole).encode(), {}), status, body)
    return {name: json.loads(value) for name, value in found.items()}


def test_thinking_signed_and_sealed_is_taken_out_of_the_history():
    text = {"type": "text", "text": "So.", "cache_control": {"type": "ephemeral"}}
    history = [HI, assistant(THOUGHT, SEALED, text), HI]
    assert mended(*history) == {"messages": [HI, assistant(text), HI]}


def test_a_turn_of_nothing_but_thinking_goes():
    assert mended(HI, assistant(THOUGHT), HI) == {"messages": [HI, HI]}


def test_a_budget_of_thinking_is_given_up_in_the_middle_of_a_tool_loop():
    loop = [HI, assistant(THOUGHT, USE), {"role": "user", "content": [RESULT]}]
    budget = {"type": "enabled", "budget_tokens": 1024}
    assert mended(*loop, thinking=budget)["thinking"] == {"type": "disabled"}
    assert "thinking" not in mended(*loop, thinking={"type": "adaptive"})
    assert "thinking" not in mended(*loop, HI, thinking=budget)


@pytest.mark.parametrize(
    "body",
    [
        REFUSED,
        b'{"error":{"message":"messages.3.content.0.thinking.signature: Field required"}}',
        b'{"error":{"message":"a final `assistant` message must start with a thinking` block"}}',
    ],
)
def test_the_refusals_that_thinking_can_be_to_blame_for(body):
    assert mended(HI, assistant(THOUGHT, USE), HI, body=body)


def test_other_refusals_and_histories_without_thinking_are_not_mended():
    assert mended(HI, assistant(THOUGHT), HI, status=500) == {}
    assert mended(HI, assistant(THOUGHT), HI, body=b'{"error":{"message":"no such tool"}}') == {}
    assert mended(HI, {"role": "assistant", "content": "So."}, HI) == {}
    said = {"role": "user", "content": [{"type": "text", "text": "thinking"}]}
    assert mended(said) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BLOCKS = st.lists(st.sampled_from([THOUGHT, SEALED, USE, RESULT]) | JSON, max_size=4)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant"]), "content": BLOCKS | st.text()}
    ),
    min_size=1,
    max_size=4,
)


@given(MESSAGES, JSON | st.sampled_from([{"type": "enabled"}]))
def test_whatever_is_read_as_a_request_can_be_mended(messages, thinking):
    body = {"model": "m", "max_tokens": 9, "messages": messages, "thinking": thinking}
    try:
        inbound = read(json.dumps(body).encode(), {})
    except RequestError:
        return
    fields = mend(inbound, 400, REFUSED)
    left = json.loads(fields.get("messages", b"[]"))
    spoken = [one["content"] for one in left if one["role"] == "assistant"]
    assert THOUGHT not in [block for content in spoken for block in content]


def forgotten(first: int, *messages: Json, **fields) -> Json:
    whole = {"model": "m", "max_tokens": 9, "messages": messages, **fields}
    found = forget(read(json.dumps(whole).encode(), {}), first)
    return {name: json.loads(value) for name, value in found.items()}


def test_what_is_foreign_is_forgotten_and_what_came_later_stays():
    text = {"type": "text", "text": "So."}
    history = [HI, assistant(THOUGHT, text), HI, assistant(THOUGHT, text), HI]
    assert forgotten(3, *history) == {
        "messages": [HI, assistant(text), HI, assistant(THOUGHT, text), HI]
    }
    assert forgotten(99, *history) == mended(*history)
    assert forgotten(1, *history) == {}


def test_a_tool_loop_that_its_own_thinking_began_goes_on_thinking():
    text = {"type": "text", "text": "So."}
    budget = {"type": "enabled", "budget_tokens": 1024}
    history = [HI, assistant(THOUGHT, text), HI, assistant(THOUGHT, USE)]
    history.append({"role": "user", "content": [RESULT]})
    assert "thinking" not in forgotten(3, *history, thinking=budget)
    assert forgotten(99, *history, thinking=budget)["thinking"] == {"type": "disabled"}
