"""passed: the simulated provider's moderations, pictures and speech are strictly read."""

from __future__ import annotations

import json

import pytest

from headgate.testing.dialect import Refused
from headgate.testing.passed import read
from headgate.testing.server import Request
from headgate.values import Usage


def asked(path: str, **fields: object):
    body = json.dumps({"model": "m", **fields}).encode()
    return read(Request("POST", path, {}, body, lambda: False))


def test_a_moderation_is_not_billed_and_flags_by_a_word():
    found = asked("/v1/moderations", input=["a flag", {"type": "text", "text": "b"}])
    assert found.usage is None
    results = json.loads(found.answer()[1])["results"]
    assert [one["flagged"] for one in results] == [True, False]


def test_each_picture_is_billed():
    found = asked("/v1/images/generations", prompt="a white cat", n=2)
    assert found.usage == Usage(input=3, output=128)
    assert len(json.loads(found.answer()[1])["data"]) == 2


def test_equal_words_are_equal_sound():
    first, second = (asked("/v1/audio/speech", input="hi", voice="alloy") for _ in range(2))
    other = asked("/v1/audio/speech", input="ho", voice="alloy")
    assert first.answer() == second.answer() != other.answer()
    assert sum(map(len, first.answer()[1])) == 400


@pytest.mark.parametrize(
    ("path", "fields", "param"),
    [
        ("/v1/moderations", {}, "input"),
        ("/v1/images/generations", {"prompt": "x", "n": 11}, "n"),
        ("/v1/images/generations", {"prompt": "x", "colour": 1}, "colour"),
        ("/v1/audio/speech", {"input": "x"}, "voice"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_field(path, fields, param):
    with pytest.raises(Refused) as caught:
        asked(path, **fields)
    assert (caught.value.status, caught.value.param) == (400, param)
