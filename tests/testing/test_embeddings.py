"""embeddings: strictly read, and vectors that depend on the text alone."""

import base64
import json
import struct

import pytest

from headgate.testing.dialect import Refused
from headgate.testing.embeddings import read
from headgate.values import Usage


def body(**fields) -> bytes:
    return json.dumps({"model": "m", "input": "hello", **fields}).encode()


def test_each_text_has_its_vector_and_equal_texts_the_same():
    answer = json.loads(read(body(input=["a", "b", "a"], dimensions=3)).answer()[1])
    vectors = [one["embedding"] for one in answer["data"]]
    assert [len(vector) for vector in vectors] == [3, 3, 3]
    assert vectors[0] == vectors[2] != vectors[1]
    assert [one["index"] for one in answer["data"]] == [0, 1, 2]


def test_base64_holds_the_same_numbers():
    plain = json.loads(read(body()).answer()[1])["data"][0]["embedding"]
    packed = json.loads(read(body(encoding_format="base64")).answer()[1])["data"][0]["embedding"]
    found = struct.unpack(f"<{len(plain)}f", base64.b64decode(packed))
    assert found == pytest.approx(plain)


def test_a_text_may_come_as_its_tokens():
    assert json.loads(read(body(input=[1, 2, 3])).answer()[1])["usage"]["prompt_tokens"] == 3
    answer = json.loads(read(body(input=[[1, 2], [3], [1, 2]])).answer()[1])
    first, second, third = (one["embedding"] for one in answer["data"])
    assert first == third != second
    assert answer["usage"]["prompt_tokens"] == 5


def test_only_input_is_billed():
    asked = read(body(input=["four", "fives"]))
    assert asked.usage == Usage(input=3)
    assert json.loads(asked.answer()[1])["usage"] == {"prompt_tokens": 3, "total_tokens": 3}


def test_so_many_texts_and_a_text_of_more_tokens_are_taken_but_not_more_texts():
    assert len(read(body(input=["a"] * 2048)).inputs) == 2048
    assert read(body(input=[1] * 2049)).usage == Usage(input=2049)
    for many in (["a"] * 2049, [[1]] * 2049):
        with pytest.raises(Refused) as caught:
            read(body(input=many))
        assert (caught.value.status, caught.value.param) == (400, "input")


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"{}",
        body(input=[]),
        body(dimensions=0),
        body(encoding_format="hex"),
        body(x=1),
        body(input=["a", 1]),
        body(input=[[]]),
    ],
)
def test_what_is_not_to_the_letter_is_refused(raw):
    with pytest.raises(Refused) as caught:
        read(raw)
    assert caught.value.status == 400
