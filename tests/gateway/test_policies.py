"""policies in a running gateway: who decides, what the headers say, what the rows say."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import openai
import pytest

from headgate.routing.artifact import dump, fingerprint
from headgate.routing.controls import Controls
from tests.gateway.house import LEARNED, RULES, House, house
from tests.gateway.leaping import run_leaping
from tests.routing.routers import small_artifact


def run(case, config: str = LEARNED, **more):
    async def main():
        async with house(config, **more) as made:
            return await case(made)

    return run_leaping(main())


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


SEVERAL = (
    LEARNED
    + """
[policies.best]
kind = "none"
[[routes]]
policy = "best"
path = "/v1/messages"
[[routes]]
policy = "best"
model = "gpt-4o*"
"""
)


def test_a_policy_is_chosen_by_alias_path_or_model_and_named_in_the_row():
    async def case(home: House):
        await home.ask("hello", model="auto:best")
        await home.ask("hello", model="gpt-4o-mini")
        await home.claude.messages.create(
            model="auto", max_tokens=9, messages=[{"role": "user", "content": "hello"}]
        )
        await home.ask("hello")
        rows = [(entry.policy, entry.tier, entry.reason) for entry in home.entries]
        assert rows == [("best", "premium", "default")] * 3 + [("auto", "cheap", "router")]
        listed = [model.id for model in (await home.client.models.list()).data]
        assert "auto:best" in listed

    run(case, SEVERAL)


def test_a_request_that_is_too_long_for_a_tier_goes_to_the_next_and_the_trace_says_why():
    async def case(home: House):
        _, headers = await home.ask("word " * 500)
        assert (headers["x-headgate-tier"], headers["x-headgate-reason"]) == (
            "premium",
            "guard:context",
        )
        (entry,) = home.entries
        assert json.loads(entry.trace or "") == {"ruled_out": {"cheap": "context"}}
        assert (entry.cause, entry.policy) == ("first", "auto")

    run(case, RULES, sets=("tiers.cheap.context=500",))


def test_a_request_that_no_tier_can_serve_is_refused_in_the_callers_dialect_and_sent_nowhere():
    async def case(home: House):
        with pytest.raises(anthropic.BadRequestError) as caught:
            await home.claude.messages.create(
                model="auto", max_tokens=9, messages=[{"role": "user", "content": "word " * 900}]
            )
        assert "cheap (context), premium (context)" in str(caught.value)
        with pytest.raises(openai.BadRequestError) as refused:
            await home.ask("word " * 900)
        assert refused.value.code == "no_capable_tier"
        assert home.seen == []
        assert home.entries == []

    run(case, RULES, sets=("tiers.cheap.context=500", "tiers.premium.context=600"))


def test_a_tier_without_tools_is_no_fallback_for_a_request_with_tools():
    tool: Any = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}

    async def case(home: House):
        _, headers = await home.ask("hello", tools=[tool])
        assert headers["x-headgate-reason"] == "guard:tools"

    run(case, RULES, sets=("tiers.cheap.tools=false",))


def test_a_dialect_that_cannot_carry_the_request_is_ruled_out_before_anything_is_sent():
    async def case(home: House):
        _, headers = await home.ask("hello", logprobs=True)
        assert headers["x-headgate-reason"] == "guard:dialect"
        (entry,) = home.entries
        assert (entry.tier, entry.cause) == ("premium", "first")
        assert json.loads(entry.trace or "") == {"ruled_out": {"cheap": "dialect"}}

    run(case, RULES, sets=("tiers.premium.model=google/gpt-5-mini",))


def test_a_pinned_tier_is_not_second_guessed():
    async def case(home: House):
        await home.ask("word " * 500, model="cheap")
        (entry,) = home.entries
        assert (entry.tier, entry.reason, entry.trace) == ("cheap", "pinned", None)

    run(case, RULES, sets=("tiers.cheap.context=500",))
