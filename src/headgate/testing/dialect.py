"""What the two dialects of the simulated provider have in common: a refusal, a reply, an event."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, Protocol, TypeAlias

import msgspec

from headgate.testing.brain import Prompt, ToolUse
from headgate.values import Usage

__all__ = [
    "PIECE_CHARACTERS",
    "Dialect",
    "Finish",
    "Json",
    "Piece",
    "Refused",
    "Reply",
    "checked",
    "pieces",
]

PIECE_CHARACTERS = 40
"""A stream carries an answer in pieces of this length: ten tokens each."""

Finish: TypeAlias = Literal["stop", "length", "tools"]
Json: TypeAlias = dict[str, object]
"""An object of JSON."""


class Refused(Exception):  # noqa: N818 - an answer of the provider, not a failure of ours
    """The provider refuses a request; `kind`, `param` and `code` go into the error's body."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.param = param
        self.code = code
        self.retry_after = retry_after


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer ready to be put into a dialect's words."""

    id: str
    created: int
    """Seconds since 1970."""
    prompt: Prompt
    text: str
    tools: tuple[ToolUse, ...]
    finish: Finish
    usage: Usage
    empty: bool = False
    """The answer is withheld: nothing usable in the body, the usage as it would have been."""


class Piece(NamedTuple):
    """Bytes of a stream, and how many characters of the answer it holds."""

    data: bytes
    characters: int = 0


class Dialect(Protocol):
    """One provider's API: which requests it takes, and how it words answers and errors."""

    name: str
    path: str

    def admit(self, headers: Mapping[str, str], key: str | None) -> None:
        """Check the headers; `key` is the only one let in, None lets in any. Raises Refused."""

    def read(self, body: bytes) -> Prompt:
        """Read and check a request. Raises Refused with the provider's own status and words."""

    def whole(self, reply: Reply) -> bytes:
        """The body of an answer that is not streamed."""

    def stream(self, reply: Reply) -> Iterator[Piece]:
        """The events of a streamed answer; the last one is what makes it complete."""

    def failure(self, fault: str, retry_after: int) -> Refused:
        """The provider's words for `overloaded`, `rate_limited` and `error`."""

    def unknown_model(self, model: str) -> Refused:
        """The provider's words for a model that it does not have."""

    def refusal(self, refused: Refused, request_id: str) -> bytes:
        """The body of an error."""

    def models(self, names: tuple[str, ...]) -> bytes:
        """The body of `GET /v1/models`."""


def pieces(text: str) -> Iterator[str]:
    """The text in the portions that a stream carries."""
    for start in range(0, len(text), PIECE_CHARACTERS):
        yield text[start : start + PIECE_CHARACTERS]


_AT = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`")
_EXTRA = re.compile(r"Object contains unknown field `(?P<field>[^`]+)`")


class Flaw(NamedTuple):
    """What is wrong with a body: where (a dotted path), which of three kinds, in which words."""

    path: str
    kind: Literal["missing", "unknown", "invalid"]
    message: str


def checked(error: msgspec.ValidationError) -> Flaw:
    """Take a validation error apart, because each provider words and names it differently."""
    match = _AT.fullmatch(str(error))
    what, path = (match["what"], match["path"] or "") if match else (str(error), "")
    if missing := _MISSING.fullmatch(what):
        return Flaw(".".join(filter(None, (path, missing["field"]))), "missing", what)
    if extra := _EXTRA.fullmatch(what):
        return Flaw(".".join(filter(None, (path, extra["field"]))), "unknown", what)
    return Flaw(path, "invalid", what)
