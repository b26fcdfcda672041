"""election: one leads, and when it dies another one follows."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from headgate.access.key import Key
from headgate.errors import ConfigError
from headgate.ledger.election import Alone, FileElection, election_of
from headgate.ledger.url import open_keys, open_store
from tests.ledger.samples import ANSWER, NOON_US

HOLD = (
    "import sys, time; from headgate.ledger.election import election_of;"
    "election = election_of(sys.argv[1]); print(election.leads(), flush=True); time.sleep(60)"
)


@pytest.fixture(params=["sqlite", "postgres", "pooled"])
def url(request, tmp_path) -> str:
    if request.param != "sqlite":
        return str(request.getfixturevalue(f"{request.param}_url"))
    return f"sqlite:///{tmp_path}/l.db"


def test_one_of_several_leads(url: str):
    several = [election_of(url) for _ in range(3)]
    assert [one.leads() for one in several] == [True, False, False]
    assert [one.leads() for one in several] == [True, False, False]
    several[0].close()
    several[0].close()
    assert [one.leads() for one in several[1:]] == [True, False]
    for one in several:
        one.close()


def test_keys_and_rows_are_written_while_one_leads(url: str):
    with closing(election_of(url)) as leader, closing(open_store(url)) as store:
        assert leader.leads()
        store.append([ANSWER])
        with closing(open_keys(url)) as keys:
            keys.put_key(Key(id="k1", name="k1", digest="d" * 64, created_us=NOON_US))
            kept = keys.keys()
            assert [key.id for key in kept] == ["k1"]
        assert leader.leads()


def test_another_one_follows_when_the_leader_is_killed(url: str):
    leader = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True)
    assert leader.stdout is not None
    assert leader.stdout.readline().strip() == "True"
    follower = election_of(url)
    assert not follower.leads()
    leader.kill()
    leader.wait()
    leader.stdout.close()
    deadline = time.monotonic() + 60
    while not follower.leads():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    follower.close()


def test_a_ledger_in_memory_is_led_by_its_process():
    election = election_of("memory:")
    assert isinstance(election, Alone)
    assert election.leads()
    election.close()


def test_where_the_file_cannot_be_made_nobody_leads(tmp_path: Path):
    assert not FileElection(tmp_path / "none" / "l.db.watch").leads()
    with pytest.raises(ConfigError, match="no directory"):
        election_of(f"sqlite:///{tmp_path}/none/l.db")


def test_a_database_that_does_not_answer_has_no_leader():
    election = election_of("postgresql://nobody@127.0.0.1:1/none")
    assert not election.leads()
    election.close()
