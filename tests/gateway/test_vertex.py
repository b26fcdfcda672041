"""Claude on Vertex AI through the whole gateway, against a simulated platform on a real socket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from anthropic import AsyncAnthropicVertex, NotFoundError

from headgate.testing.platforms import Vertex
from headgate.testing.server import Response
from tests.gateway.house import RULES, run, shape
from tests.gateway.three_dialects import HELLO, said_in_all_dialects

CONFIG = RULES.replace(
    'base_url = "{anthropic}"\n',
    'base_url = "{anthropic}/v1/projects/p/locations/global"\nplatform = "vertex"\n'
    'prices = "google"\n',
)
SONNET = "anthropic/claude-sonnet-4-6"


def on_vertex(case, **more) -> None:
    run(case, CONFIG, platform=Vertex, **more)


@pytest.mark.parametrize("model", ["auto", SONNET])
@pytest.mark.parametrize("stream", [False, True])
def test_all_three_dialects_are_answered_and_billed_to_the_token(model: str, stream: bool):
    async def case(house):
        assert await said_in_all_dialects(house, model, stream=stream)

        name = "claude-haiku-4-5" if model == "auto" else "claude-sonnet-4-6"
        verb = "streamRawPredict" if stream else "rawPredict"
        place = "/v1/projects/p/locations/global/publishers/anthropic/models"
        assert {request.path for request in house.seen} == {f"{place}/{name}:{verb}"}
        for request in house.seen:
            assert request.headers["authorization"] == "Bearer sk-ant-canary"
            assert "x-api-key" not in request.headers
            assert "anthropic-version" not in request.headers
            assert json.loads(request.body)["anthropic_version"] == "vertex-2023-10-16"
        assert len(house.entries) == 3
        billed = house.tally()["anthropic"]["billed"][name]
        assert sum(entry.usage.input for entry in house.entries) == billed["usage"]["input"]
        assert sum(entry.usage.output for entry in house.entries) == billed["usage"]["output"]
        for entry in house.entries:
            assert (entry.status, entry.served, entry.usage_source) == (200, True, "measured")
            assert entry.cost_nano is not None
            assert entry.card is not None
            assert entry.card.startswith("google/claude-")

    on_vertex(case)


def test_a_callers_betas_go_along_in_their_header():
    async def case(house):
        await house.claude.messages.create(
            model=SONNET,
            max_tokens=50,
            messages=HELLO,
            extra_headers={"anthropic-beta": "context-1m-2025-08-07"},
        )
        assert house.seen[0].headers["anthropic-beta"] == "context-1m-2025-08-07"

    on_vertex(case)


def test_tokens_are_counted_by_the_platform():
    async def case(house):
        told = await house.claude.messages.with_raw_response.count_tokens(
            model=SONNET, messages=HELLO
        )
        assert told.headers["x-headgate-token-count"] == "provider"
        assert (await told.parse()).input_tokens > 0
        assert house.seen[0].path.endswith("/models/count-tokens:rawPredict")

    on_vertex(case)


def test_an_error_of_googles_is_told_in_each_dialect_in_its_own_words():
    async def case(house):
        body = {"model": "anthropic/claude-none", "max_tokens": 5, "messages": HELLO}
        status, _, answer = await house.post(json.dumps(body).encode(), "/v1/messages")
        assert (status, json.loads(answer)["error"]["type"]) == (404, "not_found_error")
        status, _, answer = await house.post(json.dumps(body).encode())
        assert (status, json.loads(answer)["error"]["message"]) == (404, "model: claude-none")

        house_body = {**body, "model": SONNET, "container": "c"}
        status, _, answer = await house.post(json.dumps(house_body).encode(), "/v1/messages")
        told = json.loads(answer)
        assert (status, told["type"]) == (400, "error")
        assert told["error"]["message"] == "container: Extra inputs are not permitted"
        assert told["error"]["type"] == "invalid_request_error"

    on_vertex(case)


def test_a_quota_that_is_used_up_is_waited_for():
    told = {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED"}}
    refused = [Response(429, {"content-type": "application/json"}, json.dumps([told]).encode())]

    async def case(house):
        await house.ask("hello", SONNET)
        assert [shape(entry)[2:] for entry in house.entries] == [
            ("first", 429, "status", False),
            ("retry", 200, None, True),
        ]

    def first(dialect, _):
        return refused.pop() if refused and dialect == "anthropic" else None

    on_vertex(case, instead=first)


def test_what_the_platform_does_not_take_is_left_out_of_routed_requests_and_named():
    async def case(house):
        asked = {"max_tokens": 50, "messages": HELLO, "cache_control": {"type": "ephemeral"}}
        for calls in (2, 1):  # what was refused once is not sent again
            house.seen.clear()
            body = json.dumps({**asked, "model": "auto"}).encode()
            status, headers, _ = await house.post(body, "/v1/messages")
            assert (status, headers["x-headgate-left-out"]) == (200, "cache_control")
            assert len(house.seen) == calls
        body = json.dumps({**asked, "model": SONNET}).encode()
        status, _, answer = await house.post(body, "/v1/messages")
        assert status == 400
        assert b"cache_control: Extra inputs are not permitted" in answer

    on_vertex(case)


def test_the_official_client_finds_the_simulated_platform_true_to_life():
    async def case(house):
        base = house.bases["anthropic"]
        client: Any = AsyncAnthropicVertex(
            region="global", project_id="p", access_token="t", base_url=f"{base}/v1", max_retries=0
        )
        asked = {"model": "claude-sonnet-4-6", "max_tokens": 50, "messages": HELLO}
        message = await client.messages.create(**asked)
        async with client.messages.stream(**asked) as flow:
            streamed = await flow.get_final_message()
        assert message.content[0].text == streamed.content[0].text
        count = await client.messages.count_tokens(model="claude-sonnet-4-6", messages=HELLO)
        assert count.input_tokens == message.usage.input_tokens
        with pytest.raises(NotFoundError):
            await client.messages.create(**{**asked, "model": "none"})
        await client.close()

    on_vertex(case)
