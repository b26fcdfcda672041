"""One caller's request, read once: what is checked of it, and what a policy is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from headgate.errors import RequestError
from headgate.values import Ask

__all__ = [
    "Inbound",
    "Outline",
    "ask_of",
    "decoded",
    "fields_of",
    "flag",
    "is_given",
    "items",
    "label",
    "model_of",
    "no_messages",
    "no_model",
    "number",
    "required",
    "too_deep",
]

T = TypeVar("T")

BYTES_PER_TOKEN = 4
TOKENS_PER_REQUEST = 3
TOKENS_PER_TURN = 4
TOKENS_PER_IMAGE = 1000


class Inbound(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request as its caller sent it.

    `fields` are the top-level fields with the bytes of their values as they came; of a field
    given twice, the last counts, as in every JSON reader, and only that one is sent on.
    `quiet` says that an empty answer can be a good one: a tool's result needs no comment, and a
    stop sequence can be met at once.
    """

    dialect: str
    ask: Ask
    stream: bool
    fields: Mapping[str, msgspec.Raw]
    body: bytes
    quiet: bool = False


class Outline(msgspec.Struct, eq=False, gc=False):
    """What a policy may know of a conversation, gathered turn by turn."""

    turns: list[tuple[str, str]] = []
    """Role ("system", "user", "assistant" or "tool") and text of each."""
    images: int = 0
    files: int = 0
    call_bytes: int = 0
    """Bytes of the JSON of tool calls in the history."""

    @property
    def last(self) -> str:
        """Role of the last turn; empty where there is none."""
        return self.turns[-1][0] if self.turns else ""


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def fields_of(body: bytes) -> dict[str, msgspec.Raw]:
    """The top-level fields of a JSON object, values undecoded.

    Raises:
        RequestError: not UTF-8, not JSON, not an object, or nested too deeply.
    """
    try:
        if not body.isascii():
            body.decode()
        return _FIELDS.decode(body)
    except UnicodeDecodeError as error:
        raise RequestError(
            f"The request body is not valid UTF-8 (byte {error.start}).",
            fix="Send JSON encoded as UTF-8; if it is compressed, say so in Content-Encoding.",
            code="invalid_encoding",
        ) from None
    except msgspec.ValidationError:
        raise RequestError(
            "The request body must be a JSON object.",
            fix='It begins with "{" and has at least the fields model and messages.',
            code="invalid_json",
        ) from None
    except msgspec.DecodeError as error:
        raise RequestError(
            f"The request body is not valid JSON: {_decode_fault(error)}.",
            fix="Send one JSON object, with Content-Type application/json.",
            code="invalid_json",
        ) from None
    except RecursionError:
        raise too_deep() from None


def _decode_fault(error: msgspec.DecodeError) -> str:
    text = str(error).removeprefix("JSON is malformed: ")
    if "truncated" in text:
        # msgspec says the same of a text cut short and of half a surrogate pair
        return "it ends too early, or holds half a surrogate pair"
    return text


def too_deep() -> RequestError:
    """The refusal of JSON that cannot be read for its depth."""
    return RequestError(
        "The request body is nested too deeply.",
        fix="Keep arrays and objects less than some hundred levels deep.",
        code="invalid_json",
    )


def decoded(decoder: msgspec.json.Decoder[T], raw: msgspec.Raw | bytes, field: str) -> T:
    """`raw` through `decoder`; a mismatch becomes an error that names the place.

    `field` is the name of the value's field, or "" when `raw` is the whole body.

    Raises:
        RequestError: the value is not of the decoder's type.
    """
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise _mismatch(str(error), field) from None
    except msgspec.DecodeError as error:
        raise RequestError(
            f"Invalid value for '{field or 'body'}': {_decode_fault(error)}.",
            code="invalid_json",
            param=field or None,
        ) from None
    except UnicodeDecodeError:
        raise RequestError(
            f"Invalid value for '{field or 'body'}': it is not valid UTF-8.",
            code="invalid_encoding",
            param=field or None,
        ) from None
    except RecursionError:
        raise too_deep() from None


_MISMATCH = re.compile(
    r"Expected `(?P<wanted>[^`]*)`, got `(?P<got>[^`]*)`(?: - at `(?P<at>[^`]*)`)?"
)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`(?: - at `(?P<at>[^`]*)`)?")
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "a boolean",
    "array": "an array",
    "object": "an object",
    "null": "null",
}


def _mismatch(fault: str, field: str) -> RequestError:
    missing = _MISSING.match(fault)
    if missing:
        place = _place(field, missing["at"])
        param = f"{place}.{missing['name']}" if place else missing["name"]
        return RequestError(
            f"Missing required parameter: '{param}'.",
            code="missing_required_parameter",
            param=param,
        )
    wrong = _MISMATCH.match(fault)
    if wrong is None:
        return RequestError(
            f"Invalid value for '{field}': {fault}.", code="invalid_value", param=field or None
        )
    param = _place(field, wrong["at"])
    wanted = [_WORDS.get(word, word) for word in wrong["wanted"].split(" | ")]
    expected = (
        " or ".join(wanted) if len(wanted) < 3 else f"{', '.join(wanted[:-1])} or {wanted[-1]}"
    )
    return RequestError(
        f"Invalid type for '{param or 'body'}': expected {expected}, "
        f"but got {_WORDS.get(wrong['got'], wrong['got'])} instead.",
        code="invalid_type",
        param=param or None,
    )


