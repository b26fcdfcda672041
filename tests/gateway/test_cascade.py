"""The cascade in a running gateway: no rejected draft reaches a caller, all calls are billed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import openai
import pytest
from msgspec.structs import replace

from headgate.ledger.entry import Entry
from headgate.routing.artifact import dump
from headgate.testing.brain import Answer, Prompt, ToolUse
from tests.gateway.house import CONFIG, LEARNED, House, house, until
from tests.gateway.leaping import run_leaping
from tests.routing.routers import small_artifact

CASCADE = CONFIG.replace(
    'kind = "model"\nmodel = "google/gemini-2.5-flash"\ntimeout = 20\n', 'kind = "cascade"\n'
)
GREY = LEARNED.replace('kind = "learned"', 'kind = "cascade"\nthreshold = 0.5\ngrey_from = 0.3')
JUDGED = ("classifier.judge_model=google/gemini-2.5-flash",)
SECOND = ("classifier.second_model=google/gpt-5-mini",)
CHEAP, PREMIUM, JUDGE = "claude-haiku-4-5", "claude-sonnet-4-6", "gemini-2.5-flash"
GOOD, BAD = "The answer is 42, as expected.", "I cannot help with that."


class Script:
    """Answers by the model asked; the rest say that they are premium."""

    def __init__(self, answers: Mapping[str, Answer | str]) -> None:
        self._answers = answers

    def answer(self, prompt: Prompt) -> Answer:
        found = self._answers.get(prompt.model, "From premium, with care.")
        return Answer(text=found) if isinstance(found, str) else found


def run(case, config: str = CASCADE, answers: Mapping[str, Answer | str] | None = None, **more):
    async def main():
        async with house(config, brain=Script(answers or {CHEAP: GOOD}), **more) as made:
            return await case(made)

    return run_leaping(main())


def rows(home: House) -> list[tuple[str, str, str, str | None, bool]]:
    return [
        (entry.purpose, entry.tier, entry.cause, entry.error, entry.served)
        for entry in sorted(home.entries, key=lambda entry: entry.attempt)
    ]


def checks(entry: Entry) -> list[dict[str, Any]]:
    found = json.loads(entry.trace or "{}").get("checks", [])
    assert isinstance(found, list)
    return found


DRAFT = ("answer", "cheap", "first", None, True)
REJECTED = ("answer", "cheap", "first", "rejected", False)
ESCALATED = ("answer", "premium", "escalation", None, True)


def test_a_good_draft_is_served_as_it_came():
    async def case(home: House):
        answer, headers = await home.ask("hello")
        assert answer.choices[0].message.content == GOOD
        assert (headers["x-headgate-tier"], headers["x-headgate-reason"]) == ("cheap", "cascade")
        assert rows(home) == [DRAFT]
        (entry,) = home.entries
        assert [found["check"] for found in checks(entry)] == [
            "finish",
            "empty",
            "refusal",
            "repetition",
        ]
        assert float(headers["x-headgate-cost-usd"]) == pytest.approx((entry.cost_nano or 0) / 1e9)

    run(case)


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "responses"])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_rejected_draft_reaches_nobody_and_both_attempts_are_billed(dialect, streamed):
    async def case(home: House):
        text = await said(home, dialect, streamed=streamed)
        assert text == "From premium, with care."
        assert rows(home) == [REJECTED, ESCALATED]
        draft, answer = sorted(home.entries, key=lambda entry: entry.attempt)
        assert draft.cost_nano
        assert answer.cost_nano
        assert draft.streamed is streamed
        assert checks(draft)[-1] == {"check": "refusal", "good": False}
        assert checks(answer) == []
        billed = home.tally()["anthropic"]["billed"]
        assert set(billed) == {CHEAP, PREMIUM}

    run(case, answers={CHEAP: BAD})


async def said(home: House, dialect: str, *, streamed: bool) -> str:
    """What the official SDK makes of an answer."""
    question: Any = [{"role": "user", "content": "hello"}]
    if dialect == "anthropic":
        if streamed:
            async with home.claude.messages.stream(
                model="auto", max_tokens=99, messages=question
            ) as stream:
                return await stream.get_final_text()
        message = await home.claude.messages.create(model="auto", max_tokens=99, messages=question)
        return "".join(part.text for part in message.content if part.type == "text")
    if dialect == "responses":
        if streamed:
            async with home.client.responses.stream(model="auto", input="hello") as events:
                return (await events.get_final_response()).output_text
        return (await home.client.responses.create(model="auto", input="hello")).output_text
    if streamed:
        async with home.client.chat.completions.stream(model="auto", messages=question) as chunks:
            return (await chunks.get_final_completion()).choices[0].message.content or ""
    answer, headers = await home.ask("hello")
    assert headers["x-headgate-reason"] == "cascade, rejected"
    assert headers["x-headgate-escalated"] == "true"
    return answer.choices[0].message.content or ""


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "responses"])
def test_a_good_draft_of_a_streamed_request_comes_as_a_stream(dialect):
    async def case(home: House):
        assert await said(home, dialect, streamed=True) == GOOD
        (entry,) = home.entries
        assert (entry.served, entry.streamed, entry.aborted) == (True, True, False)
        assert entry.usage_source == "measured"
        assert entry.first_token_us is not None

    run(case)


def test_streams_can_be_routed_only():
    async def case(home: House):
        assert await said(home, "openai", streamed=True) == BAD
        assert [entry.reason for entry in home.entries] == ["default"]
        assert await said(home, "openai", streamed=False) == "From premium, with care."

    run(case, answers={CHEAP: BAD}, sets=("classifier.stream=route",))


def test_the_router_answers_at_both_ends_and_the_cascade_in_between():
    """hello scores below 0.3, `prove that` above 0.5, and a category lies between."""

    async def case(home: House):
        for question, category in (("hello", ""), ("prove", "chat"), ("prove that", "maths")):
            await home.ask(question, extra_headers={"x-headgate-category": category})
        found = [(entry.reason, entry.tier, entry.error) for entry in home.entries]
        assert found == [
            ("router", "cheap", None),
            ("cascade", "cheap", "rejected"),
            ("cascade", "premium", None),
            ("router", "premium", None),
        ]
        scores = [entry.score or 0.0 for entry in home.entries]
        assert scores[0] < 0.3 <= scores[1] < 0.5 <= scores[3]
        assert json.loads(home.entries[1].trace or "")["threshold"] == 0.5

    run(case, GREY, {CHEAP: BAD})


SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "n",
        "schema": {
            "type": "object",
            "properties": {"n": {"type": "integer"}},
            "required": ["n"],
            "additionalProperties": False,
        },
    },
}


@pytest.mark.parametrize(
    ("draft", "rejected"), [('{"n": 1}', False), ('{"n": "one"}', True), ("n is 1", True)]
)
def test_a_draft_must_fit_the_schema_that_the_caller_asked_for(draft, rejected):
    async def case(home: House):
        await home.ask("hello", response_format=SCHEMA)
        assert rows(home) == ([REJECTED, ESCALATED] if rejected else [DRAFT])
        assert checks(home.entries[0])[-1]["check"] == "schema"

    # the draft's provider speaks the caller's dialect, so that the schema goes along
    run(
        case,
        answers={"gpt-5-mini": draft, PREMIUM: '{"n": 2}'},
        sets=("tiers.cheap.model=google/gpt-5-mini",),
    )


TOOL: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("call", "rejected"),
    [
        (ToolUse("weather", '{"city": "Bern"}'), False),
        (ToolUse("weather", "{}"), True),
        (ToolUse("wether", '{"city": "Bern"}'), True),
    ],
)
def test_a_drafts_tool_calls_must_be_such_as_can_be_carried_out(call, rejected, streamed):
    async def case(home: House):
        ask = home.client.chat.completions.create
        question: Any = [{"role": "user", "content": "hello"}]
        got = await ask(model="auto", messages=question, tools=[TOOL], stream=streamed)
        if streamed:
            _ = [chunk async for chunk in got]
        assert rows(home) == ([REJECTED, ESCALATED] if rejected else [DRAFT])

    run(case, answers={CHEAP: Answer(tools=(call,))})


@pytest.mark.parametrize(("grade", "rejected"), [("5", False), ("4", False), ("3", True)])
def test_a_judge_grades_the_draft_and_is_billed(grade, rejected):
    async def case(home: House):
        await home.ask("hello")
        judged = ("judge", "judge", "first", None, False)
        draft, *rest = rows(home)
        assert draft == (REJECTED if rejected else DRAFT)
        assert rest == ([judged, ESCALATED] if rejected else [judged])
        first = min(home.entries, key=lambda entry: entry.attempt)
        assert checks(first)[-1] == {
            "check": "judge",
            "good": not rejected,
            "value": float(grade),
        }
        assert home.tally()["openai"]["billed"]

    run(case, answers={CHEAP: GOOD, JUDGE: grade}, sets=JUDGED)


@pytest.mark.parametrize(("fails", "rejected"), [("open", False), ("closed", True)])
def test_a_judge_that_makes_no_sense_lets_the_draft_pass_or_not_as_is_set(fails, rejected):
    async def case(home: House):
        await home.ask("hello")
        assert ("judge", "judge", "first", "verdict", False) in rows(home)
        first = min(home.entries, key=lambda entry: entry.attempt)
        assert first.served is not rejected
        assert checks(first)[-1] == {"check": "judge", "good": not rejected, "kind": "failed"}

    sets = (*JUDGED, f"classifier.judge_fails={fails}")
    run(case, answers={CHEAP: GOOD, JUDGE: "well, well"}, sets=sets)


@pytest.mark.parametrize(("threshold", "rejected"), [(0.9, False), (0.1, True)])
def test_a_learned_verifier_rejects_from_its_threshold_on_and_costs_nothing(
    threshold, rejected, tmp_path
):
    made = small_artifact()
    file = tmp_path / "v.headgate"
    file.write_bytes(dump(replace(made, training=replace(made.training, kind="verifier"))))

    async def case(home: House):
        await home.ask("hello")
        assert rows(home) == ([REJECTED, ESCALATED] if rejected else [DRAFT])
        found = checks(home.entries[0])[-1]
        assert (found["check"], found["good"]) == ("verifier", not rejected)
        assert 0.1 < found["value"] < 0.9

    sets = (f"classifier.verifier={file}", f"classifier.verifier_threshold={threshold}")
    run(case, sets=sets)


def test_a_draft_that_a_plain_check_rejects_costs_no_judge():
    async def case(home: House):
        await home.ask("hello")
        assert rows(home) == [REJECTED, ESCALATED]

    run(case, answers={CHEAP: BAD, JUDGE: "5"}, sets=(*JUDGED, *SECOND))


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("other", "rejected"),
    [("The answer is 42, as expected!", False), ("Something else altogether, I fear.", True)],
)
def test_a_second_model_must_agree_and_is_billed(other, rejected, streamed):
    async def case(home: House):
        text = await said(home, "anthropic", streamed=streamed)
        assert text == ("From premium, with care." if rejected else GOOD)
        second = ("verifier", "verifier", "first", None, False)
        assert rows(home)[1:] == ([second, ESCALATED] if rejected else [second])
        entry = next(entry for entry in home.entries if entry.purpose == "verifier")
        assert entry.usage_source == "measured"
        assert entry.usage.output
        assert home.tally()["openai"]["billed"]

    run(case, answers={CHEAP: GOOD, "gpt-5-mini": other}, sets=SECOND)


def test_a_second_model_that_fails_lets_the_draft_pass_or_not_as_is_set():
    async def case(home: House):
        await home.ask("hello [[error@gpt-5-mini]]")
        assert rows(home) == [DRAFT, ("verifier", "verifier", "first", "status", False)]

    sets = (*SECOND, "classifier.judge_fails=open")
    run(case, answers={CHEAP: GOOD, "gpt-5-mini": GOOD}, sets=sets)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_draft_that_breaks_off_is_retried_and_nothing_of_it_is_seen(streamed):
    async def case(home: House):
        ask = home.client.chat.completions.create
        question: Any = [{"role": "user", "content": "hello [[reset:1]]"}]
        got = await ask(model="auto", messages=question, stream=streamed)
        if streamed:
            parts = [chunk.choices[0].delta.content or "" async for chunk in got if chunk.choices]
            assert "".join(parts) == GOOD
        assert rows(home) == [
            ("answer", "cheap", "first", "reset", False),
            ("answer", "cheap", "retry", None, True),
        ]
        assert home.entries[0].usage_source == "estimated"

    run(case)


def test_when_premium_fails_behind_a_rejected_draft_the_caller_gets_an_error_and_not_the_draft():
    async def case(home: House):
        with pytest.raises(openai.InternalServerError) as caught:
            await home.ask(f"hello [[overloaded@{PREMIUM}]]")
        assert BAD not in str(caught.value)
        found = rows(home)
        assert found[0] == REJECTED
        assert found[1:] == [
            ("answer", "premium", "escalation", "status", False),
            ("answer", "premium", "retry", "status", False),
            ("answer", "premium", "retry", "status", False),
        ]

    run(case, answers={CHEAP: BAD})


def test_a_caller_who_leaves_while_the_draft_is_judged_pays_for_draft_and_judge():
    async def case(home: House):
        task = asyncio.ensure_future(home.ask("hello [[stall@gemini-2.5-flash]]"))
        await until(lambda: any(b"gemini" in request.body for request in home.seen))
        task.cancel()
        await until(lambda: len(home.entries) == 2)
        assert sorted(rows(home)) == [
            ("answer", "cheap", "first", "caller-left", False),
            ("judge", "judge", "first", "caller-left", False),
        ]
        draft = next(entry for entry in home.entries if entry.purpose == "answer")
        assert draft.usage_source == "measured"

    run(case, answers={CHEAP: GOOD, JUDGE: "5"}, sets=JUDGED)


def test_a_judge_that_stalls_has_its_time_and_no_more():
    async def case(home: House):
        await home.ask("hello [[stall@gemini-2.5-flash]]")
        assert ("judge", "judge", "first", "timeout", False) in rows(home)
        assert home.entries[0].tier in ("cheap", "judge")

    sets = (*JUDGED, "classifier.judge_timeout=0.3", "classifier.judge_fails=open")
    run(case, answers={CHEAP: GOOD, JUDGE: "5"}, sets=sets)


def test_log_probabilities_are_asked_of_a_provider_that_has_them_and_of_no_other():
    async def case(home: House):
        await home.ask("hello")
        assert json.loads(home.seen[0].body)["logprobs"] is True

    sets = ("classifier.min_logprob=-1.0", "tiers.cheap.model=google/gpt-5-mini")
    run(case, answers={"gpt-5-mini": GOOD}, sets=sets)

    async def without(home: House):
        await home.ask("hello")
        assert b"logprobs" not in home.seen[0].body

    run(without, sets=("classifier.min_logprob=-1.0",))


def test_a_rule_or_a_pin_makes_no_draft():
    async def case(home: House):
        await home.ask("hello", model="cheap")
        await home.ask("short")
        assert [entry.reason for entry in home.entries] == ["pinned", "rule:short"]
        assert all(entry.served for entry in home.entries)

    rule = '[[classifier.rules]]\nname = "short"\ntier = "cheap"\nmatches = "short"\n[tiers.cheap]'
    run(case, CASCADE.replace("[tiers.cheap]", rule, 1), {CHEAP: BAD})
