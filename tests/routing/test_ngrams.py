"""N-grams: words and pairs as buckets, and both forms of what tables know of them."""

from __future__ import annotations

import subprocess
import sys
from array import array
from functools import reduce
from itertools import pairwise
from math import sqrt
from operator import add
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headgate.routing.features import LETTERS, SIGNS, Request, beyond, shape, words
from headgate.routing.ngrams import (
    BUCKETS,
    COMPILED,
    SIZES,
    SPREAD,
    STEM,
    WORDS,
    buckets,
    known,
    sums,
    sums_in_python,
    tally,
    tally_in_python,
    weighed,
)
from headgate.routing.table import Table
from tests.routing.routers import small_router

compiled = pytest.mark.skipif(
    not COMPILED, reason="the compiled form is not here: no C compiler where this was installed"
)
ODD = bytes(bucket % 251 for bucket in range(BUCKETS))
"""A table that knows most buckets, and weighs them all ways."""
EVEN = bytes(bucket * 7 % 256 * (bucket % 3 == 0) for bucket in range(BUCKETS))
WORD = st.text(alphabet="ab0zé界", min_size=1, max_size=12).map(str.encode)


def test_of_a_word_the_first_letters_count():
    same = buckets(words("computers computer computing comput")).words
    assert same[0] == same[1]
    assert len(set(same)) == 3


def bucket(word: bytes) -> int:
    """The bucket of a word by itself, in plain arithmetic."""
    stem = int.from_bytes(word[:STEM].ljust(STEM, b"\0"), "little")
    return ((stem ^ stem >> 29) % 2**32 * SPREAD >> 14) % BUCKETS


@given(st.lists(st.sampled_from(["ab", "é", "界", "wordsworth", "0", "x" * 30]), max_size=800))
def test_buckets_are_what_each_n_gram_by_itself_would_fall_into(some: list[str]):
    found = words(" ".join(some))
    known = buckets(found)
    half = WORDS // 2
    parts = [found] if len(found) <= WORDS else [found[:half], found[-half:]]
    assert list(known.words) == [bucket(word) for part in parts for word in part]
    assert list(known.pairs) == [
        (bucket(one) * SPREAD + bucket(other)) % BUCKETS
        for part in parts
        for one, other in pairwise(part)
    ]


def test_the_order_of_two_words_counts():
    assert buckets(words("not good")).pairs[0] != buckets(words("good not")).pairs[0]


def test_words_of_a_language_share_a_bucket_as_seldom_as_by_chance():
    syllables = [a + b for a in "bdfgklmnprst" for b in ("a", "en", "i", "or", "u")]
    made = [
        (one + other + end).encode() for one in syllables for other in syllables for end in "s "
    ]
    used = set(buckets_of(made))
    by_chance = BUCKETS * (1 - (1 - 1 / BUCKETS) ** len(made))
    assert len(used) > 0.99 * by_chance
    pairs = {
        pair
        for one in made[:200]
        for pair in buckets([word for other in made[1000:1100] for word in (one, other)]).pairs
    }
    assert len(pairs) > 0.99 * BUCKETS * (1 - (1 - 1 / BUCKETS) ** (200 * 199))


def buckets_of(made: list[bytes]) -> list[int]:
    return [
        bucket
        for at in range(0, len(made), WORDS)
        for bucket in buckets(made[at : at + WORDS]).words
    ]


@compiled
@given(st.lists(WORD, max_size=700), st.integers(1, 3), st.sampled_from([b"", ODD]))
@example([], 1, ODD)
@example([b"a"], 1, ODD)
@example([b"%d" % n for n in range(WORDS)], 1, ODD)
@example([b"%d" % n for n in range(WORDS + 1)], 1, ODD)
@example([b"%d" % n for n in range(3 * WORDS)], 1, ODD)
def test_both_forms_sum_up_alike(found: list[bytes], gap: int, pairs: bytes):
    text = (b" " * gap).join(found)
    for said in (text, b" " + text, text + b"  "):
        assert sums(said, LETTERS, EVEN, pairs) == sums_in_python(said, LETTERS, EVEN, pairs)
        assert sums(said, LETTERS, pairs, ODD) == sums_in_python(said, LETTERS, pairs, ODD)


@pytest.mark.parametrize("summed", [sums, sums_in_python])
@pytest.mark.parametrize("length", [1, BUCKETS - 1, BUCKETS + 1])
def test_a_table_of_another_length_is_refused(summed, length: int):
    for tables in ((bytes(length), b""), (b"", bytes(length))):
        with pytest.raises(ValueError, match="a byte for each bucket"):
            summed(b"a b", LETTERS, *tables)


@pytest.mark.parametrize("summed", [sums, sums_in_python])
def test_there_are_as_many_letters_as_bytes(summed):
    with pytest.raises(ValueError, match="256"):
        summed(b"a b", LETTERS[1:], b"", b"")


@pytest.mark.parametrize("summed", [sums, sums_in_python])
def test_what_a_text_repeats_counts_once(summed):
    assert summed(b"a b a b a", LETTERS, ODD, ODD) == (5, *summed(b"a b a", LETTERS, ODD, ODD)[1:])


@pytest.mark.parametrize("summed", [sums, sums_in_python])
def test_tables_that_know_nothing_leave_the_number_of_words(summed):
    assert summed(b"how many words", LETTERS, b"", bytes(BUCKETS)) == (3, 0, 0, 0, 0)


