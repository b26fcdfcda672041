"""keyless: no key of a request's body is kept, and nothing else is changed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.keyless import HEADERS, NAMES, keyless

HARMLESS = st.text(max_size=8).filter(lambda name: name.lower() not in NAMES | HEADERS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 40), 1 << 40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HARMLESS, inner),
    max_leaves=12,
)


def emptied(value: Any) -> Any:
    return json.loads(keyless(json.dumps(value).encode()))


@given(st.dictionaries(HARMLESS, JSON))
def test_a_body_without_keys_stays_the_very_same_bytes(fields):
    body = json.dumps(fields, indent=1).encode()
    assert keyless(body) is body


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("spelled", [str.lower, str.title, str.upper])
def test_a_key_is_emptied_wherever_it_stands(name, spelled):
    name = {"Apikey": "apiKey"}.get(spelled(name), spelled(name))
    asked = {"model": "m", name: "c4n4ry", "tools": [{"x": {name: "c4n4ry", "y": 0.5}}]}
    assert emptied(asked) == {"model": "m", name: "", "tools": [{"x": {name: "", "y": 0.5}}]}


def test_the_headers_of_a_tools_server_and_of_the_request_are_emptied():
    server = {"type": "mcp", "server_url": "https://x", "headers": {"X-Key": "c4n4ry", "N": 1}}
    asked = {"tools": [server], "extra_headers": {"Cookie": ["c4n4ry"]}}
    assert "c4n4ry" not in json.dumps(emptied(asked))
    assert emptied(asked)["tools"][0]["headers"] == {"X-Key": "", "N": 1}


def test_a_schema_that_speaks_of_keys_and_headers_is_no_key():
    schema = {"api_key": {"type": "string"}, "headers": {"type": "object"}}
    body = json.dumps({"tools": [{"input_schema": {"properties": schema}}]}).encode()
    assert keyless(body) is body


def test_a_question_about_keys_is_no_key():
    body = b'{"messages": [{"content": "Where do I put my api_key and the authorization?"}]}'
    assert keyless(body) is body


@pytest.mark.parametrize("body", [b'{"api_key": "c4n4ry"', b'{"api_key": "\xff"}', b"[" * 99_999])
def test_a_body_that_may_hold_keys_and_cannot_be_read_is_left_out(body):
    assert keyless(body + b'"api_key"') == b""
