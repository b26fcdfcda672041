"""Connections through a forward proxy: it is asked to CONNECT, then bytes go as on a direct one.

CONNECT (RFC 9110, section 9.3.6) serves http and https origins alike: the proxy learns a host and
a port, and of an https origin nothing else. The origin's certificate is verified as its own. The
proxy's credentials are sent to the proxy alone, the provider's key to the provider alone.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import NamedTuple, cast

from headgate.errors import UpstreamError
from headgate.gateway.connecting import Connector
from headgate.gateway.deadline import Deadlines
from headgate.gateway.upstream import Origin, Tunnel, no_connection
from headgate.values import Proxy, authority

__all__ = ["MAX_HEAD_BYTES", "Answer", "BadAnswer", "answer_in", "refusal", "through"]

MAX_HEAD_BYTES = 16 * 1024
"""Longest head of a proxy's answer; those in use have some hundred bytes."""

_START = b"HTTP/1."
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?: [^\r\n]*)?")
_OFFER = b"proxy-authenticate:"
_SCHEME = re.compile(rb"(?i)[:,][ \t]*([a-z0-9-]{1,20})(?=[ \t,]|$)")
_MOST_SCHEMES = 5


class Answer(NamedTuple):
    """What a proxy said to CONNECT."""

    status: int
    schemes: tuple[str, ...] = ()
    """How it lets clients sign in, as it names them: `Basic`, `Negotiate`."""


class BadAnswer(NamedTuple):
    """Why what a proxy sent is no answer to CONNECT; goes on after "The proxy P "."""

    why: str


def answer_in(received: bytes) -> Answer | BadAnswer | None:
    """The final answer in all that a proxy has sent so far; None as long as more must come."""
    while True:
        if not received.startswith(_START[: len(received)]):
            return BadAnswer("does not speak HTTP/1.1")
        head, end, rest = received.partition(b"\r\n\r\n")
        if len(head) > MAX_HEAD_BYTES:
            return BadAnswer("sent too long a head")
        if not end:
            return None
        first, *fields = head.split(b"\r\n")
        status = _STATUS.fullmatch(first)
        if status is None:
            return BadAnswer("does not speak HTTP/1.1")
        code = int(status[1])
        if code >= 300:
            offers = [field for field in fields if field.lower().startswith(_OFFER)]
            schemes = [found.decode() for offer in offers for found in _SCHEME.findall(offer)]
            return Answer(code, tuple(schemes[:_MOST_SCHEMES]))
        if code >= 200:  # a tunnel from here on, whatever the head says of a body
            return BadAnswer("sent bytes of its own into the tunnel") if rest else Answer(code)
        received = rest  # an interim answer


def refusal(answer: Answer | BadAnswer, way: Tunnel) -> UpstreamError | None:
    """Why a proxy's answer opens no tunnel, whose fault that is, and what to do; None: it does."""
    proxy, end = way.proxy, _end(way.end)
    if isinstance(answer, BadAnswer):
        return _failure(f"The proxy {proxy} {answer.why}.", "Look at its host and port.")
    if answer.status < 300:
        return None
    if answer.status in (401, 407):  # tinyproxy answers a wrong password with 401
        return _failure(*_unknown_to(proxy, answer))
    if answer.status == 403:
        return _failure(
            f"The proxy {proxy} does not allow connections to {end} (403).",
            "Have it allow this host and port.",
        )
    return _failure(f"The proxy {proxy} has no connection to {end}: it answered {answer.status}.")


def _unknown_to(proxy: Proxy, answer: Answer) -> tuple[str, str]:
    status, schemes = answer
    if schemes and "basic" not in {scheme.lower() for scheme in schemes}:
        return (
            f"The proxy {proxy} lets clients sign in with {', '.join(schemes)} only ({status}).",
            "Headgate knows Basic: have it allow that, or name a proxy that signs in to this one.",
        )
    if proxy.authorization is None:
        return (
            f"The proxy {proxy} asks for a user and a password ({status}).",
            "Name the variable that holds user:password in proxy_auth_env.",
        )
    return (
        f"The proxy {proxy} does not take the user and password that it was sent ({status}).",
        "Correct what the variable named in proxy_auth_env holds.",
    )


