"""`python -m benchmarks.soak`: a million requests through one gateway; its memory and open files.

Everything is on: a learned router, a key with a budget, the ledger. The load harness is the one of
`benchmarks.gateway`, which must have run once in the same place. Memory is looked at after every
round; the slope is that of the later half, when pools and caches are full. Exit code 1: memory
rises by more than a bound for each request, open files rise, or a request failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

from benchmarks.gateway.ours import PEPPER, SECRET, UPSTREAM_KEY, write_configs

BOUND = 5.0
"""Bytes for each request; a leak of the smallest object that a request makes is ten times more."""
MOCK = ("9100", "9103", "5")


class Look(NamedTuple):
    """The gateway after so many requests; memory in bytes."""

    requests: int
    memory: int
    files: int


def main() -> int:
    """0 where nothing rises."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--work", default="perf-work", help="where benchmarks.gateway has run")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--secs", type=int, default=5, help="seconds of a round")
    options = parser.parse_args()
    work = Path(options.work).resolve()
    if not (work / "bin" / "mock").exists():
        print(f"No load harness in {work}; run `python -m benchmarks.gateway` first.")
        return 2
    config = write_configs(work / "headgate")["headgate"]
    env = os.environ | {"UPSTREAM_KEY": UPSTREAM_KEY, "PEPPER": PEPPER}
    command = [str(Path(sys.executable).with_name("headgate")), "serve", "-c", str(config)]
    quiet = subprocess.DEVNULL
    mock = subprocess.Popen([str(work / "bin" / "mock"), *MOCK], stdout=quiet, stderr=quiet)
    gateway = subprocess.Popen(command, env=env, stdout=quiet, stderr=quiet)
    try:
        _wait(gateway)
        looks, failed = _rounds(work, gateway.pid, options.requests, options.secs)
    finally:
        for process in (gateway, mock):
            process.terminate()
            process.wait(30)
    return _verdict(looks, failed)


def _wait(gateway: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if gateway.poll() is not None:
            raise SystemExit("The gateway did not start; is its port in use?")
        try:
            urllib.request.urlopen("http://127.0.0.1:8000/healthz", timeout=1).close()
            return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            time.sleep(0.05)
    raise SystemExit("The gateway did not start within ten seconds.")


def _rounds(work: Path, pid: int, wanted: int, secs: int) -> tuple[list[Look], int]:
    """Rounds of load until so many requests are answered; what was seen, and how many failed."""
    env = os.environ | {
        "BODY": str(work / "bodies" / "ours_chat.json"),
        "HDRS": f"x-api-key: {SECRET}",
    }
    command = ["wrk", "-t1", "-c64", f"-d{secs}s", "--timeout", "10s"]
    command += ["-s", str(work / "harness" / "load" / "post.lua")]
    command += ["http://127.0.0.1:8000/v1/chat/completions"]
    looks, done, failed = [], 0, 0
    while done < wanted:
        ran = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
        found = re.search(r"JSON (\{.*\})", ran.stdout)
        if found is None:
            raise SystemExit(f"wrk said nothing of use: {ran.stdout[-300:]}")
        told = json.loads(found[1])
        done += told["requests"]
        failed += told["err_status"] + told["err_sock"]
        time.sleep(0.2)  # the connections of this round are closed now
        looks.append(_look(pid, done))
        print(f"{done:>10,}  {looks[-1].memory / 1e6:6.1f} MB  {looks[-1].files} files", flush=True)
    return looks, failed


def _look(pid: int, requests: int) -> Look:
    status = Path(f"/proc/{pid}/status").read_text()
    resident = re.search(r"VmRSS:\s+(\d+)", status)
    assert resident is not None
    return Look(requests, int(resident[1]) * 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def _verdict(looks: list[Look], failed: int) -> int:
    late = looks[len(looks) // 2 :]
    if len(late) < 3:
        print("Too few rounds for a slope: ask for more requests, or shorter rounds.")
        return 2
    slope = statistics.linear_regression([x.requests for x in late], [x.memory for x in late]).slope
    # connections come and go with the load, so the most of each half is what tells
    more = max(x.files for x in late) - max(x.files for x in looks[: len(looks) // 2])
    print(f"memory in the later half: {slope:+.2f} bytes for each request (bound {BOUND:g})")
    print(
        f"open files, the most in the later half to the earlier: {more:+d}; "
        f"requests that failed: {failed}"
    )
    return 0 if slope <= BOUND and more <= 0 and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
