"""What addresses a host's name stands for, also while nobody can say."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

__all__ = ["LONGEST_REMEMBERED", "Address", "Lookup", "Names", "system_lookup"]

log = logging.getLogger("headgate.gateway")

LONGEST_REMEMBERED = 3600.0
"""For so many seconds a name that cannot be looked up stands for what it stood for last.

RFC 8767 lets resolvers do the same for days. An address may pass to somebody else: a provider's is
known by its certificate, and one in the own network, without TLS, for an hour at most.
"""
_UNKNOWN = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
"""Answers that say that there is no such host; anything else says that nobody could answer."""


class Address(NamedTuple):
    """Where a connection goes."""

    family: int
    ip: str
    port: int


Lookup = Callable[[str, int], Sequence[Address]]
"""Gives a host's addresses, best first; may take long; raises OSError where it has none."""


def system_lookup(host: str, port: int) -> list[Address]:
    """The addresses that the system has for a host, in the order of RFC 6724.

    Raises:
        OSError: there is no such host, or nobody could answer.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is empty, or too long
        raise socket.gaierror(socket.EAI_NONAME, "no name of a host") from error
    return [Address(family, str(place[0]), port) for family, _, _, _, place in found]


class _Known(NamedTuple):
    addresses: Sequence[Address]
    at: float


class _Asked(NamedTuple):
    answer: asyncio.Future[Sequence[Address] | OSError]
    since: float


_Place = tuple[str, int]


class Names:
    """Looks names up, for one event loop; each look-up is for all who want the same name meanwhile.

    The system's own function blocks, in the worst case for as long as its resolver has patience (30
    seconds are usual). It is called in a thread of its own for each name, and not in a pool that
    others wait for; nor does an end of the process wait for such a thread.

    Args:
        patience: seconds after which a name that was known before is taken to mean the same still.
        remembered: seconds for which such a name means the same still.
        lookup: what is asked.
    """

    def __init__(
        self,
        *,
        patience: float = 1.0,
        remembered: float = LONGEST_REMEMBERED,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._patience = patience
        self._remembered = remembered
        self._lookup = lookup
        self._asked: dict[_Place, _Asked] = {}
        self._known: dict[_Place, _Known] = {}
        self._failing: set[_Place] = set()

    async def addresses(self, host: str, port: int) -> Sequence[Address]:
        """The addresses of a host, best first; at least one.

        Raises:
            OSError: it has none, or nobody can say, and what it stood for is not remembered.
        """
        loop, place = asyncio.get_running_loop(), (host, port)
        asked = self._asked.get(place) or self._ask(loop, place)
        known = self._known.get(place)
        if known is not None and loop.time() - known.at >= self._remembered:
            known = None
        left = None if known is None else asked.since + self._patience - loop.time()
        if left is None or left > 0:
            await asyncio.wait({asked.answer}, timeout=left)
        if not asked.answer.done():
            assert known is not None  # noqa: S101 - without it, the wait has no end
            self._tell(place, "no answer yet")
            return known.addresses
        answer = asked.answer.result()
        if not isinstance(answer, OSError):
            return answer
        if known is None or answer.errno in _UNKNOWN:
            raise answer
        self._tell(place, answer.strerror or str(answer))
        return known.addresses

    def _tell(self, place: _Place, why: str) -> None:
        if place not in self._failing:
            self._failing.add(place)
            log.warning(
                "%s cannot be looked up (%s); what it stood for last holds, for %g min at most",
                place[0],
                why,
                self._remembered / 60,
            )

    def _ask(self, loop: asyncio.AbstractEventLoop, place: _Place) -> _Asked:
        asked = self._asked[place] = _Asked(loop.create_future(), loop.time())
        thread = threading.Thread(
            target=self._look_up, args=(loop, place), name="headgate-name", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # no more threads may be started
            self._answered(loop, place, OSError(None, str(error)))
        return asked

    def _look_up(self, loop: asyncio.AbstractEventLoop, place: _Place) -> None:
        answer: Sequence[Address] | OSError
        try:
            answer = self._lookup(*place) or OSError(None, "it has no address")
        except OSError as error:
            answer = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(self._answered, loop, place, answer)

    def _answered(
        self,
        loop: asyncio.AbstractEventLoop,
        place: _Place,
        answer: Sequence[Address] | OSError,
    ) -> None:
        asked = self._asked.pop(place)
        if not isinstance(answer, OSError):
            self._known[place] = _Known(answer, loop.time())
            if place in self._failing:
                self._failing.discard(place)
                log.info("%s can be looked up again", place[0])
        elif answer.errno in _UNKNOWN:
            self._known.pop(place, None)
        asked.answer.set_result(answer)
