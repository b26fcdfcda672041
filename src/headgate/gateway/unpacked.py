"""A body that a caller sent compressed, unpacked: never more of it than a plain one may have."""

from __future__ import annotations

import zlib

from headgate.errors import RequestError
from headgate.gateway.http1_refusals import too_large

__all__ = ["ENCODING", "unpacked"]

ENCODING = "content-encoding"

_EITHER = zlib.MAX_WBITS | 32
"""Reads gzip's header and zlib's, whichever there is."""
_BARE = -zlib.MAX_WBITS
"""Reads what has neither, as some clients send for `deflate`."""
_PLAIN = ("", "identity")
_KNOWN = ("gzip", "x-gzip", "deflate")
MOST_MEMBERS = 16
"""What follows a member is copied: a body of a million empty ones would take many minutes."""


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before `encoding`, the header's value, was done to it.

    Raises:
        RequestError: another way of compressing (415), more than `limit` bytes (413), or not what
            the header says (400).
    """
    word = encoding.strip().lower()
    if word in _PLAIN:
        return body
    if word not in _KNOWN:
        raise RequestError(
            "The request body is compressed in a way that is not known here.",
            status=415,
            code="unsupported_encoding",
            fix="Send it plain, or with Content-Encoding gzip or deflate.",
            headers=(("accept-encoding", "gzip, deflate"),),
        )
    try:
        return _inflated(body, _EITHER, limit)
    except zlib.error:
        if word != "deflate":
            raise _damaged(word) from None
    try:
        return _inflated(body, _BARE, limit)
    except zlib.error:
        raise _damaged(word) from None


def _inflated(body: bytes, form: int, limit: int) -> bytes:
    """The members of a compressed body, one after the other; no client sends many.

    Raises:
        zlib.error: it is none, is cut short, or has too many members.
        RequestError: 413, it holds too much.
    """
    out: list[bytes] = []
    room = limit
    while body:
        if len(out) == MOST_MEMBERS:
            raise zlib.error("it has too many members")
        inflater = zlib.decompressobj(form)
        data = inflater.decompress(body, room + 1)  # one byte too many tells that there are more
        room -= len(data)
        if room < 0:
            raise too_large(limit)
        if not inflater.eof:
            raise zlib.error("it ends too early")
        out.append(data)
        body = inflater.unused_data
    return b"".join(out)


def _damaged(word: str) -> RequestError:
    return RequestError(
        f"The request body is not {word}, as its Content-Encoding says.",
        code="invalid_encoding",
        fix="Send what the header says, or send the body plain and without that header.",
    )
