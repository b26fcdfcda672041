"""The official SDKs, both clients and every helper, against the gateway for every dialect pair."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.house import RULES, House, house
from tests.gateway.sdks import PARSED, TEXTS, TOOLS, City, Way, asked, ways

MODELS = ["google/gpt-5-mini", "responses/gpt-5", "anthropic/claude-haiku-4-5"]
"""One of each dialect; the first is called through the endpoint that Gemini's models have too."""
FINISH = {"openai": "stop", "openai-responses": "completed", "anthropic": "end_turn"}
CLIENTS = [pytest.param(False, id="sync"), pytest.param(True, id="async")]


def run(case):
    async def main():
        async with house(RULES) as made:
            return await case(made)

    return asyncio.run(main())


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
