"""Words and pairs of words as numbers, and what tables of weights know of them.

An n-gram is a bucket, a number below 2^18, so that its weight is one byte of a table that stays in
the processor's cache. Every scored request takes `weighed`; `sums` and `tally` serve what it cannot
tell, and `tally` training too. Those two are written twice: here, which is what they mean, and in
`_ngrams.c`, which takes a twentieth of the steps and is used wherever the package could be built
with a C compiler. What `weighed` means is in `Router._in_steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import repeat
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple

__all__ = [
    "BUCKETS",
    "COMPILED",
    "MIDDLE",
    "SIZES",
    "SPREAD",
    "STEM",
    "WORDS",
    "Buckets",
    "buckets",
    "known",
    "sums",
    "sums_in_python",
    "tally",
    "tally_in_python",
    "weighed",
    "weighed_in_python",
]

WORDS = 256
"""Most words of a text that are looked at: half of them at its beginning, half at its end."""
STEM = 8
"""Bytes of a word that count: `comput`, `computed` and `computer` differ, `computers` does not."""
BITS = 18
BUCKETS = 1 << BITS
"""Buckets of each kind of n-gram. Fewer tell rare n-grams apart worse; a table of more does not
stay in the processor's cache."""
MIDDLE = 128
"""The byte of a known n-gram that weighs nothing."""


class Buckets(NamedTuple):
    """The buckets of a text's n-grams by kind, in order, as often as they occur.

    Bucket 0 stands for nothing: what falls into it is not looked at.
    """

    words: Sequence[int]
    pairs: Sequence[int]


_LANE = 64
"""Bits of a word in the long integer."""


def _everywhere(number: int) -> int:
    return int.from_bytes(number.to_bytes(_LANE // 8, "little") * WORDS, "little")


_HALF = _everywhere((1 << 32) - 1)
_BUCKET = _everywhere(BUCKETS - 1)
SPREAD = 0x278DDE89
"""A prime near 2^30 over the golden ratio, so one digit of Python's long integers: the factor of
multiplicative hashing, as in Knuth, "The Art of Computer Programming", volume 3, section 6.4."""


def buckets(found: list[bytes]) -> Buckets:
    """The buckets of the words of a text and of their neighbours.

    A word's are 18 bits from the middle of a product: both halves of its stem, one shifted over
    the other, times `SPREAD`. A pair's is its first word's times `SPREAD` plus its second word's,
    so that the order counts. All are computed at once: the words stand side by side in one long
    integer, and a product and a shift mix all of them in a microsecond.
    """
    half = WORDS // 2
    cut = len(found) > WORDS
    if cut:
        found = found[:half] + found[-half:]
    count = len(found)
    pack, unpack = _structs(count)
    stems = int.from_bytes(pack(*found), "little")
    # the letters of a half differ in five bits of every eight; the shift puts those of the other
    # half beside and over them
    lanes = ((stems ^ stems >> 29) & _HALF) * SPREAD >> 32 - BITS & _BUCKET
    mixed = lanes * SPREAD + (lanes >> _LANE) & _BUCKET
    both = unpack((lanes | mixed << 32).to_bytes(count * _LANE // 8, "little"))
    pairs = both[1:-1:2]
    # two words that meet only because of the cut are no pair
    return Buckets(both[::2], pairs[: half - 1] + pairs[half:] if cut else pairs)


@cache
def _structs(count: int) -> tuple[Callable[..., bytes], Callable[[bytes], tuple[Any, ...]]]:
    """What writes so many stems side by side, and what reads so many buckets."""
    return Struct(f"{STEM}s" * count).pack, Struct(f"<{2 * count}I").unpack


def known(found: Sequence[int], table: bytes) -> tuple[int, int]:
    """How many different buckets a table knows, and the sum of their steps.

    A table has a byte for each bucket, 0 for an unknown one, else its steps plus `MIDDLE`; one that
    knows nothing may be empty.
    """
    if not table:
        return 0, 0
    # bucket 0 twice: the getter makes a tuple of two or more, and 0 is not known
    steps = [*filter(None, itemgetter(0, 0, *set(found))(table))]
    return len(steps), sum(steps) - MIDDLE * len(steps)


def sums_in_python(
    text: bytes, letters: bytes, words: bytes, pairs: bytes
) -> tuple[int, int, int, int, int]:
    """What two tables know of a text: how many words it has; of words how many different ones are
    known, and the sum of their steps; of pairs the same.

    Args:
        text: in UTF-8 or so.
        letters: what becomes of each of the 256 bytes before the text is parted by spaces; no
            white space but these.
        words: the words' table, as for `known`.
        pairs: the table of pairs.

    Raises:
        ValueError: a table has another length than `BUCKETS` or 0, or there are not 256 letters.
    """
    if {len(words), len(pairs)} - {0, BUCKETS} or len(letters) != 256:
        raise ValueError("a table has a byte for each bucket, or none; of letters there are 256")
    found = text.translate(letters).split()
    said = buckets(found)
    return len(found), *known(said.words, words), *known(said.pairs, pairs)


def tally_in_python(text: bytes, signs: bytes) -> tuple[int, ...]:
    """How often each of some bytes occurs in a text.

    >>> tally_in_python(b"1 + 1 = 2", b"12=?")
    (2, 1, 1, 0)
    """
    # the others go first: to count a sign that is not there takes a look at the whole text
    kept = text.translate(None, _others(signs))
    return tuple(map({sign: kept.count(sign) for sign in {*kept}}.get, signs, repeat(0)))


@cache
def _others(signs: bytes) -> bytes:
    return bytes({*range(256)} - {*signs})


SIZES = 64
"""So many values of each number of a shape have a weight of their own in a table."""


def weighed_in_python(*_: object) -> float | None:
    """What a router makes of a text and its request's shape, where it can be told at once.

    The compiled form takes the ends of the text in UTF-8 or as ASCII, and the same as it is parted
    into words; what the router knows (the letters, the table of words and its scale, that of pairs
    and its scale, the bytes whose counts belong to the shape, `SIZES` floats for each number of
    `features.SHAPES`); the gain so far; and of the request the length of its text, tokens, turns,
    tools, images and whether it wants a JSON schema. It gives the gain with all of that, or None
    where a number is beyond its table. There, and here, it is taken step by step, as
    `Router._in_steps` has it: that is what it means.
    """
    return None


try:
    from headgate.routing._ngrams import sums, tally, weighed
except ImportError:
    sums, tally, weighed = sums_in_python, tally_in_python, weighed_in_python

COMPILED = sums is not sums_in_python
"""Whether the compiled form is used."""
