"""server: HTTP/1.1 as clients really send it, and connections that end on purpose."""

import asyncio
import contextlib
import gc
import socket
import warnings
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from headgate.testing.server import Handler, Left, Request, Reset, Response, Server


def talk(handler: Handler, conversation: Callable[[int], Awaitable[Any]]) -> Any:
    """Run `conversation(port)` against a server with this handler."""

    async def scene():
        server = Server(handler)
        port = await server.start("127.0.0.1", 0)
        try:
            async with asyncio.timeout(10):
                return await conversation(port)
        finally:
            await server.stop()

    return asyncio.run(scene())


@contextlib.asynccontextmanager
async def connected(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def send(raw: bytes, port: int):
    async with connected(port) as (reader, writer):
        writer.write(raw)
        return await reader.read()


async def echo(request: Request) -> Response:
    said = f"{request.method} {request.path} ".encode() + request.body
    return Response(200, {"content-type": "text/plain"}, said)


@pytest.mark.parametrize("turns", range(6))
def test_a_connection_that_has_only_just_come_is_dropped_too(turns: int):
    """What is still open when the loop ends, the collector finds in somebody else's test."""

    async def scene() -> None:
        server = Server(echo)
        port = await server.start("127.0.0.1", 0)
        with socket.create_connection(("127.0.0.1", port)) as caller:
            for _ in range(turns):
                await asyncio.sleep(0)
            await server.stop()
            caller.settimeout(10)
            with contextlib.suppress(ConnectionResetError):
                assert caller.recv(1) == b""

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asyncio.run(scene())
        gc.collect()
    assert [str(one.message) for one in told] == []


def test_a_body_arrives_by_length_or_in_chunks():
    plain = b"POST /a?b=c HTTP/1.1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"
    chunked = (
        b"POST /a HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"
    )
    for raw in (plain, chunked):
        answer = talk(echo, partial(send, raw))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b"\r\n\r\nPOST /a hello")


@pytest.mark.parametrize("at", range(1, 90, 4))
def test_a_request_may_arrive_in_any_two_pieces(at):
    raw = (
        b"POST /a HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n"
    )

    async def in_two(port):
        async with connected(port) as (reader, writer):
            writer.write(raw[:at])
            await asyncio.sleep(0.002)
            writer.write(raw[at:])
            return await reader.read()

    assert talk(echo, in_two).endswith(b"POST /a hello")


def test_a_caller_who_leaves_before_the_body_is_through_reaches_no_handler():
    reached: list[Request] = []

    async def counting(request):
        reached.append(request)
        return Response(200, {}, b"")

    async def leave(port):
        async with connected(port) as (_, writer):
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel")
            await writer.drain()
        await asyncio.sleep(0.02)

    talk(counting, leave)
    assert reached == []


def test_pipelined_requests_are_answered_in_their_order():
    first = b"GET /1 HTTP/1.1\r\n\r\n"
    last = b"GET /2 HTTP/1.1\r\nConnection: close\r\n\r\n"
    answer = talk(echo, partial(send, first + last))
    assert answer.index(b"GET /1 ") < answer.index(b"GET /2 ")


def test_the_status_of_an_overload_has_a_name():
    async def overloaded(_request):
        return Response(529, {"retry-after": "1"}, b"{}")

    answer = talk(overloaded, partial(send, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 529 Overloaded\r\nretry-after: 1\r\n")


def test_a_connection_serves_one_request_after_another():
    async def twice(port):
        async with connected(port) as (reader, writer):
            for _ in range(2):
                writer.write(b"GET /x HTTP/1.1\r\n\r\n")
                assert (await reader.readuntil(b"GET /x ")).startswith(b"HTTP/1.1 200")

    talk(echo, twice)


def test_a_caller_that_waits_for_a_go_ahead_gets_it():
    async def careful(port):
        async with connected(port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"ok")
            assert await reader.readuntil(b"POST / ok")

    talk(echo, careful)


@pytest.mark.parametrize(
    "raw",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nname : value\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_the_connection_closed(raw):
    assert talk(echo, partial(send, raw)).startswith(b"HTTP/1.1 400 ")


def test_a_stream_is_sent_in_chunks_and_ended():
    async def counting(_request):
        async def body():
            for word in (b"one", b"two"):
                yield word

        return Response(200, {}, body())

    raw = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
    answer = talk(counting, partial(send, raw))
    assert answer.endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def test_a_reset_is_an_error_for_the_peer_and_no_end():
    async def breaking(_request):
        async def body():
            yield b"one"
            await asyncio.sleep(0.02)
            raise Reset

        return Response(200, {}, body())

    async def suffer(port):
        async with connected(port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await reader.readuntil(b"one\r\n")
            with pytest.raises(ConnectionResetError):
                await reader.read()

    talk(breaking, suffer)


def test_the_maker_of_a_stream_is_told_when_its_reader_leaves():
    told = asyncio.Event()

    async def endless(_request):
        async def body():
            try:
                while True:
                    yield b"x" * 100
                    await asyncio.sleep(0.001)
            except Left:
                told.set()
                raise

        return Response(200, {}, body())

    async def leave(port):
        async with connected(port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await reader.readuntil(b"xxx")
        await told.wait()

    talk(endless, leave)
    assert told.is_set()


def test_a_handler_can_see_that_the_caller_is_gone():
    seen = asyncio.Event()

    async def slow(request):
        while not request.gone():  # noqa: ASYNC110 - what the caller does sets no event
            await asyncio.sleep(0.001)
        seen.set()
        raise Left

    async def leave(port):
        async with connected(port) as (_, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await writer.drain()
        await seen.wait()

    talk(slow, leave)
    assert seen.is_set()


def test_stopping_drops_what_is_under_way():
    async def forever(_request):
        await asyncio.Event().wait()
        raise AssertionError

    async def wait_for_the_end(port):
        async with connected(port) as (_, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    talk(forever, wait_for_the_end)
