"""Anthropic Messages in: the official SDK against the gateway, to providers of both dialects."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anthropic
import pytest
from anthropic import beta_async_tool, beta_tool

from tests.gateway.house import RULES, House, house
from tests.gateway.leaping import run_leaping

TIERS = ["cheap", "google/gpt-5-mini", "responses/gpt-5"]
"""One model of each dialect."""
TOOL: dict[str, Any] = {
    "name": "weather",
    "description": "The weather in a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
KEYED = RULES + '[server]\napi_key_env = "GATE_KEY"\n'


def run(case, config: str = RULES, **more):
    async def main():
        async with house(config, **more) as made:
            return await case(made)

    return run_leaping(main())


def say(content, role: str = "user") -> Any:
    return {"role": role, "content": content}


def text_of(message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


@pytest.mark.parametrize("model", TIERS)
def test_a_message_is_answered_whole_and_streamed_with_its_usage(model):
    async def case(home: House):
        asked: Any = {
            "model": model,
            "max_tokens": 100,
            "messages": [say("Good morning to you")],
        }
        whole = await home.claude.messages.create(**asked)
        assert text_of(whole) == "Good morning to you"
        assert whole.stop_reason == "end_turn"
        async with home.claude.messages.stream(**asked) as stream:
            pieces = [piece async for piece in stream.text_stream]
            streamed = await stream.get_final_message()
        assert "".join(pieces) == text_of(streamed) == "Good morning to you"
        assert streamed.stop_reason == "end_turn"
        for message in (whole, streamed):
            assert (message.usage.input_tokens, message.usage.output_tokens) == (5, 5)
        assert [entry.dialect_in for entry in home.entries] == ["anthropic"] * 2
        assert [entry.route for entry in home.entries] == ["/v1/messages"] * 2
        assert home.entries[0].usage == home.entries[1].usage
        assert whole._request_id == home.entries[0].request_id

    run(case)


def test_the_router_decides_for_messages_as_for_chat():
    async def case(home: House):
        for question, tier in (("hello", "cheap"), ("prove it", "premium")):
            raw = await home.claude.messages.with_raw_response.create(
                model="auto", max_tokens=50, messages=[say(question)]
            )
            assert raw.headers["x-headgate-tier"] == tier
            assert text_of(await raw.parse()) == question

    run(case)


@pytest.mark.parametrize("model", TIERS)
def test_the_synchronous_client_and_its_tool_runner_see_a_tool_loop_through(model):
    @beta_tool
    def weather(city: str) -> str:
        """The weather in a city.

        Args:
            city: its name
        """
        return f"rain in {city}"

    def loop(url: str) -> list[Any]:
        with anthropic.Anthropic(base_url=url, api_key="k", max_retries=0) as client:
            runner = client.beta.messages.tool_runner(
                model=model,
                max_tokens=100,
                tools=[weather],
                messages=[say("[[tool]] How is it in Porto?")],
            )
            return list(runner)

    async def case(home: House):
        called, answered = await asyncio.to_thread(loop, home.url)
        assert called.stop_reason == "tool_use"
        assert called.content[0].input == {"city": "Porto"}
        assert text_of(answered) == "rain in Porto"
        assert [entry.error for entry in home.entries] == [None, None]

    run(case)


@pytest.mark.parametrize("model", TIERS)
def test_the_asynchronous_tool_runner_streams_a_tool_loop(model):
    @beta_async_tool
    async def weather(city: str) -> str:
        """The weather in a city.

        Args:
            city: its name
        """
        return f"sun in {city}"

    async def case(home: House):
        runner = home.claude.beta.messages.tool_runner(
            model=model,
            max_tokens=100,
            tools=[weather],
            messages=[say("[[tool]] How is it?")],
            stream=True,
        )
        answers = [await stream.get_final_message() async for stream in runner]
        assert [answer.stop_reason for answer in answers] == ["tool_use", "end_turn"]
        assert text_of(answers[1]) == "sun in Porto"

    run(case)


@pytest.mark.parametrize("model", TIERS)
def test_parallel_calls_and_an_image_go_through(model):
    tools: Any = [TOOL, TOOL | {"name": "news"}]
    image: Any = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "aGk="},
    }

    async def case(home: House):
        async with home.claude.messages.stream(
            model=model,
            max_tokens=100,
            tools=tools,
            messages=[say([image, {"type": "text", "text": "[[tool:2]] What is this?"}])],
        ) as stream:
            message: Any = await stream.get_final_message()
        assert [(block.name, block.input) for block in message.content] == [
            ("weather", {"city": "Porto"}),
            ("news", {"city": "Porto"}),
        ]

    run(case)


def claude_code(turns: int, **more) -> dict[str, Any]:
    """A request as a coding agent sends it: cached system and tools, a long loop of tool calls."""
    cached = {"cache_control": {"type": "ephemeral"}}
    messages: list[Any] = [say([{"type": "text", "text": "Fix the tests. " * 20}])]
    for turn in range(turns):
        use = {"type": "tool_use", "id": f"toolu_{turn}", "name": "Bash", "input": {"n": turn}}
        result = {"type": "tool_result", "tool_use_id": f"toolu_{turn}", "content": f"out {turn}"}
        messages += [say([use], "assistant"), say([result])]
    messages[-1]["content"][-1] |= cached
    return {
        "model": "auto",
        "max_tokens": 8_000,
        "system": [{"type": "text", "text": "You are a coding agent. " * 40, **cached}],
        "tools": [TOOL | {"name": "Bash", "input_schema": {"type": "object"}}],
        "messages": messages,
        "metadata": {"user_id": "user_abc_account__session_1"},
        **more,
    }


def test_a_long_tool_loop_with_cache_control_is_cached_and_billed_so():
    async def case(home: House):
        first = await home.claude.messages.create(**claude_code(12))
        again = await home.claude.messages.create(**claude_code(12))
        assert first.usage.cache_creation_input_tokens > 200
        assert again.usage.cache_read_input_tokens == first.usage.cache_creation_input_tokens
        written, read = (entry.usage for entry in home.entries)
        assert written.cache_write_5m == read.cache_read > 200
        translated = await home.claude.messages.create(
            **claude_code(12) | {"model": "google/gpt-5-mini"}
        )
        assert text_of(translated) == "out 11"

    run(case)


THINKING: Any = {"type": "enabled", "budget_tokens": 1024}


@pytest.mark.parametrize("streamed", [False, True])
def test_thinking_is_stripped_when_another_model_has_signed_it(streamed):
    async def ask(home: House, messages, **more):
        asked: Any = {
            "max_tokens": 4000,
            "thinking": THINKING,
            "messages": messages,
            **more,
        }
        if not streamed:
            return await home.claude.messages.create(**asked)
        async with home.claude.messages.stream(**asked) as stream:
            return await stream.get_final_message()

    async def case(home: House):
        history = [say("Good morning")]
        cheap = await ask(home, history, model="cheap")
        assert cheap.content[0].type == "thinking"
        assert cheap.content[0].signature
        history += [say(cheap.content, "assistant"), say("And now?")]
        same = await ask(home, history, model="cheap")
        assert text_of(same) == "And now?"
        assert len(home.entries) == 2

        other = await ask(home, history, model="premium")
        assert text_of(other) == "And now?"
        assert other.content[0].type == "thinking"
        refused, mended = home.entries[2:]
        assert (refused.status, refused.error, refused.served, refused.cost_nano) == (
            400, "status", False, 0,
        )  # fmt: skip
        assert (mended.cause, mended.error, mended.served) == ("retry", None, True)

    run(case)


def test_thinking_is_stripped_in_the_middle_of_a_tool_loop():
    async def case(home: House):
        asked: Any = {"max_tokens": 4000, "thinking": THINKING, "tools": [TOOL]}
        history = [say("[[tool]] How is it?")]
        called: Any = await home.claude.messages.create(model="cheap", messages=history, **asked)
        kinds = [block.type for block in called.content]
        assert kinds == ["thinking", "tool_use"]
        result = {
            "type": "tool_result",
            "tool_use_id": called.content[1].id,
            "content": "rain",
        }
        history += [say(called.content, "assistant"), say([result])]
        answer = await home.claude.messages.create(model="premium", messages=history, **asked)
        assert text_of(answer) == "rain"
        translated = await home.claude.messages.create(
            model="google/gpt-5-mini", messages=history, **asked
        )
        assert text_of(translated) == "rain"

    run(case)


def test_the_callers_betas_reach_the_provider_and_its_key_does_not():
    async def case(home: House):
        await home.claude.messages.create(
            model="cheap",
            max_tokens=9,
            messages=[say("hi")],
            extra_headers={
                "anthropic-beta": "context-1m-2025-08-07",
                "anthropic-version": "2023-01-01",
                "cookie": "secret",
            },
        )
        (request,) = home.seen
        headers = request.headers
        assert headers["anthropic-beta"] == "context-1m-2025-08-07"
        assert headers["anthropic-version"] == "2023-01-01"
        assert headers["x-api-key"] == "sk-ant-canary"
        assert "cookie" not in headers
        assert "gate-key" not in str(headers)

    run(case)


def test_errors_have_anthropics_shape():
    async def case(home: House):
        status, headers, body = await home.post(b"{", "/v1/messages")
        assert (status, headers["content-type"]) == (400, "application/json")
        answer = json.loads(body)
        assert answer["type"] == "error"
        assert answer["error"]["type"] == "invalid_request_error"
        with pytest.raises(anthropic.NotFoundError, match="Did you mean `cheap`"):
            await home.claude.messages.create(model="chaep", max_tokens=9, messages=[say("hi")])
        with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
            await home.claude.post("/v1/messages", cast_to=object, body={
                "model": "cheap", "messages": [say("hi")]
            })  # fmt: skip
        with pytest.raises(anthropic.RateLimitError):
            await home.claude.messages.create(
                model="google/gpt-5-mini", max_tokens=9, messages=[say("[[rate_limited:9]] hi")]
            )

    run(case)


def test_a_stream_that_breaks_off_raises_in_the_sdk():
    async def case(home: House):
        asked: Any = {"max_tokens": 900, "messages": [say("[[reset]] " + "long " * 200)]}
        for model in TIERS:
            with pytest.raises(anthropic.APIError):
                async with home.claude.messages.stream(model=model, **asked) as stream:
                    await stream.get_final_message()

    run(case)


def test_the_gateways_key_is_taken_from_either_header():
    async def case(home: House):
        body = json.dumps({"model": "cheap", "max_tokens": 9, "messages": [say("hi")]}).encode()
        for header, status in (
            ("x-api-key: gate-key", 200),
            ("authorization: Bearer gate-key", 200),
            ("x-api-key: wrong", 401),
            ("authorization: Basic gate-key", 401),
            ("x-other: gate-key", 401),
        ):
            got, _, answer = await home.post(body, "/v1/messages", header)
            assert got == status, (header, answer)
            if status == 401:
                assert json.loads(answer)["error"]["type"] == "authentication_error"
        both = ("x-api-key: gate-key", "authorization: Bearer other")
        assert (await home.post(body, "/v1/messages", *both))[0] == 200

    run(case, KEYED)


def test_models_are_listed_in_anthropics_shape_for_its_sdk():
    async def case(home: House):
        listed = [model.id async for model in await home.claude.models.list()]
        assert listed[:3] == ["auto", "cheap", "premium"]

    run(case)
