"""How an alert reaches a host of several addresses: a dead one costs a moment, not the time-out.

As in RFC 8305, and as the gateway connects to providers: the next address is tried a moment after
the one before, or at once where that has failed; the first connection is taken. The standard
library gives each address the whole time-out in turn.
"""

from __future__ import annotations

import os
import selectors
import smtplib
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["Lookup", "Mailer", "MailerInTls", "connected", "system_lookup"]

STAGGER = 0.25
"""Seconds that an address has before the next one is tried beside it (RFC 8305, section 8)."""
Found: TypeAlias = tuple[int, int, int, str, tuple[Any, ...]]
"""One address, as `socket.getaddrinfo` tells it."""
Lookup: TypeAlias = Callable[[str, int], list[Found]]


def system_lookup(host: str, port: int) -> list[Found]:
    """The addresses of a host, the preferred one first."""
    return [*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def connected(
    address: tuple[str, int], within: float, *, lookup: Lookup = system_lookup
) -> socket.socket:
    """A connection to the first address of a host that takes one; `within` holds for it, too.

    Raises:
        OSError: the host is not known, none of its addresses accepts, or not within these seconds.
    """
    waiting = deque(lookup(*address))
    ends, why = time.monotonic() + within, OSError("the host has no address")
    with selectors.DefaultSelector() as begun:
        try:
            while waiting or begun.get_map():
                if waiting:
                    try:
                        begun.register(_begun(waiting.popleft()), selectors.EVENT_WRITE)
                    except OSError as error:
                        why = error
                        continue
                left = ends - time.monotonic()
                if left <= 0:
                    raise TimeoutError("timed out")
                for key, _ in begun.select(min(STAGGER, left) if waiting else left):
                    tried: Any = key.fileobj
                    begun.unregister(tried)
                    code = tried.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not code:
                        tried.settimeout(within)
                        return tried  # type: ignore[no-any-return]  # as it was registered
                    tried.close()
                    why = OSError(code, os.strerror(code))
            raise why
        finally:
            for key in [*begun.get_map().values()]:
                key.fileobj.close()  # type: ignore[union-attr]  # as they were registered


def _begun(found: Found) -> socket.socket:
    """A connection to one address that is being made."""
    family, kind, protocol, _, address = found
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        made.connect(address)
    except BlockingIOError:
        return made
    except BaseException:
        made.close()
        raise
    return made


class Mailer(smtplib.SMTP):
    """A mail server, reached by whichever of its addresses answers."""

    def __init__(self, host: str, port: int, *, timeout: float, lookup: Lookup) -> None:
        self._lookup = lookup
        super().__init__(host, port, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connected((host, port), timeout, lookup=self._lookup)


class MailerInTls(smtplib.SMTP_SSL):
    """The same, in TLS from the start."""

    def __init__(
        self, host: str, port: int, *, timeout: float, lookup: Lookup, context: ssl.SSLContext
    ) -> None:
        self._lookup = lookup
        super().__init__(host, port, timeout=timeout, context=context)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = connected((host, port), timeout, lookup=self._lookup)
        return self.context.wrap_socket(plain, server_hostname=host)
