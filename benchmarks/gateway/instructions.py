"""`python -m benchmarks.gateway.instructions`: processor instructions for one request.

Callgrind counts them. Unlike a time they do not depend on what else the machine does; two runs
differ by one in a hundred.
A request goes through a warm application without a network; `sockets` is server and client with a
bare proxy between them, `paced stream` the whole gateway, each event sent when the one before has
arrived; both on the event loop that it runs on, with a load and a provider in the same process.
`--calls KIND` lists the function calls of one request instead, and needs no valgrind.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, TypeVar

from tests.gateway.house import LEARNED, RULES
from tests.gateway.one_request import PRICES, Ask, Kind, gateway, proxy
from tests.gateway.one_stream import paced

from benchmarks.gateway.counts import count

__all__ = ["ALL", "KINDS", "PACED", "SOCKETS", "calls", "main", "told"]

KINDS = {
    "rules": Kind(RULES + PRICES),
    "learned": Kind(LEARNED + PRICES),
    "key": Kind(RULES + PRICES, key=True),
    "learned and key": Kind(LEARNED + PRICES, key=True),
    "translated": Kind(claude=True),
    "stream": Kind(RULES + PRICES, stream=True),
    "translated stream": Kind(stream=True, claude=True),
    "responses stream": Kind(stream=True, responses=True),
    "tools": Kind(RULES + PRICES, stream=True, says="tools"),
    "tools from Anthropic": Kind(stream=True, claude=True, says="tools"),
    "tools to Anthropic": Kind(stream=True, messages=True, says="tools"),
    "responses tools": Kind(stream=True, responses=True, says="tools"),
    "thinking": Kind(RULES + PRICES, stream=True, says="thinking"),
    "thinking from Anthropic": Kind(stream=True, claude=True, says="thinking"),
    "thinking to Anthropic": Kind(stream=True, messages=True, says="thinking"),
}
SOCKETS = "sockets"
PACED = {
    "paced stream": Kind(RULES + PRICES, stream=True),
    "translated paced stream": Kind(stream=True, claude=True),
}
ALL = (*KINDS, SOCKETS, *PACED)
T = TypeVar("T")
COUNTS = {
    "Ir": "instructions",
    "I1mr": "misses of the first cache: instructions",
    "D1m": "data",
    "DLm": "data, of the last cache",
}


def main() -> int:
    """0 where it could be counted, and where nothing is there to count with."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gateway.instructions", description=__doc__
    )
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(ALL)}; default all")
    parser.add_argument(
        "--requests", type=count, default=200, help="that are counted, each the same"
    )
    parser.add_argument("--cache", action="store_true", help="misses of simulated caches as well")
    parser.add_argument("--calls", action="store_true", help="list one request's calls instead")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    kinds = options.kinds or ALL
    unknown = set(kinds) - {*ALL}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; name {', '.join(ALL)}")
    if options.inside:
        _run(kinds[0], _inside(kinds[0], options.requests))
        return 0
    if options.calls:
        for kind in kinds:
            print("\n".join(calls(kind)))
        return 0
    if shutil.which("valgrind") is None or shutil.which("callgrind_control") is None:
        print("not run: valgrind is not here")
        return 0
    names = COUNTS if options.cache else {"Ir": COUNTS["Ir"]}
    print(f"| request | {' | '.join(names.values())} |\n|---|{'---:|' * len(names)}")
    for kind in kinds:
        counted = _counted(kind, options.requests, cache=options.cache)
        each = (f"{counted[name] / options.requests:,.0f}" for name in names)
        print(f"| {kind} | {' | '.join(each)} |", flush=True)
    return 0


def _counted(kind: str, requests: int, *, cache: bool) -> dict[str, int]:
    """What so many requests took; two kinds of misses, of reads and writes, are added up."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no"]
        command += [f"--callgrind-out-file={out}", f"--cache-sim={'yes' if cache else 'no'}"]
        command += [sys.executable, "-m", "benchmarks.gateway.instructions", "--inside"]
        ran = subprocess.run(
            [*command, "--requests", str(requests), kind],
            env=os.environ | {"PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise SystemExit(ran.stderr[-2000:])
        return told(out.read_text(errors="replace"))


def told(written: str) -> dict[str, int]:
    """The totals in a file of callgrind's, by its own names; D1m and DLm are reads and writes.

    >>> told("events: Ir Dr Dw D1mr D1mw DLmr DLmw\\n...\\ntotals: 90 5 4 2 1 1 0\\n")["D1m"]
    3
    """
    events = re.search(r"^events: (.*)$", written, re.MULTILINE)
    totals = re.search(r"^totals: (.*)$", written, re.MULTILINE)
    if events is None or totals is None:
        raise SystemExit("callgrind has counted nothing")
    found = dict(zip(events[1].split(), map(int, totals[1].split()), strict=False))
    for name in ("D1m", "DLm"):
        found[name] = found.get(f"{name}r", 0) + found.get(f"{name}w", 0)
    return found


def _run(kind: str, work: Coroutine[Any, Any, T]) -> T:
    """On the event loop that the gateway runs on, where that is what is counted."""
    if kind in (SOCKETS, *PACED):
        import uvloop

        return uvloop.run(work)
    return asyncio.run(work)


async def _inside(kind: str, requests: int) -> None:
    async with _ready(kind) as ready:
        for _ in range(requests):
            await ready()()
        asks = [ready() for _ in range(requests)]
        gc.collect()
        gc.freeze()  # as the gateway does once it has started
        gc.set_threshold(50_000, 20, 20)
        _switch("on")
        for ask in asks:
            await ask()
        _switch("off")


def _switch(state: str) -> None:
    command = ["callgrind_control", "-i", state, str(os.getpid())]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@asynccontextmanager
async def _ready(kind: str) -> AsyncIterator[Callable[[], Ask]]:
    if kind == SOCKETS:
        async with proxy() as ask:
            yield lambda: ask
        return
    with TemporaryDirectory() as folder:
        if kind in PACED:
            async with paced(Path(folder), PACED[kind]) as ask:
                yield lambda: ask
            return
        async with gateway(Path(folder), KINDS[kind]) as ready:
            yield ready


def calls(kind: str) -> list[str]:
    """The function calls of one warm request as an indented list, C's with a star."""

    async def listed() -> list[str]:
        lines: list[str] = []
        depth = 0

        def note(frame: FrameType, event: str, arg: object) -> None:
            nonlocal depth
            if event == "call":
                code = frame.f_code
                lines.append(f"{'  ' * depth}{Path(code.co_filename).name}:{code.co_qualname}")
                depth += 1
            elif event == "return":
                depth = max(0, depth - 1)
            elif event == "c_call":
                lines.append(f"{'  ' * depth}* {getattr(arg, '__qualname__', arg)}")

        async with _ready(kind) as ready:
            ask = ready()
            sys.setprofile(note)
            try:
                await ask()
            finally:
                sys.setprofile(None)
        return lines

    return _run(kind, listed())


if __name__ == "__main__":
    sys.exit(main())
