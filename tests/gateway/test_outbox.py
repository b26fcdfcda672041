"""outbox: what is written in a turn goes out after it, in order and whole, whoever else fails."""

from __future__ import annotations

import asyncio
import select
import socket
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.gateway.caller import Caller
from headgate.gateway.http1_client import Http1Upstream
from headgate.gateway.http1_peer import ServerLimits
from headgate.gateway.outbox import MOST_HELD, Outbox
from tests.gateway.leaping import run_leaping
from tests.gateway.scripted import OK, at, simply
from tests.gateway.scripted import serving as providing
from tests.gateway.sockets import get, post, serving


class Wire:
    """A transport that notes what reaches it."""

    def __init__(self, sent: list[tuple[int, bytes]], number: int = 0) -> None:
        self.sent, self.number = sent, number
        self.closing = self.failing = False

    def write(self, data: bytes) -> None:
        if self.failing:
            raise RuntimeError("a defect")
        self.sent.append((self.number, data))

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True


def transport(wire: Wire) -> asyncio.WriteTransport:
    return cast("asyncio.WriteTransport", wire)


def test_who_is_alone_sends_at_once():
    async def case() -> None:
        wire = Wire([])
        Outbox(asyncio.get_running_loop()).write(transport(wire), b"a", alone=True)
        assert wire.sent == [(0, b"a")]

    run_leaping(case())


def test_what_several_write_goes_out_after_the_turn():
    async def case() -> None:
        sent: list[tuple[int, bytes]] = []
        outbox = Outbox(asyncio.get_running_loop())
        for number, data in enumerate((b"a", b"b")):
            outbox.write(transport(Wire(sent, number)), data, alone=False)
        assert sent == []
        await asyncio.sleep(0)
        assert sent == [(0, b"a"), (1, b"b")]

    run_leaping(case())


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans()), max_size=20))
def test_what_one_connection_writes_keeps_its_order(steps):
    """Whoever is alone does not overtake what is held, over any turns."""

    async def case() -> None:
        sent: list[tuple[int, bytes]] = []
        outbox = Outbox(asyncio.get_running_loop())
        wires = [Wire(sent, number) for number in range(3)]
        for step, (number, alone, turn) in enumerate(steps):
            outbox.write(transport(wires[number]), b"%d" % step, alone=alone)
            if turn:
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert sent == [(number, b"%d" % step) for step, (number, _, _) in enumerate(steps)]

    run_leaping(case())


def test_nothing_is_written_to_a_connection_that_is_closing():
    async def case() -> None:
        wire = Wire([])
        outbox = Outbox(asyncio.get_running_loop())
        outbox.write(transport(wire), b"a", alone=False)
        wire.closing = True
        outbox.flush()
        assert wire.sent == []

    run_leaping(case())


def test_a_connection_that_fails_keeps_nobody_else_waiting(caplog):
    async def case() -> None:
        sent: list[tuple[int, bytes]] = []
        outbox = Outbox(asyncio.get_running_loop())
        wires = [Wire(sent, number) for number in range(3)]
        wires[1].failing = True
        for wire in wires:
            outbox.write(transport(wire), b"a", alone=False)
        outbox.flush()
        assert sent == [(0, b"a"), (2, b"a")]
        assert wires[1].closing
        assert "a defect in headgate" in caplog.text

    run_leaping(case())


# ---- at the server and at the client, on real sockets


def readable(*sockets: socket.socket) -> int:
    """How many of them have something to be read now."""
    return len(select.select(sockets, [], [], 0)[0])


async def connected(port: int, request: bytes) -> socket.socket:
    """A connection of which a request has been sent."""
    made = socket.create_connection(("127.0.0.1", port))
    made.sendall(request)
    made.setblocking(False)
    return made


async def everything(sock: socket.socket) -> bytes:
    """All that comes until its end."""
    loop, got = asyncio.get_running_loop(), b""
    while piece := await loop.sock_recv(sock, 65_536):
        got += piece
    sock.close()
    return got


