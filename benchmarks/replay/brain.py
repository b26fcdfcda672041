"""The models of the replay: two that answer as recorded, one that judges prompts by their shape."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from benchmarks.replay.data import Recorded
from headgate.testing.brain import Answer, Prompt

__all__ = ["CHEAP_MODEL", "PREMIUM_MODEL", "RecordedBrain", "ShapeBrain", "looks_hard", "right"]

CHEAP_MODEL, PREMIUM_MODEL = "open-mixtral-8x7b", "gpt-4-1106-preview"

RIGHT, WRONG = "[recorded: right]", "[recorded: wrong]"


class RecordedBrain:
    """Answers whether the recorded answer was right, padded to its length where that is known.

    `path` is a file of `Recorded` rows as a JSON list.
    """

    def __init__(self, *, path: str) -> None:
        rows = msgspec.json.decode(Path(path).read_bytes(), type=list[Recorded])
        self._rows = {row.prompt.strip(): row for row in rows}

    def answer(self, prompt: Prompt) -> Answer:
        """The mark of the model asked. Raises KeyError for a prompt that was never recorded."""
        row = self._rows[prompt.last_user.strip()]
        if prompt.model == PREMIUM_MODEL:
            was_right, length = row.premium_right, row.premium_chars
        else:
            was_right, length = row.cheap_right, row.cheap_chars
        return Answer(text=(RIGHT if was_right else WRONG).ljust(length or 0, "."))


def right(text: str) -> bool | None:
    """What an answer says of itself; None for one that no recorded brain gave."""
    if text.startswith(RIGHT):
        return True
    return False if text.startswith(WRONG) else None


class ShapeBrain:
    """A classifier that sees a prompt's text and nothing else: `looks_hard` as a model."""

    def answer(self, prompt: Prompt) -> Answer:
        """The digit of the last level, 2, or of the first."""
        request = _REQUEST.search(prompt.last_user)
        return Answer(text="2" if looks_hard(request[1] if request else prompt.last_user) else "1")


_REQUEST = re.compile(r"<request>\n(.*)\n</request>", re.DOTALL)

_QUANTITY = r"\b(how (many|much|long|far)|calculate|compute|find the|what is the value)\b"
_MATHEMATICS = r"\b(prove|derivative|integral|matrix|probability|equation|theorem|group)\b"
_STATEMENTS = r"\b(statement 1|i and ii|i only|none of the above|except|not true)\b"

_SIGNS = (
    re.compile(r"(?:\d[\d,.]*\D+){4}"),  # four numbers or more: something is to be reckoned
    re.compile(r"[=^√∫∑≤≥]|\\\w+|\b[a-z]\([a-z]\)|\d\s*[*/+]\s*\d"),
    re.compile(_QUANTITY, re.IGNORECASE),
    re.compile(_MATHEMATICS, re.IGNORECASE),
    re.compile(_STATEMENTS, re.IGNORECASE),
    re.compile(r".{800}", re.DOTALL),
)


def looks_hard(text: str) -> bool:
    """Whether at least two signs of hardness show in the text.

    The signs were written down before any mark was looked at, and are not fitted to the set: many
    numbers, formulas, a quantity asked for, the words of mathematics, statements to be weighed
    against each other, length.
    """
    return sum(sign.search(text) is not None for sign in _SIGNS) >= 2
