"""A body that a caller sent compressed, unpacked: never more of it than a plain one may have."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from headgate.errors import RequestError
from headgate.gateway.http1_refusals import too_large

__all__ = ["ENCODING", "unpacked", "zstd"]

ENCODING = "content-encoding"

_EITHER = zlib.MAX_WBITS | 32
"""Reads gzip's header and zlib's, whichever there is."""
_BARE = -zlib.MAX_WBITS
"""Reads what has neither, as some clients send for `deflate`."""
_PLAIN = ("", "identity")
_KNOWN = ("gzip", "x-gzip", "deflate")
_ZSTD = "zstd"
LARGEST_WINDOW = 23
"""Power of two of the memory that a zstd frame may ask for: 8 MB, the most that RFC 9659 lets be
sent over HTTP. Its own limit is 128 MB, whatever comes out."""
MOST_MEMBERS = 16
"""What follows a member is copied: a body of a million empty ones would take many minutes."""


class _Inflater(Protocol):
    """Unpacks one member; those of zlib and of zstd do it alike."""

    @property
    def eof(self) -> bool:
        """Whether its end has come."""

    @property
    def unused_data(self) -> bytes:
        """What follows its end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """So many bytes of what it holds, at most."""


class _CutError(Exception):
    """A body ends too early, or has too many members."""


@cache
def zstd() -> Any:
    """The module that reads zstd: Python's own from 3.14 on, or its backport; None: neither is."""
    try:
        return import_module(
            "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
        )
    except ImportError:
        return None


def unpacked(
    body: bytes, encoding: str, limit: int, *, find_zstd: Callable[[], Any] = zstd
) -> bytes:
    """The body as it was before `encoding`, the header's value, was done to it.

    Raises:
        RequestError: another way of compressing (415), more than `limit` bytes (413), or not what
            the header says (400).
    """
    word = encoding.strip().lower()
    if word in _PLAIN:
        return body
    if word not in _KNOWN:
        module = find_zstd()  # loaded with the first body that is not in gzip
        if word != _ZSTD or module is None:
            raise _unknown(word, module)
        options = {module.DecompressionParameter.window_log_max: LARGEST_WINDOW}
        try:
            return _inflated(body, lambda: module.ZstdDecompressor(options=options), limit)
        except (_CutError, module.ZstdError):
            raise _damaged(word) from None
    try:
        return _inflated(body, lambda: zlib.decompressobj(_EITHER), limit)
    except (_CutError, zlib.error):
        if word != "deflate":
            raise _damaged(word) from None
    try:
        return _inflated(body, lambda: zlib.decompressobj(_BARE), limit)
    except (_CutError, zlib.error):
        raise _damaged(word) from None


def _inflated(body: bytes, begin: Callable[[], _Inflater], limit: int) -> bytes:
    """The members of a compressed body, one after the other; no client sends many.

    Raises:
        _CutError: it is cut short, or has too many members; what unpacks it raises its own error.
        RequestError: 413, it holds too much.
    """
    out: list[bytes] = []
    room = limit
    while body:
        if len(out) == MOST_MEMBERS:
            raise _CutError
        inflater = begin()
        data = inflater.decompress(body, room + 1)  # one byte too many tells that there are more
        room -= len(data)
        if room < 0:
            raise too_large(limit)
        if not inflater.eof:
            raise _CutError
        out.append(data)
        body = inflater.unused_data
    return b"".join(out)


def _unknown(word: str, module: Any) -> RequestError:
    known = ["gzip", "deflate", *([] if module is None else [_ZSTD])]
    fix = f"Send it plain, or with Content-Encoding {', '.join(known[:-1])} or {known[-1]}."
    if word == _ZSTD:
        fix += " For zstd the gateway needs `pip install 'headgate[zstd]'`."
    return RequestError(
        "The request body is compressed in a way that is not known here.",
        status=415,
        code="unsupported_encoding",
        fix=fix,
        headers=(("accept-encoding", ", ".join(known)),),
    )


def _damaged(word: str) -> RequestError:
    return RequestError(
        f"The request body is not {word}, as its Content-Encoding says.",
        code="invalid_encoding",
        fix="Send what the header says, or send the body plain and without that header.",
    )
