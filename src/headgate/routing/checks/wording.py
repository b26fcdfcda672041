"""Two looks at a draft's words: does it decline, and does it go round in circles?"""

from __future__ import annotations

import re

__all__ = ["declines", "repetition"]

OPENING = 160
"""Characters at the beginning in which a refusal shows; later, such words are about something."""

_DECLINES = re.compile(
    r"\b(?:i(?:'m| am) (?:sorry|afraid|unable|not able)\b.{0,40}\b(?:can(?:'t|not)|unable|not able)"
    r"|(?:i'm|i am) (?:unable|not able) to (?:help|assist|comply|provide|answer|do)"
    r"|i (?:can(?:'t|not)|won't|will not) (?:help|assist|comply|provide|fulfil|answer|do that)"
    r"|as an ai(?: language)? model\b"
    r"|i (?:must|have to) (?:decline|refuse)"
    r"|(?:ich kann|es tut mir leid).{0,60}\bnicht (?:helfen|beantworten|weiterhelfen)"
    r"|je ne peux pas (?:vous aider|répondre)"
    r"|no puedo (?:ayudar|responder))",
    re.IGNORECASE,
)

WORDS = 6
"""Words in a run: shorter ones come back in good prose."""

FEWEST = 40
"""Runs below which nothing is said: short answers, tables and lists repeat themselves rightly."""


def declines(text: str) -> bool:
    """Whether a text begins by refusing, in some common wordings of four languages.

    >>> declines("I'm sorry, but I can't help with that."), declines("You can't divide by zero.")
    (True, False)
    """
    return _DECLINES.search(text[:OPENING].replace("’", "'")) is not None


def repetition(text: str) -> float:
    """The share of six-word runs that have stood before; 0 for a text of few words.

    A model that has lost the thread says the same again and again, word for word.
    """
    words = text.split()
    runs = len(words) - WORDS + 1
    if runs < FEWEST:
        return 0.0
    distinct = {tuple(words[at : at + WORDS]) for at in range(runs)}
    return 1 - len(distinct) / runs
