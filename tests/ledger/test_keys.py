"""keys: the contract of every place where keys and budgets rest, and what races and deaths do."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from headgate.access.key import Key, Team, digest, mint
from headgate.access.limits import Budget, Limits, span
from headgate.access.purse import Account, Claim, Grant
from headgate.errors import ConfigError
from headgate.ledger.keys import LEASE_US, RECLAIM_US, KeyStore
from headgate.ledger.keys_memory import MemoryKeys
from headgate.ledger.keys_sql import SqlKeys
from headgate.ledger.keys_sqlite import SqliteDatabase
from headgate.ledger.store import StoreError
from headgate.ledger.url import open_keys, open_store
from tests.ledger.samples import NOON_US, entry

HERE = Account("key:k1", "day", span("day", NOON_US).since_us)
DEAD_US = NOON_US + LEASE_US + RECLAIM_US + 1


class Home:
    """A key store, and the ledger that it shares its place with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ledger = open_store(url)
        self.store: KeyStore = MemoryKeys(self._bill) if url == "memory:" else open_keys(url)

    def _bill(self, account: Account) -> int:
        since_us, until_us = span(account.period, account.since_us)
        return sum(
            row.cost_nano or 0
            for row in self.ledger.entries()
            if f"key:{row.key}" == account.scope and since_us <= row.at_us < until_us
        )


@pytest.fixture(params=["memory", "sqlite", "postgres", "pooled"])
def home(request, tmp_path) -> Iterator[Home]:
    urls = {"memory": "memory:", "sqlite": f"sqlite:///{tmp_path}/l.db"}
    made = Home(urls.get(request.param) or request.getfixturevalue(f"{request.param}_url"))
    yield made
    made.store.close()
    made.ledger.close()


@pytest.fixture
def store(home: Home) -> KeyStore:
    return home.store


def key(name: str = "k1", **more) -> Key:
    return Key(id=name, name=f"name of {name}", digest="d" * 64, created_us=NOON_US, **more)


def claim(spent: int, hold: int, limit: int = 1000, account: Account = HERE) -> Claim:
    return Claim(account, limit, spent, hold)


def test_keys_and_teams_come_back_as_they_were_put(store):
    full = key(
        "k2",
        team="search",
        limits=Limits(
            budgets=(Budget("day", 5), Budget("month", 50)),
            requests_per_minute=3,
            tokens_per_minute=0,
            models=("a/*",),
            tiers=("cheap",),
            policies=("auto",),
            pin=False,
        ),
        labels={"owner": "Zoë", "'; DROP TABLE keys; --": "1"},
        expires_us=7,
        previous="e" * 64,
        previous_until_us=9,
    )
    store.put_key(full)
    store.put_key(key())
    store.put_team(Team(name="search", limits=Limits(budgets=(Budget("week", 1),)), created_us=4))
    store.put_team(Team(name="ads"))
    assert store.keys() == [key(), full]
    assert [team.name for team in store.teams()] == ["ads", "search"]
    assert store.teams()[1].limits.budgets == (Budget("week", 1),)


def test_a_key_that_is_put_again_is_replaced(store):
    store.put_key(key())
    store.put_key(key(revoked_us=5))
    assert store.keys() == [key(revoked_us=5)]
    store.put_team(Team(name="t"))
    store.put_team(Team(name="t", limits=Limits(pin=False)))
    assert store.teams() == [Team(name="t", limits=Limits(pin=False))]


def test_every_change_raises_the_version_and_claims_do_not(store):
    versions = [store.version()]
    for change in (lambda: store.put_key(key()), lambda: store.put_team(Team(name="t"))):
        change()
        versions.append(store.version())
    store.claim("a", [claim(0, 5)], NOON_US)
    versions.append(store.version())
    assert versions == [versions[0], versions[0] + 1, versions[0] + 2, versions[0] + 2]


def test_money_is_lent_until_there_is_no_more(store):
    assert store.claim("a", [claim(0, 600)], NOON_US) == [Grant(600, 0)]
    assert store.claim("b", [claim(0, 600)], NOON_US) == [Grant(400, 0)]
    assert store.claim("c", [claim(0, 600)], NOON_US) == [Grant(0, 0)]
    assert store.claim("a", [claim(250, 0)], NOON_US) == [Grant(0, 250)]
    assert store.claim("c", [claim(0, 600)], NOON_US) == [Grant(350, 250)]


def test_the_same_claim_twice_changes_nothing(store):
    store.claim("a", [claim(0, 600)], NOON_US)
    for _ in range(3):
        assert store.claim("a", [claim(100, 300)], NOON_US) == [Grant(300, 100)]


