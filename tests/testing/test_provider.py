"""provider: a process on a real socket that the official SDKs take for the real thing."""

import asyncio
import json
import subprocess
import sys
import time

import anthropic
import openai
import pytest

from headgate.testing.brain import Echo
from headgate.testing.faults import FaultPlan
from headgate.testing.meter import ModelTally, TallyReport
from headgate.testing.openai_chat import OpenAIChat
from headgate.testing.processes import Children
from headgate.testing.provider import Provider
from headgate.testing.server import Request
from headgate.values import Usage

FUNCTION = {
    "name": "weather",
    "description": "now",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
TOOL = {"name": "weather", "description": "now", "input_schema": FUNCTION["parameters"]}

LONG = "The quick brown fox jumps over the lazy dog. " * 8


@pytest.fixture(scope="module")
def children():
    with Children() as group:
        yield group


@pytest.fixture(scope="module")
def providers(children):
    options = ("--model", "small", "--model", "large", "--key", "right", "--stall-seconds", "0.2")
    return {
        dialect: children.provider(dialect, "--dialect", dialect, *options)
        for dialect in ("openai", "anthropic")
    }


@pytest.fixture
def chat(providers):
    providers["openai"].forget()
    with openai.OpenAI(
        base_url=f"{providers['openai'].address}/v1", api_key="right", max_retries=0
    ) as client:
        yield client


@pytest.fixture
def messages(providers):
    providers["anthropic"].forget()
    with anthropic.Anthropic(
        base_url=providers["anthropic"].address, api_key="right", max_retries=0
    ) as client:
        yield client


def said(text: str):
    return [{"role": "user", "content": text}]


def test_openai_answers_and_its_books_agree(chat, providers):
    answer = chat.chat.completions.create(model="small", messages=said(LONG))
    assert answer.choices[0].message.content == LONG.strip()
    usage = Usage(answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert usage == Usage(90, 90)
    assert providers["openai"].tally().billed == {"small": ModelTally(1, usage)}
    assert providers["openai"].calls() == {"small": [(usage, 1)]}


def test_openai_streams_the_same_answer_for_the_same_money(chat, providers):
    options = {"include_usage": True}
    with chat.chat.completions.create(
        model="small", messages=said(LONG), stream=True, stream_options=options
    ) as stream:
        chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == LONG.strip()
    assert chunks[-1].usage.completion_tokens == 90
    assert providers["openai"].tally().billed["small"] == ModelTally(1, Usage(90, 90))


def test_openai_calls_a_tool_when_ordered(chat):
    tools = [{"type": "function", "function": FUNCTION}]
    for stream in (False, True):
        if stream:
            with chat.chat.completions.stream(
                model="small", messages=said("[[tool]]"), tools=tools
            ) as events:
                message = events.get_final_completion().choices[0].message
        else:
            message = (
                chat.chat.completions.create(model="small", messages=said("[[tool]]"), tools=tools)
                .choices[0]
                .message
            )
        assert message.tool_calls[0].function.name == "weather"
        assert json.loads(message.tool_calls[0].function.arguments) == {"city": "Porto"}


def test_anthropic_answers_and_its_books_agree(messages, providers):
    answer = messages.messages.create(model="large", max_tokens=500, messages=said(LONG))
    assert answer.content[0].text == LONG.strip()
    usage = Usage(answer.usage.input_tokens, answer.usage.output_tokens)
    assert usage == Usage(90, 90)
    assert providers["anthropic"].tally().billed == {"large": ModelTally(1, usage)}


def test_anthropic_streams_the_same_answer_for_the_same_money(messages, providers):
    with messages.messages.stream(model="small", max_tokens=500, messages=said(LONG)) as stream:
        final = stream.get_final_message()
    assert final.content[0].text == LONG.strip()
    assert (final.usage.input_tokens, final.usage.output_tokens) == (90, 90)
    assert providers["anthropic"].tally().billed["small"] == ModelTally(1, Usage(90, 90))


def test_anthropic_calls_a_tool_and_takes_its_result(messages):
    with messages.messages.stream(
        model="small", max_tokens=500, messages=said("[[tool]]"), tools=[TOOL]
    ) as stream:
        first = stream.get_final_message()
    use = first.content[0]
    assert (first.stop_reason, use.input) == ("tool_use", {"city": "Porto"})
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "14 degrees"}
    second = messages.messages.create(
        model="small",
        max_tokens=500,
        tools=[TOOL],
        messages=[
            *said("[[tool]]"),
            {"role": "assistant", "content": [{**use.to_dict()}]},
            {"role": "user", "content": [result]},
        ],
    )
    assert second.content[0].text == "14 degrees"


def test_a_cached_system_prompt_is_written_once_and_then_read(messages, providers):
    system = [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]
    kinds = []
    for _ in range(2):
        usage = messages.messages.create(
            model="small", max_tokens=9, system=system, messages=said("four")
        ).usage
        kinds.append((usage.cache_creation_input_tokens, usage.cache_read_input_tokens))
    assert kinds == [(90, 0), (0, 90)]
    billed = providers["anthropic"].tally().billed["small"].usage
    assert (billed.cache_write_5m, billed.cache_read, billed.input) == (90, 90, 2)


def test_cached_tokens_can_be_ordered(chat, providers):
    answer = chat.chat.completions.create(model="small", messages=said(f"[[cached:64]] {LONG}"))
    assert answer.usage.prompt_tokens_details.cached_tokens == 64
    billed = providers["openai"].tally().billed["small"].usage
    assert billed.cache_read == 64
    assert billed.input == answer.usage.prompt_tokens - 64


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("order", "openai_error", "anthropic_status"),
    [
        ("overloaded", openai.InternalServerError, 529),
        ("rate_limited", openai.RateLimitError, 429),
        ("error", openai.InternalServerError, 500),
    ],
)
def test_failures_look_like_the_providers_own_and_are_not_billed(
    chat, messages, providers, order, openai_error, anthropic_status, stream
):
    with pytest.raises(openai_error) as caught:
        chat.chat.completions.create(model="small", messages=said(f"[[{order}]]"), stream=stream)
    assert ("retry-after" in caught.value.response.headers) == (order != "error")
    with pytest.raises(anthropic.APIStatusError) as refusal:
        messages.messages.create(
            model="small", max_tokens=9, messages=said(f"[[{order}]]"), stream=stream
        )
    assert refusal.value.status_code == anthropic_status
    for provider in providers.values():
        report = provider.tally()
        assert (report.billed, report.broken, report.faults) == ({}, {}, {order: 1})


