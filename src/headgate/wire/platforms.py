"""Clouds that serve Claude behind an address of their own: where a call goes, and what it wears.

What is said is Anthropic's dialect, so lanes write and read it as ever; a platform only wants the
model in the path, a version in the body, and a key by another name. Source: Google's page "Request
predictions with Claude models", AWS's API reference of Bedrock's runtime, and the clients for both
in Anthropic's official Python SDK (2.12); read November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from string import ascii_letters, digits
from typing import NamedTuple

import msgspec

__all__ = ["PLATFORMS", "VERTEX", "Call", "Place", "Platform"]

MESSAGES, COUNT = "/v1/messages", "/v1/messages/count_tokens"


class Call(NamedTuple):
    """One call as the platform takes it."""

    path: str
    """Appended to the provider's base URL."""
    body: bytes


class Platform(NamedTuple):
    """What is special of one platform."""

    name: str
    clothed: Callable[[str, dict[str, msgspec.Raw], Sequence[str]], Call]
    """The call for a path of the dialect, from the fields of its body and the betas asked for."""
    dropped: frozenset[str]
    """Headers of Anthropic's own API that it is not sent."""

    def headers(self, api_key: str | None) -> list[tuple[str, str]]:
        """Headers of every call; both platforms take a key, or a token, as a bearer's."""
        headers = [("content-type", "application/json")]
        if api_key is not None:
            headers.append(("authorization", f"Bearer {api_key}"))
        return headers

    def place(
        self, base: str, path: str, headers: Sequence[tuple[str, str]]
    ) -> tuple[Place, list[tuple[str, str]]]:
        """Where calls of one of the dialect's paths go, and which of the headers go with them."""
        given: Mapping[str, str] = dict(headers)
        betas = [beta.strip() for beta in given.get("anthropic-beta", "").split(",")]
        kept = [(name, value) for name, value in headers if name not in self.dropped]
        return Place(self, base, path, tuple(filter(None, betas))), kept


class Place(NamedTuple):
    """Where calls of one of the dialect's paths go, whatever their model."""

    platform: Platform
    base: str
    """The path of the base URL."""
    path: str
    betas: Sequence[str]

    def call(self, body: bytes) -> Call:
        """The platform's call in place of one with this body."""
        fields = _FIELDS.decode(body)
        call = self.platform.clothed(self.path, fields, self.betas)
        return call._replace(path=self.base + call.path)


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_WORD = msgspec.json.Decoder(str)
_OBJECT = msgspec.json.Encoder()


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


_PLAIN = ascii_letters + digits + "-._~"


def _quoted(text: str, more: str = "") -> str:
    """Text as a part of a path: all but plain characters and `more` as their bytes' numbers."""
    plain = (_PLAIN + more).encode()
    return "".join([chr(byte) if byte in plain else f"%{byte:02X}" for byte in text.encode()])


# ---- Google's Vertex AI


def _vertex(path: str, fields: dict[str, msgspec.Raw], _: Sequence[str]) -> Call:
    """A count names its model in the body still, and is asked of a model of that name."""
    fields["anthropic_version"] = _raw("vertex-2023-10-16")
    if path == COUNT:
        model, verb = "count-tokens", "rawPredict"
    else:
        model = _quoted(_WORD.decode(fields.pop("model")), "@")
        verb = "streamRawPredict" if _streams(fields) else "rawPredict"
    return Call(f"/publishers/anthropic/models/{model}:{verb}", _OBJECT.encode(fields))


def _streams(fields: Mapping[str, msgspec.Raw]) -> bool:
    return bytes(fields.get("stream", b"")) == b"true"


VERTEX = Platform("vertex", _vertex, frozenset({"anthropic-version"}))
PLATFORMS: Mapping[str, Platform] = {platform.name: platform for platform in (VERTEX,)}
