"""The seam to the providers: what the driver needs of an HTTP client, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

from headgate.errors import ConfigError, UpstreamError
from headgate.gateway.open_files import OUT_OF_FILES, out_of_files
from headgate.values import Proxy

if TYPE_CHECKING:
    from headgate.wire.platforms import Place

__all__ = [
    "UNSENT",
    "Endpoint",
    "Origin",
    "Reply",
    "Tunnel",
    "Upstream",
    "endpoint",
    "no_connection",
    "reference_of",
    "unreachable",
]


class Origin(NamedTuple):
    """Where connections go; they are pooled by it, and a key is only ever sent to its own."""

    host: str
    port: int
    tls: bool


class Tunnel(NamedTuple):
    """An origin that is reached through a proxy; its connections are pooled apart.

    It is no field of Origin, because every call looks its pool up: one that needs no proxy would
    hash and compare the field.
    """

    end: Origin
    proxy: Proxy

    @property
    def tls(self) -> bool:
        """Whether the origin is spoken to in TLS; the proxy is not."""
        return self.end.tls


class Endpoint(NamedTuple):
    """One URL of one provider with its headers, written out once as the head of a request.

    `head` ends after the last fixed header; the client adds the length of the body. It may hold a
    provider's key, so it is never logged.
    """

    origin: Origin | Tunnel
    head: bytes
    traced: bool = False
    """Who is called there may be told which trace a call belongs to."""
    place: Place | None = None
    """Where on a platform it is; the head's first line is then written anew for each call."""

    def __repr__(self) -> str:
        return f"Endpoint({self.origin}, head=<{len(self.head)} bytes>)"


class Reply(Protocol):
    """An answer whose head has arrived. Read it to its end or close it; else it stays open."""

    status: int

    def header(self, name: str) -> str | None:
        """The value of a header, `name` in lower case; None where it is missing."""

    async def read(self) -> bytes:
        """The whole body. Raises UpstreamError when it is cut off or too large."""

    async def chunk(self, idle: float) -> bytes | None:
        """The next bytes as they arrive, None at the end.

        Raises:
            UpstreamError: broken off ("reset"), or silent for `idle` seconds ("timeout").
        """

    async def pour(self, into: Callable[[bytes], bool], idle: float) -> bool:
        """Give `into` what has come and what comes, until it wants no more or there is none.

        It may be called where the bytes arrive, outside of this task, which is woken only for what
        `into` cannot do: it says False once somebody has to wait, or all has come. What it raises
        is raised here.

        Returns:
            True where `into` said False, False at the body's end.

        Raises:
            UpstreamError: as for `chunk`.
        """

    def release(self) -> None:
        """All that matters has been read: keep the connection if the body now ends by itself."""

    def close(self) -> None:
        """Give the answer up: the connection is closed, so that the provider stops generating."""


class Upstream(Protocol):
    """An HTTP client. Cancelling a call closes its connection at once."""

    async def send(self, endpoint: Endpoint, body: bytes) -> Reply:
        """Send `body`, by POST as a rule; returns when the answer's head is there.

        Raises:
            UpstreamError: no connection ("connect"; "overloaded" where that is our own fault), or
                none that answered ("reset").
        """

    async def close(self) -> None:
        """Close all connections."""


def endpoint(
    url: str,
    headers: Sequence[tuple[str, str]],
    *,
    method: str = "POST",
    traced: bool = False,
    proxy: Proxy | None = None,
) -> Endpoint:
    """The endpoint of a POST to `url` (http or https) with these headers; `traced` as there.

    Args:
        method: where it is no POST.
        proxy: who passes it on; None: it is called directly.

    Raises:
        ConfigError: a header holds a character that HTTP does not allow, such as a line break
            copied with a key. The value is not repeated in the message.
    """
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    host = parts.hostname or ""
    port = parts.port or (443 if tls else 80)
    target = f"{parts.path or '/'}{parts.query and f'?{parts.query}'}"
    lines = [f"{method} {target} HTTP/1.1", f"host: {parts.netloc}"]
    for name, value in headers:
        if not value.isprintable() or not value.isascii():
            raise ConfigError(
                f"The header `{name}` for {host} holds a character that HTTP does not allow.",
                fix="Look for a line break or a typographic character in the key or header.",
            )
        lines.append(f"{name}: {value}")
    origin = Origin(host, port, tls)
    way = origin if proxy is None else Tunnel(origin, proxy)
    return Endpoint(way, ("\r\n".join(lines) + "\r\n").encode(), traced)


def no_connection(where: str, error: OSError) -> UpstreamError:
    """What a failed connection is told as; `where` is what was tried: "No connection to h:1".

    A want of files is this process's own, and nobody else's fault.
    """
    if error.errno in OUT_OF_FILES:
        return out_of_files()
    plain = error.strerror or str(error) or type(error).__name__
    return UpstreamError(f"{where}: {plain}.", kind="connect")


UNSENT = ("connect", "overloaded")
"""Failures before anything was sent: the log has the details, which no caller is told."""
LONGEST_REFERENCE = 200
"""Characters of a provider's name for a call that are told."""


def unreachable(provider: str) -> UpstreamError:
    """What a caller hears of a provider that takes no connection: whose fault, and no address.

    The address may be one of the inner network; it is for the log.
    """
    return UpstreamError(
        f"The provider `{provider}` cannot be reached.",
        kind="connect",
        fix="Try again later; the gateway's log says where it was looked for, and why it failed.",
    )


def reference_of(reply: Reply) -> str | None:
    """What the provider calls a call, where it says so in words that a header may hold.

    Anthropic has a header of its own, which not all have that speak its dialect.
    """
    found = reply.header("x-request-id") or reply.header("request-id")
    if found is None or not (found.isascii() and found.isprintable()):
        return None
    return found[:LONGEST_REFERENCE] or None
