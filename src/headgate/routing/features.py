"""What a learned router sees of a request: words, word pairs, letter groups and traits.

The same functions serve training and scoring, so that both see the same. Scoring has 100 µs for
a prompt of 1,000 tokens, in plain Python; hence
- all work on text is done on bytes by calls that run in C: translate, split, crc32;
- each kind of feature has a budget, spent on both ends of a long text, where the task stands;
- an n-gram is a bucket, a number below 2^18, so that its weight is one byte of a table that stays
  in the processor's cache. Buckets of a whole text are computed at once: its 32-bit numbers stand
  side by side in one long integer, whose shifts and xors mix all of them in a microsecond.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import msgspec

from headgate.routing.draft import Draft, size
from headgate.values import Ask

__all__ = [
    "BUCKETS",
    "CATEGORY_HEADER",
    "EXCERPT_CHARS",
    "GRAM",
    "ROUTE_HEADER",
    "SHAPES",
    "Buckets",
    "Request",
    "buckets",
    "ends",
    "excerpt",
    "letters",
    "shape",
    "traits",
    "whole",
    "words",
]

TEXT_CHARS = 1600
PAIR_WORDS = 160
GRAM_BYTES = 160
GRAM = 4
"""Bytes in a letter group: the width of an unsigned int, which is how they are cut at C speed."""
EXCERPT_CHARS = TEXT_CHARS + 1
"""Longest excerpt."""

LANE = 32
BITS = 18
BUCKETS = 1 << BITS
"""Buckets of each kind of n-gram. Fewer tell rare n-grams apart worse; a table of more does not
stay in the processor's cache."""
_MASK = int.from_bytes((BUCKETS - 1).to_bytes(4, "little") * TEXT_CHARS, "little")

CATEGORY_HEADER = "x-headgate-category"
ROUTE_HEADER = "x-headgate-route"


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request as the learned router knows it.

    `text` is the last user turn. `tokens` are those of the whole conversation, 0 where unknown.
    """

    text: str
    system: str = ""
    category: str = ""
    route: str = ""
    tokens: int = 0
    turns: int = 1
    tools: int = 0
    images: int = 0
    json_schema: bool = False
    draft: Draft | None = None
    """The cheap answer, where there is one already."""

    @classmethod
    def of(cls, ask: Ask, draft: Draft | None = None) -> Request:
        """What the gateway knows; category and route are headers that the caller may send."""
        return cls(
            text=ask.last_user,
            system=ask.system,
            category=ask.headers.get(CATEGORY_HEADER, ""),
            route=ask.headers.get(ROUTE_HEADER, ""),
            tokens=ask.tokens,
            turns=ask.turns,
            tools=ask.tools,
            images=ask.images,
            json_schema=ask.json_schema,
            draft=draft,
        )


def _ends(text: str) -> str:
    """A text, or both ends of a long one."""
    if len(text) <= TEXT_CHARS:
        return text
    half = TEXT_CHARS // 2
    return f"{text[:half]} {text[-half:]}"


def excerpt(text: str) -> str:
    """What an encoder is shown of a text: both ends of a long one, and never nothing.

    It is valid Unicode, whatever came in.

    >>> excerpt("  "), len(excerpt("x" * 5000))
    ('(nothing)', 1601)
    """
    return _ends(text).encode(errors="replace").decode().strip() or "(nothing)"


def _plain(byte: int) -> int:
    """Letters in lower case, every digit 0, all else a space; bytes beyond ASCII as they are."""
    char = chr(byte)
    if byte >= 128:
        return byte
    if char.isdigit():
        return ord("0")
    return ord(char.lower()) if char.isalpha() else ord(" ")


_PLAIN = bytes(_plain(byte) for byte in range(256))


def words(text: str) -> list[bytes]:
    """The words of both ends of a text, in order: lower case, digits as 0, no punctuation.

    >>> words("Solve 12x = 3!")
    [b'solve', b'00x', b'0']
    """
    text = _ends(text)
    if not text.isascii():
        text = text.lower()
    return text.encode(errors="replace").translate(_PLAIN).split()


class Buckets(NamedTuple):
    """The buckets of a text's n-grams by kind, in order, as often as they occur.

    Bucket 0 stands for nothing: what falls into it is not looked at.
    """

    words: Sequence[int]
    pairs: Sequence[int]
    letters: Sequence[int]


def buckets(found: list[bytes]) -> Buckets:
    """The buckets of the words of a text, of their neighbours, and of its letter groups.

    A word's is the low bits of its CRC-32. A pair's mixes the first word's low bits with the second
    word's high ones, so that the order counts.
    """
    lanes = _number(array("I", map(crc32, found)).tobytes(), sys.byteorder)
    count = len(found)
    firsts = _split(lanes, count)
    # of a long text, pairs come from both ends, as far as the budget goes; two words that meet only
    # because of the cut are no pair
    if count > PAIR_WORDS:
        half = PAIR_WORDS // 2
        near = _split(_mixed(lanes & ((1 << LANE * half) - 1)), half - 1)
        far = _split(_mixed(lanes >> LANE * (count - half)), half - 1)
        return Buckets(firsts, near + far, _groups(letters(found)))
    return Buckets(firsts, _split(_mixed(lanes), max(0, count - 1)), _groups(letters(found)))


def ends(found: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Neighbouring words, in the order of their buckets.

    >>> ends([b"how", b"to", b"cook"])
    [(b'how', b'to'), (b'to', b'cook')]
    """
    half = PAIR_WORDS // 2
    parts = [found] if len(found) <= PAIR_WORDS else [found[:half], found[-half:]]
    return [pair for part in parts for pair in pairwise(part)]


