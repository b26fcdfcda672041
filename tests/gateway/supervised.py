"""A supervisor to test, as a process of its own: `python -m tests.gateway.supervised COUNT KIND`.

It prints `ready HOST PORT` once all its workers serve. A worker answers each connection with its
index and process id, and ends as its kind says: `good` after a drain, `stubborn` never by itself,
`patient` at SIGINT (at SIGTERM it says `told`), `broken` before it was ready, `unlucky` so too, but
only the one with index 1.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from headgate.gateway.supervisor import READY, Supervisor, reserve


async def work(index: int, ready: int, lifeline: int, port: int, kind: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{index} {os.getpid()}".encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port, reuse_port=True)
    deaf = {"stubborn": lambda: None, "patient": lambda: os.write(1, b"told\n")}
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        told = deaf.get(kind, stop.set) if name == signal.SIGTERM else stop.set
        loop.add_signal_handler(name, told)
    loop.add_reader(lifeline, stop.set)
    os.write(ready, READY)
    os.close(ready)
    await stop.wait()
    server.close()


def main() -> int:
    if sys.argv[1] == "worker":
        index, ready, lifeline, port = map(int, sys.argv[2:6])
        kind = sys.argv[6]
        if kind == "broken" or (kind == "unlucky" and index == 1):
            return 2
        asyncio.run(work(index, ready, lifeline, port, kind))
        return 0
    count, kind = int(sys.argv[1]), sys.argv[2]
    with reserve("127.0.0.1", 0) as (host, port):

        def command(index: int, ready: int, lifeline: int) -> list[str]:
            numbers = map(str, (index, ready, lifeline, port))
            return [sys.executable, "-m", __spec__.name, "worker", *numbers, kind]

        seconds = 0.2 if kind == "stubborn" else 60.0  # ending in time is no matter of speed
        supervisor = Supervisor(command, count, drain_seconds=seconds, kill_seconds=seconds)
        return supervisor.run(lambda: os.write(1, f"ready {host} {port}\n".encode()))


if __name__ == "__main__":
    sys.exit(main())
