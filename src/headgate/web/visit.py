"""One request for a page, read; and the answer to it, before it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec

__all__ = ["CSV", "Answer", "Visit", "as_json", "download", "query_of", "redirect", "values_of"]

MOST_FIELDS = 200
"""Fields that a query or a form may have; the rest is left out."""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What a page is asked for."""

    method: str
    path: str
    query: Mapping[str, str] = {}
    """The last value of each field, empty ones too."""
    form: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    """Names in lower case."""
    csrf: str = ""
    """What a form of this visitor must carry; empty where nobody logs in."""
    signed_in: bool = False

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that were sent; none where they cannot be read."""
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(self.headers.get("cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in jar.items()}

    @property
    def wants_fragment(self) -> bool:
        """A script asks for the part of the page that changes."""
        return self.headers.get("x-headgate-fragment") == "1"


class Answer(NamedTuple):
    """What is sent back."""

    body: bytes
    type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()


CSV = "text/csv; charset=utf-8"


def as_json(told: object) -> Answer:
    """A page's facts as one JSON document, to be read by people too."""
    return Answer(json.dumps(told, indent=2, ensure_ascii=False).encode(), "application/json")


def download(text: str, kind: str, name: str, *headers: tuple[str, str]) -> Answer:
    """What a browser keeps as a file of that name."""
    kept = ("content-disposition", f'attachment; filename="{name}"')
    return Answer(text.encode(), kind, headers=(kept, *headers))


def values_of(text: str) -> dict[str, str]:
    """The fields of a query or of a form's body; the last value of each, without the character NUL.

    No database and no page has a use for that character, and some refuse it.

    >>> values_of("a=1&b=&a=2%25")
    {'a': '2%', 'b': ''}
    """
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace", separator="&")
    return {name: value.replace("\0", "\ufffd") for name, value in pairs[:MOST_FIELDS]}


def query_of(values: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """Fields as a query, with its question mark; nothing for none.

    >>> query_of({"escalation": "40%", "cheap": "a/b"}), query_of({})
    ('?escalation=40%25&cheap=a%2Fb', '')
    """
    pairs = list(values.items() if isinstance(values, Mapping) else values)
    return f"?{urlencode(pairs)}" if pairs else ""


def redirect(to: str, *headers: tuple[str, str]) -> Answer:
    """See there, by GET."""
    return Answer(b"", status=303, headers=(("location", to), *headers))
