"""A client that clothes calls for the platforms that serve Claude, and unclothes their answers."""

from __future__ import annotations

from headgate.gateway.upstream import Endpoint, Reply, Upstream

__all__ = ["Platformed"]


class Platformed:
    """An `Upstream` before another one; calls to ordinary providers go through as they are.

    Args:
        upstream: sends the calls.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def send(self, endpoint: Endpoint, body: bytes) -> Reply:
        """See `Upstream.send`."""
        place = endpoint.place
        if place is None:
            return await self._upstream.send(endpoint, body)
        call = place.call(body)
        _, _, rest = endpoint.head.partition(b"\r\n")
        head = b"POST %b HTTP/1.1\r\n%b" % (call.path.encode(), rest)
        return await self._upstream.send(endpoint._replace(head=head, place=None), call.body)

    async def close(self) -> None:
        """See `Upstream.close`."""
        await self._upstream.close()
