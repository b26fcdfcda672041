"""passing: a stream goes on as it comes, its row before its last event, and never looks whole."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import app_of
from headgate.gateway.http1_client import Http1Upstream
from headgate.gateway.http1_server import Http1Server
from headgate.gateway.passing import passed_on
from headgate.gateway.record import Attempt
from headgate.ledger.entry import Entry
from headgate.settings import read
from headgate.wire.lane import Flow, lane
from tests.gateway.clocks import NOON
from tests.gateway.house import ENV, RULES
from tests.gateway.leaping import run_leaping
from tests.gateway.one_request import BODY, CLAUDE_STREAM, STREAM
from tests.gateway.one_stream import END, HEAD, framed
from tests.gateway.plants import CHEAP, EVENTS, Came, Chunk, inbound, stream

WORDS = ("The answer", " is ", "42.")


class Out:
    """The way to the caller; takes no more without a wait once it is `full`."""

    def __init__(self, *, full: bool = False) -> None:
        self.told: list[bytes | str] = []
        self.full = full
        self.waits = 0

    def write(self, data: bytes) -> bool:
        self.told.append(data)
        return not self.full

    async def send(self, data: bytes) -> None:
        self.waits += not data
        if data:
            self.told.append(data)


def passed(*chunks: Chunk, out: Out | None = None) -> tuple[bool, list[bytes | str], Attempt]:
    """Whether a stream came whole; what went out, with "row" where it was written; its attempt."""
    out = Out() if out is None else out
    way = lane(inbound(stream=True), "anthropic", at=int(NOON))
    way.request(CHEAP.model.model)
    attempt, flow, came = (
        Attempt(0, "answer", CHEAP, "first", 0, NOON),
        way.flow(),
        Came(*chunks, headers=(EVENTS,)),
    )

    def complete(_: Attempt, __: Flow) -> None:
        out.told.append("row")

    async def main() -> bool:
        return await passed_on(attempt, flow, came, out, idle_timeout=7.0, complete=complete)

    whole = run_leaping(main())
    assert set(came.idles) <= {7.0}
    return whole, out.told, attempt


def test_each_event_goes_out_as_it_comes_and_the_row_before_the_last():
    events = stream(*WORDS)
    whole, told, attempt = passed(*events)
    assert whole
    assert told == [*events[:-1], "row", events[-1]]
    assert attempt.error is None


def test_a_caller_who_is_slow_is_waited_for_and_misses_nothing():
    events, out = stream(*WORDS), Out(full=True)
    whole, told, _ = passed(*events, out=out)
    assert whole
    assert told == [*events[:-1], "row", events[-1]]
    assert out.waits == len(events) - 1


def test_a_last_event_whose_end_does_not_come_is_whole_all_the_same():
    *events, last = stream(*WORDS)
    whole, told, attempt = passed(*events, last.rstrip(b"\n"))
    assert whole
    assert told.count("row") == 1
    assert (
        b"".join(one for one in told if isinstance(one, bytes))
        .rstrip(b"\n")
        .endswith(last.rstrip(b"\n"))
    )
    assert attempt.error is None


@pytest.mark.parametrize("events", [1, 3, 6])
def test_a_stream_that_is_cut_off_ends_with_an_error_and_has_no_row_yet(events: int):
    whole, told, attempt = passed(*stream(*WORDS)[:events])
    assert not whole
    assert "row" not in told
    assert isinstance(told[-1], bytes)
    assert told[-1].startswith(b"event: error\n")
    assert attempt.error == "reset"


class Watching:
    """A recorder that notes in whose task each row is written."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[object] | None] = []

    def record(self, entry: Entry) -> None:
        assert entry.served
        self.tasks.append(asyncio.current_task())


@pytest.mark.parametrize("claude", [False, True])
def test_the_row_is_written_in_the_task_of_its_request(tmp_path: Path, claude: bool):
    over = asyncio.Event()

    async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        for event in CLAUDE_STREAM if claude else STREAM:
            writer.write(framed(event))
            await asyncio.sleep(0.005)  # each is a segment
        writer.write(END)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        over.set()

    async def case() -> None:
        providing = await asyncio.start_server(provide, "127.0.0.1", 0)
        base = f"http://127.0.0.1:{providing.sockets[0].getsockname()[1]}"
        file = tmp_path / "headgate.toml"
        file.write_text(RULES.format(openai=base, anthropic=base, responses=base))
        sets = () if claude else ("tiers.cheap.model=google/gpt-5-mini",)
        settings, upstream, watching = read(file, env=ENV, sets=sets), Http1Upstream(), Watching()
        app = app_of(settings, ENV, upstream=upstream, recorder=watching, clock=SystemClock())
        server = Http1Server(app)
        reader, writer = await asyncio.open_connection(*await server.listen("127.0.0.1", 0))
        body = json.dumps(BODY | {"stream": True}).encode()
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        got = await reader.readuntil(END)
        assert b"[DONE]" in got
        (task,) = watching.tasks
        assert task is not None
        await over.wait()
        writer.close()
        await writer.wait_closed()
        await server.close()
        await upstream.close()
        providing.close()
        await providing.wait_closed()

    run_leaping(case())