def _failure(message: str, fix: str | None = None) -> UpstreamError:
    return UpstreamError(message, kind="connect", fix=fix)


def _end(origin: Origin) -> str:
    return authority(origin.host, origin.port)


def _question(way: Tunnel) -> bytes:
    end, authorization = _end(way.end), way.proxy.authorization
    lines = [f"CONNECT {end} HTTP/1.1", f"host: {end}", "user-agent: headgate"]
    if authorization is not None:
        lines.append(f"proxy-authorization: {authorization}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Asking(asyncio.Protocol):
    """A connection while its proxy is asked; once it has answered, nothing more is read."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.answer: asyncio.Future[Answer | BadAnswer] = loop.create_future()
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        answer = answer_in(self._received)
        if answer is not None and self._transport is not None and not self.answer.done():
            self._transport.pause_reading()  # what follows is for whoever takes over
            self.answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - closed is closed
        self._transport = None
        if not self.answer.done():
            self.answer.set_result(BadAnswer("closed the connection before it answered"))


async def through(
    way: Tunnel,
    protocol: asyncio.BaseProtocol,
    tls: ssl.SSLContext | None,
    connector: Connector,
    deadlines: Deadlines,
    seconds: float,
) -> None:
    """Connect a protocol to the end of a tunnel; cancelled, it leaves no socket open.

    Args:
        tls: how the origin's certificate is verified; None for an http origin.
        connector: what reaches the proxy.
        seconds: for the proxy's TCP, its answer, and TLS together.

    Raises:
        UpstreamError: of kind "connect"; says whether the proxy failed or what lies behind it.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    transport, asking = await _reached(way.proxy, connector, deadlines, seconds)
    try:
        transport.write(_question(way))
        try:
            with deadlines.within(until - loop.time()):
                answer = await asking.answer
        except TimeoutError as error:
            raise _failure(
                f"The proxy {way.proxy} gave no connection to {_end(way.end)} within {seconds:g} s."
            ) from error
        refused = refusal(answer, way)
        if refused is None and transport.is_closing():
            refused = refusal(BadAnswer("closed the connection"), way)
        if refused is not None:
            raise refused
        if tls is None:
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            transport.resume_reading()
        else:
            left = until - loop.time()
            protocol.connection_made(await _secure(way, transport, protocol, tls, deadlines, left))
    except BaseException:
        transport.abort()
        raise


async def _reached(
    proxy: Proxy, connector: Connector, deadlines: Deadlines, seconds: float
) -> tuple[asyncio.Transport, _Asking]:
    loop = asyncio.get_running_loop()
    try:
        with deadlines.within(seconds):
            return await connector.connect(lambda: _Asking(loop), proxy.host, proxy.port)
    except TimeoutError as error:
        raise _failure(
            f"The proxy {proxy} did not accept a connection within {seconds:g} s."
        ) from error
    except OSError as error:
        raise no_connection(f"No connection to the proxy {proxy}", error) from error


async def _secure(
    way: Tunnel,
    transport: asyncio.Transport,
    protocol: asyncio.BaseProtocol,
    tls: ssl.SSLContext,
    deadlines: Deadlines,
    left: float,
) -> asyncio.Transport:
    """TLS with the origin, in the tunnel that the transport has become."""
    failed = f"No secure connection to {_end(way.end)} through the proxy {way.proxy}"
    try:
        with deadlines.within(left):
            secure = await asyncio.get_running_loop().start_tls(
                transport, protocol, tls, server_hostname=way.end.host
            )
    except TimeoutError as error:
        raise _failure(f"{failed}: it took too long.") from error
    except OSError as error:  # ssl.SSLError is one
        raise no_connection(failed, error) from error
    if secure is None or transport.is_closing():
        raise _failure(f"{failed}: the connection was closed.")
    return secure
