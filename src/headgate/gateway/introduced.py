"""A client that tells providers which trace a call belongs to, those that are to know it."""

from __future__ import annotations

from typing import Protocol

from headgate.gateway.upstream import Endpoint, Reply, Upstream

__all__ = ["Introduce", "Introduced"]


class Introduce(Protocol):
    """Hears of every call before it is sent."""

    def __call__(self, *, told: bool) -> list[tuple[str, str]]:
        """The headers that go with it; none where the provider is not to be told."""


class Introduced:
    """An `Upstream` before another one.

    Args:
        upstream: sends the calls.
        introduce: what each call is to say of its trace.
    """

    def __init__(self, upstream: Upstream, introduce: Introduce) -> None:
        self._upstream = upstream
        self._introduce = introduce

    async def send(self, endpoint: Endpoint, body: bytes) -> Reply:
        """See `Upstream.send`."""
        headers = self._introduce(told=endpoint.traced)
        if headers:
            lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
            endpoint = endpoint._replace(head=endpoint.head + lines.encode())
        return await self._upstream.send(endpoint, body)

    async def close(self) -> None:
        """See `Upstream.close`."""
        await self._upstream.close()
