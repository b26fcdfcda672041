"""Names of HTTP header fields in lower case: the same ones come with each message."""

from __future__ import annotations

__all__ = ["FieldNames"]

MOST_KEPT = 256
"""Names that are kept, and the longest of them in bytes: the other side may think of any number."""


class FieldNames(dict[bytes, str]):
    """`names[b"Content-Type"]` is "content-type", worked out once; bytes are read as Latin-1."""

    def __missing__(self, name: bytes) -> str:
        found = name.decode("latin-1").lower()
        if len(self) < MOST_KEPT and len(name) <= MOST_KEPT:
            self[name] = found
        return found
