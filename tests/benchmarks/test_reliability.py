"""reliability: a short version of each test, on real processes and sockets; nothing is timed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from benchmarks.reliability.__main__ import TESTS, Case, main
from benchmarks.reliability.budgets import budget
from benchmarks.reliability.crowds import overload, slow_readers
from benchmarks.reliability.database import PACKAGE, database
from benchmarks.reliability.deaths import deaths
from benchmarks.reliability.disconnects import disconnects
from benchmarks.reliability.farewells import farewell, restarts
from benchmarks.reliability.kills import kills
from benchmarks.reliability.outages import full_disk, locked, started_without, stopped
from benchmarks.reliability.outcome import Missing, Outcome
from benchmarks.reliability.refusals import gone, refusing
from benchmarks.reliability.slow_senders import oversized, slow_senders
from benchmarks.reliability.smuggling import PROXIES, smuggling
from benchmarks.reliability.spend import spend


def test_the_ledger_equals_the_providers_books_over_mixed_calls():
    found = spend(400)
    assert found.held, found


def test_no_acknowledged_row_is_lost_or_doubled_by_kill_9():
    found = kills(2)
    assert found.held, found


def test_a_caller_that_leaves_is_a_row_with_what_it_had():
    found = disconnects(24)
    assert found.held, found


def test_a_provider_that_dies_mid_stream_is_an_error_event_and_never_tried_again():
    found = deaths(63)
    assert found.held, found


def test_a_provider_that_refuses_everything_is_not_called_beyond_the_retry_budget():
    found = refusing(60, 2.0)
    assert found.held, found


def test_a_provider_that_is_gone_is_left_alone_and_found_again():
    found = gone(40, 6.0)
    assert found.held, found


def test_what_there_is_no_room_for_is_refused_and_the_rest_is_served():
    found = overload(2.0)
    assert found.held, found


def test_a_slow_reader_holds_back_its_provider():
    found = slow_readers(40, 3.0)
    assert found.held, found


def test_sigterm_truncates_no_stream():
    found = farewell(20)
    assert found.held, found


def test_replicas_are_restarted_unseen_behind_a_balancer():
    found = restarts(2, 40)
    assert found.held, found


def test_a_budget_that_replicas_share_is_spent_and_not_overspent():
    found = budget(60, replicas=2, dollars=0.05)
    assert found.held, found


def test_a_locked_store_costs_no_row():
    found = locked(1.5)
    assert found.held, found


@pytest.mark.parametrize("closed", [False, True])
def test_a_full_disk_costs_no_row_and_closed_refuses(closed):
    try:
        found = full_disk(2.0, closed=closed)
    except Missing as missing:
        pytest.skip(str(missing))
    assert found.held, found


def test_a_stopped_database_costs_no_row():
    try:
        with database() as server, database() as other:
            found = stopped(1.5, server, server.url, other.url)
    except Missing as missing:
        pytest.skip(str(missing))
    assert found.held, found


def test_a_gateway_starts_and_keeps_its_rows_while_its_database_is_stopped():
    try:
        with database() as server:
            found = started_without(1.0, server)
    except Missing as missing:
        pytest.skip(str(missing))
    assert found.held, found


def test_those_who_send_a_byte_a_second_keep_nobody_waiting():
    found = slow_senders(40, 2.0)
    assert found.held, found


def test_what_is_too_large_is_refused_and_never_sent_on():
    found = oversized(2)
    assert found.held, found


@pytest.mark.parametrize("proxy", [None, *PROXIES])
def test_no_request_comes_in_unseen_within_another(proxy):
    try:
        found = smuggling(1, proxy)
    except Missing as missing:
        pytest.skip(str(missing))
    assert found.held, found


HOLDER = """
import sys
from benchmarks.reliability.database import database

with database() as server:
    print(server.url.rpartition("host=")[2], flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, None])
def test_no_database_outlives_the_process_that_wanted_it(end):
    pytest.importorskip(PACKAGE, reason="no PostgreSQL to start")
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdin=pipe, stdout=pipe) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().decode().strip()).parent
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        if end is None:
            holder.stdin.close()
        else:
            holder.send_signal(end)
        holder.wait(60)
    until, left = time.monotonic() + 60, [folder, Path(f"/proc/{server}")]
    while any(one.exists() for one in left) and time.monotonic() < until:
        time.sleep(0.1)
    assert not [one for one in left if one.exists()]


def _table(*cases: Case) -> dict[str, Callable[[bool], Iterator[Case]]]:
    def once(case: Case, _: bool) -> Iterator[Case]:
        yield case

    return {str(number): partial(once, case) for number, case in enumerate(cases)}


def _good() -> Outcome:
    return Outcome("good", True, "1 of 1")


def test_whatever_becomes_of_one_line_the_others_follow(capsys):
    def fails() -> Outcome:
        raise OSError("the port is taken")

    def lacks() -> Outcome:
        raise Missing("a small disk")

    def lasts() -> Outcome:
        time.sleep(30)
        return _good()

    slow, broken = Outcome("slow", True, "late", in_time=False), Outcome("broken", False, "0 of 1")
    table = _table(fails, lacks, lasts, lambda: slow, lambda: broken, _good)
    assert main(["--longest", "1"], table) == 1
    assert [line.split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines()] == [
        "ERROR   OSError: the port is taken",
        "not run a small disk",
        "ERROR   TimeoutError: not done after 1 s",
        "SLOW    slow: late",
        "BROKEN  broken: 0 of 1",
        "held    good: 1 of 1",
    ]


def test_what_cannot_be_run_here_is_no_failure(capsys):
    def lacks() -> Outcome:
        raise Missing("a small disk")

    assert main([], _table(_good, lacks)) == 0
    assert main(["0"], _table(_good, lacks)) == 0
    assert "not run" in capsys.readouterr().out


def test_sigterm_ends_what_a_line_had_started():
    ended = []

    def told() -> Outcome:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            ended.append(True)
        return _good()

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as stop:
        main([], _table(told))
    assert stop.value.code == 143
    assert ended
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_number_that_is_no_test_is_refused_with_those_that_are(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["99"])
    assert stop.value.code == 2
    assert "there is no test 99" in capsys.readouterr().err
    assert {str(number) for number in range(1, 12)} <= TESTS.keys()
