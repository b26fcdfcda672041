"""reliability: what others write, and what is damaged; short versions, nothing is timed."""

from __future__ import annotations

import random
import socket
import time

import pytest
from benchmarks.reliability import fuzz_settings
from benchmarks.reliability.detours import SPELLINGS, detours, own_keys, trap
from benchmarks.reliability.doors import ADMIN, STRINGS, injections, matrix, strings, timing
from benchmarks.reliability.fuzz import run
from benchmarks.reliability.fuzz_settings import WHOLE, settings_case
from benchmarks.reliability.fuzzing import fuzzing
from benchmarks.reliability.kills import starts
from benchmarks.reliability.outcome import Missing
from benchmarks.reliability.reloads import FAULTS, reloads
from benchmarks.reliability.soaked import soak
from benchmarks.reliability.supply import distributions, imports
from benchmarks.soak.__main__ import BOUND, Look, verdict

from headgate.access.key import mint
from headgate.settings import read_with_sources


def test_a_ledger_with_rows_is_killed_and_is_back_with_all_of_them(tmp_path):
    found = starts(2, 3_000, tmp_path)
    assert found.held, found
    assert [path.name for path in tmp_path.glob("*.db")] == ["ledger-3000.db"]


def test_damaged_settings_and_prices_leave_the_old_in_effect():
    found = reloads(2)
    assert found.held, found
    assert len(FAULTS) > 10


@pytest.mark.parametrize("kind", ["body", "stream", "config"])
def test_damaged_texts_of_each_kind_are_read_or_refused(kind):
    found = fuzzing(kind, 100, workers=1)
    assert found.held, found


def test_what_is_damaged_is_sound_before(tmp_path):
    file = tmp_path / "headgate.toml"
    file.write_text(WHOLE)
    assert read_with_sources(file, env={}).settings.escalation_budgets
    assert {settings_case(random.Random(number)) for number in range(40)} == {"read", "refused"}


def test_a_reader_of_settings_that_fails_is_found(monkeypatch):
    def fails(*_, **__):
        raise IndexError("of the parser")

    monkeypatch.setattr(fuzz_settings, "read_with_sources", fails)
    _, findings = run("config", range(3), seed=1)
    assert [finding.what for finding in findings] == ["IndexError: of the parser"] * 3


def test_nobody_is_called_whose_address_a_caller_or_a_provider_writes():
    found = detours(4)
    assert found.held, found
    assert len(set(SPELLINGS)) == 60


def test_the_trap_counts_who_comes():
    with trap() as there:
        socket.create_connection(("127.0.0.1", there.port)).close()
        until = time.monotonic() + 60
        while not there.visits and time.monotonic() < until:
            time.sleep(0.01)
        assert there.visits == 1


def test_a_key_that_reaches_another_provider_is_found():
    assert own_keys({b"sk-sim"}, {b"sk-other"})
    assert not own_keys({b"sk-sim", b"sk-other"}, {b"sk-other"})
    assert not own_keys({b"sk-sim"}, set())


def test_injected_texts_open_no_door_and_all_are_told_the_same():
    found = injections(20)
    assert found.held, found


def test_the_injected_texts_are_many_and_none_is_the_secret():
    for secret in (ADMIN, mint(bytes(range(38))).secret):
        made = strings(secret)
        assert len(set(made)) == STRINGS
        assert secret not in {text.strip() for text in made}


def test_every_address_lets_in_its_roles_and_nobody_else():
    found = matrix()
    assert found.held, found


def test_what_the_time_tells_is_measured_in_turn():
    found = timing(50)
    assert found.measured.count("×") == 3


def test_the_core_install_is_small():
    found = distributions()
    assert found.held, found


def test_importing_asks_nobody_and_who_asks_is_found():
    found = imports()
    assert found.held, found
    assert not imports("import socket; socket.getaddrinfo('localhost', 80)").held


def test_a_soak_without_its_harness_is_not_run(tmp_path):
    with pytest.raises(Missing, match="no load harness"):
        soak(tmp_path, 1_000, seconds=1)


def looks(slope: float, files: int = 20) -> list[Look]:
    return [
        Look(n * 1_000, int(1e8 + slope * n * 1_000), 50_000_000, files if n > 4 else 20)
        for n in range(1, 9)
    ]


@pytest.mark.parametrize(
    ("seen", "failed", "held"),
    [
        (looks(0), 0, True),
        (looks(BOUND - 0.1), 0, True),
        (looks(BOUND + 0.1), 0, False),
        (looks(0, files=21), 0, False),
        (looks(0), 1, False),
    ],
)
def test_a_soak_fails_by_memory_files_or_a_request(seen, failed, held):
    found = verdict(seen, failed)
    assert found is not None
    assert found.held == held


def test_two_rounds_are_no_slope():
    assert verdict(looks(0)[:4], 0) is None
