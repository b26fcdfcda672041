"""One stored prompt: what a caller asked and what it was answered, cut to a length."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Form", "Prompt", "beginning", "both_ends"]

Form = Literal["body", "parts"]


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asked and what it was answered; kept only where the settings say so.

    Texts that are longer than what is kept have been cut: then fewer bytes of UTF-8 are left of one
    than its own length beside it.
    """

    request_id: str
    at_us: int
    """When the request came in, microseconds since 1970."""
    dialect: str
    """In which the caller asked: `openai`, `anthropic`, `openai-responses`."""
    request: str
    """The body of the request, JSON; of one that is too long its beginning and its end."""
    request_bytes: int
    answer: str
    """What the caller got; empty where it left before anything came."""
    answer_bytes: int
    form: Form = "body"
    """The answer is a `body` as it was sent, or was a stream, whose `parts` are a JSON array."""

    @property
    def request_is_cut(self) -> bool:
        """Something of the request was left out."""
        return len(self.request.encode()) < self.request_bytes

    @property
    def answer_is_cut(self) -> bool:
        """Something of the answer was left out."""
        return len(self.answer.encode()) < self.answer_bytes


GAP = "\n[... {:,} bytes are left out here ...]\n"
"""Between the two ends of what was too long."""


def beginning(data: bytes, most: int) -> str:
    """The first `most` bytes as text; what is no text, or half a character, is left out."""
    return data[:most].decode(errors="ignore").replace("\0", "")


def both_ends(data: bytes, most: int) -> str:
    """A text of at most `most` bytes, 100 or more: whole, or else its two ends.

    The newest question of a long conversation stands at the end of its request.
    """
    if len(data) <= most:
        return beginning(data, most)
    half = (most - 80) // 2
    end = data[-half:].decode(errors="ignore").replace("\0", "")
    return beginning(data, half) + GAP.format(len(data) - 2 * half) + end
