"""How far two models agree: the same calls, the same JSON, the same short answer, or like words."""

from __future__ import annotations

import re
from collections import Counter

import msgspec

from headgate.values import Draft

__all__ = ["agreement"]

SHORT = 8
"""Words up to which an answer is a verdict: it is the same or it is not."""

_WORD = re.compile(r"\w+")


def agreement(one: Draft, other: Draft) -> float:
    """0 (nothing in common) to 1 (they say the same).

    Tool calls must be the same calls with the same arguments. JSON must be the same value. Of short
    answers the words must be the same; of longer ones it is the F1 measure of their words, each
    counted as often as it stands.
    """
    if one.calls or other.calls:
        return float(_calls(one) == _calls(other))
    values = (_json(one.text), _json(other.text))
    if values[0] is not None and values[1] is not None:
        return float(values[0] == values[1])
    words = [_WORD.findall(draft.text.lower()) for draft in (one, other)]
    if min(map(len, words)) <= SHORT:
        return float(words[0] == words[1])
    return _f1(Counter(words[0]), Counter(words[1]))


def _calls(draft: Draft) -> list[tuple[str, object]]:
    """The calls in an order of their own: providers may list parallel calls in any."""
    found = [(call.name, _json(call.arguments or "{}")) for call in draft.calls]
    return sorted(found, key=repr)


def _json(text: str) -> object:
    """A JSON object or array as a value; None for anything else, a bare number too."""
    try:
        value: object = msgspec.json.decode(text.strip())
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def _f1(one: Counter[str], other: Counter[str]) -> float:
    return 2 * (one & other).total() / (one.total() + other.total())