def test_accounts_do_not_know_each_other(store):
    month = Account("key:k1", "month", span("month", NOON_US).since_us)
    team = Account("team:k1", "day", HERE.since_us)
    grants = store.claim("a", [claim(0, 900, account=place) for place in (HERE, month, team)], 0)
    assert grants == [Grant(900, 0)] * 3
    assert store.claim("a", [], 0) == []


def test_spending_is_told_by_scope_the_latest_first(store):
    yesterday = Account("key:k1", "day", HERE.since_us - 86_400_000_000)
    month = Account("key:k1", "month", span("month", NOON_US).since_us)
    store.claim("a", [claim(7, 3, account=yesterday), claim(5, 1)], NOON_US)
    store.claim("a", [claim(9, 0, account=month)], NOON_US)
    told = [(one.account, one.spent, one.held) for one in store.spending("key:k1")]
    assert told == [(HERE, 5, 1), (yesterday, 7, 3), (month, 9, 0)]
    assert store.spending("key:k2") == []


def test_the_living_keep_what_they_hold(home, store):
    store.claim("a", [claim(0, 600)], NOON_US)
    assert store.reclaim(NOON_US + LEASE_US + RECLAIM_US) == 0
    store.claim("a", [claim(0, 600)], NOON_US + 1000)
    assert store.reclaim(DEAD_US) == 0
    assert store.claim("b", [claim(0, 999)], DEAD_US) == [Grant(400, 0)]


def test_the_dead_give_back_what_the_ledger_does_not_know_them_to_have_spent(home, store):
    store.claim("dead", [claim(0, 600)], NOON_US)
    store.claim("dead", [claim(100, 500)], NOON_US)
    rows = [
        entry(request_id="a", key="k1", cost_nano=100, at_us=NOON_US),
        entry(request_id="b", key="k1", cost_nano=60, at_us=NOON_US + 1),
        entry(request_id="c", key="k1", cost_nano=None, at_us=NOON_US),
        entry(request_id="d", key="k2", cost_nano=300, at_us=NOON_US),
        entry(request_id="e", key="k1", cost_nano=300, at_us=NOON_US - 86_400_000_000),
    ]
    home.ledger.append(rows)
    assert store.reclaim(DEAD_US) == 1
    assert store.reclaim(DEAD_US) == 0
    assert store.spending("key:k1")[0][1:] == (160, 0)
    assert store.claim("b", [claim(0, 999)], DEAD_US) == [Grant(840, 160)]


def test_a_process_taken_for_dead_goes_on_without_counting_twice(home, store):
    store.claim("slow", [claim(100, 500)], NOON_US)
    home.ledger.append([entry(key="k1", cost_nano=100, at_us=NOON_US)])
    assert store.reclaim(DEAD_US) == 1
    assert store.claim("slow", [claim(150, 50)], DEAD_US) == [Grant(50, 150)]


def test_keys_are_there_when_the_place_is_opened_again(home):
    if home.url == "memory:":
        pytest.skip("memory is gone with the process")
    home.store.put_key(key())
    home.store.close()
    home.store.close()
    with closing(open_keys(home.url, create=False)) as again:
        assert again.keys() == [key()]


