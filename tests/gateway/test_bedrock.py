"""Claude on Amazon Bedrock through the whole gateway, against a simulated platform on a socket."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from typing import Any

import pytest
from anthropic import AsyncAnthropicBedrock, BadRequestError

from headgate.testing.platforms import Bedrock, frame
from headgate.testing.server import Response
from tests.gateway.house import RULES, run, shape
from tests.gateway.three_dialects import HELLO, said_in_all_dialects

CONFIG = RULES.replace(
    'base_url = "{anthropic}"\n',
    'base_url = "{anthropic}"\nplatform = "bedrock"\nprices = "aws"\n',
)
CONFIG = CONFIG.replace("anthropic/claude-haiku-4-5", "anthropic/us.anthropic.claude-haiku-4-5")
CONFIG = CONFIG.replace("anthropic/claude-sonnet-4-6", "anthropic/anthropic.claude-sonnet-4-6-v1:0")
SONNET = "anthropic/anthropic.claude-sonnet-4-6-v1:0"


def on_bedrock(case, config: str = CONFIG, **more) -> None:
    run(case, config, platform=Bedrock, **more)


def event(**said: object) -> bytes:
    payload = json.dumps({"bytes": b64encode(json.dumps(said).encode()).decode()}).encode()
    return frame(payload, message_type="event", event_type="chunk")


START = event(
    type="message_start",
    message={
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 1},
    },
)
TEXT = event(
    type="content_block_start", index=0, content_block={"type": "text", "text": ""}
) + event(type="content_block_delta", index=0, delta={"type": "text_delta", "text": "Some words"})
THROTTLED = frame(
    b'{"message":"Too many tokens, please wait."}',
    message_type="exception",
    exception_type="throttlingException",
)


def streamed(*pieces: bytes) -> Response:
    async def body():
        for piece in pieces:
            yield piece
            await asyncio.sleep(0.2)  # each is read by itself

    headers = {"content-type": "application/vnd.amazon.eventstream", "x-amzn-requestid": "r-1"}
    return Response(200, headers, body())


def once(response: Response):
    """Answers the first call in the platform's place."""
    left = [response]
    return lambda dialect, _: left.pop() if left and dialect == "anthropic" else None


@pytest.mark.parametrize("model", ["auto", SONNET])
@pytest.mark.parametrize("stream", [False, True])
def test_all_three_dialects_are_answered_and_billed_to_the_token(model: str, stream: bool):
    async def case(house):
        assert await said_in_all_dialects(house, model, stream=stream)

        name = "us.anthropic.claude-haiku-4-5"
        if model == SONNET:
            name = "anthropic.claude-sonnet-4-6-v1%3A0"
        verb = "invoke-with-response-stream" if stream else "invoke"
        assert {request.path for request in house.seen} == {f"/model/{name}/{verb}"}
        for request in house.seen:
            assert request.headers["authorization"] == "Bearer sk-ant-canary"
            assert not {"x-api-key", "anthropic-version"} & set(request.headers)
            body = json.loads(request.body)
            assert body["anthropic_version"] == "bedrock-2023-05-31"
            assert not {"model", "stream"} & set(body)
        assert len(house.entries) == 3
        (billed,) = house.tally()["anthropic"]["billed"].values()
        assert sum(entry.usage.input for entry in house.entries) == billed["usage"]["input"]
        assert sum(entry.usage.output for entry in house.entries) == billed["usage"]["output"]
        for entry in house.entries:
            assert (entry.status, entry.served, entry.usage_source) == (200, True, "measured")

    on_bedrock(case)


def test_a_model_is_priced_by_its_id_and_one_of_no_list_is_unknown():
    async def case(house):
        for model, price in ((SONNET, True), ("anthropic/us.anthropic.claude-haiku-4-5", False)):
            await house.ask("hello", model)
            assert (house.entries[-1].cost_nano is not None) is price
        assert house.entries[0].card.startswith("aws/regional.anthropic.claude-sonnet-4-6")

    on_bedrock(case)


