"""What a learned router sees of a request: its words, and traits.

The same functions serve training and scoring, so that both see the same. Scoring stands in the way
of every request; hence no loop over a text runs in Python, and of a long text both ends are looked
at, where the task stands. What becomes of the words is in `ngrams`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter
from zlib import crc32

import msgspec

from headgate.routing.draft import Draft, size
from headgate.routing.ngrams import WORDS, tally
from headgate.values import Ask

__all__ = [
    "CATEGORY_HEADER",
    "EXCERPT_CHARS",
    "LETTERS",
    "ROUTE_HEADER",
    "SHAPES",
    "SIGNS",
    "Request",
    "beyond",
    "ends",
    "excerpt",
    "named",
    "request_of",
    "shape",
    "system_name",
    "traits",
    "whole",
    "words",
]

TEXT_CHARS = 1600
EXCERPT_CHARS = TEXT_CHARS + 1
"""Longest excerpt."""

CATEGORY_HEADER = "x-headgate-category"
ROUTE_HEADER = "x-headgate-route"


class Request(msgspec.Struct, frozen=True, gc=False):
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


def request_of(ask: Ask, draft: Draft | None = None) -> Request:
    """What the gateway knows; category and route are headers that the caller may send."""
    headers = ask.headers
    return Request(
        ask.last_user,
        ask.system,
        headers.get(CATEGORY_HEADER, ""),
        headers.get(ROUTE_HEADER, ""),
        ask.tokens,
        ask.turns,
        ask.tools,
        ask.images,
        ask.json_schema,
        draft,
    )


def ends(text: str) -> str:
    """What is looked at of a text: all of it, or both ends of a long one."""
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
    return ends(text).encode(errors="replace").decode().strip() or "(nothing)"


def _plain(byte: int) -> int:
    """Letters in lower case, every digit 0, all else a space; bytes beyond ASCII as they are."""
    char = chr(byte)
    if byte >= 128:
        return byte
    if char.isdigit():
        return ord("0")
    return ord(char.lower()) if char.isalpha() else ord(" ")


LETTERS = bytes(_plain(byte) for byte in range(256))
"""What becomes of each byte of a text before it is parted into words."""
_LEADS = bytes(range(0xC2, 0xF5))
"""The first byte of a letter beyond ASCII, which mostly says what alphabet it is of."""

# scripts that put no space between words: Thai and Lao, Burmese, Khmer, Chinese and Japanese
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3040-\u312f\u31a0-\ua4cf"
_UNSPACED += "\uf900-\ufaff\U00020000-\U0003ffff"
# signs beyond ASCII that are no part of a word: quotation marks, dashes, full stops
_SIGNS_BEYOND = "\xa1\xa7\xab\xb6\xb7\xbb\xbf\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20"
_WORD_BEYOND = re.compile(rf"[{_UNSPACED}]|[^\s{_SIGNS_BEYOND}{_UNSPACED}]+")


def beyond(text: str) -> bytes:
    """A text that is not all ASCII, so that `LETTERS` and spaces part it into words.

    Where a script puts no space between words, each character is one. Of a letter beyond ASCII the
    first byte in UTF-8 is left out, so that as many letters of any alphabet fit into a stem.
    """
    return _parted(text).translate(None, _LEADS)


def _parted(text: str) -> bytes:
    return " ".join(_WORD_BEYOND.findall(text.lower())).encode(errors="replace")


def words(text: str) -> list[bytes]:
    """The words of both ends of a text, in order: lower case, digits as 0, no punctuation.

    >>> words("Solve 12x = 3!")
    [b'solve', b'00x', b'0']
    """
    text = ends(text)
    return (text.encode() if text.isascii() else beyond(text)).translate(LETTERS).split()


def named(text: str) -> tuple[list[str], list[str]]:
    """What a reader calls each bucket of a text's words and pairs, in their order.

    >>> named("«Größe»: 12")
    (['größe', '00'], ['größe 00'])
    """
    text = ends(text)
    data = text.encode() if text.isascii() else _parted(text)
    said = [word.decode() for word in data.translate(LETTERS).split()]
    half = WORDS // 2
    if len(said) <= WORDS:
        return said, [*map(" ".join, pairwise(said))]
    near, far = said[:half], said[-half:]
    return near + far, [*map(" ".join, pairwise(near)), *map(" ".join, pairwise(far))]


SIGNS = b'?$\\=(":\n{,'
"""What is counted of a text besides its digits."""
_COUNTED = SIGNS + b"0123456789"
_SIZES = bytes(size(count) for count in range(1 << 13))
"""Of what nearly every request has so much of."""
SHAPES = (
    *("chars~", "words~", "tokens~", "turns~", "tools~", "images~", "json_schema~"),
    *("digits~", "digit share~", "word length~"),
    *(f"{sign!r}~" for sign in SIGNS.decode()),
)
"""What the numbers of a `shape` are, in their order."""


def shape(request: Request, raw: bytes, said: int) -> list[int]:
    """The shape of a request in numbers, sizes in half powers of two; see `SHAPES`.

    Args:
        request: what is known of it.
        raw: the `ends` of its text, in UTF-8.
        said: how many words are in them.
    """
    counted = tally(raw, _COUNTED)
    digits = sum(counted[len(SIGNS) :])
    counts = (
        *(len(request.text), said, request.tokens, request.turns),
        *(request.tools, request.images, digits, *counted[: len(SIGNS)]),
    )
    try:
        sizes: Sequence[int] = itemgetter(*counts)(_SIZES)
    except IndexError:
        sizes = [*map(size, counts)]
    share, length = 16 * digits // (len(raw) + 1), 2 * len(raw) // (said + 1)
    return [*sizes[:6], int(request.json_schema), sizes[6], share, length, *sizes[7:]]


def whole(request: Request) -> tuple[str, ...]:
    """What a request belongs to, and the shape of its draft, as names."""
    named = (
        f"category={request.category}",
        f"route={request.route}",
        f"system={system_name(request.system)}",
    )
    draft = request.draft
    return named if draft is None else (*named, *draft.traits(request.category))


def system_name(system: str) -> str:
    """A system prompt by its CRC-32: which one it is tells more than what stands in it."""
    return str(crc32(system.encode(errors="replace"))) if system else ""


def traits(request: Request, said: int) -> tuple[str, ...]:
    """Both as names; never a caller's own text. What a request belongs to comes first."""
    raw = ends(request.text).encode(errors="replace")
    return (*whole(request), *map("{}{}".format, SHAPES, shape(request, raw, said)))
