"""platforms: where calls to Claude in a cloud go, and what they wear."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest

from headgate.wire.platforms import BEDROCK, PLATFORMS, VERTEX, Call, bedrock_body

COUNT = "/v1/messages/count_tokens"


def call(platform, path="/v1/messages", headers=(), **fields):
    place, _ = platform.place("/base", path, headers)
    found: Call = place.call(json.dumps(fields).encode())
    return found.path, json.loads(found.body)


def test_a_model_of_vertex_is_in_the_path_and_the_version_in_the_body():
    path, body = call(VERTEX, model="claude-haiku-4-5@20251001", max_tokens=1)
    assert path == "/base/publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict"
    assert body == {"max_tokens": 1, "anthropic_version": "vertex-2023-10-16"}


def test_a_stream_of_vertex_has_another_verb_and_says_so_in_its_body():
    path, body = call(VERTEX, model="m", stream=True)
    assert path.endswith("/m:streamRawPredict")
    assert body["stream"] is True
    assert call(VERTEX, model="m", stream=False)[0].endswith("/m:rawPredict")


def test_a_count_of_vertex_names_its_model_in_the_body():
    path, body = call(VERTEX, COUNT, model="m", messages=[])
    assert path.endswith("/publishers/anthropic/models/count-tokens:rawPredict")
    assert body["model"] == "m"


@pytest.mark.parametrize("model", ["../../x", "a/b", "a?b", "a#b", "a b\r\nx: y", "ü", ";x"])
def test_no_name_of_a_model_leads_elsewhere(model: str):
    path, _ = call(VERTEX, model=model)
    assert path.startswith("/base/publishers/anthropic/models/")
    assert path.isascii()
    rest = path.removeprefix("/base/publishers/anthropic/models/")
    assert not set(rest) & set("/?#; \r\n")


def test_keys_are_bearers_and_headers_of_the_plain_api_stay_behind():
    for platform in PLATFORMS.values():
        given = [*platform.headers("k"), ("anthropic-version", "2023-06-01"), ("x-team", "a")]
        _, kept = platform.place("", "/v1/messages", given)
        assert ("authorization", "Bearer k") in kept
        assert ("x-team", "a") in kept
        assert "anthropic-version" not in dict(kept)
        assert "authorization" not in dict(platform.headers(None))


def test_what_a_caller_has_written_stays_as_it_was():
    place, _ = VERTEX.place("", "/v1/messages", ())
    sent = b'{"model":"m","temperature":0.70,"metadata":{"a" : 1e3}}'
    assert b'"temperature":0.70,"metadata":{"a" : 1e3}' in place.call(sent).body


def test_a_model_of_bedrock_is_in_the_path_and_the_stream_too():
    model = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    path, body = call(BEDROCK, model=model, max_tokens=1, stream=False)
    assert path == "/base/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke"
    assert body == {"max_tokens": 1, "anthropic_version": "bedrock-2023-05-31"}
    path, body = call(BEDROCK, model=model, stream=True)
    assert path.endswith("/invoke-with-response-stream")
    assert "stream" not in body


@pytest.mark.parametrize(
    ("model", "part"),
    [
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/x", "%2Fx"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("a/../b", "a%2F..%2Fb"),
    ],
)
def test_no_name_of_a_model_leads_elsewhere_in_bedrock(model: str, part: str):
    path, _ = call(BEDROCK, model=model)
    assert path.count("/") == 4
    assert part in path


def test_betas_go_into_the_body_of_bedrock_where_it_has_none():
    betas = [("anthropic-beta", "a-1, b-2,")]
    assert call(BEDROCK, headers=betas, model="m")[1]["anthropic_beta"] == ["a-1", "b-2"]
    assert call(BEDROCK, headers=betas, model="m", anthropic_beta=["c"])[1]["anthropic_beta"] == [
        "c"
    ]
    assert "anthropic-beta" not in dict(BEDROCK.place("", "/v1/messages", betas)[1])
    assert dict(VERTEX.place("", "/v1/messages", betas)[1]) == dict(betas)


def test_a_count_of_bedrock_holds_the_call_that_it_is_about_and_asks_no_profile():
    path, body = call(BEDROCK, COUNT, model="eu.anthropic.claude-x", messages=[])
    assert path == "/base/model/anthropic.claude-x/count-tokens"
    inner = json.loads(b64decode(body["input"]["invokeModel"]["body"]))
    assert inner == {"messages": [], "anthropic_version": "bedrock-2023-05-31", "max_tokens": 1}


def test_errors_of_bedrock_have_the_shape_of_the_dialect_and_their_own_words():
    for key in ("message", "Message"):
        status, body = bedrock_body(429, json.dumps({key: "Slow."}).encode(), counting=False)
        told = {"type": "rate_limit_error", "message": "Slow."}
        assert (status, json.loads(body)) == (429, {"type": "error", "error": told})
    for other in (b"<html>", b"[]", b"{}", b'{"message":7}'):
        assert bedrock_body(502, other, counting=False) == (502, other)
    assert bedrock_body(200, b'{"message":"x"}', counting=False) == (200, b'{"message":"x"}')


def test_a_model_that_counts_no_tokens_is_no_fault_of_the_request():
    assert bedrock_body(200, b'{"inputTokens":7}', counting=True) == (200, b'{"input_tokens":7}')
    none = b'{"message":"The provided model doesn\'t support counting tokens."}'
    assert bedrock_body(400, none, counting=True)[0] == 501
    assert bedrock_body(400, none, counting=False)[0] == 400
    assert bedrock_body(400, b'{"message":"messages: required"}', counting=True)[0] == 400
