"""passage: moderations, pictures and speech go through to the provider named, and are paid for."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncGenerator, Callable

import openai
import pytest

from headgate.access.limits import Limits, budget
from headgate.ledger.entry import Entry
from headgate.testing.server import Request, Reset, Response
from headgate.values import ModelRef, Usage
from tests.gateway.house import RULES, House, house, until
from tests.gateway.leaping import run_leaping
from tests.gateway.test_admission import KEYED, Keys
from tests.gateway.test_admission import run as run_keyed

PRICED = '[prices."google/media"]\ninput = "1"\noutput = "10"\n'
FREE = '[prices."google/media"]\ninput = "0"\noutput = "0"\n'
MODEL = "google/media"


def run(case, config: str = RULES, **more):
    async def main():
        async with house(config, **more) as made:
            return await case(made)

    return run_leaping(main())


def spent(home: House) -> Usage:
    """What the provider says it has billed."""
    return home.providers["openai"].tally.report().billed["media"].usage


def only(home: House) -> Entry:
    (entry,) = home.entries
    assert (entry.purpose, entry.tier, entry.reason) == ("passed", "pinned", "pinned")
    return entry


@pytest.mark.parametrize(
    ("prices", "cost"), [("", None), (FREE, 0), (PRICED, 2_000)], ids=["unknown", "free", "priced"]
)
def test_a_moderation_is_free_only_where_the_prices_say_so(prices, cost):
    async def case(home: House):
        raw = await home.client.moderations.with_raw_response.create(
            model=MODEL, input=["one tw", "flag"]
        )
        assert [one.flagged for one in raw.parse().results] == [False, True]
        entry = only(home)
        assert (entry.route, entry.served, entry.model_answered) == (
            "/v1/moderations", True, "media",
        )  # fmt: skip
        assert (entry.usage_source, entry.cost_nano, entry.premium_nano) == (
            "estimated", cost and 4_000, cost and 4_000,
        )  # fmt: skip
        assert raw.headers["x-headgate-model"] == MODEL
        assert ("x-headgate-cost-usd" in raw.headers) is (cost is not None)

    run(case, RULES + prices)


def test_pictures_are_paid_by_the_tokens_that_their_answer_counts():
    async def case(home: House):
        raw = await home.client.images.with_raw_response.generate(
            model=MODEL, prompt="a white cat", n=2, size="1024x1024"
        )
        assert len(raw.parse().data or ()) == 2
        entry = only(home)
        assert entry.usage == spent(home) == Usage(input=3, output=128)
        assert (entry.usage_source, entry.streamed) == ("measured", False)
        assert entry.cost_nano == 3 * 1_000 + 128 * 10_000
        assert raw.headers["x-headgate-cost-usd"] == "0.001283"
        assert b'"prompt":"a white cat"' in home.seen[0].body
        assert b'"model":"media"' in home.seen[0].body

    run(case, RULES + PRICED)


def test_a_streamed_picture_comes_as_events_and_is_paid_for_all_the_same():
    async def case(home: House):
        events = await home.client.images.generate(
            model=MODEL, prompt="a white cat", stream=True, partial_images=2
        )
        kinds = [event.type.rpartition(".")[2] async for event in events]
        assert kinds == ["partial_image", "partial_image", "completed"]
        entry = only(home)
        assert (entry.usage, entry.cost_nano) == (Usage(input=3, output=64), 643_000)
        assert (entry.streamed, entry.served, entry.aborted) == (True, True, False)
        assert entry.first_token_us is not None

    run(case, RULES + PRICED)


def test_an_answer_that_counts_no_tokens_has_an_unknown_cost_and_never_none():
    def instead(_: str, request: Request) -> Response | None:
        body = b'{"created": 1, "data": [{"url": "https://h/1.png"}]}'
        return Response(200, {"content-type": "application/json"}, body)

    async def case(home: House):
        raw = await home.client.images.with_raw_response.generate(model=MODEL, prompt="a cat")
        entry = only(home)
        assert (entry.cost_nano, entry.usage_source) == (None, "estimated")
        assert "x-headgate-cost-usd" not in raw.headers

    run(case, RULES + PRICED, instead=instead)


def test_tokens_of_pictures_are_not_priced_as_text():
    def instead(_: str, request: Request) -> Response | None:
        usage = {"input_tokens": 9, "output_tokens": 100}
        body = json.dumps({"created": 1, "data": [], "usage": usage}).encode()
        return Response(200, {"content-type": "application/json"}, body)

    async def case(home: House):
        for model in ("gpt-image-1", "gpt-image-1.5"):  # the list has no price of the latter's
            await home.client.images.generate(model=f"openai/{model}", prompt="a white cat")
        first, second = home.entries
        assert first.usage == second.usage == Usage(input=9, output=100)
        assert first.cost_nano == 9 * 5_000 + 100 * 40_000
        assert second.cost_nano is None
        assert second.card is not None

    openai_too = '[providers.openai]\ndialect = "openai"\nbase_url = "{openai}/v1"\n'
    run(case, RULES + openai_too, instead=instead)


def test_speech_comes_chunk_by_chunk_as_it_was_said_with_its_type():
    async def case(home: House):
        words = "word " * 80
        speaking = home.client.audio.speech.with_streaming_response
        async with speaking.create(model=MODEL, voice="alloy", input=words) as answer:
            pieces = [piece async for piece in answer.iter_bytes(chunk_size=None)]
            assert answer.headers["content-type"] == "audio/mpeg"
            assert answer.headers["transfer-encoding"] == "chunked"
        sound = b"".join(pieces)
        assert len(sound) == 40_000
        entry = only(home)
        assert (entry.route, entry.served, entry.streamed) == ("/v1/audio/speech", True, True)
        assert (entry.usage_source, entry.cost_nano) == ("estimated", None)
        assert entry.usage == Usage(input=100)

    run(case, RULES + PRICED)


def test_speech_on_a_model_of_ones_own_may_be_free():
    async def case(home: House):
        said = await home.client.audio.speech.create(model=MODEL, voice="alloy", input="hello")
        assert len(said.content) == 800
        assert only(home).cost_nano == 0

    run(case, RULES + FREE)


def test_speech_in_events_tells_its_tokens():
    async def case(home: House):
        said = await home.client.audio.speech.create(
            model=MODEL, voice="alloy", input="hello world", stream_format="sse"
        )
        assert said.response.headers["content-type"].startswith("text/event-stream")
        assert b"speech.audio.done" in said.content
        assert (only(home).usage, only(home).cost_nano) == (spent(home), 3_000 + 120_000)

    run(case, RULES + PRICED)


SOUND = ("a.mp3", bytes(range(256)) * 20, "audio/mpeg")


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # translations are, in the SDK
@pytest.mark.parametrize("kind", ["transcriptions", "translations"])
def test_sound_is_sent_on_byte_for_byte_and_its_tokens_are_paid_for(kind):
    async def case(home: House):
        asked = getattr(home.client.audio, kind).with_raw_response
        raw = await asked.create(model=MODEL, file=SOUND, prompt="four", temperature=0.5)
        assert raw.parse().text.startswith("5120 bytes, ")
        (request,) = home.seen
        assert SOUND[1] in request.body
        assert b"google" not in request.body
        assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
        entry = only(home)
        assert (entry.route, entry.model_asked) == (f"/v1/audio/{kind}", "media")
        assert entry.usage == spent(home) == Usage(input=53, output=5)
        assert entry.cost_nano == 53 * 1_000 + 5 * 10_000
        assert raw.headers["x-headgate-cost-usd"] == "0.000103"

    run(case, RULES + PRICED)


def test_a_transcription_comes_as_text_or_as_events_too():
    async def case(home: House):
        asked = home.client.audio.transcriptions
        text = await asked.create(model=MODEL, file=SOUND, response_format="text")
        assert str(text).startswith("5120 bytes")
        events = await asked.create(model=MODEL, file=SOUND, stream=True)
        kinds = [event.type async for event in events]
        assert kinds == ["transcript.text.delta", "transcript.text.done"]
        plain, streamed = home.entries
        assert (plain.cost_nano, plain.usage_source) == (None, "estimated")
        assert plain.usage == Usage(input=5)
        assert (streamed.cost_nano, streamed.usage) == (102_000, Usage(input=52, output=5))

    run(case, RULES + PRICED)


def test_a_transcription_that_is_billed_by_the_second_has_an_unknown_cost():
    def instead(_: str, request: Request) -> Response | None:
        body = b'{"text": "hello", "usage": {"type": "duration", "seconds": 3}}'
        return Response(200, {"content-type": "application/json"}, body)

    async def case(home: House):
        await home.client.audio.transcriptions.create(model=MODEL, file=SOUND)
        assert (only(home).cost_nano, only(home).usage_source) == (None, "estimated")

    run(case, RULES + PRICED, instead=instead)


@pytest.mark.parametrize("pictures", [1, 3])
def test_pictures_are_edited(pictures):
    async def case(home: House):
        picture = ("a.png", b"\x89PNG" * 500, "image/png")
        given = picture if pictures == 1 else [picture] * pictures
        await home.client.images.edit(model=MODEL, image=given, mask=picture, prompt="a hat", n=2)
        usage = Usage(input=2 + 64 * pictures, output=128)
        assert only(home).usage == spent(home) == usage

    run(case, RULES + PRICED)


FORM = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ngoogle/media\r\n--b--\r\n'
FORM_TYPE = "content-type: multipart/form-data; boundary=b"
TRANSCRIPTIONS = "/v1/audio/transcriptions"


@pytest.mark.parametrize(
    ("body", "header", "status", "code"),
    [
        (FORM[:-4], FORM_TYPE, 400, "invalid_multipart"),
        (b"{}", "content-type: application/json", 400, "invalid_multipart"),
        (FORM.replace(b"google/", b"nobody/"), FORM_TYPE, 404, "model_not_found"),
        (FORM + b" " * 3_000_000, FORM_TYPE, 413, "request_too_large"),
    ],
)
def test_a_form_that_cannot_be_served_is_refused_in_openais_form(body, header, status, code):
    async def case(home: House):
        found, _, answer = await home.post(body, TRANSCRIPTIONS, header)
        assert (found, json.loads(answer)["error"]["code"]) == (status, code)
        assert (home.seen, home.entries) == ([], [])

    run(case, sets=("server.max_body_bytes=2000000",))


def test_a_compressed_form_is_unpacked():
    async def case(home: House):
        packed = gzip.compress(FORM)
        headers = (FORM_TYPE, "content-encoding: gzip")
        status, _, answer = await home.post(packed, TRANSCRIPTIONS, *headers)
        assert home.seen[0].body == FORM.replace(b"google/", b"")
        assert (status, json.loads(answer)["error"]["param"]) == (400, "file")

    run(case)


@pytest.mark.parametrize("asked", ["auto", "cheap", "media", "nobody/media"])
def test_a_model_without_a_known_provider_is_refused(asked):
    async def case(home: House):
        with pytest.raises(openai.NotFoundError, match="provider/model"):
            await home.client.images.generate(model=asked, prompt="hi")
        assert home.entries == []

    run(case)


def test_a_provider_that_speaks_another_dialect_is_refused():
    async def case(home: House):
        with pytest.raises(openai.BadRequestError, match="has no images"):
            await home.client.images.generate(model="anthropic/x", prompt="hi")

    run(case)


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/images/generations", b'{"prompt": "hi"}', "model"),
        ("/v1/moderations", b'{"model": "google/media"}', "input"),
        ("/v1/images/generations", b'{"model": "google/media"}', "prompt"),
        ("/v1/audio/speech", b'{"model": "google/media"}', "input"),
    ],
)
def test_a_bad_request_is_refused_with_its_field(path, body, param):
    async def case(home: House):
        status, _, answer = await home.post(body, path)
        assert (status, json.loads(answer)["error"]["param"]) == (400, param)
        assert home.seen == []

    run(case)


def test_a_providers_refusal_reaches_the_caller_and_costs_nothing():
    async def case(home: House):
        with pytest.raises(openai.BadRequestError, match="voice"):
            await home.client.audio.speech.create(model=MODEL, voice=openai.omit, input="hi")  # type: ignore[arg-type]
        entry = only(home)
        assert (entry.status, entry.error, entry.served) == (400, "status", False)
        assert (entry.cost_nano, entry.usage) == (0, Usage())

    run(case)


def test_what_is_asked_and_answered_is_not_kept_where_prompts_are():
    async def case(home: House):
        home.app.transcripts = NotAsked()  # type: ignore[assignment]
        await home.client.moderations.create(model=MODEL, input="hi")

    run(case)


class NotAsked:
    def begin(self, *_: object) -> None:
        raise AssertionError("nobody writes")


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


# ---- keys


async def generate(home: House) -> None:
    await home.client.images.generate(model=MODEL, prompt="a white cat")


async def moderate(home: House) -> None:
    await home.client.moderations.create(model=MODEL, input="a white cat")


async def embed(home: House) -> None:
    await home.client.embeddings.create(model="google/embedder", input="a white cat")


async def say(home: House) -> None:
    await home.client.audio.speech.create(model=MODEL, voice="alloy", input="hello")


async def say_in_events(home: House) -> None:
    await home.client.audio.speech.create(
        model=MODEL, voice="alloy", input="hello", stream_format="sse"
    )


async def transcribe(home: House) -> None:
    await home.client.audio.transcriptions.create(model=MODEL, file=SOUND)


async def transcribe_as_text(home: House) -> None:
    asked = home.client.audio.transcriptions
    await asked.create(model=MODEL, file=SOUND, response_format="text")


@pytest.mark.parametrize("ask", [generate, moderate, say, transcribe])
def test_a_model_must_be_open_to_the_key(ask):
    async def case(home: House):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await ask(home)
        assert caught.value.code == "model_not_allowed"

    run_keyed(case, Keys(Limits(models=("anthropic/*",))))


@pytest.mark.parametrize("ask", [generate, moderate, say_in_events, transcribe])
def test_a_budget_pays_for_what_tells_its_cost(ask):
    keys = Keys(Limits(budgets=(budget("5/day"),)))

    async def case(home: House):
        await ask(home)
        cost = only(home).cost_nano
        assert cost
        await until(lambda: keys.spent == cost)

    run_keyed(case, keys, KEYED + PRICED)


@pytest.mark.parametrize(
    ("ask", "prices", "words"),
    [
        (generate, "", "price of google/media is not known"),
        (moderate, "", "price of google/media is not known"),
        (say, "", "price of google/media is not known"),
        (say, PRICED, "cannot be told from its answer"),
        (transcribe_as_text, PRICED, "cannot be told from its answer"),
    ],
)
def test_a_key_with_a_budget_may_not_ask_for_what_it_cannot_pay(ask, prices, words):
    keys = Keys(Limits(budgets=(budget("5/day"),)))

    async def refused(home: House):
        with pytest.raises(openai.PermissionDeniedError, match=words) as caught:
            await ask(home)
        assert caught.value.code == "unpriced_model"
        assert home.seen == []

    run_keyed(refused, keys, KEYED + prices)

    async def let_through(home: House):
        await ask(home)
        assert only(home).cost_nano is None

    run_keyed(let_through, keys, KEYED + 'on_unpriced = "allow"\n' + prices)
    run_keyed(ask, keys, KEYED + FREE)


def test_a_picture_that_the_budget_does_not_cover_is_refused():
    keys = Keys(Limits(budgets=(budget("0.05/day"),)))

    async def case(home: House):
        await generate(home)  # 4,096 tokens are set aside, which cost less than 5 cents
        with pytest.raises(openai.RateLimitError) as caught:
            await home.client.images.generate(model=MODEL, prompt="a white cat", n=2)
        assert caught.value.code == "budget_exhausted"

    run_keyed(case, keys, KEYED + PRICED)


def test_tokens_count_towards_what_a_key_may_use_in_a_minute():
    async def case(home: House):
        await generate(home)
        with pytest.raises(openai.RateLimitError):
            await generate(home)

    run_keyed(case, Keys(Limits(tokens_per_minute=60)))


ASKING = {ask.__name__: ask for ask in (generate, moderate, say, transcribe, embed)}
KEYLESS = [Limits(pin=False), Limits(tiers=("cheap",))]
"""Limits of a key that does not choose by itself, or only among tiers."""


@pytest.mark.parametrize("limits", KEYLESS)
@pytest.mark.parametrize("ask", [generate, moderate, say, transcribe, embed])
def test_a_key_that_may_not_choose_names_no_model_here_either(ask, limits):
    async def case(home: House):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await ask(home)
        assert caught.value.code in ("pin_not_allowed", "tier_not_allowed")
        assert home.seen == []

    run_keyed(case, Keys(limits))


OURS = '[server]\nembedding_model = "google/embedder"\nmoderation_model = "google/media"\n'
OURS += 'image_model = "google/media"\n'


@pytest.mark.parametrize("limits", KEYLESS)
def test_what_is_set_is_open_to_a_key_that_may_not_choose(limits):
    async def case(home: House):
        await home.client.moderations.create(input="hi")
        await home.client.embeddings.create(model="auto", input="hi")
        await home.client.embeddings.create(model="google/embedder", input="hi")
        await home.client.images.generate(prompt="a cat")
        await home.client.images.edit(image=b"png", prompt="a dog", model="auto")
        await home.client.images.edit(image=b"png", prompt="a dog")
        asked = [entry.asked for entry in home.entries]
        assert asked == ["auto", "auto", "google/embedder", "auto", "auto", "auto"]
        assert home.entries[-1].model_asked == "media"

    run_keyed(case, Keys(limits), OURS + KEYED)


def test_what_is_set_is_held_to_the_models_of_a_key_all_the_same():
    async def case(home: House):
        with pytest.raises(openai.PermissionDeniedError) as caught:
            await home.client.moderations.create(input="hi")
        assert caught.value.code == "model_not_allowed"

    run_keyed(case, Keys(Limits(models=("anthropic/*",))), OURS + KEYED)
