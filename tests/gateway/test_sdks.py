"""The official SDKs, both clients and every helper, against the gateway for every dialect pair."""

from __future__ import annotations

from typing import Any

import pytest
from openai import AsyncAzureOpenAI

from tests.gateway.house import RULES, House, house
from tests.gateway.leaping import run_leaping
from tests.gateway.sdks import PARSED, TEXTS, TOOLS, City, Way, asked, ways

MODELS = ["google/gpt-5-mini", "responses/gpt-5", "anthropic/claude-haiku-4-5"]
"""One of each dialect; the first is called through the endpoint that Gemini's models have too."""
FINISH = {"openai": "stop", "openai-responses": "completed", "anthropic": "end_turn"}
CLIENTS = [pytest.param(False, id="sync"), pytest.param(True, id="async")]


PRICED = RULES + "".join(
    f'[prices."{model}"]\ninput = "1.25"\noutput = "10"\n' for model in MODELS[:2]
)


def run(case, config: str = RULES):
    async def main():
        async with house(config) as made:
            return await case(made)

    return run_leaping(main())


@pytest.mark.parametrize("asynchronous", CLIENTS)
@pytest.mark.parametrize(("dialect", "way"), ways(TEXTS))
def test_text_arrives_with_its_tokens_and_its_end(dialect: str, way: Way, asynchronous: bool):
    async def case(home: House):
        for model in [*MODELS, "google/gemini-2.5-flash"]:
            question = "Good morning to you, and ☕ 東京 äöü, at some length. " * 3
            said = await asked(home.url, dialect, way, model, question, asynchronous=asynchronous)
            assert said.text == question.strip(), model
            usage = home.entries[-1].usage
            assert usage is not None
            assert (said.input_tokens, said.output_tokens) == (usage.input, usage.output), model
            assert said.finish == FINISH[dialect]
        assert {entry.dialect_in for entry in home.entries} == {dialect}
        assert {entry.dialect_out for entry in home.entries} == set(FINISH)
        assert all(entry.served and entry.error is None for entry in home.entries)

    run(case)


@pytest.mark.parametrize("asynchronous", CLIENTS)
@pytest.mark.parametrize(("dialect", "way"), ways(PARSED))
def test_an_answer_is_parsed_into_the_callers_type(dialect: str, way: Way, asynchronous: bool):
    async def case(home: House):
        for model in MODELS:
            question = '[[say:{"name": "Porto"}]]'
            said = await asked(home.url, dialect, way, model, question, asynchronous=asynchronous)
            assert said.parsed == City(name="Porto"), model
            assert b"schema" in home.seen[-1].body

    run(case)


@pytest.mark.parametrize("asynchronous", CLIENTS)
@pytest.mark.parametrize(("dialect", "way"), ways(TOOLS))
def test_a_loop_of_parallel_tools_is_seen_through(dialect: str, way: Way, asynchronous: bool):
    async def case(home: House):
        for model in MODELS:
            question = "[[tool:2]] How is it in Porto?"
            said = await asked(home.url, dialect, way, model, question, asynchronous=asynchronous)
            assert sorted(said.calls) == [
                ("news", {"name": "Porto"}),
                ("weather", {"name": "Porto"}),
            ], model
            assert said.text in ("news!", "weather!\nnews!"), model
        assert all(entry.error is None for entry in home.entries)

    run(case)


@pytest.mark.parametrize("dialect", list(FINISH))
def test_a_streams_last_usage_tells_what_the_request_cost(dialect: str):
    async def case(home: House):
        for model in MODELS:
            usage: Any
            if dialect == "openai":
                asked: Any = {"stream_options": {"include_usage": True}}
                async with home.client.chat.completions.stream(
                    model=model, messages=[{"role": "user", "content": "hello"}], **asked
                ) as chat:
                    usage = (await chat.get_final_completion()).usage
            elif dialect == "openai-responses":
                async with home.client.responses.stream(model=model, input="hello") as responses:
                    usage = (await responses.get_final_response()).usage
            else:
                events = await home.claude.messages.create(
                    model=model,
                    max_tokens=99,
                    messages=[{"role": "user", "content": "hello"}],
                    stream=True,
                )
                usage = [one async for one in events if one.type == "message_delta"][-1].usage
            cost = home.entries[-1].cost_nano
            assert cost
            assert round((usage.model_extra or {})["cost_usd"] * 1e9) == cost, model

    run(case, PRICED)


def test_who_did_not_ask_for_usage_is_told_no_cost_and_gets_every_byte():
    async def case(home: House):
        body = (
            b'{"model": "google/gpt-5-mini", "stream": true, '
            b'"messages": [{"role": "user", "content": "hello"}]}'
        )
        status, _, answer = await home.post(body)
        assert status == 200
        assert b"hello" in answer
        assert b"cost_usd" not in answer
        assert home.entries[0].cost_nano

    run(case, PRICED)


def test_no_cost_is_told_where_no_price_is_known():
    async def case(home: House):
        async with home.client.responses.stream(model=MODELS[1], input="hello") as responses:
            usage = (await responses.get_final_response()).usage
        assert usage is not None
        assert "cost_usd" not in (usage.model_extra or {})

    run(case)


def test_azures_client_comes_in_by_its_own_paths_and_its_own_header():
    async def case(home: House):
        url = home.url
        async with AsyncAzureOpenAI(
            azure_endpoint=url, api_key="gate-key", api_version="2025-01-01", max_retries=0
        ) as azure:
            answer = await azure.chat.completions.create(
                model="auto", messages=[{"role": "user", "content": "hello"}]
            )
            assert answer.choices[0].message.content == "hello"
            embedded = await azure.embeddings.create(model="google/embedder", input="hello")
            assert embedded.data
        assert [entry.route for entry in home.entries] == ["/v1/chat/completions", "/v1/embeddings"]
        assert all("api-key" not in request.headers for request in home.seen)

    run(case, RULES + '[server]\napi_key_env = "GATE_KEY"\n')


def test_anthropics_client_goes_through_the_models_page_by_page():
    async def case(home: House):
        pages = [model.id async for model in home.claude.models.list(limit=2)]
        whole = [model.id async for model in home.claude.models.list()]
        assert pages == whole
        assert len(whole) > 2

    run(case)
