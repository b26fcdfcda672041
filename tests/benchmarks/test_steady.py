"""A steady load counts from the moment a request was due."""

from __future__ import annotations

import asyncio

import pytest
from benchmarks.gateway.steady import CONNECTIONS, Caller

REQUEST = b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi"


def _run(answer: bytes, silent: float = 0.0) -> Caller:
    """1,000 requests a second for 0.3 s to a server that says nothing for its first seconds."""

    async def run() -> Caller:
        loop = asyncio.get_running_loop()
        begun: list[float] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while not reader.at_eof():
                try:
                    await reader.readexactly(len(REQUEST))
                except asyncio.IncompleteReadError:
                    break
                begun.append(loop.time())
                await asyncio.sleep(max(0.0, begun[0] + silent - loop.time()))
                writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        caller = Caller(server.sockets[0].getsockname(), REQUEST, 1_000)
        await caller.run(0.3)
        server.close()
        await server.wait_closed()
        return caller

    return asyncio.run(run())


def test_every_request_that_was_due_is_asked_and_counted():
    caller = _run(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert len(caller.took) == pytest.approx(300, abs=2)
    assert caller.failed == 0


def test_what_came_due_in_a_stall_waits_for_its_end():
    caller = _run(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", silent=0.25)
    late = [took for took in caller.took if took > 0.05]
    assert len(late) > 2 * CONNECTIONS, "more than the connections could carry at once"


def test_an_answer_that_is_an_error_counts_as_failed():
    caller = _run(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
    assert caller.failed == len(caller.took) == pytest.approx(300, abs=2)
