"""passage: moderations, pictures and speech go through to the provider named, and are paid for."""

from __future__ import annotations

import gzip
import json

import openai
import pytest

from headgate.testing.server import Request, Response
from headgate.values import Usage
from tests.gateway.house import RULES, House
from tests.gateway.passages import FREE, MODEL, PRICED, SOUND, only, run, spent


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
