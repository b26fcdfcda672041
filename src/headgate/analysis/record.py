"""A record: one model call as some log tells it, and what is wrong with a row that tells none."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import msgspec

from headgate.routing.draft import Draft
from headgate.values import Usage

__all__ = ["MalformedError", "Record", "Reject", "Winner"]

Winner: TypeAlias = Literal["a", "b", "tie", "neither"]
"""Of a comparison of two answers; a tie is of two that will do, `neither` of two that will not."""


class Record(msgspec.Struct, kw_only=True, gc=False):
    """One call. What the log does not say keeps its default; None is not 0."""

    id: str = ""
    prompt: str = ""
    """The text of the last user turn."""
    system: str = ""
    model: str = ""
    """As the log spells it, with the provider in front where that is known."""
    time: float | None = None
    """Seconds since 1970."""
    usage: Usage | None = None
    cost_nano: int | None = None
    """What the log says it cost."""
    tier: str = ""
    """`cheap`, `premium` or another tier that answered, where the log says so."""
    category: str = ""
    route: str = ""
    conversation: str = ""
    turns: int = 1
    tools: int = 0
    images: int = 0
    json_schema: bool = False
    failed: bool = False
    """The call gave no usable answer."""
    retry: bool | None = None
    """It was sent because another attempt had failed; None: the log does not say."""
    score: float | None = None
    """How good this model's answer was, 0..1."""
    cheap: float | None = None
    premium: float | None = None
    """How good the cheap and the premium model's answers were, 0..1."""
    cheap_nano: int | None = None
    premium_nano: int | None = None
    judge: str = ""
    """The model that gave `cheap` and `premium`; empty where a human did, or nobody says."""
    draft: Draft | None = None
    """What the cheap answer looked like."""
    human_cheap: float | None = None
    human_premium: float | None = None
    """The same grades by a human, where `cheap` and `premium` are a judge's."""
    winner: Winner | None = None
    """Which of two answers was preferred."""
    model_a: str = ""
    model_b: str = ""
    request: object = None
    """The request as the log has it, or its messages: what could be sent again."""


class Reject(NamedTuple):
    """A row that was not taken: where it stands, why, and the row itself."""

    file: str
    line: int
    """Counted from 1; in a Parquet file or a ledger the number of the row."""
    reason: str
    row: str


class MalformedError(Exception):
    """A row cannot be read; the message is the reason, in words for its owner.

    It never leaves the readers: there it becomes a `Reject`.
    """
