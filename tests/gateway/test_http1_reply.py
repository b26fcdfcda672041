"""http1_reply: an answer is taken as it comes, waits where nobody takes it, and can be given up."""

from __future__ import annotations

import asyncio

import pytest

from headgate.errors import UpstreamError
from headgate.gateway.deadline import Deadlines
from headgate.gateway.http1_client import READ_BYTES, Http1Upstream
from headgate.gateway.http1_reply import HIGH_WATER, MAX_BODY_BYTES, Http1Reply
from tests.gateway.scripted import CHUNKED, at, serving, simply, staying

HELLO = b"5\r\nhello\r\n"


def test_cancelling_or_closing_in_the_body_closes_the_connection_at_once():
    async def case(cancel: bool):
        async with serving(staying(CHUNKED + HELLO)) as (scripted, base):
            client = Http1Upstream()
            reply = await client.send(at(base), b"{}")
            assert await reply.chunk(1.0) == b"hello"
            if cancel:
                waiting = asyncio.create_task(reply.chunk(5.0))
                await asyncio.sleep(0.01)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
            else:
                reply.close()
            await asyncio.wait_for(scripted.closed.wait(), 10)
            with pytest.raises(UpstreamError):
                await reply.chunk(1.0)
            await client.close()

    for cancel in (True, False):
        asyncio.run(case(cancel))


def test_silence_in_a_stream_is_a_time_out_and_closes_the_connection():
    async def case():
        async with serving(staying(CHUNKED + HELLO)) as (scripted, base):
            client = Http1Upstream()
            reply = await client.send(at(base), b"{}")
            assert await reply.chunk(1.0) == b"hello"
            with pytest.raises(UpstreamError) as caught:
                await reply.chunk(0.05)
            assert caught.value.kind == "timeout"
            await asyncio.wait_for(scripted.closed.wait(), 10)
            await client.close()

    asyncio.run(case())


def test_each_wait_of_a_stream_has_its_own_longest_silence():
    async def case():
        async with serving(staying(CHUNKED, HELLO)) as (scripted, base):
            client = Http1Upstream()
            reply = await client.send(at(base), b"{}")
            assert await reply.chunk(60.0) == b"hello"
            with pytest.raises(UpstreamError) as caught:
                await asyncio.wait_for(reply.chunk(0.05), 10)
            assert caught.value.kind == "timeout"
            await asyncio.wait_for(scripted.closed.wait(), 10)
            await client.close()

    asyncio.run(case())


def test_a_steady_stream_may_last_longer_than_the_longest_silence():
    async def script(scripted, reader, writer):
        await scripted.request(reader)
        writer.write(CHUNKED)
        for _ in range(8):
            await asyncio.sleep(0.04)
            writer.write(HELLO)
        await asyncio.sleep(0.5)
        await reader.read()

    async def case():
        async with serving(script) as (_, base):
            client = Http1Upstream()
            reply = await client.send(at(base), b"{}")
            for _ in range(8):
                assert await reply.chunk(0.15) == b"hello"
            started = asyncio.get_running_loop().time()
            with pytest.raises(UpstreamError) as caught:
                await reply.chunk(0.15)
            assert caught.value.kind == "timeout"
            assert asyncio.get_running_loop().time() - started < 0.4
            await client.close()

    asyncio.run(case())


def test_a_slow_reader_stops_the_provider_from_sending():
    sent = 0

    async def script(scripted, reader, writer):
        nonlocal sent
        await scripted.request(reader)
        writer.transport.set_write_buffer_limits(high=0)
        writer.write(CHUNKED)
        for _ in range(2000):
            writer.write(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
            await writer.drain()
            sent += 0x2000

    async def case():
        async with serving(script) as (_, base):
            client = Http1Upstream()
            reply = await client.send(at(base), b"{}")
            await asyncio.sleep(0.3)
            # the client holds its high-water mark; the rest lies in the kernel's buffers
            assert reply._size <= HIGH_WATER + READ_BYTES
            held = sent
            await asyncio.sleep(0.1)
            assert sent == held < 2000 * 0x2000
            taken = 0
            while sent == held:
                taken += len(await reply.chunk(1.0) or b"")
            assert taken < held  # it goes on as soon as there is room, not when all is taken
            reply.close()
            await client.close()

    asyncio.run(case())


def test_a_paused_answer_that_ends_leaves_its_connection_usable():
    big = b"x" * (3 * HIGH_WATER)
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(big), big)

    async def case():
        async with serving(simply(answer)) as (scripted, base):
            client = Http1Upstream()
            for _ in range(3):
                reply = await client.send(at(base), b"{}")
                await asyncio.sleep(0.02)
                assert await reply.read() == big
            assert scripted.connections == 1
            await client.close()

    asyncio.run(case())


