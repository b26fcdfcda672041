"""easing: what a model has refused of a request that only tunes the answer is left out of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.easing import Easing, anthropic_easings, eased, openai_easings
from headgate.wire.lane import DIALECTS, lane, read
from headgate.wire.lane import Easing as Exported
from headgate.wire.passthrough import Passthrough
from headgate.wire.problems import read_problem


def changed(fields: dict[str, Any], *easings: Easing) -> tuple[dict[str, Any], list[str]]:
    """A request's fields after easings, and the names of those left out."""
    raws = {
        name: json.dumps(value, separators=(",", ":")).encode() for name, value in fields.items()
    }
    changes, left = eased(raws, easings)
    after: dict[str, bytes | None] = {**raws, **changes}
    return {name: json.loads(raw) for name, raw in after.items() if raw is not None}, left


def test_a_field_is_left_out_moved_replaced_or_lowered():
    assert changed({"a": 1, "b": 2}, Easing("a")) == ({"b": 2}, ["a"])
    assert changed({"a": 1}, Easing("a", moved="b")) == ({"b": 1}, [])
    assert changed({"a": 1}, Easing("a", value=b"2")) == ({"a": 2}, ["a"])
    assert changed({"a": 9}, Easing("a", most=5)) == ({"a": 5}, [])


def test_a_limit_is_lowered_under_the_name_that_it_gets():
    easings = (Easing("b", most=5), Easing("a", moved="b"))
    assert changed({"a": 9}, *easings) == ({"b": 5}, [])


def test_a_field_within_another_is_left_out_alone_and_the_last_one_with_it():
    fields = {"a": {"b": 1, "c": 2}}
    assert changed(fields, Easing("a.b")) == ({"a": {"c": 2}}, ["a.b"])
    assert changed(fields, Easing("a.b"), Easing("a.c")) == ({}, ["a.b", "a.c"])


@pytest.mark.parametrize(
    ("fields", "easing"),
    [
        ({"b": 1}, Easing("a")),
        ({"a": None}, Easing("a")),
        ({"a": "x"}, Easing("a", where=b"y")),
        ({"a": 1}, Easing("a", along="b")),
        ({"a": 1}, Easing("a.b")),
        ({"a": {"c": 1}}, Easing("a.b")),
        ({"a": 5}, Easing("a", most=5)),
        ({"a": "many"}, Easing("a", most=5)),
    ],
)
def test_what_does_not_concern_a_request_changes_nothing_of_it(fields, easing):
    assert changed(fields, easing) == (fields, [])


def test_a_field_may_go_along_with_another():
    both = (Easing("a", where=b"1"), Easing("b", along="a"))
    assert changed({"a": 1, "b": 2}, *both) == ({}, ["a", "b"])
    assert changed({"a": 2, "b": 2}, *both) == ({"a": 2, "b": 2}, [])


NAMES = st.sampled_from(["a", "b", "c", "a.b", "b.c"])
EASINGS = st.lists(
    st.builds(
        Easing,
        NAMES,
        moved=st.sampled_from(["", "d"]),
        value=st.sampled_from([b"", b"0"]),
        along=st.sampled_from(["", "a"]),
        most=st.sampled_from([0, 0, 3]),
    ),
    max_size=5,
)
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from("abc"), VALUES), EASINGS)
def test_what_is_eased_stays_json_and_what_is_not_named_stays_as_it_is(fields, easings):
    after, left = changed(fields, *easings)
    touched = {name.split(".")[0] for easing in easings for name in (easing.field, easing.moved)}
    for name, value in fields.items():
        if name not in touched:
            assert after[name] == value
    assert set(left) <= {easing.field for easing in easings}


