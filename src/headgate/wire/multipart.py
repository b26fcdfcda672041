"""Requests in multipart/form-data: which model one names, and the same bytes for another name.

Headgate and the provider must find the same model in a form, or a key could ask for one that is not
open to it. So only one way of writing a form is read, RFC 7578's without what it discourages; what
two readers might take differently is refused: a name twice, an encoded one, bytes between parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from headgate.errors import RequestError
from headgate.wire.inbound import BYTES_PER_TOKEN
from headgate.wire.passed import Kind, Passed, answers

__all__ = ["read_form"]

BYTES_PER_FILE_TOKEN = 1000
"""Of a picture or of sound, roughly: formats differ by ten times."""
MOST_PARTS = 1000
LONGEST_HEAD = 8192
LONGEST_NAME = 1000
"""Of a model, in bytes."""

_CHARS = r"[0-9A-Za-z'()+_,\-./:=?]"
_TYPE = re.compile(
    rf'multipart/form-data *; *boundary=(?:"(?P<quoted>{_CHARS}(?:[ ]?{_CHARS}){{0,69}})"'
    r"|(?P<bare>[0-9A-Za-z'()+_\-./:=?]{1,70}))(?: *; *charset=(?:utf-8|us-ascii))?",
    re.IGNORECASE,
)
_DISPOSITION = re.compile(
    rb'content-disposition: *form-data *; *name=(?:"(?P<quoted>[^"\\%\r\n]+)"|(?P<bare>[\w.\-]+))'
    rb'(?P<file>(?: *; *filename=(?:"(?:[^"\\]|\\.)*"|[\w.\-]+))?'
    rb"(?: *; *filename\*=[\w.\-%']+)?)",
    re.IGNORECASE,
)
_HEADER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n\0]*")
_ENCODED = re.compile(
    rb"content-transfer-encoding:(?! *(?:7bit|8bit|binary) *$)[^\r\n]*", re.IGNORECASE
)
_LENGTH = re.compile(rb"^content-length: *(?P<digits>\d+) *(?=\r|\Z)", re.IGNORECASE | re.MULTILINE)
"""Some clients say how long each part is."""
_OPTIONS = frozenset({"n", "response_format", "stream"})
_READ = _OPTIONS | {"model", "prompt"}
"""Fields that bear on who answers and what it costs."""


class _Part(NamedTuple):
    name: str
    head: int
    """Where it begins in the body."""
    start: int
    """Where its content does."""
    end: int
    file: bool


def read_form(kind: Kind, body: bytes, content_type: str) -> Passed:
    """One caller's request.

    Args:
        kind: what is asked for.
        body: the form.
        content_type: the header that came with it.

    Raises:
        RequestError: it is no such form, or its model is none (400).
    """
    delimiter = _boundary(content_type)
    parts = _parts(body, delimiter)
    fields: dict[str, _Part] = {}
    for part in parts:
        if part.name not in _READ:
            continue
        if part.name in fields:
            raise _malformed(f"the field `{part.name}` is there twice", part.name)
        if part.file:
            raise _malformed(f"the field `{part.name}` is a file", part.name)
        fields[part.name] = part
    read = {name: body[part.start : part.end] for name, part in fields.items()}
    files = sum(part.end - part.start for part in parts if part.file)
    words = len(read.get("prompt", b""))
    options = {name: read[name].decode("utf-8", "replace").strip() for name in _OPTIONS & {*read}}
    return Passed(
        kind=kind,
        model=_model(read),
        tokens=words // BYTES_PER_TOKEN + files // BYTES_PER_FILE_TOKEN,
        outputs=answers(kind, options.pop("n", None)),
        options=options,
        body=_rewritten(body, delimiter, fields.get("model")),
        content_type=content_type,
    )


def _rewritten(body: bytes, delimiter: bytes, part: _Part | None) -> Callable[[str], bytes]:
    """The form for a model: its value is replaced; where there is none, a part is put first."""
    if part is None:
        begin = body.index(delimiter)
        named = b'%b\r\nContent-Disposition: form-data; name="model"\r\n\r\n' % delimiter
        before, after = [body[:begin], named], b"\r\n" + body[begin:]
    else:
        before, after = [body[: part.start]], body[part.end :]
    length = None if part is None else _LENGTH.search(body, part.head, part.start - 4)

    def write(model: str) -> bytes:
        name = model.encode()
        if delimiter in name:  # the caller has chosen it
            raise _malformed("its boundary is a part of the model's name")
        if part is None or length is None:
            return b"".join((*before, name, after))
        digits, rest = body[: length.start("digits")], body[length.end("digits") : part.start]
        return b"".join((digits, b"%d" % len(name), rest, name, after))

    return write


def _model(read: dict[str, bytes]) -> str:
    """The model's name, in one line; empty where it was left out.

    Raises:
        RequestError: it is no such name.
    """
    if "model" not in read:
        return ""
    try:
        name = read["model"][: LONGEST_NAME + 1].decode()
    except UnicodeDecodeError:
        name = ""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise _malformed("the field `model` is not a short text", "model")
    return name


def _boundary(content_type: str) -> bytes:
    found = _TYPE.fullmatch(content_type)
    if found is None:
        raise RequestError(
            "The request must be multipart/form-data, with its boundary in Content-Type.",
            code="invalid_multipart",
            fix="Send the form as SDKs do; they write the header by themselves.",
        )
    return b"--" + (found["quoted"] or found["bare"]).encode()


def _parts(body: bytes, delimiter: bytes) -> list[_Part]:
    """The parts in their order; the delimiter stands nowhere but between them.

    Raises:
        RequestError: it is malformed, or could be read in more than one way.
    """
    at = body.find(delimiter)
    if at not in (0, 2) or body[:at] not in (b"", b"\r\n"):
        raise _malformed("it does not begin with its boundary")
    parts: list[_Part] = []
    while True:
        begins = at + len(delimiter)
        if body.startswith(b"--", begins):
            if body[begins + 2 :] not in (b"", b"\r\n"):
                raise _malformed("something follows its last boundary")
            return parts
        at = body.find(delimiter, begins)
        if at < 0:
            raise _malformed("its last boundary is missing")
        if body[begins : begins + 2] != b"\r\n" or body[at - 2 : at] != b"\r\n":
            raise _malformed("a boundary is not on a line of its own")
        if len(parts) == MOST_PARTS:
            raise _malformed(f"it has more than {MOST_PARTS} parts")
        parts.append(_part(body, begins + 2, at - 2))


def _part(body: bytes, start: int, end: int) -> _Part:
    head = body.find(b"\r\n\r\n", start, min(end, start + LONGEST_HEAD))
    lines = body[start:head].split(b"\r\n") if head >= 0 else []
    named = [line for line in lines if line[:19].lower() == b"content-disposition"]
    found = _DISPOSITION.fullmatch(named[0]) if len(named) == 1 else None
    if found is None or not all(map(_HEADER.fullmatch, lines)):
        raise _malformed("a part does not say which field it is, or not plainly")
    whole = (found["quoted"] or found["bare"]).decode("utf-8", "replace")
    name = whole.partition("[")[0].strip().lower()  # as the most lenient of readers may have it
    if name in _READ and any(map(_ENCODED.fullmatch, lines)):
        raise _malformed(f"the field `{name}` is encoded", name)
    lengths = [line for line in lines if line[:14].lower() == b"content-length"]
    if name == "model" and (len(lengths) > 1 or not all(map(_LENGTH.match, lengths))):
        raise _malformed("the length of the field `model` is not said plainly", "model")
    return _Part(name, start, head + 4, end, bool(found["file"]))


def _malformed(why: str, param: str | None = None) -> RequestError:
    return RequestError(
        f"The form in the request cannot be read: {why}.",
        code="invalid_multipart",
        param=param,
        fix="Send one part for each field, as SDKs do, without encoding names or values.",
    )
