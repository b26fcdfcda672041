"""The cost in a stream's last usage: where it is put, and that nothing else changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.usage_cost import with_cost


def told(data: str, path: tuple[str, ...] = ("usage",)) -> bytes:
    return with_cost(f"data: {data}\n\n".encode(), path, "0.0012")


def test_the_cost_is_the_first_field_of_the_usage_and_all_other_bytes_stay():
    block = b'event: x\ndata: {"a":  1e3, "usage" : {"n": 1, "m":{}}, "z": "\xc3\xa4"}\n\n'
    assert with_cost(block, ("usage",), "0.0012") == (
        b'event: x\ndata: {"a":  1e3, "usage" : {"cost_usd":0.0012,"n": 1, "m":{}}, '
        b'"z": "\xc3\xa4"}\n\n'
    )


def test_the_usage_is_the_one_that_the_path_leads_to():
    tool = {"parameters": {"usage": {"type": "object"}}}
    response = {"tools": [tool], "usage": {"n": 1}, "text": 'the "usage": {"n": 1} of words'}
    out = told(json.dumps({"response": response}), ("response", "usage"))
    found = json.loads(out.partition(b"data: ")[2])["response"]
    assert found == response | {"usage": {"cost_usd": 0.0012, "n": 1}}


@pytest.mark.parametrize(
    "data",
    ["[DONE]", "{}", '{"usage": null}', '{"usage": [1]}', '{"usage', '{"response": 1}', "\x00"],
)
def test_what_holds_no_usage_stays_as_it_is(data):
    assert told(data) == f"data: {data}\n\n".encode()
    assert told(data, ("response", "usage")) == f"data: {data}\n\n".encode()


def test_an_empty_usage_gets_the_cost_alone():
    assert told('{"usage":{ }}') == b'data: {"usage":{"cost_usd":0.0012 }}\n\n'


def test_a_comment_is_no_event():
    assert with_cost(b": ping\n\n", ("usage",), "1") == b": ping\n\n"


JSON = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("usage"), inner),
)


@given(st.dictionaries(st.text() | st.just("usage"), JSON))
def test_only_the_cost_is_added_to_any_event(event):
    said = json.dumps(event)
    found = json.loads(told(said).partition(b"data: ")[2])
    if isinstance(event.get("usage"), dict) and said.count('"usage"') == 1:
        assert found["usage"].pop("cost_usd") == 0.0012
    assert found == event or said.count('"usage"') > 1
