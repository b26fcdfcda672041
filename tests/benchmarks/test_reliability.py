"""reliability: a short version of each test, on real processes and sockets; nothing is timed."""

import pytest
from benchmarks.reliability.__main__ import TESTS, main
from benchmarks.reliability.budgets import budget
from benchmarks.reliability.crowds import overload, slow_readers
from benchmarks.reliability.deaths import deaths
from benchmarks.reliability.disconnects import disconnects
from benchmarks.reliability.farewells import farewell, restarts
from benchmarks.reliability.kills import kills
from benchmarks.reliability.outages import full_disk, locked, stopped
from benchmarks.reliability.refusals import gone, refusing
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
    except PermissionError as error:
        pytest.skip(f"no small disk to fill: {error}")
    assert found.held, found


def test_a_stopped_database_costs_no_row(tmp_path_factory):
    pytest.importorskip("pgserver", reason="no PostgreSQL to stop")
    import tempfile
    from pathlib import Path

    from benchmarks.reliability.database import Database

    with tempfile.TemporaryDirectory(prefix="headgate-postgres-") as folder:
        Path(folder).chmod(0o755)
        with Database(Path(folder) / "data") as database:
            found = stopped(1.5, database, database.url)
    assert found.held, found


def test_a_number_that_is_no_test_is_refused_with_those_that_are(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["99"])
    assert stop.value.code == 2
    assert "there is no test 99" in capsys.readouterr().err
    assert {str(number) for number in range(1, 12)} <= TESTS.keys()