def test_tokens_of_prompt_caching_are_counted_apart():
    async def case(house):
        system = [{"type": "text", "text": "x" * 9000, "cache_control": {"type": "ephemeral"}}]
        for _ in range(2):
            await house.claude.messages.create(
                model=SONNET, max_tokens=50, messages=HELLO, system=system
            )
        written, read = [entry.usage for entry in house.entries]
        assert written.cache_write_5m > 1000
        assert read.cache_read == written.cache_write_5m

    on_bedrock(case)


def test_a_callers_betas_go_along_in_the_body():
    async def case(house):
        betas = {"anthropic-beta": "context-1m-2025-08-07, interleaved-thinking-2025-05-14"}
        await house.claude.messages.create(
            model=SONNET, max_tokens=50, messages=HELLO, extra_headers=betas
        )
        (request,) = house.seen
        wanted = ["context-1m-2025-08-07", "interleaved-thinking-2025-05-14"]
        assert json.loads(request.body)["anthropic_beta"] == wanted
        assert "anthropic-beta" not in request.headers

    on_bedrock(case)


def test_betas_that_the_platform_does_not_know_are_left_out_of_routed_requests():
    refusal = Response(
        400, {"content-type": "application/json"}, b'{"message":"invalid beta flag"}'
    )

    async def case(house):
        body = {"model": "auto", "max_tokens": 50, "messages": HELLO}
        status, headers, _ = await house.post(
            json.dumps(body).encode(), "/v1/messages", "anthropic-beta: new-1"
        )
        assert (status, headers["x-headgate-left-out"]) == (200, "anthropic-beta=new-1")
        first, second = [json.loads(request.body) for request in house.seen]
        assert first["anthropic_beta"] == ["new-1"]
        assert "anthropic_beta" not in second

    on_bedrock(case, instead=once(refusal))


def test_tokens_are_counted_by_the_platform_or_estimated_where_a_model_counts_none():
    async def case(house):
        told = await house.claude.messages.with_raw_response.count_tokens(
            model="anthropic/us.anthropic.claude-haiku-4-5", messages=HELLO
        )
        assert told.headers["x-headgate-token-count"] == "provider"
        assert (await told.parse()).input_tokens > 0
        assert house.seen[0].path == "/model/anthropic.claude-haiku-4-5/count-tokens"

    on_bedrock(case)
    refusal = {"message": "The provided model doesn't support counting tokens."}
    none = Response(400, {"content-type": "application/json"}, json.dumps(refusal).encode())

    async def other(house):
        told = await house.claude.messages.with_raw_response.count_tokens(
            model=SONNET, messages=HELLO
        )
        assert told.headers["x-headgate-token-count"] == "estimate"

    on_bedrock(other, instead=once(none))


def test_an_error_is_told_in_each_dialect_in_the_platforms_words_and_by_its_name_for_the_call():
    async def case(house):
        body = {"model": SONNET, "max_tokens": 5, "messages": HELLO, "container": "c"}
        status, headers, answer = await house.post(json.dumps(body).encode(), "/v1/messages")
        told = json.loads(answer)
        assert (status, told["type"]) == (400, "error")
        assert told["error"]["type"] == "invalid_request_error"
        assert told["error"]["message"] == "container: Extra inputs are not permitted"
        assert headers["x-headgate-provider-request-id"] == "00000000-0000-4000-8000-000000000001"

        body = {"model": "anthropic/nothing", "max_tokens": 5, "messages": HELLO}
        status, _, answer = await house.post(json.dumps(body).encode())
        told = json.loads(answer)["error"]
        assert (status, told["message"]) == (400, "The provided model identifier is invalid.")

    on_bedrock(case)


@pytest.mark.parametrize("stream", [False, True])
def test_a_quota_that_is_used_up_is_waited_for(stream: bool):
    message = {"message": "Too many requests, please wait before trying again."}
    refused = Response(
        429,
        {"content-type": "application/json", "x-amzn-errortype": "ThrottlingException:"},
        json.dumps(message).encode(),
    )

    async def case(house):
        body = {"model": SONNET, "max_tokens": 50, "messages": HELLO, "stream": stream}
        status, _, _ = await house.post(json.dumps(body).encode(), "/v1/messages")
        assert status == 200
        assert [shape(entry)[2:] for entry in house.entries] == [
            ("first", 429, "status", False),
            ("retry", 200, None, True),
        ]

    on_bedrock(case, instead=once(refused))


