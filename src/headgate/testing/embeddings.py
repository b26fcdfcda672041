"""The simulated provider's embeddings: strictly read, and vectors that depend on the text alone."""

from __future__ import annotations

import base64
import struct
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from headgate.testing.brain import tokens, uniform
from headgate.testing.dialect import Refused, checked
from headgate.values import Usage

__all__ = ["PATH", "Embeddings", "read"]

PATH = "/v1/embeddings"
DIMENSIONS = 8

Texts: TypeAlias = str | Annotated[list[str], Meta(min_length=1, max_length=2048)]


class Embeddings(Struct, forbid_unknown_fields=True):
    """A request."""

    model: str
    input: Texts
    dimensions: Annotated[int, Meta(ge=1, le=4096)] = DIMENSIONS
    encoding_format: Literal["float", "base64"] = "float"
    user: str | None = None

    @property
    def texts(self) -> list[str]:
        """What is to be embedded."""
        return [self.input] if isinstance(self.input, str) else self.input

    @property
    def usage(self) -> Usage:
        """Only input is billed."""
        return Usage(input=sum(tokens(text) for text in self.texts))

    def answer(self) -> bytes:
        """A list object."""
        data = [
            {"object": "embedding", "index": index, "embedding": self._vector(text)}
            for index, text in enumerate(self.texts)
        ]
        count = self.usage.input
        usage = {"prompt_tokens": count, "total_tokens": count}
        return msgspec.json.encode(
            {"object": "list", "data": data, "model": self.model, "usage": usage}
        )

    def _vector(self, text: str) -> list[float] | str:
        numbers = [uniform(text, index) for index in range(self.dimensions)]
        if self.encoding_format == "float":
            return numbers
        return base64.b64encode(struct.pack(f"<{self.dimensions}f", *numbers)).decode()


def read(body: bytes) -> Embeddings:
    """Read and check a request. Raises Refused (400)."""
    try:
        return msgspec.json.decode(body, type=Embeddings)
    except msgspec.ValidationError as error:
        flaw = checked(error)
        raise Refused(
            400, "invalid_request_error", flaw.message, param=flaw.path or None
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, "invalid_request_error", "The body is not valid JSON.") from error
