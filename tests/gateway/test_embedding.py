"""embedding: passed through to the model named or set, metered, and written down."""

from __future__ import annotations

import asyncio
import json

import openai
import pytest

from headgate.ledger.entry import Entry
from headgate.values import Usage
from tests.gateway.house import RULES, House, house
from tests.gateway.leaping import run_leaping

DEFAULT = RULES + '[server]\nembedding_model = "google/embedder"\n'
PRICED = RULES + '[prices."google/embedder"]\ninput = "0.10"\noutput = "0"\n'


def run(case, config: str = RULES, **more):
    async def main():
        async with house(config, **more) as made:
            return await case(made)

    return run_leaping(main())


def test_a_named_model_embeds_and_its_tokens_are_billed():
    async def case(home: House):
        raw = await home.client.embeddings.with_raw_response.create(
            model="google/embedder", input=["one two", "three"], dimensions=4
        )
        found = raw.parse()
        assert [len(one.embedding) for one in found.data] == [4, 4]
        assert found.data[0].embedding != found.data[1].embedding
        (entry,) = home.entries
        assert (entry.purpose, entry.tier, entry.reason) == ("embedding", "pinned", "pinned")
        assert (entry.route, entry.served, entry.routed) == ("/v1/embeddings", True, False)
        assert (entry.usage, entry.usage_source) == (Usage(input=4), "measured")
        assert (entry.cost_nano, entry.premium_nano) == (400, 400)
        assert (entry.provider, entry.model_asked, entry.model_answered) == (
            "google", "embedder", "embedder",
        )  # fmt: skip
        assert raw.headers["x-headgate-cost-usd"] == "0.0000004"
        assert raw.headers["x-headgate-request-id"] == entry.request_id
        assert raw.headers["x-headgate-model"] == "google/embedder"

    run(case, PRICED)


def test_every_field_of_its_row_stands_under_its_name():
    async def case(home: House):
        tags = '{"team": "search"}'
        sent = ("x-headgate-session: s1", f"x-headgate-tags: {tags}")
        body = b'{"model": "google/embedder", "input": "one two"}'
        assert (await home.post(body, "/v1/embeddings", *sent))[0] == 200
        (entry,) = home.entries
        told_by_the_clock = ("request_id", "at_us", "total_us", "card", "config")
        clocked = {name: getattr(entry, name) for name in told_by_the_clock}
        assert entry == Entry(
            attempt=0,
            purpose="embedding",
            dialect_in="openai",
            dialect_out="openai",
            route="/v1/embeddings",
            asked="google/embedder",
            routed=False,
            tier="pinned",
            premium=False,
            provider="google",
            model_asked="embedder",
            model_answered="embedder",
            reason="pinned",
            cause="first",
            served=True,
            status=200,
            usage=entry.usage,
            usage_source="measured",
            cost_nano=entry.usage.input * 100,
            premium_nano=entry.usage.input * 100,
            session="s1",
            tags=tags,
            **clocked,
        )
        assert entry.card is not None
        assert "google/embedder" in entry.card
        assert entry.config
        assert entry.total_us >= 0

    run(case, PRICED)


def test_the_request_goes_on_as_it_came_but_for_the_model():
    async def case(home: House):
        body = b'{"model": "google/embedder", "input": "a  b", "user": "u"}'
        assert (await home.post(body, "/v1/embeddings"))[0] == 200
        assert home.seen[0].body == b'{"model":"embedder","input":"a  b","user":"u"}'

    run(case)


@pytest.mark.parametrize("asked", ["auto", "embedder", "google/embedder"])
def test_the_model_that_is_set_answers_without_its_provider(asked):
    async def case(home: House):
        found = await home.client.embeddings.create(model=asked, input="hi")
        assert len(found.data) == 1
        assert home.entries[0].asked == asked

    run(case, DEFAULT)


def test_a_provider_of_responses_embeds_too():
    async def case(home: House):
        found = await home.client.embeddings.create(model="responses/gpt-5", input="hi")
        assert found.usage.prompt_tokens == 1

    run(case)


