"""http1_server: it keeps no more than it may for slow callers, drains, and outlives any bytes."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.gateway.caller import Caller
from headgate.gateway.http1_peer import WRITE_AHEAD
from headgate.gateway.http1_server import UNSENT_OPTION
from tests.gateway.leaping import run_leaping
from tests.gateway.sockets import get, post, serving, status, talk


def test_a_slow_reader_makes_the_handler_wait_instead_of_filling_memory():
    async def case() -> None:
        sent = 0

        async def pour(caller: Caller) -> None:
            nonlocal sent
            out = caller.stream(200, [])
            while True:
                await out.send(b"x" * 65_536)
                sent += 65_536

        async with serving(pour) as (server, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            writer.write(get())
            await asyncio.sleep(0.3)
            held = sent
            await asyncio.sleep(0.1)
            assert sent == held  # what was sent lies in the kernel's buffers, and is no megabyte
            assert UNSENT_OPTION is None or sent < 1_000_000
            (peer,) = server.peers
            assert peer._transport is not None
            assert peer._transport.get_write_buffer_size() <= WRITE_AHEAD + 66_000
            await reader.read(1_000_000)
            writer.close()
            await asyncio.sleep(0.05)
            assert not server.tasks

    run_leaping(case())


def test_draining_finishes_what_is_under_way_and_takes_nothing_new():
    async def case() -> None:
        async def slow(caller: Caller) -> None:
            await asyncio.sleep(0.2)
            caller.respond(200, [], b"done")

        async with serving(slow) as (server, port):
            busy = asyncio.create_task(talk(port, post(b"", close=False)))
            reader, idle = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.05)
            assert await server.drain(5)
            assert (await busy).endswith(b"connection: close\r\ncontent-length: 4\r\n\r\ndone")
            assert await reader.read() == b""
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            idle.close()

    run_leaping(case())


def test_draining_gives_up_after_its_time():
    async def case() -> None:
        async def endless(_: Caller) -> None:
            await asyncio.sleep(30)

        async with serving(endless) as (server, port):
            stuck = asyncio.create_task(talk(port, get()))
            await asyncio.sleep(0.05)
            assert not await server.drain(0.05)
            await server.close()
            assert await stuck in (b"", b"<reset>")

    run_leaping(case())


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=60) | st.sampled_from([get(), post(b"abc")]), max_size=4))
def test_no_bytes_make_the_server_fail(pieces):
    async def case() -> None:
        async with serving() as (_, port):
            await talk(port, *pieces, b"\r\n\r\n", within=30.0)
            assert status(await talk(port, get())) == 200

    run_leaping(case())
