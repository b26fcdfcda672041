"""passed: what is read of requests that are passed through, and of what is answered to them."""

from __future__ import annotations

import json

import pytest

from headgate.errors import RequestError
from headgate.values import Usage
from headgate.wire.passed import EMBEDDINGS, JSON_KINDS, Listener, Told, read, speaks, told

MODERATIONS, IMAGES, SPEECH = (
    JSON_KINDS[path] for path in ("/moderations", "/images/generations", "/audio/speech")
)


def test_a_request_keeps_its_bytes_but_for_the_model():
    asked = read(EMBEDDINGS, b'{"input": ["a",  "b"], "model": "google/x", "future": 1e3}')
    assert asked.model == "google/x"
    assert asked.body("x") == b'{"input":["a",  "b"],"model":"x","future":1e3}'


@pytest.mark.parametrize("kind", JSON_KINDS.values())
def test_tokens_are_estimated_by_the_bytes_of_the_text(kind):
    body = b'{"model": "m", "%b": "%b"}' % (kind.text.encode(), b"x" * 398)
    assert read(kind, body).tokens == 100


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", None),
        (b'{"model": "m"}', "input"),
        (b'{"model": "", "input": "x"}', "model"),
        (b'{"model": 7, "input": "x"}', "model"),
    ],
)
def test_what_is_no_request_is_refused(body, param):
    with pytest.raises(RequestError) as caught:
        read(MODERATIONS, body)
    assert caught.value.param == param


@pytest.mark.parametrize("body", [b'{"input": "x"}', b'{"model": null, "input": "x"}'])
def test_a_request_that_leaves_its_model_out_gets_one(body):
    asked = read(MODERATIONS, body)
    assert asked.model == ""
    assert json.loads(asked.body("m")) == {"model": "m", "input": "x"}


def test_only_openais_dialects_have_any_of_it():
    known = [speaks(name) for name in ("openai", "openai-responses", "anthropic")]
    assert known == [True, True, False]


@pytest.mark.parametrize(
    ("number", "outputs"),
    [("3", 3), ("0", 1), ('"3"', 3), ("null", 1), ("10.0", 10), ('"+10"', 10), ('""', 1)],
)
def test_as_many_pictures_are_billed_as_are_asked_for(number, outputs):
    body = f'{{"model": "m", "prompt": "x", "n": {number}}}'.encode()
    assert read(IMAGES, body).outputs == outputs


@pytest.mark.parametrize("number", ["2.5", "true", '"two"', "1e1000", "12345678901", "[1]", "{}"])
def test_what_is_no_number_of_pictures_is_refused(number):
    with pytest.raises(RequestError) as caught:
        read(IMAGES, f'{{"model": "m", "prompt": "x", "n": {number}}}'.encode())
    assert (caught.value.status, caught.value.param) == (400, "n")


def test_of_moderations_nothing_that_comes_out_is_billed():
    assert read(MODERATIONS, b'{"model": "m", "input": "x", "n": 3}').outputs == 0


def test_speech_tells_its_tokens_in_events_only():
    plain, events = (
        read(SPEECH, b'{"model": "m", "input": "x"%b}' % more)
        for more in (b"", b', "stream_format": "sse"')
    )
    assert (plain.tells, events.tells) == (False, True)


def answered(**usage: object) -> bytes:
    return json.dumps({"created": 1, "data": [], "usage": usage}).encode()


def test_the_tokens_of_pictures_are_told_from_those_of_text():
    body = answered(
        input_tokens=50,
        input_tokens_details={"text_tokens": 10, "image_tokens": 40},
        output_tokens=300,
        total_tokens=350,
    )
    assert told(IMAGES, body) == Told(Usage(input=50, output=300), None, 40, 300)
    plan = answered(input_tokens=9, output_tokens=300, output_tokens_details={"text_tokens": 100})
    assert told(IMAGES, plan) == Told(Usage(input=9, output=300), None, 0, 200)


def test_the_other_spelling_of_tokens_is_understood():
    body = b'{"model": "x", "usage": {"prompt_tokens": 7, "total_tokens": 7}, "data": []}'
    assert told(EMBEDDINGS, body) == Told(Usage(input=7), "x")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"\xff", b"{}", b'{"usage": 7}', b'{"model": 7}',
        answered(type="duration", seconds=9),
    ],
)  # fmt: skip
def test_an_answer_that_tells_nothing_is_unknown(body):
    assert told(IMAGES, body) == Told()


def test_a_second_model_that_is_billed_is_noticed():
    body = b'{"usage": {"input_tokens": 1, "output_tokens": 2}, "svg_usage": {"model": "gpt-5"}}'
    assert told(IMAGES, body).beside


EVENTS = (
    b'data: {"type": "image_generation.partial_image", "b64_json": "AAAA"}\n\n'
    b'event: image_generation.completed\ndata: {"type": "image_generation.completed", '
    b'"b64_json": "AAAA", "usage": {"input_tokens": 3, "output_tokens": 64}}\n\n'
)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_stream_tells_its_tokens_however_it_is_cut(size):
    heard = Listener(IMAGES)
    for at in range(0, len(EVENTS), size):
        heard.feed(EVENTS[at : at + size])
    assert heard.told() == Told(Usage(input=3, output=64), None, 0, 64)
    assert not heard.error


def test_a_stream_that_says_that_it_failed_is_noticed_and_has_told_nothing():
    heard = Listener(IMAGES)
    heard.feed(b'data: {"error": {"message": "no"}}\n\n')
    assert (heard.told(), heard.error) == (Told(), True)


def test_a_last_event_that_nobody_closed_is_heard():
    heard = Listener(SPEECH)
    heard.feed(b'data: {"usage": {"input_tokens": 3, "output_tokens": 4}}')
    assert heard.told().usage == Usage(input=3, output=4)


@pytest.mark.parametrize("number", [b"1e400", b"1" * 4400])
def test_a_number_beyond_all_numbers_is_the_callers_fault(number):
    with pytest.raises(RequestError, match="`n`"):
        read(JSON_KINDS["/images/generations"], b'{"model":"a/b","prompt":"x","n":' + number + b"}")
