"""`python -m benchmarks.gateway`: sets the peers up, measures all in one run, prints a table.

The load harness (a C upstream, wrk and a stream client, nginx, LiteLLM and Portkey as peers) is
shared test data and does not ship; without it this says so. Core 0 bears the gateway under test,
core 1 the upstream and the load, so the numbers are those of one core. On a machine that does
other things meanwhile, read the ratios and the CPU per request, not the requests per second.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.gateway.ours import write_bodies, write_configs, write_targets
from benchmarks.gateway.spoken import listen, said

PEERS = {"nginx": "nginx-proxy", "litellm": "litellm-1w", "portkey": "portkey"}
OVER_TLS = ("nginx", "litellm")
"""Peers that the harness can set before a TLS upstream."""


def main() -> int:
    """Run; 0 when a table was printed."""
    options = _options()
    shared = Path(os.environ.get("HEADGATE_SHARED", Path(__file__).parents[3] / "shared"))
    if not (shared / "perf" / "run.py").exists():
        print("The load harness (shared/perf) is not here; nothing was measured.")
        return 0
    peers = [peer for peer in options.peers.split(",") if peer]
    unknown = set(peers) - set(PEERS)
    if unknown:
        print(f"No such peer: {', '.join(sorted(unknown))}. There are {', '.join(PEERS)}.")
        return 2
    work = Path(options.work).resolve()
    harness = work / "harness"
    if not harness.exists():
        shutil.copytree(shared / "perf", harness)
    listen(harness / "mock" / "tls_front.conf")
    _prepare(harness, work, peers)
    command = Path(sys.executable).with_name("headgate")
    write_targets(harness, write_configs(work / "headgate"), str(command))
    write_bodies(work / "bodies")
    tag = options.tag or ("tls" if options.tls else "plain")
    results, spoken = work / "results" / f"{tag}.jsonl", work / "logs" / "spoken.log"
    for old in (results, spoken):
        old.unlink(missing_ok=True)
    before = os.getloadavg()[0]
    run = [sys.executable, "run.py", "--work", str(work), "--tag", tag, *_selection(options, peers)]
    subprocess.run(run, cwd=harness, check=True)
    base = ["--base", "tls: nginx-proxy"] if options.tls and "nginx" in peers else []
    report = subprocess.run(
        [sys.executable, "report.py", "--work", str(work), *base, tag],
        cwd=harness,
        check=False,
        capture_output=True,
        text=True,
    )
    table = f"{_machine(before)}\n{report.stdout or report.stderr}"
    if options.tls:
        table += f"\n{said(results.read_text().splitlines(), spoken.read_text().splitlines())}\n"
    (work / f"{tag}.md").write_text(table)
    print(table)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("--work", default="perf-work", help="where everything is kept")
    parser.add_argument("--peers", default="nginx,litellm,portkey", help="comma-separated; '' none")
    parser.add_argument("--ours", default="headgate", help="only those of ours with this in a name")
    parser.add_argument("--rounds", type=int, default=3, help="all in turn, so many times")
    parser.add_argument("--secs", type=int, default=8, help="seconds of each load")
    parser.add_argument("--quick", action="store_true", help="one round of two-second loads")
    parser.add_argument("--tls", action="store_true", help="the upstream over TLS, also 30 KB")
    parser.add_argument("--tag", help="the name of the results; one of that name is replaced")
    return parser.parse_args()


def _selection(options: argparse.Namespace, peers: list[str]) -> list[str]:
    """What the harness is told to measure, and for how long."""
    names = [f"tls: {options.ours}" if options.tls else options.ours]
    prefix = "tls: " if options.tls else ""
    names += [prefix + PEERS[peer] for peer in peers if not options.tls or peer in OVER_TLS]
    streams = str(max(1, options.secs // 2))
    told = ["--only", ",".join(names), "--rounds", str(options.rounds)]
    told += ["--secs", str(options.secs), "--ssecs", streams]
    return told + (["--quick"] if options.quick else []) + (["--big"] if options.tls else [])


def _prepare(harness: Path, work: Path, peers: list[str]) -> None:
    """Install what the run needs; what is there already stays."""
    parts = [peer for peer in peers if peer != "nginx" and not (work / f"{peer}.ready").exists()]
    if shutil.which("wrk") is None or shutil.which("nginx") is None:
        parts.insert(0, "sys")
    if parts:
        # LiteLLM gets the Python that ours runs on
        env = os.environ | {"PYTHON": str(Path(sys.executable).resolve())}
        subprocess.run(["sh", "setup.sh", str(work), *parts], cwd=harness, check=True, env=env)
        for part in parts:
            (work / f"{part}.ready").touch()
    subprocess.run(["make", f"WORK={work}"], cwd=harness, check=True)
    _compile(work / "pycache")


def _compile(place: Path) -> None:
    """Have bytecode where the harness looks for it, as an installation would.

    Without it the first gateway of ours that starts compiles all modules, and takes a second more.
    """
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    modules = "import headgate.cli.serve, headgate.cli.sidecar, uvloop"
    subprocess.run(
        [sys.executable, "-c", modules], env=env | {"PYTHONPYCACHEPREFIX": str(place)}, check=True
    )


def _machine(load: float) -> str:
    """The machine in a line, and how busy it was before the run."""
    cpus = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", cpus.read_text()) if cpus.exists() else None
    return (
        f"{found[1] if found else platform.machine()}, {os.cpu_count()} cores, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}; "
        f"load average before the run {load:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
