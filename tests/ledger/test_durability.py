"""Killed at any moment: no acknowledged row is lost, none is doubled, the file stays sound.

A child records thousands of entries a second, each with its prompt, and acknowledges it on a pipe
once both are written down, as a gateway acknowledges a request with its last byte. It is killed
with SIGKILL at a random moment, and its successor takes over what it left. Every other child writes
rows so long that its segments rotate several times in its short life.
"""

import random
import signal
import subprocess
import sys
import time

from headgate.ledger.intake import recover
from headgate.ledger.segment import leftovers
from headgate.ledger.url import open_store

KILLS = 40

CHILD = """
import os, sys, time
from headgate.ledger.writer import Ledger
from tests.ledger.samples import ANSWER, PROMPT
import msgspec

ledger = Ledger.open(sys.argv[1], clock=time)
os.write(1, b"ready\\n")
tags = "x" * int(sys.argv[3])
number = 0
while True:
    name = f"{sys.argv[2]}-{number}"
    ledger.record(msgspec.structs.replace(ANSWER, request_id=name, tags=tags))
    ledger.keep(msgspec.structs.replace(PROMPT, request_id=name, answer=tags, answer_bytes=1 << 20))
    os.write(1, f"{name}\\n".encode())
    number += 1
    time.sleep(0.0001)
"""


def run_and_kill(url: str, name: str, tag_bytes: int, rows: int, seconds: float) -> list[str]:
    """Start a child, kill it `seconds` after so many rows; return what it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, url, name, str(tag_bytes)], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        heard = b"".join(child.stdout.readline() for _ in range(rows))
        time.sleep(seconds)
        child.kill()
        heard += child.stdout.read()
    assert child.returncode == -signal.SIGKILL
    whole, _, _ = heard.rpartition(b"\n")
    return whole.decode().split("\n") if whole else []


def test_no_acknowledged_row_is_lost_or_doubled_by_kill_9(tmp_path):
    chance = random.Random(20261123)
    url = f"sqlite:///{tmp_path}/ledger.db"
    acknowledged: list[str] = []
    for life in range(KILLS):
        tag_bytes = 20_000 * (life % 2)
        acknowledged += run_and_kill(
            url, f"life{life}", tag_bytes, chance.randint(0, 120), chance.uniform(0, 0.01)
        )
    assert len(acknowledged) > 20 * KILLS  # most lives had well begun

    store = open_store(url, create=False)
    recover(url, store)
    assert store.check() == []
    found = [row.request_id for row in store.entries()]
    prompts = [prompt.request_id for prompt in store.prompts()]
    store.close()
    assert len(prompts) == len(set(prompts))
    assert set(acknowledged) <= set(prompts) <= set(found)
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)
    # Written and not yet acknowledged when the child died: one row a life at most.
    assert len(found) - len(acknowledged) <= KILLS
    assert list(leftovers(tmp_path / "ledger.db.journal")) == []
