"""span_attributes: the conventions' names, old and new, and nothing that a caller wrote."""

from __future__ import annotations

import pytest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as names
from opentelemetry.semconv._incubating.attributes import http_attributes as old
from opentelemetry.semconv.attributes import error_attributes, http_attributes, url_attributes

from headgate.monitor.journey import Journey
from headgate.monitor.span_attributes import (
    HTTP_DUP,
    LATEST,
    OPT_IN,
    Names,
    arrival,
    attributes,
    names_of,
    request_attributes,
    request_labels,
    shared,
)
from headgate.values import Usage
from tests.ledger.samples import NOON_US, entry

CACHED = entry(
    usage=Usage(100, 20, 30, 40, 50, 5), streamed=True, score=0.25, router="0f3a", policy="auto"
)
PLAIN, NEWEST, DUP = Names(), Names(newest=True), Names(old_http=True)


def journey(*entries, status: int | None = 200) -> Journey:
    made = Journey("POST", "/v1/chat/completions", None, NOON_US, lambda: 0.0)
    for one in entries:
        made.note(one)
    made.status = status
    return made


@pytest.mark.parametrize("asked", [PLAIN, NEWEST])
def test_a_call_has_its_models_its_tokens_and_its_money(asked: Names):
    found = shared(CACHED, asked) | attributes(CACHED, asked)
    assert found[names.GEN_AI_OPERATION_NAME] == "chat"
    assert found[names.GEN_AI_REQUEST_MODEL] == "claude-haiku-4-5"
    assert found[names.GEN_AI_RESPONSE_MODEL] == "claude-haiku-4-5-20251001"
    assert found[names.GEN_AI_USAGE_INPUT_TOKENS] == 220
    assert found[names.GEN_AI_USAGE_OUTPUT_TOKENS] == 20
    assert found[http_attributes.HTTP_RESPONSE_STATUS_CODE] == 200
    assert (found["headgate.cost_usd"], found["headgate.cost_nano_usd"]) == ("0.003", 3_000_000)
    assert (found["headgate.cause"], found["headgate.score"]) == ("first", 0.25)


def test_without_the_opt_in_the_names_are_those_of_before():
    found = shared(CACHED, PLAIN) | attributes(CACHED, PLAIN)
    assert found[names.GEN_AI_SYSTEM] == "anthropic"
    assert names.GEN_AI_PROVIDER_NAME not in found
    assert names.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS not in found


def test_with_the_opt_in_the_names_are_the_newest():
    found = shared(CACHED, NEWEST) | attributes(CACHED, NEWEST)
    assert found[names.GEN_AI_PROVIDER_NAME] == "anthropic"
    assert names.GEN_AI_SYSTEM not in found
    assert found[names.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS] == 30
    assert found[names.GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS] == 90
    assert found[names.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS] == 5
    assert found[names.GEN_AI_REQUEST_STREAM] is True


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("", PLAIN),
        (LATEST, NEWEST),
        (f"{HTTP_DUP}, {LATEST}", Names(newest=True, old_http=True)),
        ("http", PLAIN),
        ("gen_ai,http/dup", DUP),
    ],
)
def test_the_opt_in_is_one_of_a_list(value: str, asked: Names):
    assert names_of({OPT_IN: value}) == asked
    assert names_of({}) == PLAIN


def test_a_failed_call_names_its_failure_and_has_no_tokens():
    failed = entry(served=False, error="timeout", status=None, usage_source="none", cost_nano=None)
    found = shared(failed, NEWEST) | attributes(failed, NEWEST)
    assert found[error_attributes.ERROR_TYPE] == "timeout"
    absent = {names.GEN_AI_USAGE_INPUT_TOKENS, "http.response.status_code", "headgate.cost_usd"}
    assert not absent & set(found)


def test_embeddings_are_an_operation_and_some_providers_have_a_name_of_their_own():
    found = shared(entry(purpose="embedding", provider="google"), NEWEST)
    assert found[names.GEN_AI_OPERATION_NAME] == "embeddings"
    assert found[names.GEN_AI_PROVIDER_NAME] == "gcp.gemini"


def test_what_is_passed_through_is_an_operation_by_its_path():
    found = shared(entry(purpose="passed", route="/v1/audio/speech"), NEWEST)
    assert found[names.GEN_AI_OPERATION_NAME] == "audio_speech"


@pytest.mark.parametrize(("asked", "both"), [(PLAIN, False), (DUP, True)])
def test_a_request_has_https_names_and_on_demand_the_old_ones_too(asked: Names, both):
    made = journey(CACHED)
    found = arrival(made, asked) | request_attributes(made, asked)
    new = {
        http_attributes.HTTP_REQUEST_METHOD: "POST",
        http_attributes.HTTP_ROUTE: "/v1/chat/completions",
        http_attributes.HTTP_RESPONSE_STATUS_CODE: 200,
        url_attributes.URL_PATH: "/v1/chat/completions",
        url_attributes.URL_SCHEME: "http",
    }
    before = {
        old.HTTP_METHOD: "POST",
        old.HTTP_TARGET: "/v1/chat/completions",
        old.HTTP_SCHEME: "http",
        old.HTTP_STATUS_CODE: 200,
    }
    assert new.items() <= found.items()
    assert (before.items() <= found.items()) is both
    assert bool(before.keys() & found.keys()) is both


def test_a_request_says_how_it_was_decided_and_what_all_its_calls_have_cost():
    retry = entry(cause="retry", asked="auto", tier="premium", premium=True, reason="rule:hard")
    made = journey(entry(served=False, error="timeout"), retry)
    found = request_attributes(made, PLAIN)
    assert found["headgate.outcome"] == "served"
    assert (found["headgate.attempts"], found["headgate.retries"]) == (2, 1)
    assert found["headgate.cost_nano_usd"] == 6_000_000
    assert (found["headgate.tier"], found["headgate.premium"]) == ("premium", True)
    assert found["headgate.reason"] == "rule:hard"
    assert found[names.GEN_AI_REQUEST_MODEL] == "auto"
    assert found[names.GEN_AI_RESPONSE_MODEL] == "claude-haiku-4-5-20251001"
    assert error_attributes.ERROR_TYPE not in found


def test_tokens_are_the_calls_alone_so_that_a_sum_over_spans_is_right():
    assert not [name for name in request_attributes(journey(CACHED), NEWEST) if ".usage." in name]


def test_a_request_without_a_call_says_no_model():
    found = request_attributes(journey(status=503), PLAIN)
    assert (found["headgate.outcome"], found["error.type"]) == ("refused", "503")
    assert not [name for name in found if name.startswith("gen_ai.")]


def test_the_metric_of_a_request_tells_few_things():
    assert set(request_labels(journey(entry(error="reset", aborted=True)))) == {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "url.scheme",
        "error.type",
    }


def test_nothing_that_a_caller_wrote_is_told():
    canary = "canary-7f3a"
    wrote = entry(
        tags=f'{{"t":"{canary}"}}', session=canary, key=canary, team=canary, trace=canary,
        category=canary,
    )  # fmt: skip
    made = journey(wrote)
    every = Names(newest=True, old_http=True)
    told = [shared(wrote, every), attributes(wrote, every), arrival(made, every)]
    told += [request_attributes(made, every), request_labels(made)]
    assert canary not in str(told)
