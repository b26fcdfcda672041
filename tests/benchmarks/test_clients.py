"""The table of clients: medians beside ours, and a word where there is none; none ends the rest."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from benchmarks.gateway import one_client
from benchmarks.gateway.clients import WORKS, Told, measured, table

from tests.gateway.scripted import OK, serving, simply


def test_each_cell_is_a_median_and_how_many_times_ours_it_is():
    found = {("headgate", WORKS[0]): 20.4, ("httpx", WORKS[0]): 1020.0}
    spoken = {"headgate": "HTTP/1.1", "httpx": "HTTP/1.1"}
    missing = {("httpx", WORKS[1]): "hung", ("headgate", WORKS[1]): "failed"}
    head, _, first, second, *_ = table(found, spoken, missing).splitlines()
    assert "headgate, HTTP/1.1" in head
    assert "h2, not run" in head
    cells = [cell.strip() for cell in first.strip("|").split("|")]
    assert cells[:3] == ["1 KB", "1", "20 µs"]
    assert "1,020 µs (50.0)" in cells
    assert cells.count("not run") == len(one_client.CLIENTS) - 2
    cells = [cell.strip() for cell in second.strip("|").split("|")]
    assert cells.count("hung") == cells.count("failed") == 1
    assert cells.count("not run") == len(one_client.CLIENTS) - 2


def client(directory: Path, script: str) -> str:
    """A Python, so to say, that does this whatever it is told."""
    file = directory / "python"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return str(file)


def test_a_client_that_hangs_is_ended_and_named(tmp_path: Path, capfd):
    hangs = client(tmp_path, "exec sleep 60")
    assert measured(tmp_path, hangs, "httpx", WORKS[1], 0.1, patience=0.1) == "hung"
    assert capfd.readouterr().err == "httpx, 1 KB, 16 in flight: no end after 0.2 s, and ended\n"


def test_a_client_that_fails_is_named_with_what_it_said(tmp_path: Path, capfd):
    fails = client(tmp_path, "echo no such host >&2; exit 1")
    assert measured(tmp_path, fails, "httpx", WORKS[0], 0.1) == "failed"
    assert capfd.readouterr().err == "httpx, 1 KB, 1 in flight: no such host\n"


def test_a_client_that_cannot_be_had_is_not_run(tmp_path: Path, capfd):
    assert measured(tmp_path, None, "httpx", WORKS[0], 0.1) == "not run"
    assert capfd.readouterr().err == ""


def test_what_a_client_says_of_itself_is_read(tmp_path: Path):
    said = '{"calls": 3, "seconds": 0.5, "protocol": "HTTP/2"}'
    tells = client(tmp_path, f"echo '{said}'")
    assert measured(tmp_path, tells, "httpx", WORKS[0], 0.1) == Told(3, 0.5, "HTTP/2")


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
