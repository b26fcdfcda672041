"""The simulated provider's moderations, pictures and speech: strictly read, their bytes made up.

Written from the public API reference, and on purpose without the gateway's own reading of them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Protocol, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct

from headgate.testing.brain import tokens
from headgate.testing.dialect import Json, Refused, checked
from headgate.testing.server import Request
from headgate.values import Usage

__all__ = ["PATHS", "TOKENS_PER_PICTURE", "read"]

TOKENS_PER_PICTURE = 64
BYTES_PER_TOKEN_OF_SOUND = 100
PIECE_BYTES = 1000
"""A streamed answer comes in pieces of this length."""

EVENTS = "text/event-stream; charset=utf-8"
JSON = "application/json"

Body: TypeAlias = tuple[str, bytes | Sequence[bytes]]
"""Content type, and an answer: whole, or in pieces."""


class Asked(Protocol):
    """A request that was read."""

    model: str

    @property
    def usage(self) -> Usage | None:
        """What is billed; None: nothing, or nothing by tokens."""

    def answer(self) -> Body:
        """What is answered."""


class Moderation(Struct, forbid_unknown_fields=True):
    """`POST /v1/moderations`, which costs nothing; it flags a text with the word `flag` in it."""

    model: str
    input: str | list[str | Json]

    @property
    def usage(self) -> Usage | None:
        """Nothing is billed."""
        return None

    def answer(self) -> Body:
        """A verdict on each text."""
        texts = [self.input] if isinstance(self.input, str) else self.input
        found = {"id": "modr-1", "model": self.model, "results": [_verdict(one) for one in texts]}
        return JSON, msgspec.json.encode(found)


def _verdict(text: str | Json) -> Json:
    flagged = "flag" in (text if isinstance(text, str) else str(text))
    score = 0.9 if flagged else 0.1
    return {
        "flagged": flagged,
        "categories": dict.fromkeys(_CATEGORIES, flagged),
        "category_scores": dict.fromkeys(_CATEGORIES, score),
        "category_applied_input_types": {name: ["text"] for name in _CATEGORIES},
    }


_CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
    "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
    "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip


class Generation(Struct, forbid_unknown_fields=True):
    """`POST /v1/images/generations`, in tokens as the newer models have it."""

    model: str
    prompt: Annotated[str, Meta(min_length=1, max_length=32_000)]
    n: Annotated[int, Meta(ge=1, le=10)] = 1
    size: str = "auto"
    quality: Literal["auto", "low", "medium", "high"] = "auto"
    stream: bool = False
    partial_images: Annotated[int, Meta(ge=0, le=3)] = 0
    user: str | None = None

    @property
    def usage(self) -> Usage:
        """The words, and each picture."""
        return Usage(input=tokens(self.prompt), output=self.n * TOKENS_PER_PICTURE)

    def answer(self) -> Body:
        """The pictures."""
        made = [_base64(f"{self.prompt} {index}", 2000) for index in range(self.n)]
        if self.stream:
            kind = "image_generation"
            parts: list[Json] = [
                {"type": f"{kind}.partial_image", "b64_json": made[0], "partial_image_index": index}
                for index in range(self.partial_images)
            ]
            last: Json = {"type": f"{kind}.completed", "b64_json": made[0], "usage": self._told()}
            return EVENTS, [_event(one) for one in (*parts, last)]
        data = [{"b64_json": one} for one in made]
        return JSON, msgspec.json.encode({"created": 1, "data": data, "usage": self._told()})

    def _told(self) -> Json:
        spent = self.usage
        return {
            "input_tokens": spent.input,
            "input_tokens_details": {"image_tokens": 0, "text_tokens": spent.input},
            "output_tokens": spent.output,
            "total_tokens": spent.input + spent.output,
        }


class Speech(Struct, forbid_unknown_fields=True):
    """`POST /v1/audio/speech`: bytes of no real sound, a hundred for a token."""

    model: str
    input: Annotated[str, Meta(min_length=1, max_length=4096)]
    voice: str
    instructions: str | None = None
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Meta(ge=0.25, le=4)] = 1.0
    stream_format: Literal["audio", "sse"] = "audio"

    @property
    def usage(self) -> Usage:
        """The words, and as much sound."""
        return Usage(input=tokens(self.input), output=4 * tokens(self.input))

    def answer(self) -> Body:
        """The sound, or events that carry it."""
        spent = self.usage
        sound = _bytes(self.input, spent.output * BYTES_PER_TOKEN_OF_SOUND)
        cut = [sound[at : at + PIECE_BYTES] for at in range(0, len(sound), PIECE_BYTES)]
        if self.stream_format == "audio":
            return _SOUNDS.get(self.response_format, f"audio/{self.response_format}"), cut
        usage = {
            "input_tokens": spent.input,
            "output_tokens": spent.output,
            "total_tokens": spent.input + spent.output,
        }
        said: list[Json] = [
            {"type": "speech.audio.delta", "audio": base64.b64encode(one).decode()} for one in cut
        ]
        said.append({"type": "speech.audio.done", "usage": usage})
        return EVENTS, [_event(one) for one in said]


_SOUNDS: Mapping[str, str] = {"mp3": "audio/mpeg"}


def _event(said: Json) -> bytes:
    return b"data: " + msgspec.json.encode(said) + b"\n\n"


def _bytes(seed: str, count: int) -> bytes:
    return hashlib.shake_128(seed.encode()).digest(count)


def _base64(seed: str, count: int) -> str:
    return base64.b64encode(_bytes(seed, count)).decode()


_JSON: Mapping[str, type[Moderation | Generation | Speech]] = {
    "/v1/moderations": Moderation,
    "/v1/images/generations": Generation,
    "/v1/audio/speech": Speech,
}
PATHS = frozenset(_JSON)


def read(request: Request) -> Asked:
    """Read and check a request. Raises Refused (400)."""
    return _decoded(request.body, _JSON[request.path])


T = TypeVar("T")


def _decoded(body: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as error:
        flaw = checked(error)
        raise Refused(
            400, "invalid_request_error", flaw.message, param=flaw.path or None
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, "invalid_request_error", "The body is not valid JSON.") from error
