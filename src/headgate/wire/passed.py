"""Requests that are passed through: what is read of them, and what their answers say of tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from headgate.errors import RequestError
from headgate.values import Usage
from headgate.wire.inbound import BYTES_PER_TOKEN, fields_of, model_of, required
from headgate.wire.meter import Counts, Meter, OpenAICounts, ResponsesCounts
from headgate.wire.passthrough import spliced
from headgate.wire.sse import Decoder

__all__ = [
    "EMBEDDINGS",
    "FORM_KINDS",
    "IMAGES",
    "JSON_KINDS",
    "MODERATIONS",
    "Kind",
    "Listener",
    "Passed",
    "Told",
    "answers",
    "number_of",
    "read",
    "speaks",
    "told",
]

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""Longest event that is listened to: one with a large picture in it."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, by its path."""

    path: str
    """Appended to the base URL of a provider that speaks one of OpenAI's dialects."""
    name: str
    """In errors: what a provider may not have."""
    text: str
    """The field whose text is sent."""
    form: bool = False
    """Its request is multipart/form-data; else JSON."""
    reads_media: bool = False
    """Input tokens are not those of text, unless the answer says so."""
    makes_media: bool = False
    """Output tokens are not."""
    answers: bool = True
    """What comes out is billed too."""
    tells: Callable[[Mapping[str, object]], bool] = lambda _: True
    """Whether an answer counts its tokens, as the fields of its request have it."""

    @property
    def text_only(self) -> bool:
        """All that is billed is the text that was sent: an estimate of it has a price."""
        return not (self.answers or self.reads_media)


EMBEDDINGS = Kind(path="/embeddings", name="embeddings", text="input", answers=False)
MODERATIONS = Kind(path="/moderations", name="moderations", text="input", answers=False)
IMAGES = ("/images/generations", "/images/edits")
"""The paths of all that makes pictures."""
JSON_KINDS: Mapping[str, Kind] = {
    kind.path: kind
    for kind in (
        EMBEDDINGS,
        MODERATIONS,
        Kind(path="/images/generations", name="images", text="prompt", makes_media=True),
        Kind(
            path="/audio/speech",
            name="speech",
            text="input",
            makes_media=True,
            tells=lambda options: options.get("stream_format") == "sse",
        ),
    )
}
"""By path: requests in JSON."""
_TELLING = (None, "", "json", "verbose_json", "diarized_json")
"""Forms of a transcription that are JSON; in a stream its last event tells as much."""


def _transcript_tells(options: Mapping[str, object]) -> bool:
    return options.get("stream") == "true" or options.get("response_format") in _TELLING


FORM_KINDS: Mapping[str, Kind] = {
    kind.path: kind
    for kind in (
        Kind(
            path="/images/edits",
            name="images",
            text="prompt",
            form=True,
            reads_media=True,
            makes_media=True,
        ),
        *(
            Kind(
                path=f"/audio/{name}",
                name=name,
                text="prompt",
                form=True,
                reads_media=True,
                tells=_transcript_tells,
            )
            for name in ("transcriptions", "translations")
        ),
    )
}
"""By path: requests in multipart/form-data."""


class Told(NamedTuple):
    """What an answer says of its bill."""

    usage: Usage | None = None
    model: str | None = None
    other_input: int = 0
    """Input tokens that are not those of text, or of which nothing is said."""
    other_output: int = 0
    """The same of output."""
    beside: bool = False
    """Another model was at work as well, and is billed."""


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A caller's request."""

    kind: Kind
    model: str
    """As the caller spelled it; empty where it was left out."""
    tokens: int
    """Input tokens, estimated."""
    outputs: int
    """How many answers are billed."""
    options: Mapping[str, object]
    """What bears on whether an answer counts its tokens."""
    body: Callable[[str], bytes]
    """Its body for a model, all other bytes as they came."""
    content_type: str = ""
    """Of the body; empty for JSON."""

    @property
    def tells(self) -> bool:
        """An answer counts its tokens, if the provider's are as the API says."""
        return self.kind.tells(self.options)


class _Options(msgspec.Struct):
    n: object = None
    stream_format: object = None


_OPTIONS = msgspec.json.Decoder(_Options)


def speaks(dialect: str) -> bool:
    """Whether providers of a dialect may be asked for any of it."""
    return dialect in ("openai", "openai-responses")


