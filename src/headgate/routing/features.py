"""What a learned router sees of a request: words, word pairs, letter groups and traits.

The same functions serve training and scoring, so that both see the same. Scoring has 100 µs for a
prompt of 1,000 tokens, in plain Python; hence
- all work on text is done on bytes by calls that run in C: translate, split, memoryview.cast;
- each kind of feature has a budget, spent on both ends of a long text, where the task stands;
- n-grams are looked up as they are: a dict lookup hashes them at a third of the price of a hash
  that is the same in every process, has no collisions, and can name what decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from zlib import crc32

import msgspec

from headgate.routing.draft import Draft, size
from headgate.values import Ask

__all__ = [
    "CATEGORY_HEADER",
    "EXCERPT_CHARS",
    "ROUTE_HEADER",
    "Request",
    "excerpt",
    "grams",
    "pairs",
    "traits",
    "words",
]

TEXT_CHARS = 1600
PAIR_WORDS = 160
GRAM_BYTES = 160
GRAM = 4
"""Bytes in a letter group: the width of an unsigned int, which is how they are cut at C speed."""
EXCERPT_CHARS = TEXT_CHARS + 1
"""Longest excerpt."""

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


def pairs(found: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Neighbouring words, from both ends of a long text.

    >>> list(pairs([b"how", b"to", b"cook"]))
    [(b'how', b'to'), (b'to', b'cook')]
    """
    if len(found) > PAIR_WORDS:
        half = PAIR_WORDS // 2
        found = found[:half] + found[-half:]
    return pairwise(found)


def grams(found: list[bytes]) -> Iterable[int]:
    """Groups of four neighbouring bytes, as integers in the machine's byte order.

    They stand for word endings, formulas, and languages that put no space between words.

    >>> sorted(gram.to_bytes(4, sys.byteorder) for gram in grams([b"to", b"cook"]))
    [b' coo', b'cook', b'o co', b'ook ', b'to c']
    """
    text = b" ".join(found[: GRAM_BYTES // 2])
    if len(text) > GRAM_BYTES:
        text = text[: GRAM_BYTES // 2] + text[-GRAM_BYTES // 2 :]
    text = text.ljust(2 * GRAM)
    view = memoryview(text)
    end = len(text) // GRAM * GRAM
    return chain(
        view[:end].cast("I"),
        view[1 : end - 3].cast("I"),
        view[2 : end - 2].cast("I"),
        view[3 : end - 1].cast("I"),
    )


_SIGNS = tuple((sign.encode(), repr(sign)) for sign in '?$\\=(":\n{,')
_DIGITS = b"0123456789"


def traits(request: Request, found: list[bytes]) -> tuple[str, ...]:
    """The shape of a request as names, sizes in half powers of two; never a caller's own text.

    A system prompt counts by its CRC-32: which prompt it is tells more than what stands in it.
    Category and route come first.
    """
    raw = _ends(request.text).encode(errors="replace")
    digits = len(raw) - len(raw.translate(None, _DIGITS))
    return (
        f"category={request.category}",
        f"route={request.route}",
        f"system={crc32(request.system.encode(errors='replace')) if request.system else ''}",
        f"chars~{size(len(request.text))}",
        f"words~{size(len(found))}",
        f"tokens~{size(request.tokens)}",
        f"turns~{size(request.turns)}",
        f"tools~{size(request.tools)}",
        f"images~{size(request.images)}",
        f"json_schema={request.json_schema}",
        f"digits~{size(digits)}",
        f"digit share~{16 * digits // (len(raw) + 1)}",
        f"word length~{2 * len(raw) // (len(found) + 1)}",
        *[f"{name}~{size(raw.count(sign))}" for sign, name in _SIGNS],
        *(() if request.draft is None else request.draft.traits(request.category)),
    )
