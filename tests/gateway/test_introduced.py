"""A client that tells providers of the trace: those that are to know it, and no others."""

from __future__ import annotations

import asyncio

import pytest

from headgate.gateway.introduced import Introduced
from headgate.gateway.upstream import Endpoint, Origin, Reply

HEAD = b"POST / HTTP/1.1\r\nhost: h\r\n"


class Noting:
    def __init__(self) -> None:
        self.sent: list[tuple[Endpoint, bytes]] = []
        self.closed = False

    async def send(self, endpoint: Endpoint, body: bytes) -> Reply:
        self.sent.append((endpoint, body))
        raise NotImplementedError

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("traced", [True, False])
def test_only_who_is_to_know_gets_the_headers_and_each_call_is_heard_of(traced: bool):
    noting, heard = Noting(), []

    def introduce(*, told: bool) -> list[tuple[str, str]]:
        heard.append(told)
        return [("traceparent", "00-1"), ("tracestate", "a=1")] if told else []

    endpoint = Endpoint(Origin("h", 80, False), HEAD, traced)
    client = Introduced(noting, introduce)
    with pytest.raises(NotImplementedError):
        asyncio.run(client.send(endpoint, b"body"))
    ((sent, body),) = noting.sent
    assert (heard, body, sent.origin) == ([traced], b"body", endpoint.origin)
    more = b"traceparent: 00-1\r\ntracestate: a=1\r\n" if traced else b""
    assert sent.head == HEAD + more
    assert endpoint.head == HEAD  # which is kept, and used for other calls


def test_it_closes_what_it_stands_before():
    noting = Noting()
    asyncio.run(Introduced(noting, lambda *, told: []).close())
    assert noting.closed
