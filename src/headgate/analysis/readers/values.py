"""Values of a row as its file spells them: numbers, times, money, texts; each checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

import msgspec

from headgate.analysis.record import MalformedError
from headgate.values import nano_from_usd

__all__ = [
    "Row",
    "chat",
    "count",
    "decoded",
    "flag",
    "grade",
    "log_probability",
    "moment",
    "money",
    "names",
    "preferred",
    "stars",
    "text",
    "thumb",
]

Row: TypeAlias = Mapping[str, object]

MOST_TOKENS = 2**31
MOST_USD = 1_000_000
EARLIEST, LATEST = 946_684_800.0, 4_102_444_800.0  # 2000 and 2100
MILLI, MICRO, NANO = 1e11, 1e14, 1e17
"""A time above one of these is in milliseconds, microseconds or nanoseconds."""

_YES, _NO = {"true", "yes", "1", "right"}, {"false", "no", "0", "wrong"}
_UP, _DOWN = {"up", "+1", "👍", "like", "positive"}, {"down", "-1", "👎", "dislike", "negative"}

WINNERS = {
    "a": ("a", "model_a", "left"),
    "b": ("b", "model_b", "right"),
    "tie": ("tie", "both", "equal", "both_good"),
    "neither": ("neither", "tie (bothbad)", "tie (both bad)", "bothbad", "both_bad", "none"),
    "cheap": ("cheap",),
    "premium": ("premium",),
}
"""Spellings of a verdict over two answers; those with `model_` are Chatbot Arena's."""
_WINNERS = {spelling: name for name, spellings in WINNERS.items() for spelling in spellings}


def text(value: object) -> str:
    """A text; a number as it is written, nothing as an empty one."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    raise MalformedError(f"a text was expected, found {_kind(value)}")


def decoded(value: object) -> object:
    """A value that is JSON within text, decoded; any other as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            return value
    return value


def count(value: object, name: str) -> int:
    """A whole number of tokens, turns or the like.

    Raises:
        MalformedError: negative, a fraction, above two billion, or no number.
    """
    if type(value) is int and 0 <= value < MOST_TOKENS:
        return value
    number = _number(value, name)
    if number < 0 or number >= MOST_TOKENS or number != int(number):
        raise MalformedError(f"{name} is {_shown(value)}, and must be a whole number from 0")
    return int(number)


def grade(value: object, name: str) -> float:
    """A score of 0..1; right and wrong as 1 and 0.

    Raises:
        MalformedError: it is neither.
    """
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and value.strip().lower() in _YES | _NO:
        return 1.0 if value.strip().lower() in _YES else 0.0
    number = _number(value, name)
    if not 0 <= number <= 1:
        raise MalformedError(
            f"{name} is {_shown(value)}, and must be from 0 to 1: divide by the scale's top"
        )
    return number


def log_probability(value: object, name: str) -> float:
    """A natural logarithm of a probability.

    Raises:
        MalformedError: above 0, or no number.
    """
    number = _number(value, name)
    if number > 0:
        raise MalformedError(f"{name} is {_shown(value)}, and must be 0 or less")
    return number


def names(value: object) -> tuple[str, ...]:
    """Several names: a list, or a text with commas between them.

    Raises:
        MalformedError: it is neither.
    """
    parts = value if isinstance(value, (list, tuple)) else text(value).split(",")
    return tuple(name for part in parts if (name := text(part).strip()))


def thumb(value: object, name: str) -> float:
    """A thumb up as 1, down as 0; also as 1 and -1 or 0, true and false.

    Raises:
        MalformedError: it is neither.
    """
    word = str(value).strip().lower()
    if word in _UP or word in _DOWN:
        return 1.0 if word in _UP else 0.0
    if isinstance(value, bool) or word in _YES | _NO:
        return float(word in _YES)
    raise MalformedError(f"{name} is {_shown(value)}, and must be up or down")