def test_an_exception_before_the_answer_begins_is_mended_by_another_try():
    async def case(house):
        body = {"model": SONNET, "max_tokens": 50, "messages": HELLO, "stream": True}
        status, _, answer = await house.post(json.dumps(body).encode(), "/v1/messages")
        assert (status, answer.count(b"event: message_start")) == (200, 1)
        assert b"event: message_stop" in answer
        assert [entry.error for entry in house.entries] == ["stream-error", None]

    on_bedrock(case, instead=once(streamed(START, THROTTLED)))


def test_an_exception_within_the_answer_ends_it_in_the_platforms_words():
    async def case(house):
        body = {"model": SONNET, "max_tokens": 50, "messages": HELLO, "stream": True}
        status, _, answer = await house.post(json.dumps(body).encode(), "/v1/messages")
        assert status == 200
        assert b"Some words" in answer
        assert b"event: error" in answer
        assert b"Too many tokens, please wait." in answer
        assert b"message_stop" not in answer
        (entry,) = house.entries
        assert (entry.error, entry.aborted) == ("stream-error", True)
        assert entry.usage_source == "estimated"

    on_bedrock(case, instead=once(streamed(START + TEXT, THROTTLED)))


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
def test_a_damaged_stream_never_looks_whole(path: str, together: bool):
    stop = bytearray(event(type="message_stop"))
    stop[-1] ^= 1
    pieces = [START, TEXT, bytes(stop)]
    if together:
        pieces = [b"".join(pieces)]

    async def case(house):
        body = {"model": SONNET, "max_tokens": 50, "messages": HELLO, "stream": True}
        status, _, answer = await house.post(json.dumps(body).encode(), path)
        assert status == 200
        assert b"Some words" in answer
        assert b"error" in answer
        assert b"message_stop" not in answer
        assert b"[DONE]" not in answer
        (entry,) = house.entries
        assert (entry.error, entry.aborted, entry.served) == ("reset", True, True)

    on_bedrock(case, instead=once(streamed(*pieces)))


def test_a_stream_that_ends_within_a_frame_never_looks_whole():
    async def case(house):
        body = {"model": SONNET, "max_tokens": 50, "messages": HELLO, "stream": True}
        _, _, answer = await house.post(json.dumps(body).encode(), "/v1/messages")
        assert b"event: error" in answer
        assert b"message_stop" not in answer

    cut = event(type="message_stop")[:-1]
    on_bedrock(case, instead=once(streamed(START, TEXT, cut)))


def test_what_the_platform_does_not_take_is_left_out_of_routed_requests_and_named():
    async def case(house):
        asked = {"max_tokens": 50, "messages": HELLO, "cache_control": {"type": "ephemeral"}}
        body = json.dumps({**asked, "model": "auto"}).encode()
        status, headers, _ = await house.post(body, "/v1/messages")
        assert (status, headers["x-headgate-left-out"]) == (200, "cache_control")
        body = json.dumps({**asked, "model": SONNET}).encode()
        status, _, answer = await house.post(body, "/v1/messages")
        assert status == 400
        assert b"cache_control: Extra inputs are not permitted" in answer

    on_bedrock(case)


def test_the_official_client_finds_the_simulated_platform_true_to_life():
    async def case(house):
        client: Any = AsyncAnthropicBedrock(
            api_key="k", aws_region="r", base_url=house.bases["anthropic"], max_retries=0
        )
        asked = {"max_tokens": 50, "messages": HELLO}
        message = await client.messages.create(
            model="global.anthropic.claude-sonnet-4-6-v1:0", **asked
        )
        assert message.content[0].text
        with pytest.raises(BadRequestError, match="identifier is invalid"):
            await client.messages.create(model="none", **asked)
        await client.close()

    on_bedrock(case)
