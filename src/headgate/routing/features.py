"""What a learned router sees of a request: words, pairs of neighbouring words, and traits.

The same functions serve training and scoring, so that both see the same. Scoring is plain Python
and stands in the way of every request; hence
- all work on text is done on bytes by calls that run in C: translate, split, pack;
- a word counts by its first letters, and there is a budget of words, spent on both ends of a long
  text, where the task stands;
- an n-gram is a bucket, a number below 2^18, so that its weight is one byte of a table that stays
  in the processor's cache. Buckets of a whole text are computed at once: its words stand side by
  side in one long integer, and a product and a shift mix all of them in a microsecond.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise, repeat
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from headgate.routing.draft import Draft, size
from headgate.values import Ask

__all__ = [
    "BUCKETS",
    "CATEGORY_HEADER",
    "EXCERPT_CHARS",
    "ROUTE_HEADER",
    "SHAPES",
    "STEM",
    "WORDS",
    "Buckets",
    "Request",
    "buckets",
    "excerpt",
    "named",
    "shape",
    "traits",
    "whole",
    "words",
]

TEXT_CHARS = 1600
WORDS = 256
"""Most words of a text that are looked at."""
STEM = 8
"""Bytes of a word that count: `comput`, `computed` and `computer` differ, `computers` does not."""
EXCERPT_CHARS = TEXT_CHARS + 1
"""Longest excerpt."""

BITS = 18
BUCKETS = 1 << BITS
"""Buckets of each kind of n-gram. Fewer tell rare n-grams apart worse; a table of more does not
stay in the processor's cache."""

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
_LEADS = bytes(range(0xC2, 0xF5))
"""The first byte of a letter beyond ASCII, which mostly says what alphabet it is of."""

# scripts that put no space between words: Thai and Lao, Burmese, Khmer, Chinese and Japanese
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3040-\u312f\u31a0-\ua4cf"
_UNSPACED += "\uf900-\ufaff\U00020000-\U0003ffff"
# signs beyond ASCII that are no part of a word: quotation marks, dashes, full stops
_SIGNS_BEYOND = "\xa1\xa7\xab\xb6\xb7\xbb\xbf\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20"
_WORD_BEYOND = re.compile(rf"[{_UNSPACED}]|[^\s{_SIGNS_BEYOND}{_UNSPACED}]+")


def words(text: str) -> list[bytes]:
    """The words of both ends of a text, in order: lower case, digits as 0, no punctuation.

    Where a script puts no space between words, each character is one. Of a letter beyond ASCII the
    first byte in UTF-8 is left out, so that as many letters of any alphabet fit into a stem.

    >>> words("Solve 12x = 3!")
    [b'solve', b'00x', b'0']
    """
    text = _ends(text)
    if text.isascii():
        return text.encode().translate(_PLAIN).split()
    return _beyond(text).translate(_PLAIN, _LEADS).split()


def _beyond(text: str) -> bytes:
    return " ".join(_WORD_BEYOND.findall(text.lower())).encode(errors="replace")


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
    so that the order counts.
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


def named(text: str) -> tuple[list[str], list[str]]:
    """What a reader calls each bucket of a text's words and pairs, in their order.

    >>> named("«Größe»: 12")
    (['größe', '00'], ['größe 00'])
    """
    text = _ends(text)
    data = text.encode() if text.isascii() else _beyond(text)
    said = [word.decode() for word in data.translate(_PLAIN).split()]
    half = WORDS // 2
    if len(said) <= WORDS:
        return said, [*map(" ".join, pairwise(said))]
    near, far = said[:half], said[-half:]
    return near + far, [*map(" ".join, pairwise(near)), *map(" ".join, pairwise(far))]


_SIGNS = tuple((sign.encode(), repr(sign)) for sign in '?$\\=(":\n{,')
_MARKS = b"".join(sign for sign, _ in _SIGNS)
_OTHERS = bytes(set(range(256)) - set(b"0123456789" + _MARKS))
"""All bytes but the signs and the digits."""
_NONE = repeat(0)
_SIZES = bytes(size(count) for count in range(1 << 13))
"""Of what nearly every request has so much of."""
SHAPES = (
    *("chars~", "words~", "tokens~", "turns~", "tools~", "images~", "json_schema~"),
    *("digits~", "digit share~", "word length~"),
    *(f"{name}~" for _, name in _SIGNS),
)
"""What the numbers of a `shape` are, in their order."""


def shape(request: Request, found: list[bytes]) -> list[int]:
    """The shape of a request in numbers, sizes in half powers of two; see `SHAPES`."""
    raw = _ends(request.text).encode(errors="replace")
    kept = raw.translate(None, _OTHERS)
    signs = [*map({mark: kept.count(mark) for mark in {*kept}}.get, _MARKS, _NONE)]
    digits = len(kept) - sum(signs)
    counts = (
        *(len(request.text), len(found), request.tokens, request.turns),
        *(request.tools, request.images, digits, *signs),
    )
    try:
        sizes: Sequence[int] = itemgetter(*counts)(_SIZES)
    except IndexError:
        sizes = [*map(size, counts)]
    share, length = 16 * digits // (len(raw) + 1), 2 * len(raw) // (len(found) + 1)
    return [*sizes[:6], int(request.json_schema), sizes[6], share, length, *sizes[7:]]


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