def stars(value: object, name: str) -> float:
    """One to five stars as 0 to 1, evenly.

    Raises:
        MalformedError: fewer, more, or no number.
    """
    number = _number(value, name)
    if not 1 <= number <= 5:
        raise MalformedError(f"{name} is {_shown(value)}, and must be from 1 to 5")
    return (number - 1) / 4


def preferred(value: object) -> str:
    """Which of two answers won: a key of `WINNERS`, or the name of a model as it stands.

    Raises:
        MalformedError: it is no text.
    """
    word = text(value).strip()
    return _WINNERS.get(word.lower(), word)


def flag(value: object, name: str) -> bool:
    """Yes or no.

    Raises:
        MalformedError: it is neither.
    """
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _YES | _NO:
        return word in _YES
    raise MalformedError(f"{name} is {_shown(value)}, and must be true or false")


def money(value: object, name: str) -> int:
    """An amount in US dollars, as nano-dollars; a float counts as the number that it prints.

    Raises:
        MalformedError: negative, above a million dollars for one call, or no number.
    """
    try:
        number = Decimal(str(value).strip())
        if not isinstance(value, bool) and 0 <= number <= MOST_USD:
            return nano_from_usd(number)
    except (InvalidOperation, ValueError):
        pass
    raise MalformedError(f"{name} is {_shown(value)}, and must be an amount in US dollars")


def moment(value: object, name: str = "time") -> float:
    """Seconds since 1970, from ISO 8601 text (UTC without a zone) or a number.

    A number is in seconds, or milli-, micro- or nanoseconds, as its size tells.

    Raises:
        MalformedError: no time between the years 2000 and 2100.
    """
    seconds = _seconds(value)
    if seconds is None or not EARLIEST <= seconds < LATEST:
        raise MalformedError(f"{name} is {_shown(value)}, and no moment between 2000 and 2100")
    return seconds


def _seconds(value: object) -> float | None:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value.strip())
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            pass
    try:
        number = _number(value, "time")
    except MalformedError:
        return None
    for limit, scale in ((NANO, 1e9), (MICRO, 1e6), (MILLI, 1e3)):
        if number > limit:
            return number / scale
    return number


def _number(value: object, name: str) -> float:
    if isinstance(value, (int, float, str, Decimal)) and not isinstance(value, bool):
        try:
            number = float(value)
            if math.isfinite(number):
                return number
        except (ValueError, OverflowError):
            pass
    raise MalformedError(f"{name} is {_shown(value)}, and must be a number")


def chat(messages: object) -> tuple[str, str, int, int]:
    """The last user turn, the system prompt, the user turns and the images of a conversation.

    Reads the messages of OpenAI and Anthropic alike, and OpenTelemetry's with `parts`.

    Raises:
        MalformedError: it is no list of messages.
    """
    if isinstance(messages, str):
        return messages, "", 1, 0
    if not isinstance(messages, list):
        raise MalformedError(f"messages should be a list, found {_kind(messages)}")
    last, system, turns, images = "", [], 0, 0
    for message in messages:
        if not isinstance(message, dict):
            raise MalformedError(f"a message should be an object, found {_kind(message)}")
        said, pictures = _content(message.get("content", message.get("parts")))
        images += pictures
        role = message.get("role")
        if role in ("system", "developer"):
            system.append(said)
        elif role == "user":
            turns += 1
            last = said or last  # tool results come as user turns without a text of their own
    return last, "\n\n".join(system), max(turns, 1), images


def _content(content: object) -> tuple[str, int]:
    """Text and number of images of one message's content."""
    if isinstance(content, str):
        return content, 0
    if not isinstance(content, list):
        return "", 0
    texts, images = [], 0
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        if not isinstance(part, dict):
            continue
        if "image" in str(part.get("type", "")):
            images += 1
        said = part.get("text", part.get("content") if part.get("type") == "text" else None)
        if isinstance(said, str):
            texts.append(said)
    return "\n".join(texts), images


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", bool: "true or false", type(None): "nothing"}.get(
        type(value), type(value).__name__
    )


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
