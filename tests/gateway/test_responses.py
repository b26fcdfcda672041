"""OpenAI Responses in: the official SDK against the gateway, to providers of all three dialects."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from tests.gateway.house import RULES, House, house
from tests.gateway.leaping import run_leaping

MODELS = ["responses/gpt-5", "cheap", "google/gpt-5-mini"]
"""One model of each dialect, its own first."""
OTHERS = MODELS[1:]
TOOLS: Any = [
    {
        "type": "function",
        "name": name,
        "description": "",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    }
    for name in ("weather", "news")
]


def run(case, config: str = RULES, **more):
    async def main():
        async with house(config, **more) as made:
            return await case(made)

    return run_leaping(main())


@pytest.mark.parametrize("model", MODELS)
def test_a_response_is_whole_and_streamed_with_its_usage(model):
    async def case(home: House):
        whole = await home.client.responses.create(model=model, input="Good morning to you")
        assert whole.output_text == "Good morning to you"
        assert (whole.status, whole.object) == ("completed", "response")
        async with home.client.responses.stream(model=model, input="Good morning to you") as out:
            events = [event async for event in out]
            streamed = await out.get_final_response()
        assert streamed.output_text == "Good morning to you"
        for response in (whole, streamed):
            assert response.usage is not None
            assert (response.usage.input_tokens, response.usage.output_tokens) == (5, 5)
            assert response.usage.total_tokens == 10
        assert [event.type for event in events] == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
        numbers = [event.sequence_number for event in events]
        assert numbers == list(range(len(events)))
        assert {entry.dialect_in for entry in home.entries} == {"openai-responses"}
        assert home.entries[0].usage == home.entries[1].usage
        assert whole._request_id == home.entries[0].request_id

    run(case)


def test_the_router_decides_for_responses_as_for_chat():
    async def case(home: House):
        for question, tier in (("hello", "cheap"), ("prove it", "premium")):
            raw = await home.client.responses.with_raw_response.create(model="auto", input=question)
            assert raw.headers["x-headgate-tier"] == tier
            assert raw.parse().output_text == question

    run(case)


def tool_loop(client: OpenAI, model: str, **more) -> list[Any]:
    """What a caller does that keeps its own history: ask, run the tools, send all of it back."""
    history: list[Any] = [{"role": "user", "content": "[[tool:2]] How is it in Porto?"}]
    responses: list[Any] = []
    for _ in range(2):
        response = client.responses.create(model=model, input=history, tools=TOOLS, **more)
        responses.append(response)
        history += response.output
        history += [
            {"type": "function_call_output", "call_id": item.call_id, "output": f"{item.name}!"}
            for item in response.output
            if item.type == "function_call"
        ]
    return responses


@pytest.mark.parametrize("model", MODELS)
def test_the_synchronous_client_sees_a_loop_of_parallel_calls_through(model):
    def loop(url: str) -> list[Any]:
        with OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as client:
            return tool_loop(client, model)

    async def case(home: House):
        called, answered = await asyncio.to_thread(loop, home.url)
        calls = [(item.name, json.loads(item.arguments)) for item in called.output]
        assert calls == [("weather", {"city": "Porto"}), ("news", {"city": "Porto"})]
        assert answered.output_text in ("news!", "weather!\nnews!")
        assert [entry.error for entry in home.entries] == [None, None]

    run(case)


@pytest.mark.parametrize("model", MODELS)
def test_calls_stream_with_their_arguments(model):
    async def case(home: House):
        async with home.client.responses.stream(
            model=model, input="[[tool:2]] How is it?", tools=TOOLS
        ) as out:
            events: list[Any] = [event async for event in out]
            final: Any = await out.get_final_response()
        for item in final.output:
            deltas = [
                event.delta
                for event in events
                if event.type == "response.function_call_arguments.delta"
                and event.item_id == item.id
            ]
            assert "".join(deltas) == item.arguments == '{"city": "Porto"}'
            assert item.status == "completed"
        assert [item.name for item in final.output] == ["weather", "news"]
        assert final.output[0].parsed_arguments == {"city": "Porto"}

    run(case)


@pytest.mark.parametrize("model", MODELS)
def test_structured_output_is_parsed_by_the_sdk(model):
    class City(BaseModel):
        name: str

    async def case(home: House):
        parsed = await home.client.responses.parse(
            model=model, input='[[say:{"name": "Porto"}]]', text_format=City
        )
        assert parsed.output_parsed == City(name="Porto")

    run(case)


@pytest.mark.parametrize("model", MODELS)
def test_images_instructions_and_a_limit_go_through(model):
    async def case(home: House):
        response = await home.client.responses.create(
            model=model,
            instructions="Be brief.",
            max_output_tokens=20,
            input=[
                {"role": "developer", "content": "Be kind."},
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "word " * 50},
                        {
                            "type": "input_image",
                            "image_url": "data:image/png;base64,aGk=",
                            "detail": "auto",
                        },
                    ],
                },
            ],
        )
        assert response.status == "incomplete"
        assert response.incomplete_details is not None
        assert response.incomplete_details.reason == "max_output_tokens"
        assert response.usage is not None
        assert response.usage.output_tokens == 20
        assert response.usage.input_tokens > 256

    run(case)


def test_reasoning_is_stripped_when_another_model_has_sealed_it():
    async def case(home: House):
        asked: Any = {
            "reasoning": {"effort": "low", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
            "store": False,
        }
        history: list[Any] = [{"role": "user", "content": "Good morning"}]
        first: Any = await home.client.responses.create(
            model="responses/gpt-5", input=history, **asked
        )
        assert first.output[0].encrypted_content
        history += [*first.output, {"role": "user", "content": "And now?"}]
        same = await home.client.responses.create(model="responses/gpt-5", input=history, **asked)
        assert same.output_text == "And now?"
        assert len(home.entries) == 2

        for model in ("responses/gpt-5-mini", "cheap", "google/gpt-5-mini"):
            other = await home.client.responses.create(model=model, input=history, **asked)
            assert other.output_text == "And now?"
        refused, mended, *_ = home.entries[2:]
        assert (refused.status, refused.error, mended.cause) == (400, "status", "retry")
        sent = b"".join(request.body for request in home.seen[-2:])
        assert b"encrypted_content" not in sent
        assert b"rs_" not in sent

    run(case)


def test_reasoning_of_another_dialect_is_shown_and_never_sent_back():
    async def case(home: House):
        history: list[Any] = [{"role": "user", "content": "Good morning"}]
        asked: Any = {"reasoning": {"effort": "low"}}
        first: Any = await home.client.responses.create(model="premium", input=history, **asked)
        kinds = [item.type for item in first.output]
        assert kinds == ["reasoning", "message"]
        history += [*first.output, {"role": "user", "content": "And now?"}]
        for model in ("responses/gpt-5", "premium"):
            answer = await home.client.responses.create(model=model, input=history, **asked)
            assert answer.output_text == "And now?"
            assert b"rs_" not in home.seen[-1].body
        assert [entry.error for entry in home.entries] == [None] * 3

    run(case)


LOSSES = [
    ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ({"background": True}, "background"),
    ({"conversation": "conv_1"}, "conversation"),
    ({"tools": [{"type": "web_search"}]}, "tools[0]"),
    ({"top_logprobs": 3}, "top_logprobs"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
]


@pytest.mark.parametrize("model", OTHERS)
@pytest.mark.parametrize(("fields", "param"), LOSSES)
def test_what_cannot_be_carried_is_refused_by_name(model, fields, param):
    async def case(home: House):
        with pytest.raises(openai.BadRequestError) as caught:
            await home.client.responses.create(**{"model": model, "input": "hi", **fields})
        assert caught.value.param == param
        assert home.seen == []

    run(case)


def test_what_is_not_known_passes_untouched_between_callers_and_providers_of_this_dialect():
    async def case(home: House):
        body = b'{"model": "responses/gpt-5", "input": "hi", "future": {"a":  1e3}}'
        status, _, answer = await home.post(body, "/v1/responses")
        assert (status, json.loads(answer)["error"]["param"]) == (400, "future")
        assert b'"future":{"a":  1e3}' in home.seen[0].body

    run(case)


def test_a_stream_that_breaks_off_raises_in_the_sdk():
    async def case(home: House):
        for model in MODELS:
            with pytest.raises(openai.APIError):
                async with home.client.responses.stream(
                    model=model, input="[[reset]] " + "long " * 200
                ) as out:
                    await out.get_final_response()
            assert home.entries[-1].aborted

    run(case)


BAD = [
    (b"{", "invalid_json", None),
    (b'{"model": "auto"}', "missing_required_parameter", "input"),
    (b'{"model": "auto", "input": []}', "missing_required_parameter", "input"),
    (b'{"model": "auto", "input": 7}', "invalid_type", "input"),
    (b'{"model": "auto", "input": [7]}', "invalid_type", "input[0]"),
    (b'{"model": "auto", "input": [{"role": "x", "content": ""}]}', "invalid_value", "input[0]"),
    (b'{"model": "auto", "input": [{"role": "user"}]}', "missing_required_parameter", "input[0]"),
    (b'{"input": "hi"}', "missing_required_parameter", "model"),
]


@pytest.mark.parametrize(("body", "code", "param"), BAD)
def test_a_bad_body_gets_400_with_what_is_wrong(body, code, param):
    async def case(home: House):
        status, _, answer = await home.post(body, "/v1/responses")
        error = json.loads(answer)["error"]
        assert (status, error["code"]) == (400, code)
        assert param is None or error["param"].startswith(param)
        assert home.entries == []

    run(case)


CHAT: Any = [{"role": "user", "content": "[[tool]] How is it?"}]


def test_chat_callers_are_answered_by_a_provider_of_this_dialect():
    tool: Any = {"name": "weather", "parameters": TOOLS[0]["parameters"]}

    async def case(home: House):
        chat = home.client.chat.completions
        asked: Any = {"model": "responses/gpt-5", "tools": [{"type": "function", "function": tool}]}
        called: Any = await chat.create(messages=CHAT, **asked)
        choice = called.choices[0]
        assert choice.finish_reason == "tool_calls"
        call = choice.message.tool_calls[0]
        assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Porto"}')
        history = [*CHAT, choice.message]
        history.append({"role": "tool", "tool_call_id": call.id, "content": "rain"})
        async with chat.stream(messages=history, **asked) as stream:
            final = await stream.get_final_completion()
        assert final.choices[0].message.content == "rain"
        assert final.choices[0].finish_reason == "stop"
        with pytest.raises(openai.BadRequestError) as caught:
            await chat.create(model="responses/gpt-5", messages=CHAT, stop=["."])
        assert caught.value.param == "stop"

    run(case)


def test_the_classifier_can_be_a_model_of_this_dialect():
    config = RULES.replace(
        'kind = "rules"', 'kind = "model"\nmodel = "responses/gpt-5-mini"'
    ).replace('[[classifier.rules]]\nname = "hard"\ntier = "premium"\nmatches = "(?i)prove"\n', "")

    async def case(home: House):
        _, headers = await home.ask("[[say:2@gpt-5-mini]] hello")
        assert headers["x-headgate-reason"] == "classifier"
        assert headers["x-headgate-tier"] == "premium"
        assert home.entries[0].dialect_out == "openai-responses"

    run(case, config)


def codex(turns: int, **more) -> dict[str, Any]:
    """A request as a coding agent sends it: nothing stored, sealed reasoning, a long tool loop."""
    items: list[Any] = [
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "Fix the tests. " * 20}],
        }
    ]
    for turn in range(turns):
        arguments = json.dumps({"command": ["ls", str(turn)]})
        call = {"name": "shell", "arguments": arguments, "call_id": f"call_{turn}"}
        items.append({"type": "function_call", **call})
        output = {"type": "function_call_output", "call_id": f"call_{turn}", "output": f"o{turn}"}
        items.append(output)
    parameters: Any = {"type": "object", "properties": {"command": {"type": "array"}}}
    tool = {"type": "function", "name": "shell", "parameters": parameters, "strict": False}
    return {
        "instructions": "You are a coding agent. " * 40,
        "input": items,
        "tools": [{**tool, "description": "Runs a command."}],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "session-1",
        **more,
    }


@pytest.mark.parametrize("model", MODELS)
def test_a_coding_agents_long_loop_goes_on_with_what_came_back(model):
    async def case(home: House):
        asked = codex(20)
        async with home.client.responses.stream(model=model, **asked) as out:
            first: Any = await out.get_final_response()
        assert first.output_text == "o19"
        question = {"role": "user", "content": "[[tool]] Once more."}
        history = [*asked["input"], *first.output, question]
        again: Any = await home.client.responses.create(model=model, **codex(0, input=history))
        assert again.output[-1].type == "function_call"
        assert [entry.error for entry in home.entries] == [None, None]

    run(case)


def test_a_beta_of_the_callers_reaches_a_provider_of_the_dialect_alone():
    async def case(home: House):
        beta = {"openai-beta": "responses=experimental", "openai-organization": "org-1"}
        for model in MODELS[:2]:
            await home.client.responses.create(model=model, input="hi", extra_headers=beta)
        same, other = (request.headers for request in home.seen)
        assert same["openai-beta"] == "responses=experimental"
        assert "openai-organization" not in same
        assert "openai-beta" not in other

    run(case)


def test_what_one_tier_cannot_say_goes_to_a_tier_that_can():
    config = RULES.replace('model = "anthropic/claude-sonnet-4-6"', 'model = "responses/gpt-5"')

    async def case(home: House):
        raw = await home.client.responses.with_raw_response.create(
            model="auto", input="hello", top_logprobs=2
        )
        assert raw.headers["x-headgate-tier"] == "premium"
        assert raw.headers["x-headgate-reason"] == "guard:dialect"
        (entry,) = home.entries
        assert entry.dialect_out == "openai-responses"

    run(case, config)
