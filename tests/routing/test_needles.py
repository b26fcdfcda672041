"""needles: what must stand in a text for an expression to match, and that nothing is missed."""

from __future__ import annotations

import re
import sys
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headgate.routing import needles as room
from headgate.routing.needles import needles, search


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("prove", {"prove"}),
        ("(?i)Prove", {"prove"}),
        (r"(?i)\b(prove|theorem)\b", {"prove", "theorem"}),
        (r"\bdef \w+\(", {"def "}),
        ("a|bc", {"a", "bc"}),
        ("colou?r", {"colo"}),
        ("(?:night|day)time", {"time"}),
        ("(?P<when>night|day)s", {"night", "day"}),
        ("(mid)?night", {"night"}),
        ("(?:mid){0,1}night", {"night"}),
        ("(?:mid){1,2}n", {"mid"}),
        ("go+gle", {"gle"}),
        ("xya*+b", {"xy"}),
        (r"1\.5 x", {"1.5 x"}),
        ("[]x]ab[^]]", {"ab"}),
        (r"[\]y]ab", {"ab"}),
        ("^grüße$", {"grüße"}),
        ("(?i)grüße", {"gr"}),
        ("a(b(cd|def)|gh)", {"cd", "def", "gh"}),
        ("((?:one|two)|three)four!", {"four!"}),
    ],
)
def test_a_needle_is_a_word_that_no_match_is_without(pattern, words):
    assert set(needles(re.compile(pattern))) == words


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        r"\d+",
        "a?",
        "a|",
        "a|[bc]",
        "(?:a|b*)",
        "(?x) a b",
        "(?=ab)",
        "(?!ab)c",
        "(?<=ab)c",
        "(?i:ab)",
        r"(a)\1",
        r"(a)?(?(1)b|c)",
        r"\x41b",
        "(?#word)b",
        "x{b",
        "(?>ab)",
    ],
)
def test_where_it_cannot_be_told_there_is_none(pattern):
    assert needles(re.compile(pattern)) == ()


@pytest.mark.parametrize("pattern", ["prove", "(?i)prove", r"(?i)\b(Prove|theorem)\b", r"\d{3}"])
@pytest.mark.parametrize(
    "text", ["", "prove", "PROVE it", "improved", "a Theorem", "theorems", "grüße PROVE", "12 123"]
)
def test_a_search_says_what_the_expression_says(pattern, text):
    expression = re.compile(pattern)
    assert search(expression)(text) is (expression.search(text) is not None)


def test_an_expression_is_not_run_on_a_text_without_its_needles():
    seen = []

    class Watched:
        pattern, flags = "(?i)prove", re.compile("(?i)prove").flags

        def search(self, text):
            seen.append(text)
            return re.search(self.pattern, text)

    found = search(cast("re.Pattern[str]", Watched()))
    assert not found("nothing of the kind")
    assert not found("nichts, süß")
    assert seen == []
    assert found("Prove it")
    assert seen == ["Prove it"]


def test_only_four_signs_beyond_ascii_match_a_letter_of_it_where_case_is_ignored():
    """Otherwise a needle might be missed in a text that is not ASCII."""
    letters = re.compile("(?i)[a-z]")
    every = [chr(code) for code in range(128, sys.maxunicode + 1)]
    assert tuple(sign for sign in every if letters.fullmatch(sign)) == room._HIDDEN


ATOMS = st.sampled_from(
    ["a", "b", "K", "s", "i", "ü", ".", "[ab]", "[^a]", r"\b", r"\w", r"\.", "^", "$", " "]
)
TIMES = st.sampled_from(["", "", "", "*", "+", "?", "*?", "+?", "{2}", "{0,1}", "{1,}", "{,2}"])
PATTERNS = st.recursive(
    st.lists(st.tuples(ATOMS, TIMES).map("".join), max_size=4).map("".join),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("|".join),
        st.tuples(inner, TIMES).map(lambda both: f"({both[0]}){both[1]}"),
        st.tuples(inner, inner).map("".join),
        inner.map(lambda one: f"(?:{one})"),
    ),
    max_leaves=6,
)
TEXTS = st.text("abkKsSiIüÜ \n.\u0130\u0131\u017f\u212a", max_size=12)


@given(PATTERNS, st.sampled_from(["", "(?i)", "(?a)", "(?is)"]), TEXTS)
@example("ks", "(?i)", "\u212a\u017f")
@example("ks", "(?ia)", "K\u017f s")
def test_a_search_agrees_with_python_s_own_on_any_expression_and_text(pattern, flags, text):
    try:
        expression = re.compile(flags + pattern)
    except re.error:  # such as an anchor that is repeated
        return
    assert search(expression)(text) is (expression.search(text) is not None)
