"""Helicone's exports: every fact of a row is found, with bodies and without."""

import json

import pytest

from headgate.analysis.readers.formats import detect
from headgate.analysis.readers.helicone import helicone, is_helicone
from headgate.analysis.record import MalformedError
from headgate.values import Usage
from tests.analysis.readers.examples import ANTHROPIC, HELICONE


def test_a_row_with_bodies_tells_all():
    (record,) = helicone(HELICONE)
    assert (record.prompt, record.system) == ("2 + 2?", "Be brief.")
    assert (record.id, record.conversation) == ("q1", "s1")
    assert record.model == "openai/gpt-4o-mini-2024-07-18"
    assert record.usage == Usage(input=20, output=8, cache_read=100)
    assert record.time == 1795168800.0
    assert record.cost_nano == 12_000
    assert record.route.endswith("/v1/chat/completions")
    assert not record.failed


def test_bodies_may_be_json_within_text_as_in_csv():
    packed = HELICONE | {
        name: json.dumps(HELICONE[name]) for name in ("request_body", "response_body", "properties")
    }
    assert helicone(packed) == helicone(HELICONE)


def test_without_bodies_the_tokens_are_helicones_and_there_is_no_prompt():
    bare = {key: value for key, value in HELICONE.items() if not key.endswith("_body")}
    (record,) = helicone(bare)
    assert record.prompt == ""
    assert record.model == "openai/gpt-4o-mini-2024-07-18"
    assert record.usage == Usage(input=120, output=8)
    assert record.conversation == "s1"


def test_a_call_to_anthropic_is_read_as_one():
    row = HELICONE | {
        "request_body": ANTHROPIC["request"],
        "response_body": ANTHROPIC["response"],
        "provider": "ANTHROPIC",
    }
    (record,) = helicone(row)
    assert record.model.startswith("anthropic/claude")
    assert record.prompt
    assert record.usage is not None


def test_a_model_is_known_under_the_provider_that_was_asked():
    (record,) = helicone(HELICONE | {"provider": "GROQ"})
    assert record.model == "groq/gpt-4o-mini-2024-07-18"


@pytest.mark.parametrize("status", [429, 500, -3, "404"])
def test_whatever_is_no_success_failed(status):
    assert helicone(HELICONE | {"response_status": status})[0].failed


def test_a_cost_that_is_not_in_dollars_by_its_name_is_not_taken():
    unpriced = {key: value for key, value in HELICONE.items() if key != "costUSD"}
    assert helicone(unpriced)[0].cost_nano is None


def test_an_empty_text_is_nothing_in_json_too():
    bare = {key: value for key, value in HELICONE.items() if not key.endswith("_body")}
    (record,) = helicone(bare | {"costUSD": "", "prompt_tokens": "", "completion_tokens": ""})
    assert record.cost_nano is None
    assert record.usage is None
    assert helicone(bare | {"completion_tokens": ""})[0].usage == Usage(input=120, output=0)


@pytest.mark.parametrize(
    "path",
    [
        "https://images.example/v1/chat/completions",
        "https://audio-team.openai.azure.com/openai/deployments/embedding/chat/completions",
        "https://x.openai.azure.com/openai/deployments/embeddings/chat/completions?api-version=1",
        "/audio/v1/chat/completions",
    ],
)
def test_a_host_and_a_deployment_may_be_called_anything(path):
    assert len(helicone(HELICONE | {"request_path": path})) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/v1/embeddings",
        "https://api.openai.com/v1/images/generations",
        "https://api.openai.com/v1/audio/speech/",
        "https://x.openai.azure.com/openai/deployments/e/embeddings?api-version=2024-10-21",
        "/v1/moderations",
    ],
)
def test_what_is_no_chat_is_passed_over(path):
    assert helicone(HELICONE | {"request_path": path}) == []


def test_a_page_of_the_api_holds_its_rows():
    page = {"data": [HELICONE, HELICONE | {"request_id": "q2"}], "error": None}
    assert is_helicone(page)
    assert [record.id for record in helicone(page)] == ["q1", "q2"]


def test_a_row_of_the_csv_export_is_recognised():
    row = {"response_status": "200", "request_created_at": "2026-11-20 10:00:00", "model": "m"}
    form = detect([row])
    assert form is not None
    assert form.name == "helicone"
    assert helicone(row)[0].model == "m"


def test_a_time_that_is_none_is_refused():
    with pytest.raises(MalformedError, match="request_created_at"):
        helicone(HELICONE | {"request_created_at": "soon"})