HERE = "is not supported with this model."
OPENAI = [
    (f"Unsupported parameter: 'top_p' {HERE}", "top_p", [Easing("top_p")]),
    (f"Unsupported parameter: 'top_p' {HERE}", None, [Easing("top_p")]),
    (
        "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default",
        "temperature",
        [Easing("temperature")],
    ),
    (
        "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model.",
        "reasoning_effort",
        [
            Easing("reasoning_effort", lasting=False),  # another level may be taken
            Easing("reasoning.effort", lasting=False),
        ],
    ),
    (
        f"Unsupported parameter: 'max_tokens' {HERE} Use 'max_completion_tokens' instead.",
        "max_tokens",
        [Easing("max_tokens", moved="max_completion_tokens")],
    ),
    (
        "Unrecognized request argument supplied: max_completion_tokens",
        None,
        [Easing("max_completion_tokens", moved="max_tokens")],
    ),
    (
        "Unrecognized request argument supplied: reasoning_effort",
        None,
        [Easing("reasoning_effort"), Easing("reasoning.effort")],
    ),
    (
        f"Unsupported parameter: 'reasoning.effort' {HERE}",
        "reasoning.effort",
        [Easing("reasoning.effort")],
    ),
    (
        f"Encrypted content {HERE}",
        "include",
        [Easing("include", where=b'["reasoning.encrypted_content"]')],
    ),
    (
        "max_tokens is too large: 32000. This model supports at most 16384 completion tokens",
        "max_tokens",
        [Easing("max_tokens", most=16384)],
    ),
    (
        'Unknown name "user": Cannot find field.\nUnknown name "seed": Cannot find field.',
        None,
        [Easing("user"), Easing("seed")],
    ),
    ("property 'store' is unsupported, did you mean 'stop'?", None, [Easing("store")]),
    ("`metadata` is not supported with this model", "metadata", [Easing("metadata")]),
    (
        "Model grok-4-latest does not support parameter reasoningEffort.",
        None,
        [Easing("reasoning_effort"), Easing("reasoning.effort")],
    ),
    (
        "Model grok-4 does not support parameter presencePenalty.",
        None,
        [Easing("presence_penalty")],
    ),
    ("'messages.1' : property 'metadata' is unsupported", None, []),
    ("Model grok-4 does not support parameter stop.", None, []),
    # what makes it another answer, or has another price, is not left out
    (f"Unsupported parameter: 'stop' {HERE}", "stop", []),
    ("Unsupported value: 'service_tier' does not support 'flex'.", "service_tier", []),
    ("Unsupported value: 'messages[0].role' does not support 'system'.", "messages[0].role", []),
    ("Invalid 'temperature': decimal above maximum value.", "temperature", []),
    ("Something went wrong.", None, []),
    ("max_tokens is too large: 9. This model supports at most 0 completion tokens", None, []),
    # a caller's words, repeated
    (
        "Invalid value: 'Unsupported parameter: 'reasoning_effort''. Supported values are: 'low'.",
        "reasoning_effort",
        [],
    ),
]


@pytest.mark.parametrize(("message", "param", "easings"), OPENAI)
def test_openais_refusals_name_the_field(message, param, easings):
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": None}
    body = json.dumps({"error": error}).encode()
    for name in ("openai", "openai-responses"):
        assert DIALECTS[name].easings(read_problem(400, body)) == easings
    assert openai_easings(read_problem(422, body)) == []


NO_THINKING = (Easing("context_management", where=b"clear_thinking", along="thinking"),)
ADAPTIVE = Easing("thinking", value=b'{"type":"adaptive"}', where=b'"enabled"')
EFFORT = Easing("output_config.effort")
NO_SUCH, NOT_BOTH = EFFORT._replace(lasting=False), Easing("top_p", lasting=False)
ANTHROPIC = [
    (
        "adaptive thinking is not supported on this model",
        [Easing("thinking", where=b'"adaptive"'), *NO_THINKING],
    ),
    ("'claude-3-5-haiku' does not support thinking.", [Easing("thinking"), *NO_THINKING]),
    ('"thinking.type.enabled" is not supported for this model. Use "thinking', [ADAPTIVE]),
    ("This model does not support the effort parameter.", [EFFORT]),
    ("output_config.effort 'xhigh' is not supported when thinking is disabled on this", [NO_SUCH]),
    ("`temperature` is deprecated for this model.", [Easing("temperature")]),
    ("temperature is deprecated for this model.", [Easing("temperature")]),
    ("`top_k` is deprecated for this model.", [Easing("top_k")]),
    ("`temperature` and `top_p` cannot both be specified for this model.", [NOT_BOTH]),
    (
        "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive",
        [Easing("context_management", where=b"clear_thinking", lasting=False)],
    ),
    (
        "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for x",
        [Easing("max_tokens", most=8192)],
    ),
    ("max_tokens: 9 > 0, which is the maximum allowed number of output tokens for x", []),
    ("messages.0.content: Field required", []),
    ("thinking: Input tag 'does not support thinking' found using 'type' does not match any", []),
    ("`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.", []),
]


