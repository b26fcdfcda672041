import pytest

from headgate.values import Usage
from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.embeddings import asking, measured, texts, vectors


def test_usage_and_model_are_read_from_the_answer():
    body = b'{"model": "x", "usage": {"prompt_tokens": 7, "total_tokens": 7}, "data": []}'
    assert measured(body) == (Usage(input=7), "x")


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{}", b'{"usage": 7}', b'{"model": 7}'])
def test_an_answer_that_tells_nothing_is_unknown(body):
    assert measured(body) == (None, None)


def test_our_own_call_names_model_and_texts():
    body = asking("m", ["a", "ü"])
    assert body == '{"model":"m","input":["a","ü"]}'.encode()
    assert texts(body) == ["a", "ü"]


def test_embeddings_come_in_the_order_of_their_texts():
    body = (
        b'{"data": [{"index": 1, "embedding": [3, 4.5]}, {"index": 0, "embedding": [1, 2]}],'
        b' "usage": {"prompt_tokens": 2}}'
    )
    assert vectors(body, 2) == [[1.0, 2.0], [3.0, 4.5]]
    assert vectors(b'{"data": [{"embedding": [1]}, {"embedding": [2]}]}', 2) == [[1.0], [2.0]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"{}",
        b'{"data": 7}',
        b'{"data": []}',
        b'{"data": [{"embedding": [1]}]}',
        b'{"data": [{"embedding": [1]}, {"embedding": [1, 2]}]}',
        b'{"data": [{"embedding": []}, {"embedding": []}]}',
        b'{"data": [{"embedding": [1.7e308, 1.7e308]}, {"embedding": [1.7e308, 1.7e308]}]}',
        b'{"data": [{"embedding": "AAAA"}, {"embedding": "AAAA"}]}',
        b'{"data": [{"embedding": [1], "index": 0}, {"embedding": [1], "index": 0}]}',
        b'{"data": [{"embedding": [1], "index": 0}, {"embedding": [1], "index": 5}]}',
        b'{"data": [{"embedding": [1]}, {"embedding": [1]}, {"embedding": [1]}]}',
    ],
)
def test_what_are_no_embeddings_of_two_texts_is_refused(body: bytes):
    with pytest.raises(UnusableAnswerError):
        vectors(body, 2)


def test_an_answer_of_no_use_is_billed_all_the_same():
    with pytest.raises(UnusableAnswerError) as caught:
        vectors(b'{"data": [], "usage": {"prompt_tokens": 9}}', 1)
    assert caught.value.usage == Usage(input=9)
