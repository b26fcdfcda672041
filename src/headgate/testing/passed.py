"""The simulated provider's moderations, pictures, speech and transcriptions, their bytes made up.

Written from the public API reference, and on purpose without the gateway's own reading of them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from email.parser import BytesParser
from email.policy import HTTP
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
    def text(self) -> str:
        """Its words, in which failures can be ordered."""

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
    def text(self) -> str:
        """All that is to be judged."""
        return self.input if isinstance(self.input, str) else "\n".join(map(str, self.input))

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
    def text(self) -> str:
        """What is to be drawn."""
        return self.prompt

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
    def text(self) -> str:
        """What is to be said."""
        return self.input

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


class Edit(Struct, forbid_unknown_fields=True):
    """`POST /v1/images/edits`: a picture read costs what one made does. A mask costs nothing."""

    model: str
    prompt: str
    image: Annotated[tuple[bytes, ...], Meta(min_length=1, max_length=16)]
    mask: bytes = b""
    n: Annotated[int, Meta(ge=1, le=10)] = 1

    @property
    def text(self) -> str:
        """What is to be changed."""
        return self.prompt

    @property
    def usage(self) -> Usage:
        """The words, each picture that is read, and each that is made."""
        read = tokens(self.prompt) + self._seen
        return Usage(input=read, output=self.n * TOKENS_PER_PICTURE)

    @property
    def _seen(self) -> int:
        return len(self.image) * TOKENS_PER_PICTURE

    def answer(self) -> Body:
        """The pictures."""
        spent = self.usage
        usage = {
            "input_tokens": spent.input,
            "input_tokens_details": {
                "image_tokens": self._seen,
                "text_tokens": spent.input - self._seen,
            },
            "output_tokens": spent.output,
            "total_tokens": spent.input + spent.output,
        }
        data = [{"b64_json": _base64(f"{self.prompt} {index}", 2000)} for index in range(self.n)]
        return JSON, msgspec.json.encode({"created": 1, "data": data, "usage": usage})


class Transcription(Struct, forbid_unknown_fields=True):
    """`POST /v1/audio/transcriptions` and `…/translations`: it hears how long a file is."""

    model: str
    file: bytes
    language: str | None = None
    prompt: str = ""
    response_format: Literal["json", "text"] = "json"
    temperature: float = 0
    stream: bool = False

    @property
    def text(self) -> str:
        """What the caller says of the file, and which one it is."""
        return f"{self.prompt} {self._text}"

    @property
    def usage(self) -> Usage:
        """The sound, and the words that were heard."""
        heard = tokens(self.prompt) + -(-len(self.file) // BYTES_PER_TOKEN_OF_SOUND)
        return Usage(input=heard, output=tokens(self._text))

    @property
    def _text(self) -> str:
        return f"{len(self.file)} bytes, {hashlib.sha256(self.file).hexdigest()[:8]}"

    def answer(self) -> Body:
        """The text."""
        spent, words = self.usage, tokens(self.prompt)
        usage = {
            "type": "tokens",
            "input_tokens": spent.input,
            "input_token_details": {"text_tokens": words, "audio_tokens": spent.input - words},
            "output_tokens": spent.output,
            "total_tokens": spent.input + spent.output,
        }
        if self.stream:
            kind = "transcript.text"
            delta: Json = {"type": f"{kind}.delta", "delta": self._text}
            done: Json = {"type": f"{kind}.done", "text": self._text, "usage": usage}
            return EVENTS, [_event(delta), _event(done)]
        if self.response_format == "text":
            return "text/plain; charset=utf-8", self._text.encode()
        return JSON, msgspec.json.encode({"text": self._text, "usage": usage})


_JSON: Mapping[str, type[Moderation | Generation | Speech]] = {
    "/v1/moderations": Moderation,
    "/v1/images/generations": Generation,
    "/v1/audio/speech": Speech,
}
_FORMS: Mapping[str, type[Edit | Transcription]] = {
    "/v1/images/edits": Edit,
    "/v1/audio/transcriptions": Transcription,
    "/v1/audio/translations": Transcription,
}
PATHS = frozenset({*_JSON, *_FORMS})


def read(request: Request) -> Asked:
    """Read and check a request. Raises Refused (400)."""
    form = _FORMS.get(request.path)
    if form is None:
        return _decoded(request.body, _JSON[request.path])
    fields = _form(request)
    if form is Edit and "image" in fields:
        fields["image"] = [fields["image"]]
    elif form is Edit and "image[]" in fields:  # as several are sent
        fields["image"] = fields.pop("image[]")
    try:
        return msgspec.convert(fields, form, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(error) from error


def _form(request: Request) -> dict[str, object]:
    """The fields of a form, read as an e-mail; each is there once, but for a list's (`name[]`)."""
    head = f"content-type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    if message.get_content_type() != "multipart/form-data" or message.defects:
        raise Refused(400, "invalid_request_error", "The body is no multipart/form-data.")
    fields: dict[str, object] = {}
    lists: dict[str, list[str | bytes]] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", "", "content-disposition"))
        content = part.get_payload(decode=True)
        if name in fields or not isinstance(content, bytes):
            raise Refused(400, "invalid_request_error", f"{name} is malformed.", param=name)
        value = content.decode() if part.get_filename() is None else content
        if name.endswith("[]"):
            lists.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return {**fields, **lists}


T = TypeVar("T")


def _decoded(body: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as error:
        raise _refused(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, "invalid_request_error", "The body is not valid JSON.") from error


def _refused(error: msgspec.ValidationError) -> Refused:
    flaw = checked(error)
    return Refused(400, "invalid_request_error", flaw.message, param=flaw.path or None)
