"""counting: the provider's own count where there is one, else an estimate that says so."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import pytest

from headgate.gateway.counting import HEADER
from tests.gateway.house import CONFIG, RULES, House, house
from tests.gateway.leaping import run_leaping

HI: Any = [{"role": "user", "content": "Good morning to you, dear sir"}]


def run(case, config: str = RULES, **more):
    async def main():
        async with house(config, **more) as made:
            return await case(made)

    return run_leaping(main())


async def count(home: House, model: str, messages: Any = HI, **more) -> tuple[int, str]:
    raw = await home.claude.messages.with_raw_response.count_tokens(
        model=model, messages=messages, **more
    )
    return (await raw.parse()).input_tokens, raw.headers[HEADER]


def test_a_provider_of_the_dialect_counts_and_nothing_is_billed():
    async def case(home: House):
        assert await count(home, "cheap") == (8, "provider")
        assert await count(home, "cheap", system="Be brief.") == (10, "provider")
        (first, _) = home.seen
        assert first.path == "/v1/messages/count_tokens"
        assert json.loads(first.body)["model"] == "claude-haiku-4-5"
        assert home.entries == []
        assert home.tally()["anthropic"]["billed"] == {}

    run(case)


def test_the_tier_that_would_answer_counts():
    async def case(home: House):
        await count(home, "auto")
        await count(home, "auto", [{"role": "user", "content": "prove it"}])
        models = [json.loads(request.body)["model"] for request in home.seen]
        assert models == ["claude-haiku-4-5", "claude-sonnet-4-6"]

    run(case)


def test_no_classifier_is_asked_for_a_count():
    async def case(home: House):
        assert await count(home, "auto") == (8, "provider")
        assert [json.loads(request.body)["model"] for request in home.seen] == ["claude-sonnet-4-6"]

    run(case, CONFIG)


def test_another_dialect_leaves_it_at_an_estimate():
    async def case(home: House):
        assert await count(home, "google/gpt-5-mini") == (14, "estimate")
        assert home.seen == []

    run(case)


def test_a_provider_that_cannot_be_reached_leaves_it_at_an_estimate():
    async def case(home: House):
        assert await count(home, "gone/claude-haiku-4-5") == (14, "estimate")

    config = RULES + '[providers.gone]\ndialect = "anthropic"\nbase_url = "http://127.0.0.1:9"\n'
    run(case, config)


def test_a_provider_that_has_no_such_model_leaves_it_at_an_estimate():
    async def case(home: House):
        assert await count(home, "anthropic/claude-unknown") == (14, "estimate")

    run(case)


def test_a_refusal_of_the_request_is_the_answer():
    async def case(home: House):
        with pytest.raises(anthropic.BadRequestError, match="must alternate"):
            await count(home, "cheap", [*HI, *HI])
        with pytest.raises(anthropic.NotFoundError, match="not served"):
            await count(home, "nothing")
        status, _, body = await home.post(b"{}", "/v1/messages/count_tokens")
        assert (status, json.loads(body)["type"]) == (400, "error")

    run(case)


def test_thinking_of_another_model_is_counted_without_it():
    async def case(home: House):
        block = {"type": "thinking", "thinking": "Hm.", "signature": "another's"}
        text = {"type": "text", "text": "Hi"}
        history = [*HI, {"role": "assistant", "content": [block, text]}, *HI]
        assert (await count(home, "cheap", history))[1] == "provider"

    run(case)
