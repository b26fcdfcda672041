"""http1_reply: an answer is taken as it comes, waits where nobody takes it, and can be given up."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import UpstreamError
from headgate.gateway.deadline import Deadlines
from headgate.gateway.http1_client import READ_BYTES, Http1Upstream
from headgate.gateway.http1_reply import HIGH_WATER, MAX_BODY_BYTES, Http1Reply
from tests.gateway.leaping import run_leaping
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
            await asyncio.wait_for(scripted.closed.wait(), 60)
            with pytest.raises(UpstreamError):
                await reply.chunk(1.0)
            await client.close()

    for cancel in (True, False):
        run_leaping(case(cancel))


def test_silence_in_a_stream_is_a_time_out_and_closes_the_connection():
    async def case():
        async with serving(staying(CHUNKED + HELLO)) as (scripted, base):
            client = Http1Upstream()
            reply = await client.send(at(base), b"{}")
            assert await reply.chunk(1.0) == b"hello"
            with pytest.raises(UpstreamError) as caught:
                await reply.chunk(0.05)
            assert caught.value.kind == "timeout"
            await asyncio.wait_for(scripted.closed.wait(), 60)
            await client.close()

    run_leaping(case())


def test_each_wait_of_a_stream_has_its_own_longest_silence():
    async def case():
        async with serving(staying(CHUNKED, HELLO)) as (scripted, base):
            client = Http1Upstream()
            reply = await client.send(at(base), b"{}")
            assert await reply.chunk(60.0) == b"hello"
            with pytest.raises(UpstreamError) as caught:
                await asyncio.wait_for(reply.chunk(0.05), 60)
            assert caught.value.kind == "timeout"
            await asyncio.wait_for(scripted.closed.wait(), 60)
            await client.close()

    run_leaping(case())


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

    run_leaping(case())


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

    run_leaping(case())


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

    run_leaping(case())


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

    run_leaping(case())


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

    run_leaping(case())


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

    run_leaping(case())


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

    run_leaping(case())


def test_an_answer_that_is_too_large_is_given_up_and_not_kept():
    async def case() -> None:
        line = Line()
        reply = reply_on(line)
        reading = asyncio.ensure_future(reply.read())
        piece = bytes(MAX_BODY_BYTES // 2)
        for _ in range(3):
            await asyncio.sleep(0)
            reply.received(piece)
            reply.arrived(whole=True)
        with pytest.raises(UpstreamError, match="too large") as caught:
            await reading
        assert caught.value.kind == "unusable"
        assert line.asked[-1] == "abort"

    run_leaping(case())


class Sink:
    """Takes so many pieces, then says that it is enough."""

    def __init__(self, most: int = 100) -> None:
        self.got: list[bytes] = []
        self.most = most

    def __call__(self, data: bytes) -> bool:
        self.got.append(data)
        return len(self.got) < self.most


def come(reply: Http1Reply, *pieces: bytes, whole: bool = True) -> None:
    """These pieces come in one segment."""
    for piece in pieces:
        reply.received(piece)
    reply.arrived(whole=whole)


def test_what_comes_is_poured_where_it_arrives_a_segment_at_a_time():
    async def case() -> None:
        reply, sink = reply_on(Line()), Sink()
        come(reply, b"a")  # nobody waits for it yet
        pouring = asyncio.ensure_future(reply.pour(sink, 9.0))
        await asyncio.sleep(0)
        assert sink.got == [b"a"]
        come(reply, b"b", b"c")
        assert sink.got == [b"a", b"bc"], "the task had to be woken"
        come(reply, b"d")
        assert sink.got == [b"a", b"bc", b"d"]
        reply.received(b"e")
        reply.finished()
        assert await pouring is False
        assert sink.got[-1] == b"e"

    run_leaping(case())


def test_it_ends_where_it_is_enough_and_goes_on_with_what_came_meanwhile():
    async def case() -> None:
        reply, sink = reply_on(Line()), Sink(most=2)
        pouring = asyncio.ensure_future(reply.pour(sink, 9.0))
        await asyncio.sleep(0)
        come(reply, b"a")
        come(reply, b"b")
        come(reply, b"c")  # its task has not run since
        assert await pouring is True
        assert sink.got == [b"a", b"b"]
        come(reply, b"d")
        assert sink.got == [b"a", b"b"]
        assert await reply.pour(sink, 9.0) is True
        assert sink.got == [b"a", b"b", b"cd"]

    run_leaping(case())


def test_a_segment_after_which_more_is_to_be_read_waits_for_its_tasks_turn():
    async def case() -> None:
        line = Line()
        reply, sink = reply_on(line), Sink()
        pouring = asyncio.ensure_future(reply.pour(sink, 9.0))
        await asyncio.sleep(0)
        for _ in range(3):
            come(reply, b"x" * READ_BYTES, whole=False)
        come(reply, b"y")
        assert sink.got == []
        assert line.asked == ["pause"]
        await asyncio.sleep(0)
        assert [len(data) for data in sink.got] == [3 * READ_BYTES + 1]
        assert line.asked == ["pause", "resume"]
        come(reply, b"z")
        assert sink.got[1:] == [b"z"]
        reply.finished()
        assert await pouring is False

    run_leaping(case())


def test_what_goes_wrong_where_it_arrives_is_raised_in_the_task_and_gives_the_answer_up():
    def fails(data: bytes) -> bool:
        raise ConnectionError("the caller has gone")

    async def case() -> None:
        line = Line()
        reply = reply_on(line)
        pouring = asyncio.ensure_future(reply.pour(fails, 9.0))
        await asyncio.sleep(0)
        come(reply, b"a")
        come(reply, b"b")
        with pytest.raises(ConnectionError):
            await pouring
        assert line.asked == ["abort"]

    run_leaping(case())


def test_nothing_is_poured_once_its_task_is_cancelled():
    async def case() -> None:
        line = Line()
        reply, sink = reply_on(line), Sink()
        pouring = asyncio.ensure_future(reply.pour(sink, 9.0))
        await asyncio.sleep(0)
        pouring.cancel()
        come(reply, b"a")  # before the task hears of it
        with pytest.raises(asyncio.CancelledError):
            await pouring
        come(reply, b"b")
        assert sink.got == []
        assert line.asked == ["abort"]

    run_leaping(case())


def test_what_came_before_a_failure_is_poured_and_then_it_is_raised():
    async def case() -> None:
        reply, sink = reply_on(Line()), Sink()
        pouring = asyncio.ensure_future(reply.pour(sink, 9.0))
        await asyncio.sleep(0)
        reply.received(b"a")
        reply.failed(UpstreamError("Cut.", kind="reset"))
        with pytest.raises(UpstreamError, match="Cut"):
            await pouring
        assert sink.got == [b"a"]

    run_leaping(case())


def test_silence_is_counted_from_the_last_segment_though_its_task_has_slept_since():
    async def main() -> None:
        reply, sink = reply_on(Line()), Sink()
        pouring = asyncio.ensure_future(reply.pour(sink, 0.3))
        for _ in range(6):
            await asyncio.sleep(0.2)
            come(reply, b"a")
        assert len(sink.got) == 6
        with pytest.raises(UpstreamError) as silent:
            await pouring
        assert silent.value.kind == "timeout"

    run_leaping(main())


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=9), st.integers(0, 2)), max_size=30),
    st.integers(1, 4),
)
def test_all_that_comes_is_poured_once_and_in_its_order(pieces, most):
    async def case() -> None:
        reply, got = reply_on(Line()), bytearray()

        async def pour() -> None:
            while await reply.pour(sink := Sink(most), 9.0):
                got.extend(b"".join(sink.got))
            got.extend(b"".join(sink.got))

        pouring = asyncio.ensure_future(pour())
        for piece, then in pieces:
            reply.received(piece)
            if then:
                reply.arrived(whole=then == 1)
            if piece[0] % 2:
                await asyncio.sleep(0)
        reply.finished()
        await pouring
        assert bytes(got) == b"".join(piece for piece, _ in pieces)

    run_leaping(case())


def test_the_first_failure_is_the_one_that_is_told():
    async def case() -> None:
        reply = reply_on(Line())
        reply.failed(UpstreamError("First.", kind="reset"))
        reply.failed(UpstreamError("Second.", kind="timeout"))
        with pytest.raises(UpstreamError, match="First"):
            await reply.read()

    run_leaping(case())


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

    run_leaping(case())


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

    run_leaping(case())
