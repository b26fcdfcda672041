"""A stream whose last event and whose end come apart: its row is still its own request's."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import app_of
from headgate.gateway.http1_client import Http1Upstream
from headgate.gateway.http1_server import Http1Server
from headgate.ledger.entry import Entry
from headgate.settings import read
from tests.gateway.house import ENV, RULES
from tests.gateway.leaping import run_leaping
from tests.gateway.one_request import BODY, CLAUDE_STREAM, STREAM
from tests.gateway.one_stream import END, HEAD, framed


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