@pytest.mark.parametrize("asked", ["auto", "cheap", "embedder", "nobody/embedder"])
def test_a_model_without_a_known_provider_is_refused(asked):
    async def case(home: House):
        with pytest.raises(openai.NotFoundError, match="provider/model"):
            await home.client.embeddings.create(model=asked, input="hi")
        assert home.entries == []

    run(case)


def test_a_provider_without_embeddings_is_refused():
    async def case(home: House):
        with pytest.raises(openai.BadRequestError, match="no embeddings"):
            await home.client.embeddings.create(model="anthropic/x", input="hi")

    run(case)


@pytest.mark.parametrize(
    ("body", "param"), [(b'{"model": "a/b"}', "input"), (b'{"input": "hi"}', "model")]
)
def test_a_bad_request_is_refused_with_its_field(body, param):
    async def case(home: House):
        status, _, answer = await home.post(body, "/v1/embeddings")
        assert (status, json.loads(answer)["error"]["param"]) == (400, param)

    run(case)


def test_a_providers_refusal_reaches_the_caller_and_costs_nothing():
    async def case(home: House):
        with pytest.raises(openai.BadRequestError):
            await home.client.embeddings.create(
                model="google/embedder", input="hi", dimensions=9999
            )
        (entry,) = home.entries
        assert (entry.status, entry.error, entry.served) == (400, "status", False)
        assert entry.usage == Usage()

    run(case)


def test_a_provider_that_is_not_there_gives_502_by_its_name_and_is_written_down(caplog):
    config = RULES + '[providers.gone]\ndialect = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'

    async def case(home: House):
        with pytest.raises(openai.APIStatusError) as caught:
            await home.client.embeddings.create(model="gone/x", input="hi")
        assert caught.value.status_code == 502
        assert "The provider `gone` cannot be reached." in str(caught.value)
        assert "127.0.0.1" not in str(caught.value)
        assert "127.0.0.1:9" in caplog.text
        for entry in home.entries:
            assert (entry.error, entry.served, entry.usage) == ("connect", False, Usage())
        assert [entry.cause for entry in home.entries] == ["first", "retry"]

    run(case, config)


SILENT = RULES.replace("request_timeout = 5.0", "request_timeout = 0.3")


def silently(case, *sets: str):
    """A case with a provider `silent` that takes requests and never answers."""

    async def main():
        taken = asyncio.Event()

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"}")
            taken.set()
            await reader.read()
            writer.close()

        server = await asyncio.start_server(listen, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/v1"
        config = SILENT + f'[providers.silent]\ndialect = "openai"\nbase_url = "{url}"\n'
        async with server, house(config, sets=sets) as home:
            await case(home, taken)

    run_leaping(main())


def test_a_provider_that_never_answers_gives_504_and_an_estimate_of_what_it_bills():
    async def case(home: House, _: asyncio.Event):
        with pytest.raises(openai.APIStatusError) as caught:
            await home.client.embeddings.create(model="silent/x", input="word " * 8)
        assert caught.value.status_code == 504
        (entry,) = home.entries
        assert (entry.error, entry.usage_source, entry.usage) == (
            "timeout", "estimated", Usage(input=10),
        )  # fmt: skip

    silently(case, "resilience.request_timeout=0.5")


def test_a_caller_that_leaves_is_written_down():
    async def case(home: House, taken: asyncio.Event):
        _, writer = await asyncio.open_connection("127.0.0.1", home.port)
        body = b'{"model": "silent/x", "input": "hi"}'
        head = f"POST /v1/embeddings HTTP/1.1\r\nhost: h\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await asyncio.wait_for(taken.wait(), 60)
        writer.close()
        for _ in range(100):
            if home.entries:
                break
            await asyncio.sleep(0.01)
        (entry,) = home.entries
        assert (entry.error, entry.aborted, entry.served) == ("caller-left", True, False)

    silently(case)
