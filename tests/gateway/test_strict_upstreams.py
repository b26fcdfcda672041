"""What the gateway sends is judged by the vendors' own specifications, and by mocks of others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.errors import RequestError
from headgate.wire.lane import DIALECTS, lane, read
from headgate.wire.neutral import Request
from tests.gateway.house import RULES, House, house
from tests.gateway.sdks import PARSED, TEXTS, TOOLS, City, Said, Way, asked, ways
from tests.gateway.test_sdks import MODELS
from tests.gateway.upstreams import Witness, mock_of_apis, witness
from tests.wire.agents import AGENTS, Traffic
from tests.wire.translate.test_round_trips import ANTHROPIC_REQUESTS, OPENAI_REQUESTS


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    with witness(tmp_path_factory.mktemp("specs")) as found:
        yield found


def run(case, judge: Witness):
    async def main():
        async with house(RULES, objector=judge.hear) as made:
            return await case(made)

    return asyncio.run(main())


GOOD = {
    "openai": b'{"model":"m","messages":[{"role":"user","content":"hi"}]}',
    "openai-responses": b'{"model":"m","input":"hi"}',
    "anthropic": b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}',
}
BAD = [
    ("openai", b'{"model":"m","messages":[{"role":"usr","content":"hi"}]}'),
    ("openai", b'{"model":"m","messages":[{"role":"user","content":"hi"}],"future":1}'),
    ("openai", b'{"model":"m","messages":[{"role":"user","content":[{"type":"x"}]}]}'),
    ("openai-responses", b'{"model":"m","input":[{"type":"nothing"}]}'),
    ("openai-responses", b'{"model":"m","input":"hi","future":1}'),
    ("openai-responses", b'{"model":"m","input":"hi","text":{"format":{"type":"json_schema"}}}'),
    ("openai-responses", b'{"model":"m","input":"hi","max_output_tokens":1}'),
    ("anthropic", b'{"model":"m","max_tokens":9,"messages":[],"future":1}'),
    ("anthropic", b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'),
    ("anthropic", b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{}]}]}'),
]
HEADERS = {"anthropic-version": "2023-06-01", "authorization": "Bearer k"}


@pytest.mark.parametrize("dialect", list(GOOD))
def test_the_judge_lets_pass_what_is_to_specification(dialect: str, judge: Witness):
    assert judge.objection(dialect, GOOD[dialect], HEADERS) is None


@pytest.mark.parametrize(("dialect", "body"), BAD)
def test_the_judge_objects_to_what_is_not(dialect: str, body: bytes, judge: Witness):
    assert judge.objection(dialect, body, HEADERS)


QUESTIONS = [
    *[(d, way, "Good morning", Said("Good morning", 3, 3, None)) for d, way in ways(TEXTS)],
    *[
        (d, way, '[[say:{"name": "Porto"}]]', Said("", 0, 0, None, City(name="Porto")))
        for d, way in ways(PARSED)
    ],
    *[(d, way, "[[tool:2]] How is it?", Said("", 0, 0, None)) for d, way in ways(TOOLS)],
]


@pytest.mark.parametrize(("dialect", "way", "question", "wanted"), QUESTIONS)
def test_all_that_the_sdks_ask_for_is_sent_to_specification(
    dialect: str, way: Way, question: str, wanted: Said, judge: Witness
):
    async def case(home: House):
        before = judge.heard
        for model in MODELS:
            said = await asked(home.url, dialect, way, model, question, asynchronous=True)
            assert said.parsed == wanted.parsed
            assert said.text.startswith(wanted.text)
        assert judge.heard - before == len(home.seen) >= len(MODELS)
        assert [entry.error for entry in home.entries] == [None] * len(home.entries)

    run(case, judge)


WRITTEN_FOR = [
    ("openai", "gpt-5-mini"),
    ("openai", "gemini-2.5-flash"),
    ("openai", "gpt-4o"),
    ("openai-responses", "gpt-5"),
    ("anthropic", "claude-haiku-4-5"),
    ("anthropic", "claude-opus-4-7"),
]


@pytest.mark.parametrize(("dialect", "model"), WRITTEN_FOR)
def test_whatever_is_translated_is_written_to_specification(
    dialect: str, model: str, judge: Witness
):
    provider = DIALECTS[dialect]

    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
    @given(st.one_of(OPENAI_REQUESTS, ANTHROPIC_REQUESTS))
    def check(request: Request) -> None:
        try:
            provider.check(request, provider.words)
            body = provider.write_request(request, model)
        except RequestError:
            return  # refused by name: nothing is sent
        assert judge.objection(dialect, body, HEADERS) is None, body

    check()


@pytest.mark.parametrize("traffic", AGENTS, ids=lambda one: f"{one.dialect}: {one.name}")
def test_what_coding_agents_ask_is_to_specification_and_so_is_its_translation(
    traffic: Traffic, judge: Witness
):
    inbound = read(traffic.dialect, json.dumps(traffic.body).encode(), traffic.headers)
    for dialect, model in {**dict(WRITTEN_FOR), "anthropic": "claude-haiku-4-5"}.items():
        if dialect not in traffic.refused:
            way = lane(inbound, dialect, at=0)
            headers = HEADERS | dict(way.passed())
            assert judge.objection(dialect, way.request(model), headers) is None, dialect


# ---- a mock of whole APIs that others wrote: its answers and streams, its checks of what is sent

BOM_DIA = "Bom dia ☕, and a good many words to be sent in pieces."
USED = {"usage": {"input_tokens": 12, "output_tokens": 7}}
CALLS = [{"name": name, "arguments": {"name": "Porto"}} for name in ("weather", "news")]
FIXTURES = [
    {"match": {"userMessage": "Good morning"}, "response": {"content": BOM_DIA, **USED}},
    {"match": {"userMessage": "Where"}, "response": {"content": '{"name": "Porto"}', **USED}},
    {
        "match": {"userMessage": "How is it", "hasToolResult": False},
        "response": {"toolCalls": CALLS, **USED},
    },
    {
        "match": {"userMessage": "How is it", "hasToolResult": True},
        "response": {"content": "It rains.", **USED},
    },
]
BOTH_CALLS = (("news", {"name": "Porto"}), ("weather", {"name": "Porto"}))
OTHERS_SAY = [
    *[(d, way, "Good morning", Said(BOM_DIA, 0, 0, None)) for d, way in ways(TEXTS)],
    *[
        (d, way, "Where?", Said('{"name": "Porto"}', 0, 0, None, City(name="Porto")))
        for d, way in ways(PARSED)
    ],
    *[
        (d, way, "How is it?", Said("It rains.", 0, 0, None, None, BOTH_CALLS))
        for d, way in ways(TOOLS)
    ],
]


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mock_of_apis(FIXTURES, tmp_path_factory.mktemp("fixtures")) as url:
        yield url


@pytest.mark.parametrize(("dialect", "way", "question", "wanted"), OTHERS_SAY)
def test_providers_that_others_wrote_are_understood(
    dialect: str, way: Way, question: str, wanted: Said, apis: str
):
    config = RULES
    for name in ("openai", "responses", "anthropic"):
        config = config.replace(f"{{{name}}}", apis)

    async def main():
        async with house(config) as home:
            for model in MODELS:
                said = await asked(home.url, dialect, way, model, question, asynchronous=True)
                assert said.text == wanted.text, model
                assert tuple(sorted(said.calls)) == wanted.calls, model
                assert said.parsed == wanted.parsed, model
                entry = home.entries[-1]
                assert (entry.error, entry.usage_source) == (None, "measured"), model
                assert entry.usage is not None
                assert (entry.usage.input, entry.usage.output) == (12, 7), model
                assert said.output_tokens in (None, 7), model

    asyncio.run(main())