def _place(field: str, at: str | None) -> str:
    """`$[0].content` within `messages` is `messages[0].content` to the caller."""
    path = (at or "$").removeprefix("$").replace("[...]", ".*")
    return (field + path).removeprefix(".")


_MODEL = msgspec.json.Decoder(str)
_FLAG = msgspec.json.Decoder(bool | None)
_NUMBER = msgspec.json.Decoder(int | None)
_LIST = msgspec.json.Decoder(list[msgspec.Raw] | None)
_LABEL = msgspec.json.Decoder(str)


def required(fields: Mapping[str, msgspec.Raw], name: str) -> msgspec.Raw:
    """The field's value.

    Raises:
        RequestError: the caller did not send it.
    """
    raw = fields.get(name)
    if raw is None:
        raise RequestError(
            f"Missing required parameter: '{name}'.",
            code="missing_required_parameter",
            param=name,
        )
    return raw


def model_of(fields: Mapping[str, msgspec.Raw]) -> str:
    """The model asked for.

    Raises:
        RequestError: it is missing, empty or not a string.
    """
    model = decoded(_MODEL, required(fields, "model"), "model")
    if not model:
        raise no_model()
    return model


def flag(fields: Mapping[str, msgspec.Raw], name: str) -> bool:
    """A boolean field; missing and null are False."""
    raw = fields.get(name)
    return raw is not None and bool(decoded(_FLAG, raw, name))


def is_given(fields: Mapping[str, msgspec.Raw], name: str) -> bool:
    """Whether a field is there and says something: an SDK may write null for what is not set."""
    raw = fields.get(name)
    return raw is not None and bytes(raw) not in (b"null", b"[]")


def number(fields: Mapping[str, msgspec.Raw], name: str) -> int | None:
    """An integer field; missing and null are None."""
    raw = fields.get(name)
    return None if raw is None else decoded(_NUMBER, raw, name)


def items(fields: Mapping[str, msgspec.Raw], name: str) -> list[msgspec.Raw]:
    """An array field, its items undecoded; missing and null are empty."""
    raw = fields.get(name)
    return [] if raw is None else decoded(_LIST, raw, name) or []


def label(fields: Mapping[str, msgspec.Raw], name: str) -> str | None:
    """A field that is a string, or None: what is no string is for the provider to refuse."""
    raw = fields.get(name)
    return _LABEL.decode(raw) if raw is not None and bytes(raw).startswith(b'"') else None


def no_model() -> RequestError:
    """The refusal of a model without a name."""
    return RequestError(
        "Invalid 'model': empty string.",
        fix="Name a model, a tier, or auto.",
        code="invalid_value",
        param="model",
    )


def no_messages() -> RequestError:
    """The refusal of an empty conversation."""
    return RequestError(
        "Invalid 'messages': empty array. Expected an array with minimum length 1.",
        code="empty_array",
        param="messages",
    )


def ask_of(
    model: str,
    outline: Outline,
    headers: Mapping[str, str],
    stream: bool,
    max_output: int | None,
    tools: Sequence[msgspec.Raw],
    json_schema: bool,
    conversation: str | None = None,
    continues: str | None = None,
) -> Ask:
    """The Ask for a conversation.

    `tokens` is estimated as one for 4 bytes of UTF-8 (English, code and most other scripts come to
    3 to 5 with the tokenizers of 2024 to 2026), 4 for each turn, 3 for the request and 1,000 for
    each image or file. Tools and the calls in the history count by the bytes of their JSON.
    """
    systems: list[str] = []
    openings: list[str] = []
    last_user = ""
    preamble = users = replies = texts = 0
    size = outline.call_bytes
    for role, said in outline.turns:
        if said:
            size += len(said) if said.isascii() else len(said.encode())
        if role == "system":
            if said:
                systems.append(said)
                preamble += 0 if users else len(said) + 2
            continue
        if role == "user":
            users += 1
            last_user = said
            if not replies and (said or openings):
                openings.append(said)
        else:
            replies += 1
        if said:
            texts += 1
    if systems:
        size += 2 * (len(systems) - 1)  # what parts them
    if texts:
        size += 2 * (texts - 1)
    if tools:
        size += sum([len(memoryview(tool)) for tool in tools])
    tokens = size // BYTES_PER_TOKEN + TOKENS_PER_REQUEST + TOKENS_PER_TURN * len(outline.turns)
    if outline.images or outline.files:
        tokens += TOKENS_PER_IMAGE * (outline.images + outline.files)
    # by position, in the order of its fields: a name costs 50 instructions (docs/decisions/0020)
    return Ask(
        model,
        "\n\n".join(systems),
        last_user,
        users,
        "\n\n".join(openings),
        preamble and preamble - 2,  # less what would part it from the next
        replies,
        conversation,
        continues,
        tokens,
        max_output,
        len(tools),
        outline.images,
        json_schema,
        stream,
        headers,
    )