def passed_through(chat):
    """A call of each kind that is passed through, as a function of its words."""
    named = {"model": "small"}
    return {
        "embeddings": lambda words: chat.embeddings.create(input=words, **named),
        "moderations": lambda words: chat.moderations.create(input=words, **named),
        "images": lambda words: chat.images.generate(prompt=words, **named),
        "edits": lambda words: chat.images.edit(prompt=words, image=b"png", **named),
        "speech": lambda words: chat.audio.speech.create(input=words, voice="alloy", **named),
        "sound": lambda words: chat.audio.transcriptions.create(prompt=words, file=b"wav", **named),
    }


KINDS = ("embeddings", "moderations", "images", "edits", "speech", "sound")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_passed_through_fails_as_it_is_ordered_to(chat, providers, kind):
    call = passed_through(chat)[kind]
    for order, status in (("overloaded", 503), ("rate_limited", 429), ("error", 500)):
        with pytest.raises(openai.APIStatusError) as caught:
            call(f"[[{order}:1]] hello")
        assert caught.value.status_code == status
        call(f"[[{order}:1]] hello")
    with pytest.raises(openai.APIConnectionError):
        call("[[reset]] " + "hello " * 100)
    began = time.monotonic()
    call("[[stall]] hello")
    assert time.monotonic() - began >= 0.2
    faults = providers["openai"].tally().faults
    assert faults == {"overloaded": 1, "rate_limited": 1, "error": 1, "reset": 1, "stall": 1}


def test_an_empty_answer_to_what_is_passed_through_has_nothing_in_it_and_is_billed(chat, providers):
    calls = passed_through(chat)
    assert calls["images"]("[[empty]] a cat").data is None
    assert calls["speech"]("[[empty]] hello").read() == b""
    assert providers["openai"].tally().billed["small"].calls == 2


def test_an_empty_answer_is_unusable_and_billed(chat, messages, providers):
    text = f"[[empty]] {LONG}"
    assert chat.chat.completions.create(model="small", messages=said(text)).choices == []
    assert (
        messages.messages.create(model="small", max_tokens=500, messages=said(text)).content == []
    )
    for provider in providers.values():
        assert provider.tally().billed["small"].usage == Usage(93, 90)


def test_an_empty_answer_does_not_claim_to_call_a_tool(messages):
    answer = messages.messages.create(
        model="small", max_tokens=500, messages=said("[[empty]] [[tool]]"), tools=[TOOL]
    )
    assert (answer.content, answer.stop_reason) == ([], "end_turn")


