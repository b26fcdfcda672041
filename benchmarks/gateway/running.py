"""A gateway of ours before the harness's mock provider, for runs outside the harness's own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.gateway.ours import PEPPER, SECRET, UPSTREAM_KEY, write_configs

__all__ = [
    "ADDRESS",
    "Load",
    "Running",
    "fill",
    "gateway",
    "load",
    "need_harness",
    "provider",
    "wait",
]

ADDRESS = ("127.0.0.1", 8000)
MOCK = ("9100", "9103", "5")
TICK = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """What a load of wrk has seen; failed counts wrong answers and broken connections."""

    requests: int
    failed: int
    rate: float
    """Requests a second."""


class Running(NamedTuple):
    """A gateway that answers; its first process is the one that was started."""

    pid: int

    def pids(self) -> list[int]:
        """The first process, its children and theirs: a worker's sidecar is one of these."""
        found = [self.pid]
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            found += map(int, children)
        return found

    def processor(self) -> dict[int, float]:
        """Seconds of processor time so far, by process."""
        return {pid: _spent(pid) for pid in self.pids()}


def _spent(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def need_harness(work: Path) -> None:
    """Ends the program where there is no harness to run with."""
    if not (work / "bin" / "mock").exists():
        raise SystemExit(f"No load harness in {work}; run `python -m benchmarks.gateway` first.")


@contextmanager
def gateway(work: Path, variant: str, *options: str, core: int | None = None) -> Iterator[Running]:
    """Start the mock provider and this variant of ours; `core` binds all its processes to one."""
    need_harness(work)
    config = write_configs(work / "headgate")[variant]
    env = os.environ | {"UPSTREAM_KEY": UPSTREAM_KEY, "PEPPER": PEPPER}
    bound = [] if core is None else ["taskset", "-c", str(core)]
    command = [*bound, str(Path(sys.executable).with_name("headgate")), "serve", "-c", str(config)]
    quiet = subprocess.DEVNULL
    with provider(work):
        served = subprocess.Popen([*command, *options], env=env, stdout=quiet, stderr=quiet)
        try:
            wait(served, ADDRESS[1])
            yield Running(served.pid)
        finally:
            served.terminate()
            served.wait(30)


@contextmanager
def provider(work: Path) -> Iterator[None]:
    """The harness's mock provider."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen([str(work / "bin" / "mock"), *MOCK], stdout=quiet, stderr=quiet) as mock:
        try:
            yield
        finally:
            mock.terminate()


def wait(served: subprocess.Popen[bytes], port: int, seconds: float = 10) -> None:
    """Until it answers on this port; ends the program where it does not."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if served.poll() is not None:
            raise SystemExit("The gateway did not start; is its port in use?")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
            return
        except urllib.error.HTTPError as error:
            error.close()
            return  # it answers
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"The gateway did not start within {seconds:g} seconds.")


def load(work: Path, secs: int, connections: int = 64, core: int | None = None) -> Load:
    """As many requests as our gateway takes, for so many seconds."""
    body, headers = work / "bodies" / "ours_chat.json", f"x-api-key: {SECRET}"
    return fill(work, ADDRESS[1], body, headers, secs, connections, core)


def fill(
    work: Path,
    port: int,
    body: Path,
    headers: str,
    secs: int,
    connections: int,
    core: int | None = None,
) -> Load:
    """As many requests as the gateway on this port takes, for so many seconds."""
    env = os.environ | {"BODY": str(body), "HDRS": headers}
    command = [] if core is None else ["taskset", "-c", str(core)]
    command += ["wrk", "-t1", f"-c{connections}", f"-d{secs}s", "--timeout", "10s"]
    command += ["-s", str(work / "harness" / "load" / "post.lua")]
    command += [f"http://127.0.0.1:{port}/v1/chat/completions"]
    ran = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    found = re.search(r"JSON (\{.*\})", ran.stdout)
    if found is None:
        raise SystemExit(f"wrk said nothing of use: {ran.stdout[-300:]}")
    told = json.loads(found[1])
    return Load(told["requests"], told["err_status"] + told["err_sock"], told["rps"])
