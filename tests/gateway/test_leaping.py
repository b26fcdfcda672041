"""leaping: time passes only where everything waits, by exactly what was waited for."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.gateway import leaping
from tests.gateway.leaping import run_leaping


def test_an_hour_is_slept_at_once_and_to_its_end():
    async def case() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert run_leaping(case()) == pytest.approx(3600)


def test_who_waits_for_a_shorter_time_is_woken_first():
    async def case() -> list[int]:
        woken: list[int] = []

        async def sleep(seconds: int) -> None:
            await asyncio.sleep(seconds)
            woken.append(seconds)

        await asyncio.gather(*(sleep(seconds) for seconds in (50, 20, 90, 10)))
        return woken

    assert run_leaping(case()) == [10, 20, 50, 90]


def test_work_that_takes_the_machine_long_takes_no_time():
    async def case() -> float:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(0.001):
            for _ in range(20):
                time.sleep(0.001)  # noqa: ASYNC251 - a slow machine, not a wait
                await asyncio.sleep(0)
        return loop.time()

    assert run_leaping(case()) == 0


def test_what_goes_from_socket_to_socket_takes_no_time():
    async def case() -> tuple[bytes, float]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readexactly(100_000))
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        async with asyncio.timeout(0.001):
            writer.write(b"x" * 100_000)
            got = await reader.read(-1)
        writer.close()
        server.close()
        return got, asyncio.get_running_loop().time()

    assert run_leaping(case()) == (b"x" * 100_000, 0)


def test_a_silent_socket_is_waited_for_as_long_as_was_asked():
    async def case() -> float:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(), 3600)
        writer.close()
        await writer.wait_closed()
        server.close()
        return asyncio.get_running_loop().time()

    assert run_leaping(case()) == pytest.approx(3600)


def test_a_thread_that_works_for_the_loop_is_waited_for():
    async def case() -> str:
        done = Event()
        work = asyncio.get_running_loop().run_in_executor(None, done.wait, 60)
        await asyncio.sleep(0.01)
        done.set()
        assert await asyncio.wait_for(work, 60)
        return "and was not leapt over"

    assert run_leaping(case()) == "and was not leapt over"


def test_a_test_that_waits_for_what_never_comes_is_told(monkeypatch):
    monkeypatch.setattr(leaping, "PATIENCE", 0.01)

    async def case() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(AssertionError, match="nothing is due"):
        run_leaping(case())


def test_threads_that_end_slowly_are_waited_for_at_the_end_without_a_leap():
    slow = Event()

    async def case() -> float:
        loop, pool = asyncio.get_running_loop(), ThreadPoolExecutor(1)
        loop.set_default_executor(pool)
        pool.submit(slow.wait, 0.2)  # nobody in the loop knows of it
        return loop.time()

    assert run_leaping(case()) == 0
