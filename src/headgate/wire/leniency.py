"""JSON as providers really send it: what is not quite the standard is read all the same."""

from __future__ import annotations

import json

import msgspec

from headgate.wire.dialect import UnusableAnswerError

__all__ = ["cleaned", "loads", "object_of", "text_of"]


def text_of(value: object) -> str | None:
    """A string that can be encoded (lone surrogates replaced), or None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def cleaned(value: object) -> object:
    """Decoded JSON with every string made fit to encode; deeper than JSON can be read, as it is."""
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {text_of(key): cleaned(one) for key, one in value.items()}
    return value


def loads(data: bytes) -> object:
    """JSON as providers send it: the standard, and where that fails what Python's reader forgives.

    Raises:
        ValueError: it is not JSON by either.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError:
        raise ValueError("nested too deeply") from None
    try:
        # lone surrogates and NaN: not JSON, yet servers written in JavaScript and Python send them
        return json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def object_of(data: bytes, *, wrapped: bool = False) -> dict[str, object]:
    """A JSON object, its strings fit to encode; where `wrapped`, it may stand alone in an array.

    Raises:
        UnusableAnswerError: it is none.
    """
    try:
        found = loads(data)
    except ValueError:
        raise UnusableAnswerError("The provider sent something that is not JSON.") from None
    if wrapped and isinstance(found, list) and len(found) == 1:
        (found,) = found
    found = cleaned(found)
    if not isinstance(found, dict):
        raise UnusableAnswerError("The provider sent JSON that is not an answer.")
    return found
