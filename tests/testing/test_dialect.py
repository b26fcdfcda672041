"""dialect: what is wrong with a body, taken apart; and the portions of a stream."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.testing.dialect import PIECE_CHARACTERS, Flaw, checked, pieces


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    size: int


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    parts: list[Inner]


def flaw(body: bytes) -> Flaw:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Outer)
    return checked(caught.value)


def test_a_missing_field_is_named_with_its_path():
    assert flaw(b"{}")[:2] == ("parts", "missing")
    assert flaw(b'{"parts": [{"size": 1}, {}]}')[:2] == ("parts[1].size", "missing")


def test_an_unknown_field_is_named_with_its_path():
    assert flaw(b'{"parts": [], "more": 1}')[:2] == ("more", "unknown")


def test_a_wrong_type_is_told_in_words():
    found = flaw(b'{"parts": [{"size": "big"}]}')
    assert found == ("parts[0].size", "invalid", "Expected `int`, got `str`")


def test_a_body_of_another_type_has_no_path():
    assert flaw(b"[]") == ("", "invalid", "Expected `object`, got `array`")


@given(st.text())
def test_pieces_lose_nothing(text):
    parts = list(pieces(text))
    assert "".join(parts) == text
    assert all(0 < len(part) <= PIECE_CHARACTERS for part in parts)