def test_a_reset_breaks_the_stream_and_is_booked_apart(chat, messages, providers):
    received: list[str] = []
    stream = chat.chat.completions.create(
        model="small", messages=said(f"[[reset]] {LONG}"), stream=True
    )
    with pytest.raises(openai.APIConnectionError):
        received.extend(chunk.choices[0].delta.content or "" for chunk in stream)
    assert 0 < len("".join(received)) < len(LONG)
    with pytest.raises(anthropic.APIConnectionError):
        messages.messages.create(model="small", max_tokens=500, messages=said("[[reset]] hello"))
    for provider in providers.values():
        report = provider.tally()
        assert (report.billed, report.broken["small"].calls) == ({}, 1)
    sent = providers["openai"].tally().broken["small"].usage
    assert (sent.input, sent.output) == (93, -(-len("".join(received)) // 4))


def test_a_caller_who_leaves_early_is_booked_for_what_was_sent(chat, providers):
    stream = chat.chat.completions.create(
        model="small", messages=said(f"[[stall]] {LONG}"), stream=True
    )
    next(iter(stream))
    stream.close()
    deadline = time.monotonic() + 60
    while not providers["openai"].tally().broken and time.monotonic() < deadline:
        time.sleep(0.02)
    report = providers["openai"].tally()
    assert report.billed == {}
    assert 0 < report.broken["small"].usage.output < 90


@pytest.mark.parametrize("stream", [False, True])
def test_a_stall_holds_the_answer_back_and_then_lets_it_go(chat, providers, stream):
    began = time.monotonic()
    answer = chat.chat.completions.create(
        model="small", messages=said(f"[[stall]] {LONG}"), stream=stream
    )
    if stream:
        text = "".join(chunk.choices[0].delta.content or "" for chunk in answer)
    else:
        text = answer.choices[0].message.content
    assert text == LONG.strip()
    assert time.monotonic() - began >= 0.2
    assert providers["openai"].tally().billed["small"].calls == 1


def test_a_wrong_key_and_an_unknown_model_are_refused_as_the_sdks_expect(providers):
    with (
        openai.OpenAI(
            base_url=f"{providers['openai'].address}/v1", api_key="no", max_retries=0
        ) as chat,
        anthropic.Anthropic(
            base_url=providers["anthropic"].address, api_key="no", max_retries=0
        ) as messages,
    ):
        with pytest.raises(openai.AuthenticationError):
            chat.chat.completions.create(model="small", messages=said("hi"))
        with pytest.raises(openai.NotFoundError):
            chat.copy(api_key="right").chat.completions.create(model="x", messages=said("hi"))
        with pytest.raises(anthropic.AuthenticationError):
            messages.messages.create(model="small", max_tokens=1, messages=said("hi"))
        with pytest.raises(anthropic.NotFoundError):
            messages.copy(api_key="right").messages.create(
                model="x", max_tokens=1, messages=said("hi")
            )


def test_models_are_listed(chat, messages):
    assert [model.id for model in chat.models.list()] == ["small", "large"]
    assert [model.id for model in messages.models.list()] == ["small", "large"]


def test_wrong_paths_and_methods_are_refused_and_counted(chat, providers):
    provider, key = providers["openai"], {"authorization": "Bearer right"}
    assert provider.fetch("/v1/completions", "POST", **key)[0] == 404
    assert provider.fetch("/v1/chat/completions", "GET", **key)[0] == 405
    assert provider.fetch("/v1/chat/completions", "POST", b"{", **key)[0] == 400
    assert provider.fetch("/v1/chat/completions", "POST")[0] == 401
    assert provider.tally().rejected == {"404": 1, "405": 1, "400": 1, "401": 1}


def test_a_reset_of_the_books_forgets_everything(chat, providers):
    chat.chat.completions.create(model="small", messages=said("hi"))
    providers["openai"].forget()
    assert providers["openai"].tally() == TallyReport({}, {}, {}, {})


def call(provider: Provider, text: str) -> int:
    body = json.dumps({"model": "small", "messages": said(text)}).encode()
    headers = {"authorization": "Bearer any"}
    request = Request("POST", "/v1/chat/completions", headers, body, lambda: False)
    return asyncio.run(provider(request)).status


def test_stated_rates_hold_over_http_and_the_seed_repeats_them():
    def statuses() -> list[int]:
        plan = FaultPlan(overloaded=0.1, rate_limited=0.1, error=0.1, seed=5)
        provider = Provider(OpenAIChat(), models=["small"], brain=Echo(), faults=plan)
        return [call(provider, f"request {index}") for index in range(400)]

    first = statuses()
    assert first == statuses()
    for status in (503, 429, 500):
        assert first.count(status) / 400 == pytest.approx(0.1, abs=0.05)


PROVIDER = [sys.executable, "-m", "headgate.testing.provider", "--model", "small"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--dialect", "openai", "--overloaded", "0.6", "--empty", "0.6"], "at most 1"),
        (["--dialect", "openai", "--brain", "Echo"], "module:Class"),
        (["--dialect", "openai", "--brain", "nowhere:Echo"], "nowhere"),
        (["--dialect", "openai", "--brain-options", '{"wit": 1}'], "no arguments"),
        (["--dialect", "openai", "--brain-options", "{"], "--brain"),
        (["--dialect", "latin"], "latin"),
    ],
)
def test_wrong_options_are_told_in_a_sentence(options, words):
    done = subprocess.run([*PROVIDER, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
