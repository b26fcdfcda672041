"""platforms: where calls to Claude in a cloud go, and what they wear."""

from __future__ import annotations

import json

import pytest

from headgate.wire.platforms import PLATFORMS, VERTEX, Call

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
