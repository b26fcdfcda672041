"""sidecar: one process beside ours, with real processes: told, heard, started again, never left."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from headgate.errors import ConfigError
from headgate.gateway.relay import Relay
from headgate.gateway.sidecar import Sidecar, Trouble
from tests.gateway.callers import Asked

CHILD = """
import asyncio, os, signal, socket, sys
from headgate.gateway.relay import framed, received, serve_relayed
MODE = sys.argv[1]

def say(message):
    os.write(1, framed(message))

async def pages(caller):
    caller.respond(200, [], str(os.getpid()).encode())

async def main():
    if "deaf" in MODE:
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await serve_relayed(socket.socket(fileno=int(sys.argv[2])), pages)
    say(f"pid {os.getpid()}")
    if "babble" in MODE:
        os.write(1, b"hello\\n\\n\\n\\n\\n\\n")
    try:
        while True:
            say("told " + await received(reader, str))
    except EOFError:
        pass
    if "deaf" in MODE:
        await asyncio.sleep(60)

asyncio.run(main())
"""
PATIENCE = 120.0


class Heard:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.troubles: list[tuple[Trouble, str]] = []
        self.well = 0

    def told(self, trouble: Trouble, why: str) -> None:
        self.troubles.append((trouble, why))

    def is_well(self) -> None:
        self.well += 1

    def pids(self) -> list[int]:
        return [int(said.split()[1]) for said in self.said if said.startswith("pid ")]


@asynccontextmanager
async def beside(
    mode: str = "plain", silence_seconds: float = 60.0
) -> AsyncIterator[tuple[Sidecar[str], Heard, Path]]:
    heard = Heard()
    sidecar = Sidecar(
        lambda listening: [sys.executable, "-c", CHILD, mode, str(listening)],
        says=str,
        heard=heard.said.append,
        told=heard.told,
        well=heard.is_well,
        env=os.environ,
        stop_seconds=0.5,
        silence_seconds=silence_seconds,
    )
    async with sidecar.running() as path:
        yield sidecar, heard, path


async def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_is_started_when_told_to_hears_and_is_heard_and_ends_with_us():
    async def live() -> tuple[list[int], list[str], Path]:
        async with beside() as (sidecar, heard, path):
            await asyncio.sleep(0.3)
            assert heard.said == []
            sidecar.tell("nobody hears this")
            sidecar.begin()
            await until(lambda: len(heard.said) == 1)
            sidecar.tell("that")
            await until(lambda: "told that" in heard.said)
            assert heard.well == 1, "it is told once, and not at each word"
            page = Asked("GET", "/")
            await Relay(path)(page)
            assert int(page.answer) == heard.pids()[0]
            return heard.pids(), heard.said, path

    pids, said, path = asyncio.run(live())
    assert said[1:] == ["told that"]
    assert not alive(pids[0])
    assert not path.exists()


def test_one_that_is_stopped_is_ended_and_replaced(caplog):
    async def live() -> tuple[list[int], list[tuple[Trouble, str]]]:
        async with beside(silence_seconds=3.0) as (sidecar, heard, _):
            sidecar.begin()
            await until(lambda: len(heard.pids()) == 1)
            assert sidecar.trouble is None
            before = len(heard.troubles)  # starting may take long
            os.kill(heard.pids()[-1], signal.SIGSTOP)
            stopped = len(heard.pids())
            await until(lambda: len(heard.pids()) > stopped)
            assert sidecar.trouble is None
            return heard.pids()[:stopped], heard.troubles[before:]

    pids, troubles = asyncio.run(live())
    assert not any(map(alive, pids))
    assert troubles[:2] == [
        ("silent", "it has said nothing for 1.5 s"),
        ("ended", "it was silent for 3 s: stopped, or it hangs"),
    ]
    assert "has ended (it was silent for 3 s: stopped, or it hangs); another starts" in caplog.text


def test_one_that_speaks_again_is_out_of_trouble(caplog):
    async def live() -> list[tuple[Trouble, str]]:
        async with beside(silence_seconds=8.0) as (sidecar, heard, _):
            sidecar.begin()
            await until(lambda: len(heard.pids()) == 1)
            before = len(heard.troubles)  # starting may take long
            await until(lambda: sidecar.trouble == "silent")
            sidecar.tell("that")
            await until(lambda: sidecar.trouble is None)
            assert len(heard.pids()) == 1
            return heard.troubles[before:]

    assert asyncio.run(live()) == [("silent", "it has said nothing for 4 s")]
    assert "has said nothing for 4 s" in caplog.text


def test_one_that_dies_is_replaced_and_its_socket_goes_on(caplog):
    async def live() -> list[int]:
        async with beside() as (sidecar, heard, path):
            sidecar.begin()
            await until(lambda: len(heard.pids()) == 1)
            os.kill(heard.pids()[0], signal.SIGKILL)
            page = Asked("GET", "/")
            await Relay(path)(page)  # asked while none is there
            await until(lambda: len(heard.pids()) == 2)  # it may answer before it is heard
            assert int(page.answer) == heard.pids()[1]
            return heard.pids()

    pids = asyncio.run(live())
    assert len(set(pids)) == 2
    assert not any(map(alive, pids))
    assert "signal 9" in caplog.text


def test_one_that_does_not_heed_is_killed(caplog):
    async def live() -> int:
        async with beside("deaf") as (sidecar, heard, _):
            sidecar.begin()
            await until(lambda: len(heard.pids()) == 1)
            return heard.pids()[0]

    assert not alive(asyncio.run(live()))
    assert "killed" in caplog.text


def test_one_that_is_just_being_ended_is_not_left_behind(caplog):
    async def live() -> int:
        async with beside("deaf babble") as (sidecar, heard, _):
            sidecar.begin()
            await until(lambda: len(heard.pids()) == 1)
            await asyncio.sleep(0.1)  # of the half second that it is given
            return heard.pids()[0]

    assert not alive(asyncio.run(live()))
    assert "killed" in caplog.text


def test_one_that_talks_nonsense_is_replaced(caplog):
    async def live() -> list[int]:
        async with beside("babble") as (sidecar, heard, _):
            sidecar.begin()
            await until(lambda: len(heard.pids()) == 2)
            return heard.pids()

    assert not any(map(alive, asyncio.run(live())))
    assert "another starts" in caplog.text


def test_a_command_that_cannot_run_is_tried_again(caplog):
    async def live() -> None:
        sidecar = Sidecar(lambda _: ["/no/such/program"], says=str, heard=print, env=os.environ)
        async with sidecar.running():
            sidecar.begin()
            await until(lambda: caplog.text.count("another starts") >= 2)

    asyncio.run(live())


def test_a_place_for_the_socket_that_cannot_be_used_says_what_to_do(monkeypatch, tmp_path):
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))

    async def live() -> None:
        async with beside():
            pass

    with pytest.raises(ConfigError) as caught:
        asyncio.run(live())
    assert "TMPDIR" in str(caught.value)