def read(kind: Kind, body: bytes) -> Passed:
    """One caller's request in JSON.

    Raises:
        RequestError: it is no JSON object with a text, or its model is none (400).
    """
    fields = fields_of(body)
    required(fields, kind.text)
    try:
        options = _OPTIONS.decode(body) if kind.answers else _Options()
    except msgspec.ValidationError as error:  # a number beyond all numbers
        raise _no_number() from error
    return Passed(
        kind=kind,
        model="" if fields.get("model", _NULL) == _NULL else model_of(fields),
        tokens=len(memoryview(fields[kind.text])) // BYTES_PER_TOKEN,
        outputs=answers(kind, options.n),
        options={"stream_format": options.stream_format},
        body=lambda model: spliced(fields, model, {}),
    )


_NULL = msgspec.Raw(b"null")
_WHOLE = re.compile(r"[+-]?(?P<digits>\d{1,9})(?:\.0*)?", re.ASCII)
"""What providers take for a whole number where all is text, and where it is JSON."""


def answers(kind: Kind, number: object) -> int:
    """How many answers are asked for, and billed: `n`, from JSON or from a form.

    Raises:
        RequestError: that is no whole number, or one beyond all reason (400).
    """
    return number_of(number) if kind.answers else 0


def number_of(number: object) -> int:
    """How many answers `n` asks for: 1 where nothing is said, and at least one.

    Raises:
        RequestError: that is no whole number, or one beyond all reason (400).
    """
    if number is None or number == "":
        return 1
    found = None if isinstance(number, bool) else _WHOLE.fullmatch(str(number).strip())
    if found is None:
        raise _no_number()
    return max(1, int(found["digits"]))


def _no_number() -> RequestError:
    return RequestError(
        "`n` is not a whole number.",
        code="invalid_value",
        param="n",
        fix="Say how many answers you want, such as 1.",
    )


# ---- answers


class _Answer(msgspec.Struct):
    model: object = None
    usage: object = None
    service_tier: object = None
    svg_usage: object = None
    error: object = None


_ANSWER = msgspec.json.Decoder(_Answer)
_NOTHING = _Answer()
_FORMS: tuple[type[Counts], ...] = (ResponsesCounts, OpenAICounts)
_DETAILS = ("_tokens_details", "_token_details")
"""Images have the first, transcriptions the second."""


def told(kind: Kind, body: bytes) -> Told:
    """What an answer in JSON says."""
    return _said(kind, _read(body))


def _read(body: bytes) -> _Answer:
    try:
        return _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOTHING


def _said(kind: Kind, answer: _Answer) -> Told:
    model = answer.model if isinstance(answer.model, str) else None
    for form in _FORMS:
        meter = Meter(form)
        meter.see(answer.usage)
        meter.serve(answer.service_tier)
        usage = meter.usage
        if usage is not None and isinstance(answer.usage, dict):
            return Told(
                usage,
                model,
                _other(answer.usage, "input", usage.total_input, media=kind.reads_media),
                _other(answer.usage, "output", usage.output, media=kind.makes_media),
                answer.svg_usage is not None,
            )
    return Told(model=model)


def _other(usage: Mapping[str, object], side: str, tokens: int, *, media: bool) -> int:
    """The tokens of a side that are not said to be text; of nothing said, the kind decides."""
    for name in _DETAILS:
        details = usage.get(side + name)
        text = details.get("text_tokens") if isinstance(details, dict) else None
        if isinstance(text, int):
            return max(0, tokens - text)
    return tokens if media else 0


class Listener:
    """Hears what the events of a stream say of its tokens, in whatever pieces they come."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._decoder = Decoder(MAX_EVENT_BYTES)
        self._told = Told()
        self.error = False
        """An event has said that it failed."""

    def feed(self, chunk: bytes) -> None:
        """Take what has come."""
        for event in self._decoder.feed(chunk):
            self._hear(event.data)

    def told(self) -> Told:
        """What was said until now; the last word counts."""
        for event in self._decoder.end():
            self._hear(event.data)
        return self._told

    def _hear(self, data: bytes | None) -> None:
        if data is None or not (b'"usage"' in data or b'"error"' in data):
            return  # a piece of a picture, or of sound
        answer = _read(data)
        self.error = self.error or answer.error is not None
        found = _said(self._kind, answer)
        if found.usage is not None:
            self._told = found
