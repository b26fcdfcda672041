"""A stored prompt as a reader sees it: the words of question and answer, and both as they were."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from headgate.analysis.questions import said, transcript
from headgate.errors import HeadgateError
from headgate.ledger.prompt import Prompt
from headgate.wire.lane import DIALECTS
from headgate.wire.neutral import Answer, Part

__all__ = ["Side", "sides_of"]

LONG = 4_000
"""Characters from which a text is folded up at first."""

SENT = "As it was sent"

_PARTS = msgspec.json.Decoder(tuple[Part, ...])


class Side(NamedTuple):
    """The question, or the answer."""

    title: str
    size: str
    """How long it was, and what of it is kept."""
    text: str
    """Its words; empty where they cannot be told from the rest, or are all there is."""
    whole: str
    """All that is kept."""
    called: str
    """What that is."""
    open: bool


def sides_of(prompt: Prompt) -> tuple[Side, Side]:
    """Question and answer. What cannot be read is shown as it is."""
    asked = _size(prompt.request, prompt.request_bytes, cut=prompt.request_is_cut)
    told = _size(prompt.answer, prompt.answer_bytes, cut=prompt.answer_is_cut)
    called = "Its parts" if prompt.form == "parts" else SENT
    return (
        _side("Question", asked, prompt.request, SENT, lambda: _asked(prompt)),
        _side("Answer", told, prompt.answer, called, lambda: _answered(prompt)),
    )


def _size(kept: str, length: int, *, cut: bool) -> str:
    rest = f", of which {len(kept.encode()):,} are kept" if cut else ""
    return f"{length:,} bytes{rest}"


def _side(title: str, size: str, kept: str, called: str, words: Callable[[], str]) -> Side:
    try:
        text = words()
    except (HeadgateError, msgspec.MsgspecError, KeyError, RecursionError):
        text = ""  # cut, an error, embeddings: no message of this dialect
    return Side(title, size, text, _pretty(kept), called, open=len(text or kept) <= LONG)


def _asked(prompt: Prompt) -> str:
    dialect = DIALECTS[prompt.dialect]
    inbound = dialect.read(prompt.request.encode(), {})
    return transcript(dialect.read_request(inbound, dialect.name))


def _answered(prompt: Prompt) -> str:
    if prompt.form == "parts":
        parts = _PARTS.decode(prompt.answer)
        return said(Answer(id="", model="", parts=parts, stop="stop"))
    return said(DIALECTS[prompt.dialect].read_answer(prompt.answer.encode(), True))


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
