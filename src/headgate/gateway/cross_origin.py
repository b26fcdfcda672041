"""Web pages of other origins: which of them may call the gateway, and read what it answers."""

from __future__ import annotations

from collections.abc import Container

from headgate.errors import RequestError
from headgate.gateway.caller import Body, Caller, Headers

__all__ = [
    "ORIGIN",
    "Shared",
    "allow",
    "foreign",
    "is_preflight",
    "is_shared",
    "shared",
    "unwelcome",
]

ORIGIN = "origin"
"""Browsers name the page's origin in it, and no page can change that."""
ANY = "*"

_METHOD = "access-control-request-method"
_ASKED = "access-control-request-headers"
_PRIVATE = "access-control-request-private-network"
_LASTS = "7200"
"""Seconds for which a browser need not ask again; the most that Chromium takes."""


def foreign(origin: str, origins: Container[str]) -> None:
    """Refuse a web page that nobody has let in, where whoever comes needs no key.

    A page that somebody opens can send requests to every address of that machine. It could not
    read the answers, but they would be paid for. Programs name no such origin.

    Raises:
        RequestError: 403.
    """
    of_the_web = origin == "null" or origin.lower().startswith(("http://", "https://"))
    if of_the_web and not _welcome(origin, origins):
        raise _refusal(
            "This request comes from a web page, and this gateway asks for no key.",
            "Name the page's origin in [server] cors_origins, or ask for a key.",
        )


def _refusal(words: str, fix: str) -> RequestError:
    return RequestError(words, status=403, code="origin_not_allowed", fix=fix)


def unwelcome() -> RequestError:
    """What a browser hears that asks first for a page which nobody has let in."""
    return _refusal(
        "Web pages of this origin may not call this gateway.",
        "Name the page's origin in [server] cors_origins.",
    )


def shared(caller: Caller, origins: Container[str]) -> Caller:
    """The caller, whose browser lets the page read the answer where its origin is welcome."""
    origin = caller.headers[ORIGIN]
    if not _welcome(origin, origins):
        return caller
    return Shared(caller, ANY if ANY in origins else origin)


def _welcome(origin: str, origins: Container[str]) -> bool:
    return ANY in origins or (origin.isprintable() and origin.lower() in origins)


def is_preflight(caller: Caller) -> bool:
    """Whether a browser asks first if a page may send what it wants to; it never sends a key."""
    return is_shared(caller) and caller.method == "OPTIONS" and _METHOD in caller.headers


def is_shared(caller: Caller) -> bool:
    """Whether its page may read the answer."""
    return type(caller) is Shared


def allow(caller: Caller) -> None:
    """Say that it may: which requests are good is said when they come."""
    headers = [
        ("access-control-allow-methods", "GET, HEAD, POST, DELETE"),
        ("access-control-max-age", _LASTS),
    ]
    asked = caller.headers.get(_ASKED)
    if asked is not None and asked.isprintable():
        headers.append(("access-control-allow-headers", asked))
    if _PRIVATE in caller.headers:
        headers.append(("access-control-allow-private-network", "true"))
    caller.respond(200, headers, b"")


class Shared:
    """A caller in a browser, whose page may read the answer.

    Args:
        caller: who is answered.
        origin: who may read, as the browser is told: the page's origin, or `*`.
    """

    def __init__(self, caller: Caller, origin: str) -> None:
        self._caller = caller
        self._told = (
            ("access-control-allow-origin", origin),
            ("access-control-expose-headers", ANY),
            ("vary", "origin, access-control-request-headers"),
        )
        self.method, self.path, self.query = caller.method, caller.path, caller.query
        self.headers = caller.headers
        self.body, self.on_leave = caller.body, caller.on_leave

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer, readable."""
        self._caller.respond(status, [*headers, *self._told], body)

    def stream(self, status: int, headers: Headers) -> Body:
        """Begin the caller's stream, readable."""
        return self._caller.stream(status, [*headers, *self._told])
