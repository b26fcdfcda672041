"""Which protocol each gateway speaks to a TLS upstream that offers HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

__all__ = ["listen", "said"]

_LOUD = (
    "map $connection_requests $first { 1 1; default 0; }"
    " log_format spoken '$time_iso8601 $server_protocol';"
    " access_log @WORK@/logs/spoken.log spoken if=$first;"
)
"""The first request of each connection is noted: what that costs is not seen in the load."""


def listen(front: Path) -> None:
    """Have the harness's TLS front note what is spoken to it."""
    text = front.read_text()
    if "spoken" not in text:
        front.write_text(text.replace("access_log off;", _LOUD, 1))


def said(results: Iterable[str], log: Iterable[str]) -> str:
    """A line for the table, from the harness's results and the front's notes.

    Only the last round counts: after it nothing else talks to the upstream, while the harness
    begins each round by calling it itself.
    """
    starts: dict[str, str] = {}
    for line in results:
        told = json.loads(line)
        if "time" in told:
            starts[told["name"]] = told["time"]
    notes = [line.split() for line in log]
    order = sorted(starts.items(), key=lambda pair: pair[1])
    ends = [start for _, start in order[1:]] + ["99"]
    spoken = []
    for (name, start), end in zip(order, ends, strict=True):
        found = {protocol for at, protocol in notes if start <= at[11:19] < end}
        spoken.append(f"{name.removeprefix('tls: ')} {' and '.join(sorted(found)) or 'nothing'}")
    return f"Spoken to the upstream, which offers HTTP/1.1 and HTTP/2: {'; '.join(spoken)}."