RACE = """
import random, sys, time
from headgate.access.purse import Account, Claim
from headgate.ledger.store import StoreError
from headgate.ledger.url import open_keys
url, name, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
store, dice, spent = open_keys(url), random.Random(name), 0
account = Account("key:k1", "day", 0)
end = time.monotonic() + 80  # nobody is left to race with for ever, where the others have failed

def claimed(wanted):
    while True:
        try:
            return store.claim(name, [Claim(account, limit, spent, wanted)], 0)[0]
        except StoreError:  # the others were slow, and nothing was granted
            if time.monotonic() > end:
                raise

while time.monotonic() < end:
    spent += dice.randint(0, claimed(dice.randint(1, 40)).held)
    if claimed(0).spent_by_all >= limit - 20:
        break
else:
    sys.exit("the money is not spent in time")
print(spent)
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "pooled"])
def test_four_processes_never_spend_more_than_there_is(kind, tmp_path, request):
    limit = 4000
    url = f"sqlite:///{tmp_path}/l.db"
    if kind != "sqlite":
        url = request.getfixturevalue(f"{kind}_url")
    open_keys(url).close()
    command = [sys.executable, "-c", RACE, url]
    racing = [
        subprocess.Popen([*command, name, str(limit)], stdout=subprocess.PIPE, text=True)
        for name in "abcd"
    ]
    spent = [int(process.communicate(timeout=90)[0]) for process in racing]
    assert all(process.returncode == 0 for process in racing)
    with closing(open_keys(url)) as store:
        told = store.spending("key:k1")[0]
    assert told.spent == sum(spent), "nothing is lost and nothing counted twice"
    assert limit - 200 <= sum(spent) <= limit


def test_processes_that_open_a_new_place_at_once_agree(tmp_path):
    program = (
        "import sys; from headgate.ledger.url import open_keys; open_keys(sys.argv[1]).close()"
    )
    command = [sys.executable, "-c", program, f"sqlite:///{tmp_path}/l.db"]
    started = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0, 0, 0, 0]


def test_a_newer_schema_is_left_alone(tmp_path):
    url = f"sqlite:///{tmp_path}/l.db"
    open_keys(url).close()
    with closing(SqliteDatabase(tmp_path / "l.db")) as database, database.writing() as run:
        run("UPDATE key_state SET step = 99")
    with pytest.raises(ConfigError, match="schema version 99"):
        open_keys(url)


def test_a_database_whose_keys_cannot_be_used_is_let_go(tmp_path):
    open_keys(f"sqlite:///{tmp_path}/l.db").close()
    database = SqliteDatabase(tmp_path / "l.db")
    with database.writing() as run:
        run("UPDATE key_state SET step = 99")
    with pytest.raises(ConfigError, match="schema version 99"):
        SqlKeys(database)
    with pytest.raises(StoreError, match="closed"), database.reading() as run:
        run("SELECT 1")


def test_what_is_no_ledger_gets_no_keys(tmp_path):
    with pytest.raises(ConfigError):
        open_keys(f"sqlite:///{tmp_path}/none.db", create=False)
    file = tmp_path / "other.db"
    file.write_bytes(b"not a database, but long enough to be looked at as one" * 40)
    with pytest.raises(ConfigError):
        open_keys(f"sqlite:///{file}")
    with pytest.raises(ConfigError):
        open_keys("redis://somewhere")


def test_a_locked_file_is_an_error_of_the_store(tmp_path):
    open_keys(f"sqlite:///{tmp_path}/l.db").close()
    first = SqliteDatabase(tmp_path / "l.db")
    second = SqliteDatabase(tmp_path / "l.db", busy_seconds=0.05)
    with first.writing(), pytest.raises(StoreError, match="cannot be read or written"):  # noqa: SIM117
        with second.writing():
            pass
    with second.writing() as run:
        run("UPDATE key_state SET version = version + 1")
    first.close()
    second.close()


BUSY = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
print("ready", flush=True)
while True:
    db.execute("BEGIN IMMEDIATE")
    time.sleep(0.05)
    db.execute("COMMIT")
    time.sleep(0.003)  # it reads what it stores next
"""


def test_one_who_stores_without_pause_lets_a_claim_in_between(tmp_path):
    """SQLite's own waiting asks ten times a second, and mostly finds the lock taken again."""
    with closing(open_keys(f"sqlite:///{tmp_path}/l.db")) as keys:
        command = [sys.executable, "-c", BUSY, str(tmp_path / "l.db")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as storing:
            try:
                assert storing.stdout is not None
                storing.stdout.readline()
                for number in range(10):
                    assert keys.claim("a", [claim(number, 10)], NOON_US)[0].held == 10
            finally:
                storing.kill()


def test_waiting_for_the_lock_leaves_the_patience_of_all_else_as_it_was(tmp_path):
    open_keys(f"sqlite:///{tmp_path}/l.db").close()
    with closing(SqliteDatabase(tmp_path / "l.db", busy_seconds=0.3)) as database:
        with database.writing() as run:
            assert run("PRAGMA busy_timeout") == [(300,)]
        with database.reading() as run:
            assert run("PRAGMA busy_timeout") == [(300,)]


def test_a_change_that_fails_is_undone(tmp_path):
    open_keys(f"sqlite:///{tmp_path}/l.db").close()
    with closing(SqliteDatabase(tmp_path / "l.db")) as database:
        with pytest.raises(StoreError), database.writing() as run:
            [run(sql) for sql in ("UPDATE key_state SET version = 50", "UPDATE nothing SET a = 1")]
        with database.reading() as run:
            assert run("SELECT version FROM key_state") == [(0,)]


def test_secrets_are_not_in_the_file(tmp_path):
    made = mint(random.Random(1).randbytes(38))
    with closing(open_keys(f"sqlite:///{tmp_path}/l.db")) as store:
        store.put_key(key(made.id))
        store.put_key(
            Key(id=made.id, name="n", digest=digest(b"pepper", made.secret), created_us=0)
        )
    content = b"".join(path.read_bytes() for path in Path(tmp_path).iterdir())
    assert made.id.encode() in content
    assert made.secret[14:].encode() not in content
