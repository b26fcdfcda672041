import pytest

from headgate.errors import RequestError
from headgate.values import Usage
from headgate.wire.embeddings import measured, read, speaks


def test_a_request_keeps_its_bytes_but_for_the_model():
    asked = read(b'{"input": ["a",  "b"], "model": "google/x", "future": 1e3}')
    assert asked.model == "google/x"
    assert asked.request("x") == b'{"model":"x","input":["a",  "b"],"future":1e3}'


def test_tokens_are_estimated_by_the_bytes_of_the_input():
    assert read(b'{"model": "m", "input": "%b"}' % (b"x" * 398)).tokens == 100


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", None),
        (b'{"model": "m"}', "input"),
        (b'{"input": "x"}', "model"),
        (b'{"model": 7, "input": "x"}', "model"),
    ],
)
def test_what_is_no_request_is_refused(body, param):
    with pytest.raises(RequestError) as caught:
        read(body)
    assert caught.value.param == param


def test_usage_and_model_are_read_from_the_answer():
    body = b'{"model": "x", "usage": {"prompt_tokens": 7, "total_tokens": 7}, "data": []}'
    assert measured(body) == (Usage(input=7), "x")


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{}", b'{"usage": 7}', b'{"model": 7}'])
def test_an_answer_that_tells_nothing_is_unknown(body):
    assert measured(body) == (None, None)


def test_only_openais_dialects_have_embeddings():
    assert [speaks(name) for name in ("openai", "openai-responses", "anthropic")] == [
        True,
        True,
        False,
    ]
