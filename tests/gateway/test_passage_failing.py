"""passage: what breaks off, is tried again, comes bit by bit, or has nobody left to come to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable

import openai
import pytest

from headgate.testing.server import Request, Reset, Response
from headgate.values import ModelRef
from tests.gateway.house import RULES, House, until
from tests.gateway.passages import (
    ASKING,
    MODEL,
    PRICED,
    generate,
    only,
    run,
    say,
)

# ---- what breaks off


async def half(seconds: float = 0) -> AsyncGenerator[bytes, None]:
    yield b"half a song"
    await asyncio.sleep(seconds or 0.02)
    raise Reset


def broken(seconds: float = 0):
    def instead(_: str, request: Request) -> Response | None:
        return Response(200, {"content-type": "audio/mpeg"}, half(seconds))

    return instead


SAY = json.dumps({"model": MODEL, "voice": "alloy", "input": "hello"}).encode()


@pytest.mark.parametrize(("seconds", "error"), [(0, "reset"), (5, "timeout")])
def test_sound_that_breaks_off_does_not_look_whole(seconds, error):
    async def case(home: House):
        with pytest.raises(openai.APIConnectionError):
            await home.client.audio.speech.create(model=MODEL, voice="alloy", input="hello")
        entry = only(home)
        assert (entry.error, entry.served, entry.aborted) == (error, True, True)
        assert (entry.cost_nano, entry.usage_source) == (None, "estimated")

    waits = "resilience.idle_timeout=1"
    run(case, RULES + PRICED, instead=broken(seconds), sets=(waits,))


def test_a_caller_that_leaves_in_the_middle_is_written_down():
    async def case(home: House):
        reader, writer = await asyncio.open_connection("127.0.0.1", home.port)
        head = f"POST /v1/audio/speech HTTP/1.1\r\nhost: h\r\ncontent-length: {len(SAY)}\r\n\r\n"
        writer.write(head.encode() + SAY)
        await reader.readuntil(b"half a song")
        writer.close()
        await until(lambda: home.entries)
        entry = only(home)
        assert (entry.error, entry.served, entry.aborted) == ("caller-left", True, True)

    run(case, instead=broken(15))


def test_a_stream_that_says_that_it_failed_is_written_down_so():
    async def events() -> AsyncGenerator[bytes, None]:
        yield b'data: {"type": "error", "error": {"message": "no"}}\n\n'

    def instead(_: str, request: Request) -> Response | None:
        return Response(200, {"content-type": "text/event-stream"}, events())

    async def case(home: House):
        status, _, body = await home.post(SAY, "/v1/audio/speech")
        assert status == 200
        assert b'"error"' in body
        assert (only(home).error, only(home).cost_nano) == ("stream-error", None)

    run(case, RULES + PRICED, instead=instead)


# ---- what is tried again


def failing(times: int, answer: Callable[[], Response]):
    """The first so many calls fail so."""
    left = [times]

    def instead(_: str, request: Request) -> Response | None:
        left[0] -= 1
        return answer() if left[0] >= 0 else None

    return instead


def status(number: int, **headers: str) -> Callable[[], Response]:
    body = b'{"error": {"message": "not now", "type": "x"}}'
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: Response(number, {"content-type": "application/json", **sent}, body)


def cut() -> Response:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b'{"data": ['
        await asyncio.sleep(0.02)
        raise Reset

    return Response(200, {"content-type": "application/json"}, pieces())


@pytest.mark.parametrize("ask", ["generate", "moderate", "say", "transcribe", "embed"])
@pytest.mark.parametrize(
    ("answer", "error"),
    [(status(503), "status"), (status(429, retry_after_ms="5"), "status"), (cut, "reset")],
)
def test_what_says_not_now_is_asked_once_more(ask, answer, error):
    async def case(home: House):
        await ASKING[ask](home)
        first, second = home.entries
        assert (first.attempt, first.cause, first.error, first.served) == (
            0, "first", error, False,
        )  # fmt: skip
        assert (second.attempt, second.cause, second.error, second.served) == (
            1, "retry", None, True,
        )  # fmt: skip
        assert first.request_id == second.request_id
        assert home.seen[0].body == home.seen[1].body

    run(case, instead=failing(1, answer))


def test_simulated_failures_are_treated_as_others():
    async def case(home: House):
        await home.client.moderations.create(model=MODEL, input="[[overloaded:1]] hi")
        with pytest.raises(openai.InternalServerError):
            await home.client.moderations.create(model=MODEL, input="[[error]] hi")
        assert [entry.status for entry in home.entries] == [503, 200, 500, 500]

    run(case)


def test_an_answer_tells_how_often_was_asked_and_what_all_of_it_cost():
    async def case(home: House):
        asked = home.client.images.with_raw_response
        raw = await asked.generate(model=MODEL, prompt="a white cat")
        assert raw.headers["x-headgate-attempts"] == "2"
        assert [entry.cost_nano for entry in home.entries] == [0, 643_000]
        assert raw.headers["x-headgate-cost-usd"] == "0.000643"

    run(case, RULES + PRICED, instead=failing(1, status(500)))


def test_what_may_have_been_billed_and_is_not_known_makes_the_whole_unknown():
    async def case(home: House):
        asked = home.client.images.with_raw_response
        raw = await asked.generate(model=MODEL, prompt="a white cat")
        assert [entry.cost_nano for entry in home.entries] == [None, 643_000]
        assert "x-headgate-cost-usd" not in raw.headers

    run(case, RULES + PRICED, instead=failing(1, cut))


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        (status(503, x_headgate="yes"), 2),
        (status(429, retry_after="3600"), 1),
        (status(503, x_should_retry="false"), 1),
        (status(400), 1),
        (status(401), 1),
    ],
)
def test_what_goes_on_failing_reaches_the_caller_in_the_providers_words(answer, calls):
    async def case(home: House):
        with pytest.raises(openai.APIStatusError, match="not now") as caught:
            await generate(home)
        assert caught.value.status_code == answer().status
        assert [entry.error for entry in home.entries] == ["status"] * calls
        assert caught.value.response.headers["x-headgate-attempts"] == str(calls)
        told = caught.value.response.headers.get("retry-after")
        assert told == answer().headers.get("retry-after")

    run(case, instead=failing(9, answer))


def test_sound_that_has_begun_to_come_is_never_asked_for_again():
    async def case(home: House):
        with pytest.raises(openai.APIConnectionError):
            await say(home)
        assert len(home.seen) == 1

    run(case, instead=broken())


def test_retries_are_bounded_by_a_budget_of_the_provider():
    async def case(home: House):
        for number in range(20):  # of models that callers may think of
            with pytest.raises(openai.APIStatusError):
                await home.client.moderations.create(model=f"google/m{number}", input="hi")
        assert [entry.cause for entry in home.entries].count("retry") == 4

    run(case, instead=failing(99, status(503)), sets=("resilience.retry_floor=0",))


def test_a_failing_picture_does_not_close_a_tier_on_the_same_model():
    async def case(home: House):
        for _ in range(30):
            with pytest.raises(openai.APIStatusError):
                await home.client.images.generate(model="google/gemini-2.5-flash", prompt="hi")
        assert not home.app.plant.brakes.rests(ModelRef("google", "gemini-2.5-flash"))
        await home.ask("hi", model="google/gemini-2.5-flash")

    config = RULES.replace("anthropic/claude-haiku-4-5", "google/gemini-2.5-flash")
    floor = "resilience.retry_floor=0"
    run(case, config, instead=failing(36, status(500)), sets=(floor,))


# ---- what comes bit by bit


def paced(kind: str, pieces: list[bytes], gate: asyncio.Event, ended: asyncio.Event):
    """An answer whose pieces after the first wait for the gate; `ended` once nobody takes them."""

    async def body() -> AsyncGenerator[bytes, None]:
        try:
            yield pieces[0]
            await gate.wait()
            for piece in pieces[1:]:
                yield piece
        finally:
            ended.set()

    return lambda _, request: Response(200, {"content-type": kind}, body())


def as_a_post(path: str, **fields: object) -> bytes:
    body = json.dumps({"model": MODEL, **fields}).encode()
    return f"POST {path} HTTP/1.1\r\nhost: h\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


STREAMS = [
    ("audio/mpeg", as_a_post("/v1/audio/speech", voice="alloy", input="hi")),
    ("text/event-stream", as_a_post("/v1/images/generations", prompt="hi", stream=True)),
]
FIRST, SECOND = b'data: {"type": "one"}\n\n', b'data: {"type": "two"}\n\n'


@pytest.mark.parametrize(("kind", "request_bytes"), STREAMS)
def test_a_piece_reaches_the_caller_before_the_next_one_is_made(kind, request_bytes):
    gate, ended = asyncio.Event(), asyncio.Event()

    async def case(home: House):
        reader, writer = await asyncio.open_connection("127.0.0.1", home.port)
        writer.write(request_bytes)
        head = await reader.readuntil(b"\r\n\r\n")
        assert f"content-type: {kind}".encode() in head.lower()
        await reader.readuntil(FIRST)
        assert home.entries == []
        gate.set()
        await reader.readuntil(SECOND)
        await reader.readuntil(b"0\r\n\r\n")
        writer.close()
        assert (only(home).streamed, only(home).served, only(home).error) == (True, True, None)

    run(case, instead=paced(kind, [FIRST, SECOND], gate, ended))


@pytest.mark.parametrize(("kind", "request_bytes"), STREAMS)
def test_a_caller_that_leaves_ends_the_providers_call(kind, request_bytes):
    gate, ended = asyncio.Event(), asyncio.Event()

    async def case(home: House):
        reader, writer = await asyncio.open_connection("127.0.0.1", home.port)
        writer.write(request_bytes)
        await reader.readuntil(FIRST)
        writer.close()
        await until(lambda: home.entries)
        gate.set()
        await asyncio.wait_for(ended.wait(), 60)
        assert (only(home).error, only(home).served, only(home).aborted) == (
            "caller-left", True, True,
        )  # fmt: skip

    endless = [FIRST, *[SECOND * 10_000] * 10_000]  # more than any buffer takes
    run(case, instead=paced(kind, endless, gate, ended))
