"""http1_server: it keeps no more than it may for slow callers, drains, and outlives any bytes."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.gateway.caller import Caller
from headgate.gateway.http1_peer import WRITE_AHEAD, ServerLimits
from headgate.gateway.http1_server import REFUSED_AT_ONCE, UNSENT_OPTION
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
            held = -1
            for _ in range(50):  # the kernel takes its time to fill its buffers
                if sent == held:
                    break
                held = sent
                await asyncio.sleep(0.3)
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


# ---- more connections than there is room for


UNHURRIED = ServerLimits(head_seconds=1000, idle_seconds=1000)


class Held:
    """A connection that is kept; `ask` sends a request and reads its answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> Held:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self) -> int:
        self.writer.write(post(b"x", close=False))
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await self.reader.readexactly(length)
        return status(head)

    async def end(self) -> bytes:
        """What comes until it is closed."""
        try:
            return await self.reader.read()
        except ConnectionResetError:
            return b"<reset>"


def test_beyond_its_room_the_connection_that_is_idle_for_longest_makes_way(caplog):
    async def case() -> None:
        async with serving(limits=UNHURRIED, room=3) as (server, port):
            held = [await Held.open(port) for _ in range(3)]
            for one in held:
                assert await one.ask() == 200
                await asyncio.sleep(1)  # idle since moments that differ
            assert await held[0].ask() == 200
            new = await Held.open(port)
            assert await new.ask() == 200
            assert await held[1].end() == b""
            assert [await one.ask() for one in (held[0], held[2], new)] == [200] * 3
            assert len(server.peers) == 3
            for one in (*held, new):
                one.writer.close()

    run_leaping(case())
    assert caplog.messages == [
        "more than 3 connections, which is all that open files allow: idle ones are closed"
    ]


def test_where_all_are_busy_a_new_one_hears_when_to_come_again(caplog):
    go = asyncio.Event()

    async def busy(caller: Caller) -> None:
        await go.wait()
        caller.respond(200, [], b"done")

    async def case() -> None:
        async with serving(busy, limits=UNHURRIED, room=2) as (_, port):
            held = [await Held.open(port) for _ in range(2)]
            asking = [asyncio.create_task(one.ask()) for one in held]
            await asyncio.sleep(1)
            said, silent = await talk(port, get()), await talk(port)
            for answer in (said, silent):
                assert status(answer) == 503
                assert b"\r\nretry-after: 1\r\n" in answer
                assert b'"code":"overloaded"' in answer
            go.set()
            assert await asyncio.gather(*asking) == [200, 200]
            assert await held[0].ask() == 200
            for one in held:
                one.writer.close()

    run_leaping(case())
    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith("new ones are refused")


def test_one_that_has_not_asked_yet_is_not_taken_for_idle():
    """It has just come: closing it would answer nobody."""

    async def case() -> None:
        async with serving(limits=UNHURRIED, room=1) as (_, port):
            first = await Held.open(port)
            await asyncio.sleep(1)
            assert status(await talk(port, get())) == 503
            assert await first.ask() == 200
            first.writer.close()

    run_leaping(case())


def test_those_who_are_told_are_bounded_too():
    async def case() -> None:
        async with serving(limits=UNHURRIED, room=1) as (server, port):
            held = [await Held.open(port) for _ in range(REFUSED_AT_ONCE + 5)]
            await asyncio.sleep(0.5)
            assert len(server.peers) <= 1 + REFUSED_AT_ONCE
            ends = [await one.end() for one in held[1:]]
            assert status(ends[0]) == 503
            assert all(one in (b"", b"<reset>") or status(one) == 503 for one in ends)
            assert await held[0].ask() == 200
            for one in held:
                one.writer.close()

    run_leaping(case())
