"""Clouds that serve Claude behind an address of their own: where a call goes, and what it wears.

What is said is Anthropic's dialect, so lanes write and read it as ever; a platform only wants the
model in the path, a version in the body, and a key by another name. Source: Google's page "Request
predictions with Claude models", AWS's API reference of Bedrock's runtime, and the clients for both
in Anthropic's official Python SDK (2.12); read November 2026.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from string import ascii_letters, digits
from typing import NamedTuple

import msgspec

from headgate.wire.problems import kind_of

__all__ = ["BEDROCK", "PLATFORMS", "VERTEX", "Call", "Place", "Platform", "bedrock_body"]

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
    framed: bool = False
    """Its answers are to be unclothed: streams are frames, errors and counts have a shape of their
    own."""

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

    @property
    def counts(self) -> bool:
        """Whether they ask for a count of tokens."""
        return self.path == COUNT

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


# ---- Amazon Bedrock

_PROFILE = re.compile(r"^(?:us|us-gov|eu|apac|jp|au|ca|global)\.(?=anthropic\.)")
"""What makes the name of a model that of an inference profile; there, tokens are not counted."""


def _bedrock(path: str, fields: dict[str, msgspec.Raw], betas: Sequence[str]) -> Call:
    """The stream is asked for by the path alone; a count holds the call that it is about."""
    model = _WORD.decode(fields.pop("model"))
    streams = _streams(fields)
    fields.pop("stream", None)
    fields["anthropic_version"] = _raw("bedrock-2023-05-31")
    if betas and "anthropic_beta" not in fields:
        fields["anthropic_beta"] = _raw(list(betas))
    if path == COUNT:
        fields.setdefault("max_tokens", msgspec.Raw(b"1"))  # a call has to say
        inner = b64encode(_OBJECT.encode(fields)).decode()
        body = msgspec.json.encode({"input": {"invokeModel": {"body": inner}}})
        return Call(f"/model/{_part(_PROFILE.sub('', model))}/count-tokens", body)
    verb = "invoke-with-response-stream" if streams else "invoke"
    return Call(f"/model/{_part(model)}/{verb}", _OBJECT.encode(fields))


def _part(model: str) -> str:
    """A name as one part of a path; those of two dots would lead elsewhere."""
    return _quoted(model) if model.strip(".") else "%2E" * len(model)


class _Count(msgspec.Struct):
    input_tokens: int = msgspec.field(name="inputTokens")


class _Worded(msgspec.Struct):
    message: str | None = None
    other: str | None = msgspec.field(default=None, name="Message")


_COUNTED, _SAID = msgspec.json.Decoder(_Count), msgspec.json.Decoder(_Worded)
_NO_COUNT = re.compile(r"support counting tokens|model identifier is invalid")


def bedrock_body(status: int, body: bytes, *, counting: bool) -> tuple[int, bytes]:
    """An answer that is no stream, its status and body, as Anthropic's own API has them.

    A model that counts no tokens says so with a 400; the status is 501 then, because nothing is
    wrong with the request.
    """
    try:
        if status == 200 and counting:
            return status, msgspec.json.encode(_Plain(_COUNTED.decode(body).input_tokens))
        if status < 400:
            return status, body
        said = _SAID.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return status, body  # somebody between has answered: told as it is
    message = said.message or said.other
    if not message:
        return status, body
    if counting and status == 400 and _NO_COUNT.search(message):
        status = 501
    error = {"type": "error", "error": {"type": kind_of(status), "message": message}}
    return status, msgspec.json.encode(error)


class _Plain(msgspec.Struct):
    input_tokens: int


BEDROCK = Platform(
    "bedrock", _bedrock, frozenset({"anthropic-version", "anthropic-beta"}), framed=True
)
PLATFORMS: Mapping[str, Platform] = {platform.name: platform for platform in (VERTEX, BEDROCK)}
