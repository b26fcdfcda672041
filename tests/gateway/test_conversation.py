"""Conversations over sockets: found again in every dialect, kept on their tier, written down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.house import RULES, House, house
from tests.gateway.leaping import run_leaping

OPENING = "hello there"


def run(case, config: str = RULES, **more):
    async def main():
        async with house(config, **more) as made:
            return await case(made)

    return run_leaping(main())


async def chat(home: House, history: list[Any], **more: Any) -> Any:
    answer = await home.client.chat.completions.with_raw_response.create(
        model="auto", messages=history, **more
    )
    history.append({"role": "assistant", "content": answer.parse().choices[0].message.content})
    return answer.headers


async def messages(home: House, history: list[Any], **more: Any) -> Any:
    answer = await home.claude.messages.with_raw_response.create(
        model="auto", max_tokens=2000, messages=history, **more
    )
    history.append({"role": "assistant", "content": (await answer.parse()).content})
    return answer.headers


async def responses(home: House, history: list[Any], **more: Any) -> Any:
    answer = await home.client.responses.with_raw_response.create(
        model="auto", input=history, **more
    )
    history += answer.parse().output
    return answer.headers


WAYS = [chat, messages, responses]


@pytest.mark.parametrize("ask", WAYS)
def test_a_conversation_that_was_escalated_stays_there_and_others_do_not(ask):
    async def case(home: House):
        history: list[Any] = []
        seen = []
        for question in (OPENING, "and now?", "prove it", "thanks", "bye"):
            history.append({"role": "user", "content": question})
            headers = await ask(home, history)
            seen.append((headers["x-headgate-tier"], headers["x-headgate-reason"]))
        assert seen == [
            ("cheap", "default"),
            ("cheap", "session:default"),
            ("premium", "session:latched"),
            ("premium", "session:latched"),
            ("premium", "session:latched"),
        ]
        other = await ask(home, [{"role": "user", "content": "another talk"}])
        assert other["x-headgate-tier"] == "cheap"
        assert [entry.reason for entry in home.entries][2:5] == ["session:latched"] * 3
        told = json.loads(home.entries[2].trace or "")["session"]
        assert (told["verdict"], told["because"]) == ("premium", "rule:hard")
        assert {"saving_nano", "lost_nano", "spent_nano", "limit_nano"} < set(told)

    run(case)


def test_a_stream_and_a_tool_loop_belong_to_their_conversation():
    tool: Any = {
        "type": "function",
        "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
    }

    async def case(home: House):
        asked: Any = {"model": "auto", "tools": [tool]}
        history: list[Any] = [{"role": "user", "content": "[[tool]] prove it"}]
        async with home.client.chat.completions.stream(messages=history, **asked) as stream:
            called: Any = (await stream.get_final_completion()).choices[0].message
        call = called.tool_calls[0]
        function = {"name": call.function.name, "arguments": call.function.arguments}
        sent = {"id": call.id, "type": "function", "function": function}
        history += [
            {"role": "assistant", "tool_calls": [sent]},
            {"role": "tool", "tool_call_id": call.id, "content": "seen"},
            {"role": "user", "content": "go on"},
        ]
        raw = await home.client.chat.completions.with_raw_response.create(messages=history, **asked)
        assert raw.headers["x-headgate-tier"] == "premium"
        assert raw.headers["x-headgate-reason"] == "session:sticky"

    run(case)


def test_the_classifier_is_asked_once_for_a_conversation():
    config = RULES.replace(
        'kind = "rules"', 'kind = "model"\nmodel = "google/gemini-2.5-flash"'
    ).replace('[[classifier.rules]]\nname = "hard"\ntier = "premium"\nmatches = "(?i)prove"\n', "")

    async def case(home: House):
        history: list[Any] = []
        reasons = []
        for question in ("[[say:2@gemini-2.5-flash]] hello", "again", "and again"):
            history.append({"role": "user", "content": question})
            reasons.append((await chat(home, history))["x-headgate-reason"])
        assert reasons == ["classifier", "session:sticky", "session:sticky"]
        purposes = [entry.purpose for entry in home.entries]
        assert purposes == ["classifier", "answer", "answer", "answer"]
        assert {entry.tier for entry in home.entries[1:]} == {"premium"}
        assert {entry.policy for entry in home.entries} == {"auto"}

    run(case, config)


def test_who_pins_a_model_gets_it_and_the_conversation_does_not_notice():
    async def case(home: House):
        history: list[Any] = [{"role": "user", "content": OPENING}]
        await chat(home, history)
        history.append({"role": "user", "content": "prove it"})
        pinned = await home.client.chat.completions.with_raw_response.create(
            model="premium", messages=history
        )
        assert pinned.headers["x-headgate-reason"] == "pinned"
        history[-1] = {"role": "user", "content": "well?"}
        assert (await chat(home, history))["x-headgate-tier"] == "cheap"

    run(case)


def test_sessions_can_be_turned_off():
    async def case(home: House):
        history: list[Any] = []
        tiers = []
        for question in ("prove it", "thanks"):
            history.append({"role": "user", "content": question})
            tiers.append((await chat(home, history))["x-headgate-tier"])
        assert tiers == ["premium", "cheap"]

    run(case, sets=("sessions.enabled=false",))


def test_what_another_model_thought_is_left_out_at_once_and_no_call_is_refused():
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}

    async def case(home: House):
        history: list[Any] = []
        for question in ("hello", "prove it", "and now?", "and then?"):
            history.append({"role": "user", "content": question})
            await messages(home, history, thinking=thinking)
        assert [entry.error for entry in home.entries] == [None] * 4
        assert [entry.tier for entry in home.entries] == ["cheap"] + ["premium"] * 3
        sent = [json.loads(request.body)["messages"] for request in home.seen]
        thoughts = [
            [
                any(block["type"] == "thinking" for block in message["content"])
                for message in one
                if message["role"] == "assistant"
            ]
            for one in sent
        ]
        # what cheap thought goes, what premium thought since then stays
        assert thoughts == [[], [False], [False, True], [False, True, True]]

    run(case)


def test_sealed_reasoning_of_another_model_is_left_out_at_once():
    config = RULES.replace("anthropic/claude-haiku-4-5", "responses/gpt-5-mini").replace(
        "anthropic/claude-sonnet-4-6", "responses/gpt-5"
    )
    asked: Any = {
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }

    async def case(home: House):
        history: list[Any] = []
        for question in ("hello", "prove it", "and now?"):
            history.append({"role": "user", "content": question})
            await responses(home, history, **asked)
        assert [entry.error for entry in home.entries] == [None] * 3
        sealed = [request.body.count(b'encrypted_content":"') for request in home.seen]
        assert sealed == [0, 0, 1]

    run(case, config)


def test_a_header_names_the_conversation_and_keys_are_kept_apart():
    async def case(home: House):
        named = {"x-headgate-session": "talk-7"}
        first = await chat(home, [{"role": "user", "content": "prove it"}], extra_headers=named)
        assert first["x-headgate-tier"] == "premium"
        again = await chat(home, [{"role": "user", "content": "other"}], extra_headers=named)
        assert again["x-headgate-reason"] == "session:sticky"
        assert {entry.session for entry in home.entries} == {"talk-7"}

    run(case)
