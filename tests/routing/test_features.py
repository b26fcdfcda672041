"""Features: what is seen of a text, within the budget, the same in every process."""

from __future__ import annotations

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.routing import features
from headgate.routing.draft import size
from headgate.routing.features import (
    BUCKETS,
    EXCERPT_CHARS,
    Request,
    buckets,
    ends,
    excerpt,
    letters,
    traits,
    words,
)
from headgate.values import Ask


def groups(text: str) -> set[bytes]:
    found = letters(words(text))
    return {found[at : at + 4] for at in range(0, len(found), 4)}


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
    assert len(ends(found)) == len(buckets(found).pairs) < features.PAIR_WORDS


def test_letter_groups_reach_across_words():
    assert groups("to cook") == {b"to c", b"o co", b" coo", b"cook", b"ook "}


@pytest.mark.parametrize("text", ["", "a", "abc def", "你好,世界"])
def test_letter_groups_of_a_text_are_all_its_groups_of_four(text: str):
    whole = b" ".join(words(text)).ljust(8)
    assert groups(text) >= {whole[at : at + 4] for at in range(len(whole) - 4)} - {b"    "}


@given(st.text())
def test_any_text_can_be_read(text: str):
    found = words(text)
    assert all(word and b" " not in word and word.split() == [word] for word in found)
    said = buckets(found)
    assert len(said.words) == len(found)
    assert len(said.pairs) == len(ends(found))
    assert 4 * len(said.letters) == len(letters(found)) <= 4 * features.GRAM_BYTES
    assert all(0 <= bucket < BUCKETS for kind in said for bucket in kind)
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


@given(st.text(alphabet="ab é界\n", max_size=2000))
def test_buckets_are_what_each_n_gram_by_itself_would_fall_into(text: str):
    found = words(text)
    said = buckets(found)
    assert list(said.words) == [crc32(word) % BUCKETS for word in found]
    assert list(said.pairs) == [
        (crc32(one) ^ crc32(other) >> 14) % BUCKETS for one, other in ends(found)
    ]
    whole = letters(found)
    numbers = [int.from_bytes(whole[at : at + 4], "little") for at in range(0, len(whole), 4)]
    assert list(said.letters) == [(n ^ n >> 5 ^ n >> 11) % BUCKETS for n in numbers]


def test_the_order_of_two_words_counts():
    assert buckets(words("not good")).pairs[0] != buckets(words("good not")).pairs[0]


def test_two_ends_of_a_long_text_do_not_make_a_pair():
    found = [b"%d" % number for number in range(features.PAIR_WORDS + 1)]
    half = features.PAIR_WORDS // 2
    assert (found[half - 1], found[half]) not in ends(found)
    assert len(ends(found)) == features.PAIR_WORDS - 2


def test_letter_groups_of_a_language_seldom_share_a_bucket():
    alphabet = b"abcdefghijklmnopqrstuvwxyz "
    seen = {
        bytes((a, b, c, d)) for a in alphabet for b in alphabet for c in alphabet for d in b"e "
    }
    used = {buckets([group]).letters[0] for group in seen if b" " not in group}
    assert len(used) > 0.9 * 26**3
