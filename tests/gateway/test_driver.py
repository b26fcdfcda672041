"""driver: whole requests through a gateway and simulated providers, over real sockets."""

from __future__ import annotations

import asyncio
import json

import openai
import pytest
from openai.types.chat import ChatCompletionFunctionToolParam

from headgate.ledger.entry import Entry
from headgate.values import Usage, usd
from tests.gateway import one_request
from tests.gateway.house import CONFIG, EASY, HARD, RULES, House, house, run, shape, until
from tests.gateway.leaping import run_leaping

CLASSIFIED = ("classifier", "classifier", "first", 200, None, False)


@pytest.mark.parametrize(
    ("verdict", "tier", "model"),
    [(EASY, "cheap", "claude-haiku-4-5"), (HARD, "premium", "claude-sonnet-4-6")],
)
def test_the_classifier_sends_the_request_to_its_tier_and_the_headers_explain_it(
    verdict, tier, model
):
    async def case(home: House):
        answer, headers = await home.ask(f"Hello {verdict}")
        assert answer.model == model
        assert answer.choices[0].message.content == "Hello"
        assert [shape(entry) for entry in home.entries] == [
            CLASSIFIED,
            ("answer", tier, "first", 200, None, True),
        ]
        assert headers["x-headgate-tier"] == tier
        assert headers["x-headgate-model"] == f"anthropic/{model}"
        assert headers["x-headgate-reason"] == "classifier"
        assert headers["x-headgate-attempts"] == "2"
        assert headers["x-headgate-escalated"] == str(tier == "premium").lower()
        assert headers["x-headgate-score"] == str(int(tier == "premium"))
        assert headers["x-headgate-request-id"] == home.entries[0].request_id
        costs = [entry.cost_nano for entry in home.entries]
        assert None not in costs
        assert headers["x-headgate-cost-usd"] == usd(sum(cost for cost in costs if cost))

    run(case)


def test_every_attempt_is_priced_from_the_providers_own_count():
    async def case(home: House):
        await home.ask(f"words [[tokens:1000/400@claude-sonnet-4-6]] {HARD}")
        answer = home.entries[1]
        assert answer.usage == Usage(input=1000, output=400)
        assert answer.usage_source == "measured"
        assert answer.cost_nano == answer.premium_nano == 9_000_000
        await home.ask(f"words [[tokens:1000/400@claude-haiku-4-5]] {EASY}")
        assert (home.entries[3].cost_nano, home.entries[3].premium_nano) == (3_000_000, 9_000_000)

    run(case)


def test_the_ledger_agrees_with_the_providers_tally():
    async def case(home: House):
        await asyncio.gather(
            *(
                home.ask(
                    f"{EASY if n % 3 else HARD} question {n} [[cached:{n % 4}]] [[empty:{n % 2}]]",
                    stream=n % 5 == 0,
                )
                for n in range(30)
            )
        )
        await asyncio.sleep(0.1)
        booked: dict[str, Usage] = {}
        for entry in home.entries:
            booked[entry.model_asked] = booked.get(entry.model_asked, Usage()) + entry.usage
        billed = {
            model: Usage(**of_model["usage"])
            for report in home.tally().values()
            for model, of_model in report["billed"].items()
        }
        assert booked == billed

    run(case, sets=("resilience.retry_floor=100",))  # half of them at once, all in one second


