"""The count of instructions says what it counted, or that it could not."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from benchmarks.gateway import instructions


def test_what_callgrind_writes_is_read_with_both_kinds_of_misses():
    written = "version: 1\nevents: Ir D1mr DLmr D1mw DLmw\n\nfl=(1)\n16 4\ntotals: 900 7 2 5 1\n"
    found = instructions.told(written)
    assert (found["Ir"], found["D1m"], found["DLm"]) == (900, 12, 3)


def test_a_file_without_a_count_ends_it_with_a_word():
    with pytest.raises(SystemExit, match="counted nothing"):
        instructions.told("")


def test_the_calls_of_each_kind_of_request_are_listed():
    rules = instructions.calls("rules")
    both = instructions.calls("learned and key")
    assert any("app.py:App._converse" in line for line in rules)
    assert not any("Admission.admit" in line for line in rules)
    assert any("Admission.admit" in line for line in both)
    assert any("Router.score" in line for line in both)


def test_the_calls_between_sockets_are_those_of_server_and_client():
    listed = instructions.calls(instructions.SOCKETS)
    assert any("http1_peer.py:Http1Peer.data_received" in line for line in listed)
    assert any("http1_client.py:_Connection.call" in line for line in listed)


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not here")
def test_a_request_is_counted(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["instructions", "--requests", "2", "rules"])
    assert instructions.main() == 0
    name, count = capsys.readouterr().out.splitlines()[-1].strip("| ").split(" | ")
    assert name == "rules"
    assert 50_000 < int(count.replace(",", "")) < 2_000_000


def test_without_valgrind_it_says_that_nothing_was_run(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", ["instructions"])
    assert instructions.main() == 0
    assert capsys.readouterr().out == "not run: valgrind is not here\n"


def test_a_kind_that_is_not_there_is_wrong_use():
    command = [sys.executable, "-m", "benchmarks.gateway.instructions", "sockes"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "there is no sockes; name rules, " in ran.stderr


def test_a_paced_stream_goes_through_sockets_word_by_word():
    listed = instructions.calls("paced stream")
    assert sum("_Connection.buffer_updated" in line for line in listed) >= 30
    assert sum("Http1Peer.write" in line for line in listed) >= 30
