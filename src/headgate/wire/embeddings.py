"""Requests for embeddings, of which only the model is read, and what their answers cost."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headgate.values import Usage
from headgate.wire.inbound import BYTES_PER_TOKEN, fields_of, model_of, required
from headgate.wire.meter import Meter, openai_usage
from headgate.wire.passthrough import spliced

__all__ = ["PATH", "Embeddings", "measured", "read", "speaks"]

PATH = "/embeddings"
"""Appended to the base URL of a provider that speaks one of OpenAI's dialects."""


class Embeddings(msgspec.Struct, frozen=True):
    """A caller's request; `fields` hold the bytes of their values as they came."""

    model: str
    fields: Mapping[str, msgspec.Raw]

    @property
    def tokens(self) -> int:
        """The input's length, estimated as one token for 4 bytes of its JSON."""
        return len(memoryview(self.fields["input"])) // BYTES_PER_TOKEN

    def request(self, model: str) -> bytes:
        """The body of the call to `model`."""
        return spliced(self.fields, model, {})


class _Answer(msgspec.Struct):
    model: str | None = None
    usage: object = None
    service_tier: object = None


_ANSWER = msgspec.json.Decoder(_Answer)


def speaks(dialect: str) -> bool:
    """Whether providers of a dialect may have embeddings."""
    return dialect in ("openai", "openai-responses")


def read(body: bytes) -> Embeddings:
    """One caller's request.

    Raises:
        RequestError: it is no JSON object with a model and an input (400).
    """
    fields = fields_of(body)
    required(fields, "input")
    return Embeddings(model_of(fields), fields)


def measured(body: bytes) -> tuple[Usage | None, str | None]:
    """What an answer says of its tokens and its model; None where it does not."""
    try:
        found = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, None
    meter = Meter(openai_usage)
    meter.see(found.usage)
    meter.serve(found.service_tier)
    return meter.usage, found.model
