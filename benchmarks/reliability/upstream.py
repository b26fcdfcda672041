"""A provider played by the test itself, which decides byte by byte what a call is answered."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, TypeAlias

from benchmarks.reliability.place import Place, before

__all__ = [
    "STAGE",
    "WHOLE",
    "Apart",
    "Call",
    "Script",
    "Upstream",
    "answer",
    "events",
    "refuse",
    "stage",
    "tell",
]

STAGE = """
[server]
listen = "127.0.0.1:0"
admin = ""
{more}
[ledger]
url = "{ledger}"
journal = "{journal}"
[classifier]
kind = "none"
default = "cheap"
[tiers.cheap]
model = "near/gpt-5-mini"
[tiers.premium]
model = "far/gpt-5.4"
[providers.near]
dialect = "openai"
base_url = "{near}/v1"
api_key_env = "SIM_KEY"
prices = "openai"
[providers.far]
dialect = "openai"
base_url = "{far}/v1"
api_key_env = "OTHER_KEY"
prices = "openai"
"""
"""Two providers, so that one can fail and the other not; `auto` begins on the near one."""

_NAME = re.compile(rb"request (\d+)")


class Call(NamedTuple):
    """One call as it has come in."""

    at: float
    """Monotonic seconds."""
    number: int
    """Of the request: its text says `request N`; -1 where it does not."""
    head: bytes
    """The request line and the headers, as they came."""
    body: bytes
    writer: asyncio.StreamWriter

    def reset(self) -> None:
        """Close with a TCP reset."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script: TypeAlias = Callable[[Call], Awaitable[object]]


class Upstream:
    """Listens in a thread of its own. `script`, which may be replaced, answers each call."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.calls: list[tuple[float, int]] = []
        """When each call came in, and of which request."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Upstream:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=2048), self._loop
        )
        self._server = started.result()
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError, asyncio.CancelledError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                found = _NAME.search(body)
                call = Call(time.monotonic(), int(found[1]) if found else -1, head, body, writer)
                self.calls.append((call.at, call.number))
                await self.script(call)
                await writer.drain()
        writer.close()


class Apart:
    """An `Upstream` in a process of its own, where what it does takes no time from the callers."""

    def __init__(self, script: Script) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_play, args=(script, theirs), daemon=True)

    def __enter__(self) -> Apart:
        self._process.start()
        self.address = str(self._ours.recv())
        return self

    def __exit__(self, *_: object) -> None:
        self._ours.close()
        self._process.join(10)
        self._process.kill()

    def calls(self) -> int:
        """How many have come in so far."""
        self._ours.send(None)
        return int(self._ours.recv())


def _play(script: Script, theirs: Connection) -> None:
    with Upstream(script) as upstream, suppress(EOFError):
        theirs.send(upstream.address)
        while True:
            theirs.recv()
            theirs.send(len(upstream.calls))


@contextmanager
def stage(
    near: Script, far: Script, *, more: str = ""
) -> Iterator[tuple[Place, Upstream, Upstream]]:
    """Two scripted providers and a gateway before them; `more` are lines below `[server]`."""
    with (
        Upstream(near) as cheap,
        Upstream(far) as premium,
        before({"near": cheap.address, "far": premium.address}, STAGE, more=more) as here,
    ):
        yield here, cheap, premium


def tell(writer: asyncio.StreamWriter, status: int, body: bytes, *headers: str) -> None:
    """A whole answer with its length."""
    lines = [f"HTTP/1.1 {status} X", "content-type: application/json", *headers]
    head = "\r\n".join([*lines, f"content-length: {len(body)}", "", ""])
    writer.write(head.encode() + body)


async def refuse(call: Call) -> None:
    """503, come back in a second."""
    body = b'{"error":{"message":"overloaded","type":"server_error","code":null,"param":null}}'
    tell(call.writer, 503, body, "retry-after: 1")


async def answer(call: Call) -> None:
    """As a provider that works: whole, or streamed where that was asked for."""
    if b'"stream":true' not in call.body.replace(b" ", b""):
        tell(call.writer, 200, json.dumps(WHOLE).encode())
        return
    begin(call.writer)
    for event in events(["all", "is", "well"]):
        chunk(call.writer, event)
    call.writer.write(b"0\r\n\r\n")


def begin(writer: asyncio.StreamWriter) -> None:
    """The head of a stream."""
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )


def chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    """A piece of a stream."""
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))


_USAGE = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}
_SAME: dict[str, Any] = {"id": "chatcmpl-1", "created": 1, "model": "m"}
WHOLE: dict[str, Any] = {
    **_SAME,
    "object": "chat.completion",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "all is well"},
            "finish_reason": "stop",
        }
    ],
    "usage": _USAGE,
}


def events(words: Sequence[str]) -> list[bytes]:
    """The events of a streamed answer: one a word, then how it ended."""
    said = [_event({"content": f"{word} "}) for word in words]
    usage = {**_SAME, "object": "chat.completion.chunk", "choices": [], "usage": _USAGE}
    return [*said, _event({}, "stop"), b"data: %b\n\n" % json.dumps(usage).encode(), _DONE]


_DONE = b"data: [DONE]\n\n"


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    piece = {**_SAME, "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: %b\n\n" % json.dumps(piece).encode()