def letters(found: list[bytes]) -> bytes:
    """The letter groups of a text, four bytes each, one after the other.

    They stand for word endings, formulas, and languages that put no space between words.

    >>> text = letters([b"to", b"cook"])
    >>> sorted(text[at : at + 4] for at in range(0, len(text), 4))
    [b' coo', b'cook', b'o co', b'ook ', b'to c']
    """
    text = b" ".join(found[: GRAM_BYTES // 2])
    if len(text) > GRAM_BYTES:
        text = text[: GRAM_BYTES // 2] + text[-GRAM_BYTES // 2 :]
    text = text.ljust(2 * GRAM)
    end = len(text) // GRAM * GRAM
    return text[:end] + text[1 : end - 3] + text[2 : end - 2] + text[3 : end - 1]


def _number(data: bytes, order: str) -> int:
    """32-bit numbers side by side in one, the first in the lowest bits."""
    if order == "big":
        turned = array("I", data)
        turned.byteswap()
        data = turned.tobytes()
    return int.from_bytes(data, "little")


def _split(lanes: int, count: int) -> array[int]:
    """The buckets in the lowest lanes."""
    found = array("I", (lanes & _MASK & ((1 << LANE * count) - 1)).to_bytes(4 * count, "little"))
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _mixed(lanes: int) -> int:
    return lanes ^ (lanes >> (2 * LANE - BITS))


def _groups(text: bytes) -> array[int]:
    # the shifts bring the five bits in which letters differ, of all four, into the bucket's bits
    lanes = int.from_bytes(text, "little")
    return _split(lanes ^ (lanes >> 5) ^ (lanes >> 11), len(text) // GRAM)


_SIGNS = tuple((sign.encode(), repr(sign)) for sign in '?$\\=(":\n{,')
_MARKS = tuple(sign for sign, _ in _SIGNS)
_DIGITS = b"0123456789"
SHAPES = (
    *("chars~", "words~", "tokens~", "turns~", "tools~", "images~", "json_schema~"),
    *("digits~", "digit share~", "word length~"),
    *(f"{name}~" for _, name in _SIGNS),
)
"""What the numbers of a `shape` are, in their order."""


def shape(request: Request, found: list[bytes]) -> list[int]:
    """The shape of a request in numbers, sizes in half powers of two; see `SHAPES`."""
    raw = _ends(request.text).encode(errors="replace")
    digits = len(raw) - len(raw.translate(None, _DIGITS))
    return [
        size(len(request.text)),
        size(len(found)),
        size(request.tokens),
        size(request.turns),
        size(request.tools),
        size(request.images),
        int(request.json_schema),
        size(digits),
        16 * digits // (len(raw) + 1),
        2 * len(raw) // (len(found) + 1),
        *[(n * n).bit_length() for n in map(raw.count, _MARKS)],
    ]


def whole(request: Request) -> tuple[str, ...]:
    """What a request belongs to, and the shape of its draft, as names.

    A system prompt counts by its CRC-32: which prompt it is tells more than what stands in it.
    """
    named = (
        f"category={request.category}",
        f"route={request.route}",
        f"system={crc32(request.system.encode(errors='replace')) if request.system else ''}",
    )
    draft = request.draft
    return named if draft is None else (*named, *draft.traits(request.category))


def traits(request: Request, found: list[bytes]) -> tuple[str, ...]:
    """Both as names; never a caller's own text. What a request belongs to comes first."""
    return (*whole(request), *map("{}{}".format, SHAPES, shape(request, found)))
