"""policies in a running gateway: who decides, what the headers say, what the rows say."""

from __future__ import annotations

import asyncio

import pytest

from headgate.routing.artifact import dump, fingerprint
from headgate.routing.controls import Controls
from tests.gateway.house import LEARNED, House, house
from tests.routing.routers import small_artifact


def run(case, config: str = LEARNED, **more):
    async def main():
        async with house(config, **more) as made:
            return await case(made)

    return asyncio.run(main())


def test_a_learned_router_decides_and_its_score_and_version_are_written_down():
    async def case(home: House):
        _, easy = await home.ask("hello there")
        _, hard = await home.ask("prove that", extra_headers={"x-headgate-category": "maths"})
        assert (easy["x-headgate-tier"], hard["x-headgate-tier"]) == ("cheap", "premium")
        assert easy["x-headgate-reason"] == hard["x-headgate-reason"] == "router"
        assert float(easy["x-headgate-score"]) < 0.25 <= float(hard["x-headgate-score"])
        first, second = home.entries
        assert (first.tier, second.tier) == ("cheap", "premium")
        assert first.score == pytest.approx(float(easy["x-headgate-score"]), rel=1e-3)
        assert first.router == second.router == fingerprint(dump(small_artifact()))
        assert (first.policy, first.category, second.category) == ("auto", None, "maths")
        assert first.queue_us is not None
        assert 0 <= first.queue_us < 10_000_000

    run(case)


def test_a_category_makes_the_difference_that_the_router_has_learned():
    async def case(home: House):
        scores = []
        for category in ("chat", "maths"):
            labels = {"x-headgate-category": category}
            _, headers = await home.ask("hello", extra_headers=labels)
            scores.append(float(headers["x-headgate-score"]))
        assert scores[0] < scores[1]

    run(case)


def test_an_endless_category_is_refused():
    async def case(home: House):
        label = b"x-headgate-category: " + b"x" * 201
        status, _, body = await home.post(b"{}", "/v1/chat/completions", label.decode())
        assert status == 400
        assert b"x-headgate-category" in body

    run(case)


def test_a_streamed_request_is_routed_by_the_router_too():
    async def case(home: House):
        async with home.claude.messages.stream(
            model="auto", max_tokens=50, messages=[{"role": "user", "content": "prove that"}]
        ) as stream:
            answer = await stream.get_final_message()
        assert answer.model == "claude-sonnet-4-6"
        (entry,) = home.entries
        assert (entry.reason, entry.streamed, entry.served) == ("router", True, True)

    run(case)


def test_a_pinned_request_is_under_no_policy_and_not_scored():
    async def case(home: House):
        await home.ask("prove that", model="cheap")
        (entry,) = home.entries
        assert (entry.policy, entry.score, entry.router, entry.routed) == ("", None, None, False)

    run(case)


def test_a_threshold_in_the_file_stands_before_the_certificates():
    async def case(home: House):
        _, headers = await home.ask("prove that")
        assert headers["x-headgate-tier"] == "cheap"

    run(case, sets=("classifier.threshold=0.95",))


def test_the_watch_takes_over_between_two_requests_and_gives_back():
    async def case(home: House):
        helm = home.app.plant.helm
        for controls, reason, tier in (
            (Controls(pinned=True), "pinned-by-watch", "premium"),
            (Controls(threshold=0.99), "held", "cheap"),
            (Controls(), "router", "premium"),
        ):
            helm.controls = controls
            _, headers = await home.ask("prove that")
            assert (headers["x-headgate-reason"], headers["x-headgate-tier"]) == (reason, tier)
        assert [entry.reason for entry in home.entries] == ["pinned-by-watch", "held", "router"]

    run(case)