def test_a_released_answer_keeps_its_connection_if_it_ends_soon():
    async def script(scripted, reader, writer):
        while True:
            await scripted.request(reader)
            writer.write(CHUNKED + HELLO)
            await asyncio.sleep(0.02)
            writer.write(b"4\r\nmore\r\n0\r\n\r\n")

    async def case():
        async with serving(script) as (scripted, base):
            client = Http1Upstream()
            for _ in range(2):
                reply = await client.send(at(base), b"{}")
                assert await reply.chunk(1.0) == b"hello"
                reply.release()
                await asyncio.sleep(0.08)
            assert scripted.connections == 1
            await client.close()

    asyncio.run(case())


class Line:
    """A connection that notes what an answer asks of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def abort(self) -> None:
        self.asked.append("abort")

    def pause(self) -> None:
        self.asked.append("pause")

    def resume(self) -> None:
        self.asked.append("resume")


def reply_on(line: Line) -> Http1Reply:
    headers = {"retry-after": b"3", "x-odd": b"\xff"}
    return Http1Reply(line, asyncio.get_running_loop(), Deadlines(), 200, headers, False)


def test_a_header_is_text_whatever_it_holds_and_none_where_it_is_not():
    async def case() -> None:
        reply = reply_on(Line())
        assert reply.header("retry-after") == "3"
        assert reply.header("x-odd") == "\xff"
        assert reply.header("x-other") is None

    asyncio.run(case())


def test_chunks_that_came_meanwhile_are_taken_as_one_and_the_end_is_none():
    async def case() -> None:
        line = Line()
        reply = reply_on(line)
        reply.received(b"ab")
        reply.received(b"c")
        assert await reply.chunk() == b"abc"
        reply.received(b"d")
        reply.finished()
        assert await reply.chunk() == b"d"
        assert await reply.chunk() is None
        reply.close()  # it has come to its end: nothing is left to close
        assert line.asked == []

    asyncio.run(case())


def test_the_socket_is_not_read_above_the_mark_and_read_on_once_all_is_taken():
    async def case() -> None:
        line = Line()
        reply = reply_on(line)
        reply.received(b"x" * HIGH_WATER)
        assert line.asked == []
        reply.received(b"x")
        reply.received(b"x")  # was on its way
        assert line.asked == ["pause"]
        assert len(await reply.chunk() or b"") == HIGH_WATER + 2
        assert line.asked == ["pause", "resume"]

    asyncio.run(case())


def test_an_answer_that_is_too_large_is_given_up_and_not_kept():
    async def case() -> None:
        line = Line()
        reply = reply_on(line)
        reading = asyncio.ensure_future(reply.read())
        piece = bytes(MAX_BODY_BYTES // 2)
        for _ in range(3):
            await asyncio.sleep(0)
            reply.received(piece)
        with pytest.raises(UpstreamError, match="too large") as caught:
            await reading
        assert caught.value.kind == "unusable"
        assert line.asked[-1] == "abort"

    asyncio.run(case())


def test_the_first_failure_is_the_one_that_is_told():
    async def case() -> None:
        reply = reply_on(Line())
        reply.failed(UpstreamError("First.", kind="reset"))
        reply.failed(UpstreamError("Second.", kind="timeout"))
        with pytest.raises(UpstreamError, match="First"):
            await reply.read()

    asyncio.run(case())


def test_what_comes_after_a_release_is_dropped():
    async def case() -> None:
        line = Line()
        reply = reply_on(line)
        reply.received(b"x" * (HIGH_WATER + 1))
        reply.release()
        reply.received(b"y")
        reply.finished()
        assert line.asked == ["pause", "resume"]
        assert await reply.chunk() is None

    asyncio.run(case())


def test_an_answer_that_is_there_is_read_without_a_wait():
    async def case():
        async with serving(simply(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")) as (
            _,
            base,
        ):
            client = Http1Upstream()
            reply = await client.send(at(base), b"{}")
            await asyncio.sleep(0.05)
            reading = reply.read()
            with pytest.raises(StopIteration) as ended:
                reading.send(None)
            assert ended.value.value == b"hello"
            assert await reply.chunk(1.0) is None
            await client.close()

    asyncio.run(case())
