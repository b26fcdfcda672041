"""Features: what is seen of a text, within the budget, the same in every process."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.routing import features
from headgate.routing.draft import size
from headgate.routing.features import (
    EXCERPT_CHARS,
    Request,
    ends,
    excerpt,
    named,
    request_of,
    shape,
    traits,
    words,
)
from headgate.routing.ngrams import BUCKETS, STEM, WORDS, buckets
from headgate.values import Ask


def said(text: str) -> list[str]:
    """The words of a text as people read them, which are as many as those of the router."""
    spoken, _ = named(text)
    assert len(spoken) == len(words(text))
    return spoken


def test_words_lose_case_punctuation_and_the_value_of_digits():
    assert words("Solve: 3x + 41 = 0, please!") == [b"solve", b"0x", b"00", b"0", b"please"]
    assert said("Solve: 3x² + 41 = 0, please!") == ["solve", "0x²", "00", "0", "please"]


def test_letters_beyond_ascii_lose_their_case_too():
    assert words("Ärger ÜBER") == words("ärger über")
    assert said("Ärger ÜBER") == ["ärger", "über"]


def test_a_long_text_is_read_at_both_ends():
    text = "first " + "filler " * 5000 + "last"
    found = words(text)
    assert found[0] == b"first"
    assert found[-1] == b"last"
    assert len(found) <= features.TEXT_CHARS


def test_pairs_stay_within_their_budget():
    text = "a b " * 400
    assert len(named(text)[1]) == len(buckets(words(text)).pairs) == WORDS - 2


@pytest.mark.parametrize("text", ["“to be—or”", "to be-or", "«to» be…or", "\xa0to be：or。"])
def test_signs_beyond_ascii_part_words_as_those_of_ascii_do(text: str):
    assert said(text) == ["to", "be", "or"]


def test_where_no_space_parts_words_each_character_is_one():
    assert said("证明 sqrt 是无理数") == ["证", "明", "sqrt", "是", "无", "理", "数"]
    assert said("かな。ไทย") == ["か", "な", "ไ", "ท", "ย"]


@pytest.mark.parametrize(
    ("one", "other"), [("доказать", "доказано"), ("größter", "größten"), ("αποδείξτε", "αποδείξει")]
)
def test_as_many_letters_of_any_alphabet_fit_into_a_stem(one: str, other: str):
    assert max(map(len, words(f"{one} {other}"))) <= STEM + 1
    assert len(set(buckets(words(f"{one} {other}")).words)) == 2


@given(st.text())
def test_any_text_can_be_read(text: str):
    found = words(text)
    assert all(word and b" " not in word and word.split() == [word] for word in found)
    known, (spoken, pairs) = buckets(found), named(text)
    assert len(known.words) == len(found) == len(spoken)
    assert len(known.pairs) == len(pairs) == max(0, len(found) - 1)
    assert all(0 <= bucket < BUCKETS for kind in known for bucket in kind)
    assert len(traits(Request(text=text), len(found))) == len(
        set(traits(Request(text=text), len(found)))
    )


def test_half_a_surrogate_pair_does_no_harm():
    assert words("a \ud800 b")[0] == b"a"


def test_traits_tell_shape_and_never_the_system_prompt_itself():
    request = Request(text="Why?", system="You are terse.", category="chat", tools=2)
    found = traits(request, len(words(request.text)))
    assert "category=chat" in found
    assert "tools~3" in found
    assert "'?'~1" in found
    assert not any("terse" in trait for trait in found)


def test_another_system_prompt_is_another_trait():
    one, other = (
        {t for t in traits(Request(text="x", system=s), 1) if t.startswith("system=")}
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
        system="Be kind.",
        turns=3,
        tokens=20,
        headers={features.CATEGORY_HEADER: "chat", features.ROUTE_HEADER: "/help"},
    )
    assert request_of(ask) == Request(
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


def shaped(request: Request) -> list[int]:
    raw = ends(request.text).encode(errors="replace")
    return shape(request, raw, len(words(request.text)))


@given(st.text(alphabet='a0 9?$\\=(":\n{,é', max_size=2000))
def test_the_shape_counts_signs_and_digits_where_a_text_is_looked_at(text: str):
    looked_at = text if len(text) <= 1600 else f"{text[:800]} {text[-800:]}"
    numbers = dict(zip(features.SHAPES, shaped(Request(text=text)), strict=True))
    assert numbers["digits~"] == size(sum(char in "09" for char in looked_at))
    for sign in '?$\\=(":\n{,':
        assert numbers[f"{sign!r}~"] == size(looked_at.count(sign))


def test_two_ends_of_a_long_text_do_not_make_a_pair():
    text = " ".join(chr(97 + n % 26) + chr(97 + n // 26) for n in range(WORDS + 1))
    spoken, pairs = named(text)
    half = WORDS // 2
    assert f"{spoken[half - 1]} {spoken[half]}" not in pairs
    assert len(pairs) == len(buckets(words(text)).pairs) == WORDS - 2


@given(
    st.text(alphabet='ab 09?$\\=(":\n{,ä', max_size=2000),
    st.integers(0, 40_000),
    st.integers(0, 40_000),
)
def test_a_shape_is_what_counting_one_by_one_gives(text: str, tokens: int, turns: int):
    request = Request(text=text, tokens=tokens, turns=turns, tools=2, json_schema=True)
    found, seen = words(text), text if len(text) <= 1600 else f"{text[:800]} {text[-800:]}"
    signs = [seen.count(sign) for sign in '?$\\=(":\n{,']
    digits = sum(char in "0123456789" for char in seen)
    length = len(seen.encode())
    assert shaped(request) == [
        *(size(len(text)), size(len(found)), size(tokens), size(turns), size(2), size(0), 1),
        *(size(digits), 16 * digits // (length + 1), 2 * length // (len(found) + 1)),
        *map(size, signs),
    ]
