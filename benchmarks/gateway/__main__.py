"""`python -m benchmarks.gateway`: sets the peers up, measures all in one run, prints a table.

The load harness (a C upstream, wrk and a stream client, nginx, LiteLLM and Portkey as peers) is
shared test data and does not ship; without it this says so. Core 0 bears the gateway under test,
core 1 the upstream and the load, so the numbers are those of one core. On a machine that does
other things meanwhile, read the ratios and the CPU per request, not the requests per second.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.gateway.ours import VARIANTS, write_bodies, write_configs, write_targets

PEERS = {"nginx": "nginx-proxy", "litellm": "litellm-1w", "portkey": "portkey"}


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
    _prepare(harness, work, peers)
    command = Path(sys.executable).with_name("headgate")
    write_targets(harness, write_configs(work / "headgate"), str(command))
    write_bodies(work / "bodies")
    names = [*VARIANTS, *(PEERS[peer] for peer in peers)]
    if options.tls:
        names = ["tls: headgate", *(["tls: nginx-proxy"] if "nginx" in peers else [])]
    tag = "tls" if options.tls else "plain"
    run = [sys.executable, "run.py", "--work", str(work), "--tag", tag, "--only", ",".join(names)]
    run += ["--quick"] if options.quick else []
    run += ["--big"] if options.tls else []
    subprocess.run(run, cwd=harness, check=True)
    base = ["--base", "tls: nginx-proxy"] if options.tls and "nginx" in peers else []
    report = subprocess.run(
        [sys.executable, "report.py", "--work", str(work), *base, tag],
        cwd=harness,
        check=False,
        capture_output=True,
        text=True,
    )
    table = report.stdout or report.stderr
    (work / f"{tag}.md").write_text(table)
    print(table)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("--work", default="perf-work", help="where everything is kept")
    parser.add_argument("--peers", default="nginx,litellm,portkey", help="comma-separated; '' none")
    parser.add_argument("--quick", action="store_true", help="one round of two-second loads")
    parser.add_argument("--tls", action="store_true", help="the upstream over TLS, also 30 KB")
    return parser.parse_args()


def _prepare(harness: Path, work: Path, peers: list[str]) -> None:
    """Install what the run needs; what is there already stays."""
    parts = [peer for peer in peers if peer != "nginx" and not (work / f"{peer}.ready").exists()]
    if shutil.which("wrk") is None or shutil.which("nginx") is None:
        parts.insert(0, "sys")
    if parts:
        subprocess.run(["sh", "setup.sh", str(work), *parts], cwd=harness, check=True)
        for part in parts:
            (work / f"{part}.ready").touch()
    subprocess.run(["make", f"WORK={work}"], cwd=harness, check=True)


if __name__ == "__main__":
    sys.exit(main())
