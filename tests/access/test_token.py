"""token: what a request carries, and that only the right secret fits."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.access.token import carries, presented

RIGHT = b"hga_right-token"


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, []),
        ({"authorization": "Bearer abc"}, ["abc"]),
        ({"authorization": "bearer   abc  "}, ["abc"]),
        ({"authorization": "Basic abc"}, []),
        ({"authorization": "Bearer"}, []),
        ({"authorization": "abc"}, []),
        ({"x-api-key": " abc "}, ["abc"]),
        ({"x-api-key": ""}, []),
        ({"api-key": " abc "}, ["abc"]),
        ({"api-key": " "}, []),
        ({"authorization": "Bearer one", "x-api-key": "two"}, ["one", "two"]),
    ],
)
def test_secrets_come_in_either_header(headers, found):
    assert list(presented(headers)) == found


def test_the_right_secret_fits_in_either_header_and_beside_a_wrong_one():
    assert carries({"authorization": "Bearer hga_right-token"}, RIGHT)
    assert carries({"x-api-key": "hga_right-token"}, RIGHT)
    assert carries({"authorization": "Bearer wrong", "x-api-key": "hga_right-token"}, RIGHT)
    assert carries({"authorization": "Bearer hga_right-token", "x-api-key": "wrong"}, RIGHT)


@given(st.text(st.characters(codec="latin-1"), max_size=40))
def test_nothing_else_fits(text: str):
    if text.strip().encode() != RIGHT:
        assert not carries({"authorization": f"Bearer {text}", "x-api-key": text}, RIGHT)


def test_a_secret_that_was_never_set_opens_no_door():
    for headers in ({}, {"authorization": "Bearer "}, {"x-api-key": ""}, {"x-api-key": "x"}):
        assert not carries(headers, b"")


def test_every_secret_is_compared_whole_and_in_constant_time(monkeypatch):
    compared = []

    def noting(given: bytes, expected: bytes) -> bool:
        compared.append(given)
        return real(given, expected)

    real = hmac.compare_digest
    monkeypatch.setattr("headgate.access.token.hmac.compare_digest", noting)
    assert carries({"authorization": "Bearer hga_right-token", "x-api-key": "wrong"}, RIGHT)
    assert compared == [RIGHT, b"wrong"], "no early end: what follows a right one is compared too"
