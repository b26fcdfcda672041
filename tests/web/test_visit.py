"""visit: queries, forms and cookies as they come."""

import doctest

import pytest

import headgate.web.visit
from headgate.web.visit import MOST_FIELDS, Visit, query_of, redirect, values_of


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.web.visit).failed == 0


@pytest.mark.parametrize("text", ["", "&&&", "=", "%", "a=%ff%fe", "a" * 10_000, "\x00=\x00"])
def test_whatever_comes_is_read(text):
    assert isinstance(values_of(text), dict)


def test_more_fields_than_any_form_has_are_left_out():
    assert len(values_of("&".join(f"f{n}=1" for n in range(5000)))) == MOST_FIELDS


def test_a_query_reads_as_what_was_written():
    values = {"a": "1 %", "b.c": "x/y&z=", "d": "é\u2028<"}
    assert values_of(query_of(values).removeprefix("?")) == values


def test_cookies_that_cannot_be_read_are_none():
    def cookies(text):
        return Visit(method="GET", path="/", headers={"cookie": text}).cookies

    assert cookies("a=1; headgate_session=x.y.z") == {"a": "1", "headgate_session": "x.y.z"}
    assert cookies("\x00;;==;") == {}
    assert Visit(method="GET", path="/").cookies == {}


def test_only_a_script_that_says_so_gets_a_fragment():
    assert Visit(method="GET", path="/", headers={"x-headgate-fragment": "1"}).wants_fragment
    assert not Visit(method="GET", path="/").wants_fragment


def test_a_redirect_is_followed_by_get():
    answer = redirect("/plan", ("set-cookie", "a=b"))
    assert answer.status == 303
    assert answer.headers == (("location", "/plan"), ("set-cookie", "a=b"))


def test_the_character_nul_is_in_no_value():
    assert values_of("a=1%002") == {"a": "1\ufffd2"}
