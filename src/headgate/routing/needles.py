"""Needles: words of which one must stand in a text for a regular expression to match it.

Python's expressions look at each character of a text; whether a word stands in it is known twenty
times sooner. So an expression is searched for only where one of its needles has been found, and
most texts hold none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = ["needles", "search"]

_READ_FLAGS = re.IGNORECASE | re.UNICODE | re.ASCII | re.MULTILINE | re.DOTALL
"""With any other flag an expression is not read here."""

_HIDDEN = ("\u0130", "\u0131", "\u017f", "\u212a")
"""The characters beyond ASCII that match one of its letters where case is ignored: I with a dot, i
without one, the long s and the kelvin. The tests hold them against all of Unicode."""

_FLAGS = re.compile(r"\(\?[aimsu]+\)")
_PIECE = re.compile(
    r"""
      (?P<edge>\\[bBAZ]|[\^$])
    | (?P<open>\((?!\?)|\(\?:|\(\?P<\w+>)
    | (?P<close>\))
    | (?P<or>\|)
    | (?P<times>(?:[*+?]|\{\d*,?\d*\})[?+]?)
    | (?P<any>\\[dDsSwWnrtfv]|\.|\[\^?\]?(?:\\.|[^\]\\])*\])
    | \\(?P<escaped>[^0-9A-Za-z])
    | (?P<plain>[^\\()\[{|*+?.^$])
    """,
    re.VERBOSE | re.DOTALL,
)
"""What an expression is made of, as far as it is read here."""


def search(expression: re.Pattern[str]) -> Callable[[str], bool]:
    """Whether an expression is found anywhere in a text: what its own `search` says, and sooner."""
    words, whole = needles(expression), expression.search
    if not words:
        return lambda text: whole(text) is not None
    caseless = bool(expression.flags & re.IGNORECASE)

    def found(text: str) -> bool:
        hay = text
        if caseless:
            if not text.isascii():
                for sign in _HIDDEN:
                    if sign in text:
                        return whole(text) is not None
            hay = text.lower()
        for word in words:
            if word in hay:
                return whole(text) is not None
        return False

    return found


def needles(expression: re.Pattern[str]) -> tuple[str, ...]:
    """Words of which every text that matches holds one; none where that cannot be told.

    Of an expression that ignores case they are in lower case, and of ASCII.

    >>> needles(re.compile(r"(?i)\\b(Prove|theorem)s?\\b"))
    ('prove', 'theorem')
    >>> needles(re.compile(r"\\d+"))
    ()
    """
    if expression.flags & ~_READ_FLAGS:
        return ()
    pieces = _pieces(expression.pattern)
    if pieces is None:
        return ()
    return _of_alternatives(iter(pieces), caseless=bool(expression.flags & re.IGNORECASE))


def _pieces(pattern: str) -> list[tuple[str, str]] | None:
    """Kind and text of each piece; None where there is one that is not read here."""
    flags = _FLAGS.match(pattern)
    at = 0 if flags is None else flags.end()
    found = []
    while at < len(pattern):
        piece = _PIECE.match(pattern, at)
        if piece is None or piece.lastgroup is None:
            return None
        found.append((piece.lastgroup, piece[piece.lastgroup]))
        at = piece.end()
    return found


def _of_alternatives(pieces: Iterator[tuple[str, str]], *, caseless: bool) -> tuple[str, ...]:
    """The needles of what stands up to the end of a group: each alternative has to have some."""
    branches = [_Branch()]
    for kind, text in pieces:
        branch = branches[-1]
        if kind == "close":
            break
        if kind == "or":
            branches.append(_Branch())
        elif kind == "open":
            branch.other(_of_alternatives(pieces, caseless=caseless))
        elif kind == "times":
            branch.repeated(at_least_once=text[0] == "+" or bool(re.match(r"\{0*[1-9]", text)))
        elif kind == "any" or (kind != "edge" and caseless and not text.isascii()):
            branch.other(())
        elif kind != "edge":  # which takes up no room: what is before and behind it is one word
            branch.literal(text.lower() if caseless else text)
    found = [branch.needles() for branch in branches]
    return tuple(dict.fromkeys(word for words in found for word in words)) if all(found) else ()


class _Branch:
    """One alternative, read from left to right; the best of its needles so far."""

    def __init__(self) -> None:
        self._best: tuple[str, ...] = ()
        self._word = ""
        self._last: tuple[str, ...] | None = None  # the needles of what has just been read

    def literal(self, letter: str) -> None:
        """A letter that stands for itself."""
        if self._last is not None:
            self._settle()
        self._word += letter

    def other(self, words: tuple[str, ...]) -> None:
        """Anything else that is matched, and its needles."""
        self._settle()
        self._last = words

    def repeated(self, *, at_least_once: bool) -> None:
        """What has just been read comes any number of times."""
        if not at_least_once:
            if self._last is None:
                self._word = self._word[:-1]
            self._last = ()
        self._settle()

    def needles(self) -> tuple[str, ...]:
        """The best, now that all has been read."""
        self._settle()
        return self._best

    def _settle(self) -> None:
        """Long needles are found seldom, so the set whose shortest one is longest is kept."""
        for words in ((self._word,) if self._word else (), self._last or ()):
            if words and (not self._best or min(map(len, words)) > min(map(len, self._best))):
                self._best = words
        self._word, self._last = "", None
