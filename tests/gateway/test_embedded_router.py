"""A learned router that needs embeddings: one call a request, and the safe tier where it fails."""

from __future__ import annotations

import asyncio
import json

import pytest

from headgate.routing.artifact import Artifact, dump, fingerprint
from headgate.routing.controls import Controls
from headgate.routing.features import Request, excerpt
from headgate.routing.router import Head
from headgate.testing.brain import tokens, uniform
from headgate.testing.embeddings import DIMENSIONS
from headgate.values import Usage
from tests.gateway.house import LEARNED, House, house
from tests.gateway.leaping import run_leaping
from tests.routing.routers import small_artifact

PRICED = LEARNED + '[prices."google/embedder"]\ninput = "0.10"\noutput = "0"\n'
WEIGHTS = tuple(2.0 if index == 0 else -0.5 for index in range(DIMENSIONS))
ARTIFACT = small_artifact(head=Head("google/embedder", "endpoint", WEIGHTS))


def run(case, config: str = PRICED, artifact: Artifact = ARTIFACT, **more):
    async def main():
        async with house(config, artifact=artifact, **more) as made:
            return await case(made)

    return run_leaping(main())


def score(text: str) -> float:
    vector = [uniform(excerpt(text), index) for index in range(DIMENSIONS)]
    return ARTIFACT.router.score(Request(text=text), vector)


def text_of(*, hard: bool) -> str:
    texts = (f"question number {number}" for number in range(1000))
    return next(text for text in texts if (score(text) >= 0.25) == hard)


def test_the_embedding_is_asked_for_and_decides_with_the_text():
    async def case(home: House):
        for hard in (False, True):
            text = text_of(hard=hard)
            _, headers = await home.ask(text)
            assert headers["x-headgate-tier"] == ("premium" if hard else "cheap")
            assert headers["x-headgate-reason"] == "router"
            assert float(headers["x-headgate-score"]) == pytest.approx(score(text), abs=1e-3)
            asked, answer = home.entries[-2:]
            assert (asked.purpose, asked.tier, asked.model_asked) == (
                "classifier", "classifier", "embedder",
            )  # fmt: skip
            assert (asked.usage, asked.usage_source) == (Usage(input=tokens(text)), "measured")
            assert (asked.cost_nano, asked.error) == (100 * tokens(text), None)
            assert not asked.served
            assert answer.request_id == asked.request_id
            assert answer.router == fingerprint(dump(ARTIFACT))
            assert answer.score == pytest.approx(score(text), abs=1e-3)
            assert json.loads(answer.trace or "{}")["threshold"] == 0.25
        bodies = [json.loads(one.body) for one in home.seen if one.path == "/v1/embeddings"]
        assert [body["input"] for body in bodies] == [[text_of(hard=h)] for h in (False, True)]
        assert {body["model"] for body in bodies} == {"embedder"}

    run(case)


def test_of_a_long_text_both_ends_are_embedded_as_in_training():
    async def case(home: House):
        await home.ask("begin " + "x" * 5000 + " end")
        (body,) = [json.loads(one.body) for one in home.seen if one.path == "/v1/embeddings"]
        assert len(body["input"][0]) == 1601
        assert body["input"][0].endswith(" end")

    run(case)


def test_a_streamed_request_is_routed_by_its_embedding_too():
    async def case(home: House):
        text = text_of(hard=True)
        async with home.claude.messages.stream(
            model="auto", max_tokens=50, messages=[{"role": "user", "content": text}]
        ) as stream:
            answer = await stream.get_final_message()
        assert answer.model == "claude-sonnet-4-6"
        assert [entry.reason for entry in home.entries] == ["classifier", "router"]

    run(case)


async def failing(_: str, request) -> str | None:
    return "no embeddings today" if request.path == "/v1/embeddings" else None


async def slow(_: str, request) -> str | None:
    if request.path == "/v1/embeddings":
        await asyncio.sleep(5)
    return None


@pytest.mark.parametrize(
    ("objector", "error"), [(failing, "status"), (slow, "timeout")], ids=["refused", "slow"]
)
def test_where_the_embedding_does_not_come_the_safe_tier_answers(objector, error):
    async def case(home: House):
        text = text_of(hard=False)
        _, headers = await home.ask(text)
        assert headers["x-headgate-tier"] == "premium"
        assert headers["x-headgate-reason"] == "classifier-failed"
        assert "x-headgate-score" not in headers
        assert [entry.error for entry in home.entries] == [error, None]

    run(case, objector=objector, sets=("classifier.timeout=0.2s",))


def test_on_failure_names_the_tier_that_answers_instead():
    async def case(home: House):
        _, headers = await home.ask(text_of(hard=True))
        assert headers["x-headgate-tier"] == "cheap"

    run(case, objector=failing, sets=("classifier.on_failure=cheap",))


def test_an_embedding_of_another_size_decides_nothing():
    async def case(home: House):
        _, headers = await home.ask("hello")
        assert headers["x-headgate-reason"] == "classifier-failed"
        asked = home.entries[0]
        assert (asked.error, asked.cost_nano) == ("verdict", 100 * tokens("hello"))

    run(case, artifact=small_artifact(head=Head("google/embedder", "endpoint", (1.0, 2.0))))


def test_a_model_that_keeps_failing_is_not_asked_until_its_breaker_closes():
    async def case(home: House):
        for _ in range(4):
            await home.ask("hello", model="auto")
        asked = [entry for entry in home.entries if entry.purpose == "classifier"]
        assert len(asked) == 2

    run(
        case,
        objector=slow,
        sets=("classifier.timeout=0.05s", "resilience.breaker_failures=2"),
    )


def test_what_the_watch_and_rules_decide_needs_no_embedding():
    async def case(home: House):
        home.app.plant.helm.controls = Controls(pinned=True)
        await home.ask("hello")
        home.app.plant.helm.controls = Controls(threshold=1.01)
        _, headers = await home.ask(text_of(hard=True))
        assert (headers["x-headgate-tier"], headers["x-headgate-reason"]) == ("cheap", "held")
        purposes = [entry.purpose for entry in home.entries]
        assert purposes == ["answer", "classifier", "answer"]

    run(case)


def test_a_further_turn_of_a_conversation_stays_without_another_embedding():
    async def case(home: House):
        text = text_of(hard=True)
        first, _ = await home.ask(text)
        messages = [
            {"role": "user", "content": text},
            {"role": "assistant", "content": first.choices[0].message.content},
            {"role": "user", "content": text_of(hard=False)},
        ]
        await home.client.chat.completions.create(model="auto", messages=messages)  # type: ignore[arg-type]
        assert [entry.purpose for entry in home.entries] == ["classifier", "answer", "answer"]
        assert home.entries[-1].tier == "premium"

    run(case)
