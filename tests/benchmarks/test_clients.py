"""The table of clients: medians beside ours, and `not run` where a client could not be had."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from benchmarks.gateway import one_client
from benchmarks.gateway.clients import WORKS, table

from tests.gateway.scripted import OK, serving, simply
from tests.gateway.test_http1_client import certificate

__all__ = ["certificate"]


def test_each_cell_is_a_median_and_how_many_times_ours_it_is():
    found = {("headgate", WORKS[0]): 20.4, ("httpx", WORKS[0]): 1020.0}
    spoken = {"headgate": "HTTP/1.1", "httpx": "HTTP/1.1"}
    head, _, first, *_ = table(found, spoken).splitlines()
    assert "headgate, HTTP/1.1" in head
    assert "h2, not run" in head
    cells = [cell.strip() for cell in first.strip("|").split("|")]
    assert cells[:3] == ["1 KB", "1", "20 µs"]
    assert "1,020 µs (50.0)" in cells
    assert cells.count("not run") == len(one_client.CLIENTS) - 2


def test_ours_is_measured_over_tls_to_the_end_of_each_answer(certificate: Path, monkeypatch):
    monkeypatch.setattr(one_client, "WARM_SECONDS", 0.01)

    async def case():
        server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.load_cert_chain(certificate)
        async with serving(simply(OK), server) as (scripted, base):
            told = await one_client.measured(
                "headgate", f"{base}/x", str(certificate), b"{}", 2, 0.05
            )
            assert scripted.connections == 2
            assert 2 <= told["calls"] < len(scripted.requests)
            assert told["protocol"] == "HTTP/1.1"

    asyncio.run(case())
