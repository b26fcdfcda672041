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
MOST_TEXTS = 2048

Count: TypeAlias = Annotated[list[int], Meta(min_length=1, max_length=8192)]
"""A text as the tokens that its sender has made of it, which some SDKs do by default."""
Texts: TypeAlias = str | Annotated[list[str | int | Count], Meta(min_length=1, max_length=8192)]


class Embeddings(Struct, forbid_unknown_fields=True):
    """A request."""

    model: str
    input: Texts
    dimensions: Annotated[int, Meta(ge=1, le=4096)] = DIMENSIONS
    encoding_format: Literal["float", "base64"] = "float"
    user: str | None = None

    @property
    def inputs(self) -> list[str | list[int]]:
        """What is to be embedded: texts, or the tokens of texts."""
        given = self.input
        if isinstance(given, str):
            return [given]
        alone = [one for one in given if isinstance(one, int)]
        return [alone] if alone else [one for one in given if not isinstance(one, int)]

    @property
    def text(self) -> str:
        """All of it, in which failures can be ordered."""
        return "\n".join(map(str, self.inputs))

    @property
    def usage(self) -> Usage:
        """Only input is billed."""
        counts = [tokens(one) if isinstance(one, str) else len(one) for one in self.inputs]
        return Usage(input=sum(counts))

    def answer(self) -> tuple[str, bytes]:
        """Content type, and a list object."""
        data = [
            {"object": "embedding", "index": index, "embedding": self._vector(text)}
            for index, text in enumerate(self.inputs)
        ]
        count = self.usage.input
        usage = {"prompt_tokens": count, "total_tokens": count}
        listed = {"object": "list", "data": data, "model": self.model, "usage": usage}
        return "application/json", msgspec.json.encode(listed)

    def _vector(self, text: str | list[int]) -> list[float] | str:
        numbers = [uniform(text, index) for index in range(self.dimensions)]
        if self.encoding_format == "float":
            return numbers
        return base64.b64encode(struct.pack(f"<{self.dimensions}f", *numbers)).decode()


def read(body: bytes) -> Embeddings:
    """Read and check a request. Raises Refused (400)."""
    try:
        found = msgspec.json.decode(body, type=Embeddings)
    except msgspec.ValidationError as error:
        flaw = checked(error)
        raise Refused(
            400, "invalid_request_error", flaw.message, param=flaw.path or None
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, "invalid_request_error", "The body is not valid JSON.") from error
    if not isinstance(found.input, str) and len({type(one) for one in found.input}) > 1:
        raise Refused(400, "invalid_request_error", "Texts or tokens, not both.", param="input")
    if not isinstance(found.input, str) and len(found.inputs) > MOST_TEXTS:
        raise Refused(
            400, "invalid_request_error", f"At most {MOST_TEXTS} texts at once.", param="input"
        )
    return found