@pytest.mark.parametrize("many", [1, 2, 5])
def test_answers_of_one_turn_leave_together_and_a_single_one_at_once(many):
    async def case() -> None:
        all_here, callers = asyncio.Event(), 0
        left: list[int] = []
        sockets: list[socket.socket] = []

        async def answer(caller: Caller) -> None:
            nonlocal callers
            callers += 1
            if callers == many:
                all_here.set()
            await all_here.wait()
            caller.respond(200, [], b"done")
            left.append(readable(*sockets))

        async with serving(answer) as (_, port):
            sockets += [await connected(port, post(b"", close=False)) for _ in range(many)]
            loop = asyncio.get_running_loop()
            answers = [await loop.sock_recv(one, 65_536) for one in sockets]
            for one in sockets:
                one.close()
        assert left == ([1] if many == 1 else [0] * many)
        assert all(one.endswith(b"content-length: 4\r\n\r\ndone") for one in answers)

    run_leaping(case())


def test_who_writes_without_end_is_made_to_wait_beside_others_too():
    async def case() -> None:
        both, sent = asyncio.Barrier(2), [0, 0]

        async def pour(caller: Caller) -> None:
            mine = await both.wait()
            out = caller.stream(200, [])
            while sent[mine] < 50_000_000:  # or the test would not end where nobody waits
                await out.send(b"x" * 1000)
                sent[mine] += 1000

        async with serving(pour) as (server, port):
            slow = [await connected(port, get()) for _ in range(2)]
            await asyncio.sleep(0.3)
            assert [peer.full for peer in server.peers] == [True, True]
            assert max(sent) < 50_000_000
            for one in slow:
                one.close()

    run_leaping(case())


def test_no_more_than_so_much_is_held():
    async def case() -> None:
        sent: list[tuple[int, bytes]] = []
        outbox = Outbox(asyncio.get_running_loop())
        for _ in range(MOST_HELD // 1000 + 1):
            assert sent == []
            outbox.write(transport(Wire(sent)), b"x" * 1000, alone=False)
        assert len(sent) == MOST_HELD // 1000 + 1

    run_leaping(case())


def test_what_a_stream_has_sent_is_read_before_it_is_cut():
    async def case() -> None:
        both = asyncio.Barrier(2)

        async def fail(caller: Caller) -> None:
            await caller.body(10)
            await both.wait()
            out = caller.stream(200, [])
            out.write(b"why it fails")
            raise ConnectionError

        async with serving(fail) as (_, port):
            sockets = [await connected(port, get()) for _ in range(2)]
            for one in sockets:
                answer = await everything(one)
                assert b"why it fails" in answer
                assert not answer.endswith(b"0\r\n\r\n")

    run_leaping(case())


def test_answers_to_requests_sent_together_keep_their_order_beside_others():
    async def case() -> None:
        both = asyncio.Barrier(2)

        async def answer(caller: Caller) -> None:
            body = await caller.body(10)
            if body == b"0":
                await both.wait()
            caller.respond(200, [], body)

        async with serving(answer) as (_, port):
            requests = post(b"0", close=False) + post(b"1", close=False) + post(b"2")
            for one in [await connected(port, requests) for _ in range(2)]:
                answers = await everything(one)
                bodies = [part[:1] for part in answers.split(b"\r\n\r\n")[1:]]
                assert bodies == [b"0", b"1", b"2"]

    run_leaping(case())


def test_calls_of_one_turn_go_to_the_provider_together():
    async def case() -> None:
        loop = asyncio.get_running_loop()
        async with providing(simply(OK)) as (scripted, base):
            client = Http1Upstream()

            async def call() -> bytes:
                return await (await client.send(at(base, "/"), b"{}")).read()

            await asyncio.gather(call(), call(), call())
            assert scripted.connections == 3
            (pool,) = client._pools.values()
            calls = [loop.create_task(call()) for _ in range(3)]
            held = loop.create_future()
            loop.call_soon(lambda: held.set_result(len(pool.outbox._held)))  # after all three
            assert await held == 2  # the first was alone when it was sent
            assert await asyncio.gather(*calls) == [b"ok"] * 3
            await client.close()

    run_leaping(case())


def test_who_ends_its_side_is_answered_beside_others_too():
    """What is done when the end comes is written, as it is for one alone."""

    async def case() -> None:
        never = asyncio.Event()

        async def answer(caller: Caller) -> None:
            if caller.path == "/slow":
                await never.wait()
            caller.respond(200, [], b"done")

        async with serving(answer, ServerLimits(idle_seconds=1000)) as (_, port):
            slow = [await connected(port, get("/slow")) for _ in range(3)]
            await asyncio.sleep(0.05)
            one = await connected(port, post(b"", close=False))
            one.shutdown(socket.SHUT_WR)
            assert (await everything(one)).endswith(b"done")
            for each in slow:
                each.close()

    run_leaping(case())
