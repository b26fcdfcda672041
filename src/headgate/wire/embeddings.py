"""Requests for embeddings of our own: their bodies, and what is read of the answers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from headgate.values import Usage
from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.meter import Meter, OpenAICounts
from headgate.wire.passed import EMBEDDINGS

__all__ = ["PATH", "asking", "measured", "texts", "vectors"]

PATH = EMBEDDINGS.path


class _Answer(msgspec.Struct):
    model: str | None = None
    usage: object = None
    service_tier: object = None


_ANSWER = msgspec.json.Decoder(_Answer)


def measured(body: bytes) -> tuple[Usage | None, str | None]:
    """What an answer says of its tokens and its model; None where it does not."""
    try:
        found = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, None
    meter = Meter(OpenAICounts)
    meter.see(found.usage)
    meter.serve(found.service_tier)
    return meter.usage, found.model


class _Vector(msgspec.Struct):
    embedding: list[float]
    index: int | None = None


class _Vectors(msgspec.Struct):
    data: list[_Vector]


class _Asking(msgspec.Struct):
    input: list[str]


_VECTORS = msgspec.json.Decoder(_Vectors)


def asking(model: str, texts: Sequence[str]) -> bytes:
    """The body of a call of our own for the embeddings of texts."""
    return msgspec.json.encode({"model": model, "input": texts})


def texts(body: bytes) -> list[str]:
    """The texts of a body that `asking` made."""
    return msgspec.json.decode(body, type=_Asking).input


def vectors(body: bytes, count: int) -> list[list[float]]:
    """The embeddings in an answer, in the order of the `count` texts.

    Raises:
        UnusableAnswerError: they are not so many, not alike in length, or not finite numbers.
    """
    usage, _ = measured(body)
    try:
        found = _VECTORS.decode(body).data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableAnswerError("The answer holds no embeddings.", usage=usage) from error
    placed = {at if one.index is None else one.index: one.embedding for at, one in enumerate(found)}
    if len(found) != count or set(placed) != set(range(count)):
        raise UnusableAnswerError(f"{len(found)} embeddings came for {count} texts.", usage=usage)
    sizes = {len(one) for one in placed.values()}
    if len(sizes) != 1 or 0 in sizes:
        raise UnusableAnswerError("The embeddings are not of one length.", usage=usage)
    if not all(math.isfinite(math.hypot(*one)) for one in placed.values()):
        raise UnusableAnswerError("An embedding has no finite length.", usage=usage)
    return [placed[at] for at in range(count)]