@pytest.mark.parametrize("model", ["openai", "anthropic"])
def test_a_stream_is_translated_or_passed_on_and_its_row_is_whole(model):
    pinned = {"openai": "google/gpt-5-mini", "anthropic": "premium"}[model]

    async def case(home: House):
        stream = await home.client.chat.completions.create(
            model=pinned,
            messages=[{"role": "user", "content": "one two three"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
        text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        assert text == "one two three"
        usage = chunks[-1].usage
        assert usage is not None
        (entry,) = home.entries
        assert entry.streamed
        assert entry.served
        assert not entry.routed
        assert entry.reason == "pinned"
        assert (entry.usage.input, entry.usage.output) == (
            usage.prompt_tokens,
            usage.completion_tokens,
        )
        assert entry.first_token_us is not None
        assert entry.first_token_us <= entry.total_us

    run(case)


def test_usage_that_the_caller_did_not_ask_for_is_metered_but_not_sent():
    async def case(home: House):
        stream = await home.client.chat.completions.create(
            model="google/gpt-5-mini", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        chunks = [chunk async for chunk in stream]
        assert all(chunk.choices for chunk in chunks)
        assert all(chunk.usage is None for chunk in chunks)
        assert home.entries[0].usage_source == "measured"
        assert home.entries[0].usage.input > 0

    run(case)


def test_tools_go_through_translation_and_back():
    tool: ChatCompletionFunctionToolParam = {
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

    async def case(home: House):
        for stream in (False, True):
            if stream:
                chunks = [
                    chunk
                    async for chunk in await home.client.chat.completions.create(
                        model="cheap",
                        messages=[{"role": "user", "content": "[[tool]]"}],
                        tools=[tool],
                        stream=True,
                    )
                ]
                deltas = [c.choices[0].delta.tool_calls for c in chunks if c.choices]
                parts = [call for calls in deltas if calls for call in calls]
                name = next(p.function.name for p in parts if p.function and p.function.name)
                arguments = "".join(p.function.arguments or "" for p in parts if p.function)
                finish = chunks[-1].choices[0].finish_reason
            else:
                answer, _ = await home.ask("[[tool]]", model="cheap", tools=[tool])
                call = answer.choices[0].message.tool_calls[0]
                name, arguments = call.function.name, call.function.arguments
                finish = answer.choices[0].finish_reason
            assert (name, json.loads(arguments), finish) == (
                "weather",
                {"city": "Porto"},
                "tool_calls",
            )

    run(case)


# ---- what fails, and how it is mended


def test_an_overloaded_provider_is_tried_again_and_each_try_is_a_row():
    async def case(home: House):
        _, headers = await home.ask(f"words {EASY} [[overloaded:2@claude-haiku-4-5]]")
        assert [shape(entry) for entry in home.entries] == [
            CLASSIFIED,
            ("answer", "cheap", "first", 529, "status", False),
            ("answer", "cheap", "retry", 529, "status", False),
            ("answer", "cheap", "retry", 200, None, True),
        ]
        assert headers["x-headgate-attempts"] == "4"
        assert [entry.cost_nano for entry in home.entries[1:3]] == [0, 0]

    run(case, sets=("resilience.max_retry_after=2", "resilience.request_timeout=20"))


def test_an_answer_with_nothing_in_it_is_billed_and_tried_again():
    async def case(home: House):
        _, headers = await home.ask(f"{EASY} [[empty:1@claude-haiku-4-5]] words")
        first, second = home.entries[1:]
        assert shape(first) == ("answer", "cheap", "first", 200, "unusable", False)
        assert shape(second) == ("answer", "cheap", "retry", 200, None, True)
        assert first.usage == second.usage
        assert first.cost_nano == second.cost_nano
        assert first.cost_nano
        total = sum(entry.cost_nano or 0 for entry in home.entries)
        assert headers["x-headgate-cost-usd"] == usd(total)

    run(case)


def test_a_stream_to_a_caller_that_reads_slowly_waits_before_each_further_piece(
    tmp_path, monkeypatch
):
    told: list[bytes] = []
    waits: list[bytes] = []

    class Slow(one_request.Caller):
        def write(self, data: bytes) -> bool:
            assert len(waits) == len(told) + 1, "nobody has waited"
            told.append(data)
            return False

        async def send(self, data: bytes) -> None:
            waits.append(data)

    async def main() -> None:
        async with one_request.gateway(tmp_path, one_request.Kind(stream=True)) as ready:
            caller = Slow(stream=True)
            monkeypatch.setattr(one_request, "Caller", lambda **_: caller)
            with pytest.raises(AssertionError):  # nothing came by the usual way
                await ready()()

    run_leaping(main())
    opening, *rest = waits
    assert opening.startswith(b"data: ")
    assert len(told) + 1 == len(rest) >= 30  # the last event goes out by the way that waits
    assert set(rest[:-1]) == {b""}
    assert rest[-1] == b"data: [DONE]\n\n"


def test_a_stream_with_nothing_in_it_is_billed_and_tried_again():
    async def case(home: House):
        stream = await home.client.chat.completions.create(
            model="cheap",
            messages=[{"role": "user", "content": "[[empty:1]] words"}],
            stream=True,
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        assert text == "words"
        assert [shape(entry) for entry in home.entries] == [
            ("answer", "cheap", "first", 200, "unusable", False),
            ("answer", "cheap", "retry", 200, None, True),
        ]
        assert home.entries[0].usage_source == "measured"

    run(case)


def test_a_stream_whose_last_event_lacks_its_blank_line_is_whole():
    async def sends(data: bytes) -> tuple[bytes, Entry]:
        async def provider(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + data)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(provider, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        config = RULES.replace("{openai}", f"http://127.0.0.1:{port}")
        async with house(config) as home:
            asked = {
                "model": "google/x",
                "stream": True,
                "messages": [{"role": "user", "content": "hi"}],
            }
            _, _, body = await home.post(json.dumps(asked).encode())
            server.close()
            return body, home.entries[-1]

    chunk = b'data: {"id":"x","model":"m","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
    body, entry = run_leaping(sends(chunk + b"data: [DONE]"))
    assert body.count(b"[DONE]") == 1
    assert (entry.error, entry.aborted) == (None, False)
    body, entry = run_leaping(sends(chunk))
    assert b"[DONE]" not in body
    assert b'"error"' in body
    assert (entry.error, entry.aborted, entry.served) == ("reset", True, True)


def test_a_tier_that_keeps_failing_hands_over_to_the_next_and_the_headers_say_so():
    async def case(home: House):
        answer, headers = await home.ask(f"words {EASY} [[error@claude-haiku-4-5]]")
        assert answer.model == "claude-sonnet-4-6"
        assert [entry.cause for entry in home.entries[1:]] == [
            "first",
            "retry",
            "retry",
            "fallback",
        ]
        assert headers["x-headgate-reason"] == "classifier, fallback"
        assert headers["x-headgate-tier"] == "premium"

    run(case)


def test_a_provider_that_falls_silent_costs_one_time_out_and_the_next_tier_answers():
    async def case(home: House):
        _, headers = await home.ask(f"words {EASY} [[stall@claude-haiku-4-5]]")
        slow, served = home.entries[1:]
        assert shape(slow) == ("answer", "cheap", "first", None, "timeout", False)
        assert slow.usage_source == "estimated"
        assert shape(served) == ("answer", "premium", "fallback", 200, None, True)
        assert headers["x-headgate-tier"] == "premium"

    run(case, sets=("tiers.cheap.timeout=0.3",))


def test_a_stream_that_stalls_ends_with_an_error_event_and_is_never_retried():
    async def case(home: House):
        stream = await home.client.chat.completions.create(
            model="auto",
            messages=[{"role": "user", "content": f"{EASY} [[stall@gpt-5-mini]] words"}],
            stream=True,
        )
        with pytest.raises(openai.APIError):
            async for _ in stream:
                pass
        assert len(home.entries) == 2
        broken = home.entries[1]
        assert (broken.error, broken.served, broken.aborted) == ("timeout", True, True)
        assert broken.usage_source == "estimated"

    run(case, sets=("tiers.cheap.model=google/gpt-5-mini", "resilience.idle_timeout=0.5"))


def test_a_stream_that_stalls_before_its_answer_begins_is_answered_by_the_next_tier():
    async def case(home: House):
        stream = await home.client.chat.completions.create(
            model="auto",
            messages=[{"role": "user", "content": f"{EASY} [[stall@claude-haiku-4-5]] words"}],
            stream=True,
        )
        models = {chunk.model async for chunk in stream}
        assert models == {"claude-sonnet-4-6"}
        assert [shape(entry) for entry in home.entries] == [
            CLASSIFIED,
            ("answer", "cheap", "first", 200, "timeout", False),
            ("answer", "premium", "fallback", 200, None, True),
        ]

    run(case, sets=("resilience.idle_timeout=0.5",))


def test_a_stream_that_is_reset_ends_with_an_error_event_and_tokens_at_least_as_delivered():
    async def case(home: House):
        status, _, body = await home.post(
            json.dumps(
                {
                    "model": "cheap",
                    "stream": True,
                    "messages": [{"role": "user", "content": "[[reset]] " + "words " * 200}],
                }
            ).encode()
        )
        assert status == 200
        assert b"[DONE]" not in body
        assert b'"error"' in body
        (entry,) = home.entries
        assert (entry.error, entry.aborted, entry.served) == ("reset", True, True)
        broken = home.tally()["anthropic"]["broken"]["claude-haiku-4-5"]
        assert entry.usage.output >= broken["usage"]["output"] - 1
        assert entry.cost_nano

    run(case)


def test_an_answer_reset_half_way_is_tried_again_when_nothing_has_gone_out():
    async def case(home: House):
        await home.ask("[[reset:1]] words", model="cheap")
        assert [shape(entry) for entry in home.entries] == [
            ("answer", "cheap", "first", 200, "reset", False),
            ("answer", "cheap", "retry", 200, None, True),
        ]
        assert home.entries[0].usage_source == "estimated"

    run(case)


def test_a_dead_provider_is_told_by_its_name_and_only_the_log_says_where_it_was_looked_for(caplog):
    async def case(home: House):
        with pytest.raises(openai.APIStatusError) as caught:
            await home.ask("hi", model="cheap")
        assert caught.value.status_code == 502
        assert "The provider `anthropic` cannot be reached." in str(caught.value)
        assert "127.0.0.1" not in str(caught.value)
        assert "No connection to 127.0.0.1:1" in caplog.text
        assert [entry.error for entry in home.entries] == ["connect"] * 3
        assert [entry.usage_source for entry in home.entries] == ["none"] * 3

    run(case, CONFIG.replace("{anthropic}", "http://127.0.0.1:1"))


def test_a_dead_tier_is_no_longer_called_and_the_other_answers_until_it_is_back():
    async def case(home: House):
        for _ in range(4):
            _, headers = await home.ask("hello", model="auto")
            assert headers["x-headgate-tier"] == "premium"
        errors = [entry.error for entry in home.entries]
        assert errors.count("connect") == 3  # then the breaker is open
        assert len(home.entries) == 3 + 4
        with pytest.raises(openai.APIStatusError) as caught:
            await home.ask("hello", model="cheap")
        assert caught.value.status_code == 503
        assert int(caught.value.response.headers["retry-after"]) >= 1
        assert len(home.entries) == 3 + 4

    dead = RULES + '[providers.dead]\ndialect = "openai"\nbase_url = "http://127.0.0.1:1/v1"\n'
    run(
        case,
        dead,
        sets=(
            "tiers.cheap.model=dead/gpt-5-mini",
            "tiers.cheap.attempts=1",
            "resilience.breaker_failures=3",
        ),
    )


def test_a_dead_classifier_is_no_longer_waited_for():
    async def case(home: House):
        for _ in range(4):
            _, headers = await home.ask("hello [[stall@gemini-2.5-flash]]")
            assert headers["x-headgate-reason"] == "classifier-failed"
        assert [entry.purpose for entry in home.entries].count("classifier") == 2

    run(case, sets=("classifier.timeout=0.1", "resilience.breaker_failures=2"))


def test_retries_stop_when_the_budget_is_spent():
    async def case(home: House):
        for _ in range(5):
            await home.ask(f"{EASY} [[error@claude-haiku-4-5]] words")
        causes = [entry.cause for entry in home.entries if entry.purpose == "answer"]
        assert causes.count("first") == 5
        assert causes.count("retry") == 1  # a fifth of five requests, and no floor
        assert causes.count("fallback") == 5

    run(case, sets=("resilience.retry_floor=0",))


# ---- the classifier


@pytest.mark.parametrize(
    ("order", "error"),
    [
        ("[[say:perhaps@gemini-2.5-flash]]", "verdict"),
        ("[[error@gemini-2.5-flash]]", "status"),
        ("[[empty@gemini-2.5-flash]]", "unusable"),
        ("[[stall@gemini-2.5-flash]]", "timeout"),
        ("[[reset@gemini-2.5-flash]]", "reset"),
    ],
)
def test_a_classifier_that_fails_costs_one_row_and_the_safe_tier_answers(order, error):
    async def case(home: House):
        _, headers = await home.ask(f"Hello {order}")
        assert [entry.error for entry in home.entries] == [error, None]
        assert home.entries[1].tier == "premium"
        assert home.entries[1].reason == headers["x-headgate-reason"] == "classifier-failed"

    # only the silent one is to time out, however busy the machine is
    run(case, sets=(f"classifier.timeout={0.3 if error == 'timeout' else 20}",))


def test_the_safe_tier_can_be_another_one():
    async def case(home: House):
        await home.ask("Hello [[say:no@gemini-2.5-flash]]")
        assert home.entries[1].tier == "cheap"

    run(case, sets=("classifier.on_failure=cheap",))


def test_rules_decide_without_a_call():
    async def case(home: House):
        _, easy = await home.ask("Hello")
        _, hard = await home.ask("Prove it")
        assert (easy["x-headgate-reason"], hard["x-headgate-reason"]) == ("default", "rule:hard")
        assert [shape(entry) for entry in home.entries] == [
            ("answer", "cheap", "first", 200, None, True),
            ("answer", "premium", "first", 200, None, True),
        ]

    run(case, RULES)


# ---- callers that leave


def test_a_caller_that_leaves_stops_the_provider_and_leaves_a_row():
    async def case(home: House):
        asked = asyncio.create_task(home.ask("[[stall]] words", model="cheap"))
        await until(lambda: home.seen)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await home.client.close()
        await until(lambda: home.entries and not home.server.tasks)
        (entry,) = home.entries
        assert (entry.error, entry.aborted, entry.served) == ("caller-left", True, False)
        assert entry.usage_source == "estimated"
        assert not home.server.tasks
        assert home.tally()["anthropic"]["billed"] == {}

    run(case)


def test_a_caller_that_leaves_in_a_stream_is_billed_for_what_it_got():
    async def case(home: House):
        stream = await home.client.chat.completions.create(
            model="google/gpt-5-mini",
            messages=[{"role": "user", "content": "[[stall]] " + "words " * 100}],
            stream=True,
        )
        await anext(aiter(stream))
        await stream.close()
        await until(lambda: home.entries and not home.server.tasks)
        (entry,) = home.entries
        assert (entry.error, entry.aborted, entry.served) == ("caller-left", True, True)
        assert entry.usage.input > 0
        assert entry.usage.output > 0
        assert not home.server.tasks

    run(case)


def test_an_unpriced_model_is_null_and_its_cost_is_not_claimed():
    async def case(home: House):
        _, headers = await home.ask("hi", model="cheap")
        assert "x-headgate-cost-usd" not in headers
        (entry,) = home.entries
        assert entry.cost_nano is None
        assert entry.card is None
        assert entry.premium_nano

    run(case, sets=("tiers.cheap.model=google/gpt-5-mini", "providers.google.prices=none"))
