"""How a connection to a host comes about: of its addresses, the first that accepts one.

A host has several, and some may be dead: IPv6 without a route, a machine that has gone. As in RFC
8305 ("Happy Eyeballs"), the next address is tried a moment after the one before, or at once where
that has failed; the first connection is taken, the others are given up.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple, TypeVar, cast

from headgate.gateway.names import Address, Lookup, Names, system_lookup
from headgate.gateway.open_files import OUT_OF_FILES

__all__ = [
    "SHUNNED_SECONDS",
    "STAGGER",
    "Connector",
    "Dial",
    "Won",
    "dialled",
    "interleaved",
    "raced",
]

log = logging.getLogger("headgate.gateway")

STAGGER = 0.25
"""Seconds that an address has before the next one is tried beside it (RFC 8305, section 8)."""
SHUNNED_SECONDS = 60.0
"""For so long an address that another one has overtaken is tried last."""
Dial = Callable[[Address], Awaitable[asyncio.Transport]]
"""Connects to one address; cancelled, it leaves no socket open. What comes before somebody takes
the connection over is lost (uvloop reads on)."""
_P = TypeVar("_P", bound=asyncio.BaseProtocol)


class _Unread(asyncio.Protocol):
    """A connection that nobody has taken over yet."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).pause_reading()


async def dialled(address: Address) -> asyncio.Transport:
    """A connection to an address, which nobody has taken over yet.

    Raises:
        OSError: there is no way to it, it refuses, or no more files may be open.
    """
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(_Unread, address.ip, address.port)
    return transport


class Connector:
    """Makes the connections of one event loop.

    Args:
        within: seconds in which whoever asks wants a connection; where they are few, other
            addresses, and what is known of a name, are turned to sooner.
        lookup: what addresses a host has.
        dial: what connects to one of them.
    """

    def __init__(
        self, *, within: float, lookup: Lookup = system_lookup, dial: Dial = dialled
    ) -> None:
        self._stagger = min(STAGGER, within / 8)
        self._names = Names(patience=min(1.0, within / 4), lookup=lookup)
        self._dial = dial
        self._shunned: dict[Address, float] = {}

    async def connect(
        self, made: Callable[[], _P], host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> tuple[asyncio.Transport, _P]:
        """A connection to a host, in TLS where a context is given; cancelled, none stays open.

        Raises:
            OSError: the host has no address, none of them accepts, or its certificate is not good.
        """
        loop = asyncio.get_running_loop()
        if _is_address(host):  # nobody needs to look it up, and there is no other
            return await loop.create_connection(
                made, host, port, ssl=tls, server_hostname=host if tls else None
            )
        found = await self._names.addresses(host, port)
        won = await raced(self._in_order(found, loop.time()), self._dial, self._stagger)
        if won.overtook:
            self._shun(won.overtook, loop.time())
            overtaken = ", ".join(one.ip for one in won.overtook)
            log.info("%s: tried last for a while, for another one was quicker: %s", host, overtaken)
        if won.transport.is_closing():  # uvloop reads on, and `_Unread` alone has heard of its end
            raise ConnectionResetError("it was closed")
        transport, protocol = won.transport, made()
        try:
            if tls is None:
                transport.set_protocol(protocol)
            else:
                transport = await _secure(transport, protocol, tls, host)
            protocol.connection_made(transport)
            if tls is None:
                transport.resume_reading()
        except BaseException:
            won.transport.abort()
            raise
        return transport, protocol

    def _in_order(self, found: Sequence[Address], now: float) -> list[Address]:
        """The families in turn; what was overtaken of late comes last."""
        return sorted(interleaved(found), key=lambda one: self._shunned.get(one, now) > now)

    def _shun(self, overtaken: Sequence[Address], now: float) -> None:
        kept = {one: until for one, until in self._shunned.items() if until > now}
        self._shunned = kept | dict.fromkeys(overtaken, now + SHUNNED_SECONDS)


async def _secure(
    transport: asyncio.Transport, protocol: asyncio.BaseProtocol, tls: ssl.SSLContext, host: str
) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    secure = await loop.start_tls(transport, protocol, tls, server_hostname=host)
    if secure is None or transport.is_closing():
        raise ConnectionResetError("it was closed")
    return secure


def _is_address(host: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        return False
    return True


def interleaved(found: Sequence[Address]) -> list[Address]:
    """Addresses with their families in turn, the first one's first; else in their order.

    Where a whole family is dead, the second address is of the other one.
    """
    families: dict[int, list[Address]] = {}
    for one in found:
        families.setdefault(one.family, []).append(one)
    return [one for one in chain.from_iterable(zip_longest(*families.values())) if one is not None]


class Won(NamedTuple):
    """The connection that came first, and the addresses that were tried before its own."""

    transport: asyncio.Transport
    overtook: Sequence[Address]


async def raced(addresses: Sequence[Address], dial: Dial, stagger: float) -> Won:
    """Connect to the first of some addresses that accepts.

    Args:
        addresses: at least one, in the order in which they are tried.
        dial: connects to one of them.
        stagger: seconds until the next one is tried while the ones before have not answered.

    Raises:
        OSError: none of them accepts; a want of files comes before what addresses have answered.
    """
    coming = deque(addresses)
    trying: dict[asyncio.Future[asyncio.Transport], Address] = {}
    failed: list[tuple[Address, OSError]] = []
    try:
        while coming or trying:
            if coming:
                address = coming.popleft()
                trying[asyncio.ensure_future(dial(address))] = address
            done, _ = await asyncio.wait(
                trying,
                timeout=stagger if coming else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for one in done:
                address = trying.pop(one)
                try:
                    return Won(one.result(), addresses[: addresses.index(address)])
                except OSError as error:
                    failed.append((address, error))
        raise _all_failed(failed)
    finally:
        for one in trying:
            one.add_done_callback(_give_up)
            one.cancel()


def _give_up(one: asyncio.Future[asyncio.Transport]) -> None:
    """It may have connected in the moment in which it was no longer wanted."""
    if not one.cancelled() and one.exception() is None:
        one.result().abort()


def _all_failed(failed: Sequence[tuple[Address, OSError]]) -> OSError:
    """What the failures of all addresses are told as."""
    for _, error in failed:
        if error.errno in OUT_OF_FILES:
            return error
    said = [_plain(error) for _, error in failed]
    if len({*said}) > 1:
        said = [f"{why} ({address.ip})" for why, (address, _) in zip(said, failed, strict=True)]
    return OSError(failed[0][1].errno, "; ".join(dict.fromkeys(said)))


def _plain(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)