WEIGHTS = st.dictionaries(st.integers(1, BUCKETS - 1), st.floats(-3, 3), max_size=20)


@given(WEIGHTS, st.lists(st.integers(0, BUCKETS - 1), max_size=20))
def test_what_is_known_is_summed_up_as_a_dictionary_would(weights, others):
    table = Table.of(weights)
    found = [*weights, *others, *weights]
    parts = [table.weights[bucket] for bucket in set(found) if bucket in weights]
    expected = sum(parts) / sqrt(len(parts)) if parts else 0.0
    assert table.part(*known(found, table.bytes)) == pytest.approx(expected, abs=1e-9)


@compiled
@given(st.binary(max_size=900))
def test_both_forms_part_any_bytes_alike(text: bytes):
    assert sums(text, LETTERS, ODD, EVEN) == sums_in_python(text, LETTERS, ODD, EVEN)


WEIGHTS_OF = [[(7 * kind + 3 * size) % 11 / 8 - 0.4 for size in range(SIZES)] for kind in range(20)]
LEFT_TO_RIGHT = array("d", [weight for weights in WEIGHTS_OF for weight in weights]).tobytes()
KNOWN = (LETTERS, b"", 1.0, b"", 1.0, SIGNS, LEFT_TO_RIGHT)
NUMBER = st.one_of(st.integers(0, 300), st.integers(0, 2**40), st.integers(-9, 2**70))


@compiled
@given(st.text(alphabet='ab 09?$\\=(":\n{,ä', max_size=1600), *[NUMBER] * 4, st.booleans())
@example("x" * 1600, 1, 1, 1, 1, False)
@example("a " * 800, 2**31, 2**32 - 1, 2**32, 2**64, True)
def test_a_shape_s_weights_are_those_of_its_numbers(
    text: str, tokens: int, turns: int, tools: int, images: int, json_schema: bool
):
    request = Request(
        text=text, tokens=tokens, turns=turns, tools=tools, images=images, json_schema=json_schema
    )
    raw, said = text.encode(), len(words(text))
    numbers = shape(request, raw, said)
    parted = raw if text.isascii() else beyond(text)
    numbered = (len(text), tokens, turns, tools, images)
    found = weighed(raw, parted, KNOWN, 0.0, *numbered, json_schema)
    counts = (tokens, turns, tools, images)
    if max(numbers) < SIZES and min(counts) >= 0 and max(counts) < 2**32:
        looked_up = [WEIGHTS_OF[kind][number] for kind, number in enumerate(numbers)]
        assert found == reduce(add, looked_up, 0.0)
    else:
        assert found is None


@compiled
def test_a_table_of_weights_of_another_length_is_refused():
    with pytest.raises(ValueError, match="64 weights"):
        weighed(b"a", b"a", (*KNOWN[:-1], LEFT_TO_RIGHT[8:]), 0.0, 1, 1, 1, 1, 1, False)


@compiled
def test_tables_and_letters_of_another_length_are_refused_there_too():
    for place, wrong in ((0, LETTERS[1:]), (1, b"1"), (3, bytes(BUCKETS + 1))):
        known: Any = (*KNOWN[:place], wrong, *KNOWN[place + 1 :])
        with pytest.raises(ValueError, match=r"256|a byte for each bucket"):
            weighed("a", "a", known, 0.0, 1, 1, 1, 1, 1, False)


@compiled
@pytest.mark.parametrize(
    ("place", "wrong"),
    [(0, 1), (1, None), (2, [*KNOWN]), (2, KNOWN[:-1]), (3, "0"), (4, 0.5), (8, None)],
)
def test_arguments_of_another_kind_are_refused_there_too(place, wrong):
    args: list[Any] = ["a", "a", KNOWN, 0.0, 1, 1, 1, 1, 1, False]
    args[place] = wrong
    with pytest.raises(TypeError):
        weighed(*args)


@compiled
def test_half_a_surrogate_pair_is_for_the_caller_to_replace():
    with pytest.raises(UnicodeEncodeError):
        weighed("\ud800", "a", KNOWN, 0.0, 1, 1, 1, 1, 1, False)


@compiled
@given(st.binary(max_size=300), st.binary(max_size=20))
def test_both_forms_tally_alike(text: bytes, signs: bytes):
    assert tally(text, signs) == tally_in_python(text, signs) == tuple(map(text.count, signs))


@compiled
@pytest.mark.parametrize("wrong", [(), (b"a",), ("a", b"", b"", b""), (b"a", b"", b"", b"", b"")])
@pytest.mark.parametrize("function", [sums, tally, weighed])
def test_the_compiled_form_refuses_what_it_was_not_made_for(function, wrong):
    with pytest.raises(TypeError):
        function(*wrong)


IN_PYTHON = """
import sys
sys.modules["headgate.routing._ngrams"] = None
from headgate.routing.ngrams import COMPILED
from headgate.routing.features import Request
from tests.routing.routers import small_router
assert not COMPILED
for text in sys.argv[1:]:
    print(small_router().score(Request(text=text)).hex())
"""


@compiled
def test_a_score_is_the_same_where_nothing_could_be_compiled():
    texts = ["prove that 2 + 2 = 4", "hello", "größer 証明", "a b " * 400]
    run = subprocess.run(
        [sys.executable, "-c", IN_PYTHON, *texts], capture_output=True, text=True, check=True
    )
    router = small_router()
    assert run.stdout.split() == [router.score(Request(text=text)).hex() for text in texts]
