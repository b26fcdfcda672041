"""paths: which path is meant, and what is said at the others."""

from __future__ import annotations

import pytest

from headgate.gateway.paths import DIALECTS, meant, not_allowed, nothing_at, of_response

SERVED = [*DIALECTS, "/v1/models", "/healthz"]


@pytest.mark.parametrize("path", [*DIALECTS, "/v1/models", "/v1/models/sim/large"])
def test_a_base_url_with_one_version_too_few_or_too_many_is_understood(path):
    assert meant(path) == path
    assert meant(path.removeprefix("/v1")) == path
    assert meant(f"/v1{path}") == path
    assert meant(f"/v1/v1{path}") == path


def test_however_often_the_version_stands_there_it_is_meant_once():
    assert meant("/v1" * 20_000 + "/responses") == "/v1/responses"


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("/openai/deployments/gpt-5-mini/chat/completions", "/v1/chat/completions"),
        ("/openai/deployments/auto/embeddings", "/v1/embeddings"),
        ("/openai/v1/responses", "/v1/responses"),
        ("/openai/responses", "/v1/responses"),
        ("/openai/deployments/speaker/audio/speech", "/v1/audio/speech"),
        ("/anthropic/v1/messages", "/v1/messages"),
        ("/anthropic/v1/messages/count_tokens", "/v1/messages/count_tokens"),
    ],
)
def test_a_path_with_its_vendor_before_it_is_understood(path, served):
    assert meant(path) == served


@pytest.mark.parametrize("path", ["", "/", "/healthz", "/metrics", "/v1", "/v2/messages", "/x/v1"])
def test_no_other_path_becomes_one(path):
    assert meant(path) == path


def test_what_is_not_there_is_told_with_what_is_and_without_the_path():
    error = nothing_at("/v1/sk-12345", SERVED)
    assert (error.status, error.code) == (404, "not_found")
    assert "sk-12345" not in str(error)
    assert all(path in str(error) for path in SERVED)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/v1/audio/voices", "Of audio, speech, transcriptions"),
        ("/v1/images/variations", "Of images, generations and edits"),
        ("/v1/completions", "/v1/chat/completions"),
        ("/v1/files", "Files are kept by one provider"),
        ("/v1/batches/batch_1/cancel", "Batches are kept by one provider"),
        ("/v1/messages/batches", "Batches are kept by one provider"),
        ("/v1/responses/compact", "Of a stored response, itself"),
        ("/v1/realtime", "Realtime API"),
    ],
)
def test_what_the_providers_have_and_we_have_not_is_told_with_what_to_do(path, words):
    error = nothing_at(path, SERVED)
    assert words in str(error)
    assert words in str(nothing_at(path.removeprefix("/v1"), SERVED))
    assert error.status == 404  # SDKs would try again after a 501


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/v1/responses/resp_1", ("resp_1", "", ("GET", "DELETE"))),
        ("/v1/responses/resp_1/input_items", ("resp_1", "input_items", ("GET",))),
        ("/v1/responses/resp_1/cancel", ("resp_1", "cancel", ("POST",))),
        ("/v1/responses/resp_1/cancel/it", None),
        ("/v1/responses/resp_1/else", None),
        ("/v1/responses/compact", None),
        ("/v1/responses/input_tokens", None),
        ("/v1/responses", None),
        ("/v1/models/resp_1", None),
    ],
)
def test_what_is_asked_of_a_stored_response_is_in_its_path(path, found):
    assert of_response(path) == found


@pytest.mark.parametrize("before", ["", "/openai", "/v1", "/openai/v1"])
def test_a_stored_response_is_found_with_and_without_the_version(before):
    assert meant(f"{before}/responses/resp_1/cancel") == "/v1/responses/resp_1/cancel"


def test_what_only_begins_alike_is_not_taken_for_it():
    assert "There is nothing at this path." in str(nothing_at("/v1/filesystem", SERVED))


def test_a_method_that_is_not_allowed_is_told_with_those_that_are():
    error = not_allowed("BREW" * 20, ["POST"])
    assert error.status == 405
    assert "POST" in str(error)
    assert dict(error.headers) == {"allow": "POST"}
    assert "BREW" * 6 not in str(error)
