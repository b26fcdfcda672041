"""`one_client CLIENT URL CA BODY IN_FLIGHT SECONDS`: one HTTP client at work, and its cost.

Run by the Python that has the client: it imports nothing of ours unless it is ours that is
measured. Prints a line of JSON: calls, processor seconds (all threads), the protocol spoken.
"""

from __future__ import annotations

import asyncio
import json
import resource
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["CLIENTS", "measured"]

Call = Callable[[], Awaitable[int]]
"""One call, read to its end; returns the length of the answer's body."""

HEADERS = [("content-type", "application/json"), ("authorization", "Bearer sk-upstream")]
WARM_SECONDS = 0.7
WINDOW = 1 << 20


def _read(file: str) -> bytes:
    return Path(file).read_bytes()


async def _headgate(url: str, ca: str, body: bytes) -> tuple[Call, str]:
    from headgate.gateway.http1_client import Http1Upstream
    from headgate.gateway.upstream import endpoint

    upstream = Http1Upstream(tls=ssl.create_default_context(cafile=ca))
    target = endpoint(url, HEADERS)

    async def call() -> int:
        reply = await upstream.send(target, body)
        size = 0
        while (data := await reply.chunk(60.0)) is not None:
            size += len(data)
        return size

    return call, "HTTP/1.1"


async def _pyreqwest(url: str, ca: str, body: bytes, *, two: bool) -> tuple[Call, str]:
    from pyreqwest.client import ClientBuilder

    builder = ClientBuilder().no_proxy().tcp_nodelay(True).pool_max_idle_per_host(2000)
    builder = builder.add_root_certificate_pem(_read(ca))
    if two:
        builder = builder.http2(True).http2_initial_stream_window_size(WINDOW)
        builder = builder.http2_initial_connection_window_size(16 * WINDOW)
    else:
        builder = builder.http1_only()
    client = builder.build()

    async def call() -> int:
        request = client.post(url).body_bytes(body).headers(dict(HEADERS))
        # without the limit it reads ahead, and a short stream comes all at once at its end
        async with request.streamed_read_buffer_limit(0).build_streamed() as answer:
            size = 0
            while (data := await answer.body_reader.read_chunk()) is not None:
                size += len(data)
        return size

    return call, "HTTP/2" if two else "HTTP/1.1"


async def _httpx(url: str, ca: str, body: bytes, *, two: bool) -> tuple[Call, str]:
    import httpx

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    context = ssl.create_default_context(cafile=ca)
    client = httpx.AsyncClient(http1=not two, http2=two, verify=context, limits=limits, timeout=60)

    async def call() -> int:
        async with client.stream("POST", url, content=body, headers=dict(HEADERS)) as answer:
            size = 0
            async for data in answer.aiter_raw():
                size += len(data)
        return size

    async with client.stream("POST", url, content=body, headers=dict(HEADERS)) as answer:
        await answer.aread()
    return call, answer.http_version


async def _h2(url: str, ca: str, body: bytes) -> tuple[Call, str]:
    """The least that a client on `h2` does: one connection, no pool, no limits, no time-outs."""
    from benchmarks.gateway.bare_h2 import connected

    connection = await connected(url, ca, HEADERS)
    return lambda: connection.call(body), "HTTP/2"


CLIENTS: dict[str, Callable[[str, str, bytes], Awaitable[tuple[Call, str]]]] = {
    "headgate": _headgate,
    "pyreqwest": lambda *told: _pyreqwest(*told, two=False),
    "pyreqwest, HTTP/2": lambda *told: _pyreqwest(*told, two=True),
    "httpx": lambda *told: _httpx(*told, two=False),
    "httpx, HTTP/2": lambda *told: _httpx(*told, two=True),
    "h2, bare": _h2,
}


async def measured(name: str, url: str, ca: str, body: bytes, many: int, secs: float) -> Any:
    """What so many at once cost for so long, with this client; see the top of the file."""
    call, protocol = await CLIENTS[name](url, ca, body)
    length = await call()
    until, calls = time.monotonic() + WARM_SECONDS, 0

    async def work() -> None:
        nonlocal calls
        while time.monotonic() < until:
            if await call() != length:
                raise AssertionError("the answer came in another length")
            calls += 1

    async def all_at_work() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(many):
                group.create_task(work())

    await all_at_work()
    until, calls, before = time.monotonic() + secs, 0, _spent()
    await all_at_work()
    return {"calls": calls, "seconds": _spent() - before, "protocol": protocol}


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    if len(sys.argv) != 7 or sys.argv[1] not in CLIENTS:
        raise SystemExit(f"{__doc__}\nClients: {'; '.join(CLIENTS)}.")
    name, url, ca, body, many, secs = sys.argv[1:]
    told = (name, url, ca, _read(body), int(many), float(secs))
    run: Callable[..., Any] = asyncio.run
    with suppress(ImportError):
        import uvloop

        run = uvloop.run
    print(json.dumps(run(measured(*told))))


if __name__ == "__main__":
    main()
