"""Kinds: what each takes, what it makes of it, and how it refuses the rest."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.settings import kinds
from headgate.settings.fields import SECTIONS
from headgate.settings.kinds import Kind, Refusal


def refusal(kind: Kind, raw: object) -> Refusal:
    refused = kind.check(raw)
    assert isinstance(refused, Refusal), refused
    return refused


ALL = [field.kind for section in SECTIONS for field in section.fields]

TOML = st.recursive(
    st.none().map(lambda _: date(2026, 11, 23))
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(["7d", "a/b", "https://h/v1", "localhost:80", "0.30", "[::1]:1", "(a+)+"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=4,
)


@given(st.sampled_from(ALL), TOML)
def test_every_kind_takes_or_refuses_whatever_toml_can_hold(kind: Kind, raw: object):
    checked = kind.check(raw)
    if isinstance(checked, Refusal):
        assert checked.message.endswith(".")
        assert checked.fix.endswith((".", ")"))
    else:
        assert kind.check(checked) == checked or isinstance(checked, tuple)


@given(st.sampled_from(ALL), st.text(max_size=40))
def test_flag_text_is_read_and_then_checked_like_any_value(kind: Kind, text: str):
    checked = kind.check(kind.read(text))
    assert isinstance(checked, bool | int | float | str | tuple | Refusal)


@pytest.mark.parametrize("raw", [True, "5", 5.0, [5], {"a": 5}])
def test_a_whole_number_is_nothing_else(raw: object):
    assert "a whole number is needed" in refusal(kinds.Whole(1, 10), raw).message


@pytest.mark.parametrize("raw", [0, 11, -1, 10**80])
def test_a_whole_number_stays_in_its_range(raw: int):
    refused = refusal(kinds.Whole(1, 10), raw)
    assert "out of range" in refused.message
    assert refused.fix == "Use a whole number from 1 to 10."
    assert len(refused.message) < 120


def test_a_number_of_thousands_of_digits_is_refused_in_a_few_words():
    for kind in (kinds.Whole(1, 10), kinds.Number(0, 1), kinds.Duration(0, 1), kinds.Price()):
        assert len(refusal(kind, 10**5000).message) < 120


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5), ("1_000", 1000), ("-3", -3), ("5.0", "5.0"), ("", ""), ("٣", "٣")]
)
def test_whole_numbers_in_flags_are_decimal_digits(text: str, value: object):
    assert kinds.Whole(1, 10).read(text) == value


@pytest.mark.parametrize("raw", [float("nan"), float("inf"), -0.01, 1.01, 10**400])
def test_a_number_is_finite_and_in_range(raw: float):
    assert "out of range" in refusal(kinds.Number(0, 1), raw).message


def test_percent_where_a_share_belongs_is_explained():
    assert "20 percent is written 0.2." in refusal(kinds.Number(0, 1), 20).fix


def test_a_whole_number_counts_as_a_number():
    assert repr(kinds.Number(0, 1).check(1)) == "1.0"


@pytest.mark.parametrize(
    ("text", "length"),
    [("90s", 90), ("24h", 86400), ("7d", 604800), ("1.5m", 90), ("250ms", 0.25), ("2 w", 1209600)],
)
def test_durations_have_units(text: str, length: float):
    assert kinds.Duration(0, 10**9).check(text) == pytest.approx(length)


@pytest.mark.parametrize("text", ["", "s", "7", "7 days", "-1s", "1e3s", "7d 3h", "٧d", "1" * 99])
def test_what_is_no_duration_is_refused(text: str):
    assert "is not a duration" in refusal(kinds.Duration(0, 10**9), text).message


@pytest.mark.parametrize("raw", [float("nan"), float("inf"), 61, "2m", -1])
def test_durations_stay_in_their_range(raw: object):
    assert refusal(kinds.Duration(0, 60), raw).fix == "Use a duration from 0s to 1m."


def test_a_window_stays_the_text_it_was():
    window = kinds.Duration(60, 10**9, as_text=True)
    assert window.check("7d") == "7d"
    assert window.check(3600) == "3600s"
    assert window.check(window.read("90")) == "90s"


@pytest.mark.parametrize("raw", [1, 0, "true"])
def test_true_and_false_are_written_as_such_in_the_file(raw: object):
    assert "true or false" in refusal(kinds.Flag(), raw).message


@pytest.mark.parametrize(("text", "value"), [("1", True), ("TRUE", True), ("off", False)])
def test_true_and_false_have_many_spellings_in_variables(text: str, value: bool):
    assert kinds.Flag().read(text) is value


def test_text_has_one_line_and_an_end():
    assert kinds.Text(5).check("hällo") == "hällo"
    assert "6 characters" in refusal(kinds.Text(5), "hello!").message
    assert "line break" in refusal(kinds.Text(50), "a\nb").message
    assert "line break" in refusal(kinds.Text(50), "a\x1b[31mb").message


def test_a_choice_is_exactly_one_of_its_words():
    assert kinds.Choice("a", "b").check("a") == "a"
    assert refusal(kinds.Choice("a", "b"), "A").fix == 'Write "a" or "b".'


def test_quotes_around_flag_text_are_taken_off():
    assert kinds.Text().read('"a b"') == "a b"
    assert kinds.Text().read("'") == "'"


def test_a_price_is_text():
    assert kinds.Price().check("0.30") == "0.30"
    assert kinds.Price().check("0") == "0"


@pytest.mark.parametrize(
    ("raw", "fix"), [(0.3, 'Write "0.3".'), (3, 'Write "3".'), (1e-9, 'Write "0.30".')]
)
def test_a_bare_price_is_refused_with_the_quotes_in_the_fix(raw: object, fix: str):
    refused = refusal(kinds.Price(), raw)
    assert refused.fix == fix
    assert "quotes" in refused.message


@pytest.mark.parametrize("raw", ["$3", "-1", "1e3", "NaN", "", "0.0000001", "1,50", "100001", True])
def test_what_is_no_price_is_refused(raw: object):
    assert refusal(kinds.Price(), raw)


def test_headers_are_pairs_in_the_order_of_the_file():
    assert kinds.Headers().check({"x-b": "1", "x-a": "2"}) == (("x-b", "1"), ("x-a", "2"))


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Authorization": "hunter22"}, "secret"),
        ({"x-api-key": "hunter22"}, "secret"),
        ({"Content-Length": "3"}, "set by Headgate"),
        ({"x y": "3"}, "not a header name"),
        ({"x": 3}, "ASCII"),
        ({"x": "a\r\nb: c"}, "ASCII"),
        ("x: y", "a table is needed"),
    ],
)
def test_headers_that_must_not_be_sent_are_refused(headers: object, words: str):
    refused = refusal(kinds.Headers(), headers)
    assert not refused.more
    assert words in str(refused)
    assert "hunter22" not in str(refused)


def test_every_kind_says_what_it_takes():
    for kind in ALL:
        assert re.search(r"\w", kind.words)


def test_words_are_some_of_a_few_in_their_own_order():
    words = kinds.Words("a", "b", "c")
    assert words.words == 'list of "a", "b" or "c"'
    assert words.check(["c", "a", "c"]) == ("a", "c")
    assert words.check([]) == ()
    assert words.read("c, a") == ["c", "a"]
    assert words.read(" ") == []
    assert "not a choice" in refusal(words, ["d"]).message
    assert len(refusal(words, ["a", "d", [], "e"]).each()) == 3
    assert '"a", "b" or "c"' in refusal(words, ["d"]).fix
    assert "a list is needed" in refusal(words, "a").message


def test_several_are_all_of_one_form_in_the_order_given():
    assert kinds.ORIGINS.check(["https://B.example", "*"]) == ("https://b.example", "*")
    assert kinds.ORIGINS.check([]) == ()
    assert kinds.ORIGINS.read("https://a.example, *") == ["https://a.example", "*"]
    assert kinds.ORIGINS.read(" ") == []
    assert "a list is needed" in refusal(kinds.ORIGINS, "*").message
    assert "not a web page's origin" in refusal(kinds.ORIGINS, ["*", "app.example"]).message
    assert refusal(kinds.ORIGINS, [7]).fix
    first, second = refusal(kinds.ORIGINS, ["app.example", "*", "https://a.example/x"]).each()
    assert "app.example" in first.message
    assert "https://a.example/x" in second.message
    assert "101 are too many" in refusal(kinds.ORIGINS, ["*"] * 101).message
