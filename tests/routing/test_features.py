"""Features: what is seen of a text, within the budget, the same in every process."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.routing import features
from headgate.routing.draft import size
from headgate.routing.features import EXCERPT_CHARS, Request, excerpt, grams, pairs, traits, words
from headgate.values import Ask


def letters(text: str) -> set[bytes]:
    return {gram.to_bytes(4, sys.byteorder) for gram in grams(words(text))}


def test_words_lose_case_punctuation_and_the_value_of_digits():
    assert words("Solve: 3x² + 41 = 0, please!") == [
        b"solve",
        "0x²".encode(),
        b"00",
        b"0",
        b"please",
    ]


def test_letters_beyond_ascii_lose_their_case_too():
    assert words("Ärger ÜBER") == ["ärger".encode(), "über".encode()]


def test_a_long_text_is_read_at_both_ends():
    text = "first " + "filler " * 5000 + "last"
    found = words(text)
    assert found[0] == b"first"
    assert found[-1] == b"last"
    assert len(found) <= features.TEXT_CHARS


def test_pairs_stay_within_their_budget():
    found = words("a b " * 400)
    assert len(list(pairs(found))) < features.PAIR_WORDS


def test_letter_groups_reach_across_words():
    assert letters("to cook") == {b"to c", b"o co", b" coo", b"cook", b"ook "}


@pytest.mark.parametrize("text", ["", "a", "abc def", "你好,世界"])
def test_letter_groups_of_a_text_are_all_its_groups_of_four(text: str):
    whole = b" ".join(words(text)).ljust(8)
    assert letters(text) >= {whole[at : at + 4] for at in range(len(whole) - 4)} - {b"    "}


@given(st.text())
def test_any_text_can_be_read(text: str):
    found = words(text)
    assert all(word and b" " not in word and word.split() == [word] for word in found)
    assert len(list(grams(found))) <= features.GRAM_BYTES
    assert len(traits(Request(text=text), found)) == len(set(traits(Request(text=text), found)))


def test_half_a_surrogate_pair_does_no_harm():
    assert words("a \ud800 b")[0] == b"a"


def test_traits_tell_shape_and_never_the_system_prompt_itself():
    request = Request(text="Why?", system="You are terse.", category="chat", tools=2)
    found = traits(request, words(request.text))
    assert "category=chat" in found
    assert "tools~3" in found
    assert "'?'~1" in found
    assert not any("terse" in trait for trait in found)


def test_another_system_prompt_is_another_trait():
    one, other = (
        {t for t in traits(Request(text="x", system=s), [b"x"]) if t.startswith("system=")}
        for s in ("A", "B")
    )
    assert one != other


def test_sizes_grow_in_half_powers_of_two():
    sizes = [size(count) for count in (0, 1, 2, 3, 4, 6, 8, 1000)]
    assert sizes == [0, 1, 3, 4, 5, 6, 7, 20]


def test_the_gateways_request_is_read_from_what_a_policy_knows():
    ask = Ask(
        model="auto",
        last_user="Why?",
        text="Hello\n\nWhy?",
        system="Be kind.",
        turns=3,
        tokens=20,
        headers={features.CATEGORY_HEADER: "chat", features.ROUTE_HEADER: "/help"},
    )
    assert Request.of(ask) == Request(
        text="Why?", system="Be kind.", category="chat", route="/help", tokens=20, turns=3
    )


def test_an_encoder_is_shown_both_ends_valid_unicode_and_never_nothing():
    assert excerpt(" a\n b ") == "a\n b"
    assert excerpt("") == excerpt(" \n") == "(nothing)"
    assert excerpt("a\ud800b") == "a?b"
    long = excerpt("start" + "x" * 9000 + "end")
    assert len(long) == EXCERPT_CHARS
    assert long.startswith("start")
    assert long.endswith("end")
