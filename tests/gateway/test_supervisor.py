"""Workers on one port, with real processes: started, replaced, told, drained, and never left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headgate.gateway.supervisor import reserve

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0


class Supervised:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        words = process.stdout.readline().split()
        self.ready = words[:1] == ["ready"]
        self.port = int(words[2]) if self.ready else 0

    def ask(self) -> tuple[int, int]:
        """Index and process id of whoever answers."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            index, pid = connection.recv(100).split()
        return int(index), int(pid)

    def workers(self, count: int) -> dict[int, int]:
        """Index -> process id, once so many have answered."""
        found: dict[int, int] = {}

        def all_found() -> bool:
            index, pid = self.ask()
            found[index] = pid
            return len(found) == count

        until(all_found)
        return found


def until(true) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if true():
                return
        except (ConnectionError, ValueError):
            pass  # whoever should answer is just being replaced
        time.sleep(0.01)
    raise AssertionError("it did not come about")


def runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@contextmanager
def supervised(count: int, kind: str = "good") -> Iterator[Supervised]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gateway.supervised", str(count), kind],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Supervised(process)
    finally:
        process.kill()
        process.communicate()


def test_all_workers_answer_on_the_one_port():
    with supervised(3) as house:
        assert sorted(house.workers(3)) == [0, 1, 2]


def test_a_worker_that_is_killed_is_replaced_and_the_others_go_on():
    with supervised(2) as house:
        before = house.workers(2)
        os.kill(before[0], signal.SIGKILL)
        until(lambda: house.workers(2)[0] != before[0])
        assert house.workers(2)[1] == before[1]
        house.process.terminate()
        _, told = house.process.communicate(timeout=PATIENCE)
    assert f"worker 0 (process {before[0]}) has ended with signal 9" in told


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_ends_all_and_then_the_parent(name):
    with supervised(2) as house:
        before = house.workers(2)
        house.process.send_signal(name)
        assert house.process.wait(PATIENCE) == 0
        assert not any(map(runs, before.values()))


def test_workers_are_told_to_read_their_settings_again():
    with supervised(1) as house:
        (before,) = house.workers(1).values()
        house.process.send_signal(signal.SIGHUP)  # this kind of worker ends at it
        until(lambda: house.workers(1)[0] != before)


def test_a_worker_that_cannot_start_ends_the_whole_with_its_own_exit_code():
    with supervised(2, "broken") as house:
        assert not house.ready
        assert house.process.wait(PATIENCE) == 2


def test_one_that_cannot_start_takes_the_others_with_it():
    with supervised(3, "unlucky") as house:
        assert not house.ready
        assert house.process.wait(PATIENCE) == 2


def test_a_worker_that_does_not_stop_is_killed():
    with supervised(1, "stubborn") as house:
        (pid,) = house.workers(1).values()
        house.process.terminate()
        assert house.process.wait(PATIENCE) == 128 + signal.SIGKILL
        assert not runs(pid)


@pytest.mark.parametrize("insists", [signal.SIGINT, signal.SIGTERM])
def test_workers_are_told_to_drain_once_and_to_stop_at_once_when_somebody_insists(insists):
    with supervised(1, "patient") as house:
        house.workers(1)
        house.process.terminate()
        assert house.process.stdout is not None
        assert house.process.stdout.readline() == "told\n"

        def over() -> bool:
            house.process.send_signal(insists)
            return house.process.poll() is not None

        until(over)
        assert house.process.returncode in (0, -insists)  # the last one may find it at its end
        assert house.process.stdout.read() == ""


def test_workers_end_when_their_parent_was_killed():
    with supervised(2) as house:
        workers = house.workers(2)
        house.process.kill()
        house.process.wait(PATIENCE)
        until(lambda: not any(map(runs, workers.values())))


def test_an_address_that_is_taken_is_told_at_once():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OSError, match="in use"), reserve(*other.getsockname()):
            pass
