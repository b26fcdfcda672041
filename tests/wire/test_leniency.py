"""leniency: what is not quite JSON is read as far as it makes sense, and the rest is no answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.leniency import cleaned, loads, object_of, text_of


def test_half_a_surrogate_pair_is_replaced():
    assert text_of("a\ud83d b") == "a� b"
    assert text_of("\ud83d\ude00") == "😀"
    assert text_of(7) is None
    assert cleaned({"a\ud800": ["\udfff", 1, None]}) == {"a�": ["�", 1, None]}


def test_what_servers_send_beyond_json_is_forgiven():
    assert str(loads(b'{"a": NaN}')) == "{'a': nan}"
    assert loads(b'"\\ud83d"') == "\ud83d"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 10_000, b'{"a":' * 200_000 + b"1"],
)
def test_what_cannot_be_read_is_a_value_error_or_a_value(data):
    try:
        loads(data)
    except ValueError:
        return
    assert data.isdigit()


@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_any_string_can_be_encoded_once_it_is_cleaned(text):
    assert (text_of(text) or "").encode() or not text
    assert cleaned([text]) == [text_of(text)]


def test_an_object_is_read_with_its_strings_cleaned():
    assert object_of(b'{"a": {"b": "\\ud83d"}}') == {"a": {"b": "\ufffd"}}


@pytest.mark.parametrize("data", [b"", b"<html>", b"{", b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_no_answer(data):
    with pytest.raises(UnusableAnswerError, match="not JSON"):
        object_of(data)


@pytest.mark.parametrize("data", [b"7", b"null", b'"text"', b"[]", b"[{}, {}]", b"[7]"])
def test_json_without_an_object_is_no_answer(data):
    for wrapped in (False, True):
        with pytest.raises(UnusableAnswerError, match="not an answer"):
            object_of(data, wrapped=wrapped)


def test_an_object_alone_in_an_array_counts_only_where_that_is_said():
    assert object_of(b'[{"a": 1}]', wrapped=True) == {"a": 1}
    with pytest.raises(UnusableAnswerError):
        object_of(b'[{"a": 1}]')