@pytest.mark.parametrize(("message", "easings"), ANTHROPIC)
def test_anthropics_refusals_are_read_from_their_words(message, easings):
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    body = json.dumps(error).encode()
    assert DIALECTS["anthropic"].easings(read_problem(400, body)) == easings
    assert anthropic_easings(read_problem(529, body)) == []


def messages(**fields: Any) -> Passthrough:
    """The way of a Messages request to a provider of its own dialect."""
    least = {"model": "auto", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    way = lane(read("anthropic", json.dumps(least | fields).encode(), {}), "anthropic", at=0)
    assert isinstance(way, Passthrough)
    return way


def no(message: str) -> bytes:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    return json.dumps(error).encode()


def test_a_lane_heeds_one_refusal_after_the_other_and_none_twice():
    edits = {"edits": [{"type": "clear_thinking_20251015"}]}
    way = messages(
        thinking={"type": "adaptive"},
        output_config={"effort": "high", "format": {"type": "json_schema", "schema": {}}},
        context_management=edits,
    )
    assert way.refused(400, no("adaptive thinking is not supported on this model"))
    assert way.refused(400, no("This model does not support the effort parameter."))
    sent = json.loads(way.request("claude-haiku-4-5"))
    assert set(sent) == {"model", "max_tokens", "messages", "output_config"}
    assert set(sent["output_config"]) == {"format"}
    assert way.left_out("") == ("thinking", "context_management", "output_config.effort")
    assert not way.refused(400, no("adaptive thinking is not supported on this model"))
    assert not way.refused(400, no("This model does not support the effort parameter."))


def test_what_is_refused_for_another_reason_or_is_not_there_is_not_heeded():
    way = messages(temperature=1)
    before = way.request("m")
    assert not way.refused(400, no("messages.0: bad"))
    assert not way.refused(400, no("`top_k` is deprecated for this model."))
    assert not way.refused(529, no("`temperature` is deprecated for this model."))
    assert way.request("m") == before
    assert way.left_out("m") == ()


def test_two_limits_that_are_each_refused_for_the_other_come_to_an_end():
    body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}
    way = lane(read("openai", json.dumps(body).encode(), {}), "openai", at=0)
    heeded = 0
    for _ in range(9):
        for name in ("max_tokens", "max_completion_tokens"):
            text = f"Unsupported parameter: '{name}' is not supported with this model."
            heeded += bool(way.refused(400, json.dumps({"error": {"message": text}}).encode()))
    assert heeded == 2


def chat(**fields: Any) -> Passthrough:
    """The way of a Chat Completions request to a provider of its own dialect."""
    least = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
    way = lane(read("openai", json.dumps(least | fields).encode(), {}), "openai", at=0)
    assert isinstance(way, Passthrough)
    return way


LIMITED = "max_tokens is too large: 99999. This model supports at most 16384 completion tokens"


def test_what_is_known_and_has_changed_nothing_may_still_be_refused():
    way = chat(max_tokens=99999)
    assert not way.ease([Easing("max_completion_tokens", most=16384)])
    assert way.ease([Easing("max_tokens", moved="max_completion_tokens")])
    assert not way.heeded, "no refusal has said so of this request"
    error = {"message": LIMITED, "param": "max_completion_tokens"}
    assert way.refused(400, json.dumps({"error": error}).encode())
    assert json.loads(way.request("m"))["max_completion_tokens"] == 16384
    assert way.heeded == (Easing("max_completion_tokens", most=16384),)


def test_all_that_is_known_of_a_model_spares_the_refusal():
    way = chat(max_tokens=99999)
    known = Easing("max_completion_tokens", most=16384)
    assert way.ease([known, Easing("max_tokens", moved="max_completion_tokens")])
    assert json.loads(way.request("m"))["max_completion_tokens"] == 16384


def test_a_limit_that_falls_with_every_refusal_comes_to_an_end():
    way = messages(max_tokens=99999)
    words = "max_tokens: 99999 > {}, which is the maximum allowed number of output tokens for x"
    heeded = [bool(way.refused(400, no(words.format(99998 - n)))) for n in range(9)]
    assert heeded == [True] + 8 * [False]


def test_the_face_of_wire_shows_what_a_gateway_remembers():
    assert Exported is Easing
