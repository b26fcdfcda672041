"""`python -m benchmarks.gateway.clients`: what a call costs through ours and through other clients.

All call the same TLS upstream, which offers HTTP/1.1 and HTTP/2: the load harness's, so that
`python -m benchmarks.gateway --tls` must have run once in the same place. The others are installed
in an environment of their own; one that cannot be is `not run`; one that fails or hangs is named,
and the others go on. Each figure is the processor time of a process that does nothing else, all its
threads, and each round measures all clients in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.gateway.counts import count, duration
from benchmarks.gateway.one_client import CLIENTS
from benchmarks.gateway.running import need_harness

__all__ = ["Told", "Work", "measured", "table"]

PACKAGES = ("pyreqwest==0.15.1", "httpx[http2]==0.28.1", "uvloop")
OURS = "headgate"
NOT_RUN, FAILED, HUNG = "not run", "failed", "hung"
PATIENCE = 60.0
"""Seconds beyond its measurement that a client may take before it is taken to hang."""


class Told(NamedTuple):
    """What a client says of itself at its end."""

    calls: int
    seconds: float
    """Of processor time, all threads."""
    protocol: str


class Work(NamedTuple):
    """What is called: its name in the table, the port, the body, how many calls are in flight."""

    name: str
    port: int
    body: str
    many: int


WORKS = (
    *(Work("1 KB", 9443, "chat", many) for many in (1, 16, 64)),
    *(Work("30 KB", 9443, "big", many) for many in (1, 16, 64)),
    *(Work("paced stream", 9444, "paced", many) for many in (1, 16, 64)),
)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gateway.clients", description=__doc__
    )
    parser.add_argument("--work", default="perf-work", help="where benchmarks.gateway has run")
    parser.add_argument("--rounds", type=count, default=3)
    parser.add_argument("--secs", type=duration, default=1.0, help="seconds of each measurement")
    options = parser.parse_args()
    work = Path(options.work).resolve()
    need_harness(work)
    if not (work / "conf" / "tls_front.conf").exists():
        raise SystemExit("No TLS upstream; run `python -m benchmarks.gateway --tls` first.")
    pythons = {name: sys.executable if name == OURS else _others(work) for name in CLIENTS}
    found: dict[tuple[str, Work], list[float]] = {}
    missing: dict[tuple[str, Work], str] = {}
    spoken: dict[str, str] = {}
    with _upstream(work):
        for _ in range(options.rounds):
            for piece in WORKS:
                for name, python in pythons.items():
                    if missing.get((name, piece)) == HUNG:
                        continue  # once is enough to know it, and to wait for it
                    told = measured(work, python, name, piece, options.secs)
                    if isinstance(told, str):
                        missing[name, piece] = told
                        continue
                    each = told.seconds / told.calls * 1e6
                    found.setdefault((name, piece), []).append(each)
                    spoken[name] = told.protocol
    medians = {at: statistics.median(each) for at, each in found.items()}
    print(table(medians, spoken, missing))
    return 0


def table(
    found: Mapping[tuple[str, Work], float],
    spoken: Mapping[str, str],
    missing: Mapping[tuple[str, Work], str],
) -> str:
    """The medians, microseconds a call, and how many times ours they are, as Markdown.

    `missing` says in a word why there is no figure; a client that spoke nothing was not run.
    """
    heads = [f"{name.partition(',')[0]}, {spoken.get(name, 'not run')}" for name in CLIENTS]
    lines = [f"| a call | in flight | {' | '.join(heads)} |", f"|---|---:|{'---:|' * len(heads)}"]
    for piece in WORKS:
        ours = found.get((OURS, piece))
        cells = [
            _cell(found[name, piece], ours)
            if (name, piece) in found
            else missing.get((name, piece), NOT_RUN)
            for name in CLIENTS
        ]
        lines.append(f"| {piece.name} | {piece.many} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(each: float, ours: float | None) -> str:
    ratio = "" if ours is None or each == ours else f" ({each / ours:.1f})"
    return f"{each:,.0f} µs{ratio}"


def measured(
    work: Path,
    python: str | None,
    name: str,
    piece: Work,
    secs: float,
    patience: float = PATIENCE,
) -> Told | str:
    """What a client says of itself, or in a word why it says nothing; stderr has the rest."""
    if python is None:
        return NOT_RUN
    url = f"https://127.0.0.1:{piece.port}/v1/chat/completions"
    body = str(work / "bodies" / f"{piece.body}.json")
    what = [name, url, str(work / "tls" / "ca.pem"), body, str(piece.many), str(secs)]
    which = f"{name}, {piece.name}, {piece.many} in flight"
    try:
        ran = subprocess.run(
            [python, "-m", "benchmarks.gateway.one_client", *what],
            cwd=Path(__file__).parents[2],
            check=False,
            capture_output=True,
            text=True,
            timeout=secs + patience,
        )
    except subprocess.TimeoutExpired as late:
        print(f"{which}: no end after {late.timeout:g} s, and ended", file=sys.stderr)
        return HUNG
    if ran.returncode:
        print(f"{which}: {ran.stderr.strip()[-300:]}", file=sys.stderr)
        return FAILED
    return Told(**json.loads(ran.stdout))


def _others(work: Path) -> str | None:
    """The Python that has the other clients; None where they cannot be installed."""
    place = work / "venvs" / "clients"
    python = place / "bin" / "python"
    if (place / "ready").exists():
        return str(python)
    venv.create(place, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", *PACKAGES]
    if subprocess.run(command, check=False).returncode:
        return None
    (place / "ready").touch()
    return str(python)


@contextmanager
def _upstream(work: Path) -> Iterator[None]:
    """The mock provider and its TLS front, on the other core where there is one."""
    bound = ["taskset", "-c", str((os.cpu_count() or 1) - 1)]
    quiet = subprocess.DEVNULL
    commands = (
        [*bound, str(work / "bin" / "mock"), "9100", "9103", "5"],
        [*bound, "nginx", "-e", "stderr", "-c", str(work / "conf" / "tls_front.conf")],
    )
    started = [subprocess.Popen(command, stdout=quiet, stderr=quiet) for command in commands]
    try:
        time.sleep(0.5)
        if any(process.poll() is not None for process in started):
            raise SystemExit("The upstream did not start; are its ports in use?")
        yield
    finally:
        for process in started:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
