"""The sidecar of a running gateway: pages and watch are its, and it is never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from openai import OpenAI

from headgate.access.key import Key, digest, mint
from headgate.access.limits import Limits, budget
from headgate.bootstrap.keys import pepper_of
from headgate.ledger.intake import recover
from headgate.ledger.journal import Journal
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.tended import is_tended
from headgate.ledger.url import open_keys
from headgate.monitor.mishaps import BACK, MISHAPS
from headgate.settings import read_with_sources
from tests.cli.gateways import Running, admin_port, running, say
from tests.ledger.samples import answers
from tests.monitor.test_metrics import parsed

WATCHFUL = """
[watch]
every = 1
[escalation]
rate = 0.2
budget = 0.2
on_breach = "pin"
"""


class House:
    """A gateway with pages and a watch, and its sidecar."""

    def __init__(self, home: Running, *more: str) -> None:
        home.stop()
        text = home.file.read_text().replace('admin = ""', 'admin = "127.0.0.1:0"')
        home.file.write_text(text + "".join(more))
        self.home = home
        self.start()

    def start(self) -> None:
        """Its ports are others at each start."""
        self.url, self.token = admin_port(self.home.start())

    @property
    def gateway(self) -> int:
        """The process that serves; on its leash it is the one that was started."""
        return self.home.gateway.process.pid

    def sidecar(self) -> int:
        found: list[int] = []

        def there() -> bool:
            found[:] = [
                pid for pid in children(self.gateway) if b"headgate.cli.sidecar" in argv(pid)
            ]
            return bool(found)

        until(there)
        return found[0]

    def ask(self, path: str, *, method: str = "GET") -> str:
        headers = {"authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.url + path, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return str(answer.read().decode())


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    if not listed.exists():
        pytest.skip("this system does not tell a process's children")
    return [int(one) for one in listed.read_text().split()]


def argv(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def test_the_pages_are_another_processes_and_come_again_when_it_is_killed(tmp_path):
    with running(tmp_path) as home:
        house = House(home)
        assert "Headgate" in house.ask("/plan")
        first = house.sidecar()
        os.kill(first, signal.SIGKILL)
        until(lambda: not argv(first))
        with OpenAI(base_url=home.base_url, api_key="none") as client:
            assert say(client).status_code == 200
        assert "Headgate" in house.ask("/plan")
        assert house.sidecar() != first
        assert "another starts" in home.gateway.log.read_text()
        with closing(SqliteStore(home.ledger)) as store:
            until(lambda: [one.kind for one in store.events(kinds=MISHAPS)][-1:] == [BACK])


def test_it_ends_with_the_gateway_that_stops_and_with_one_that_is_killed(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running(tmp_path) as home:
        house = House(home)
        stopped = house.sidecar()
        house.ask("/prices")
        assert home.stop() == 0
        assert not argv(stopped)
        assert "Traceback" not in home.gateway.log.read_text()
        house.start()
        killed = house.sidecar()
        house.ask("/prices")  # it is beyond its own start
        home.gateway.process.kill()
        until(lambda: not argv(killed))
        assert not list(tmp_path.glob("headgate-beside-*")), "and leaves nothing behind"


def test_it_stores_what_the_gateway_writes_and_where_it_is_killed_the_gateway_does(tmp_path):
    with running(tmp_path) as home:
        journal, store = tmp_path / "ledger.db.journal", SqliteStore(tmp_path / "ledger.db")
        ids: set[str] = set()

        def stored() -> bool:
            return {row.request_id for row in store.entries()} == ids

        with OpenAI(base_url=home.base_url, api_key="none") as client:
            until(lambda: is_tended(journal))
            ids.add(say(client).headers["x-headgate-request-id"])
            until(stored)
            told = {path.suffix for path in journal.iterdir()}
            assert told == {".segment", ".taken", ""}
            sidecar = next(pid for pid in children(home.gateway.process.pid))
            os.kill(sidecar, signal.SIGKILL)
            ids.add(say(client).headers["x-headgate-request-id"])
            until(stored)
        assert home.stop() == 0
        assert list(journal.glob("*.segment")) == []
        store.close()


def test_when_the_gateway_is_killed_it_stores_what_that_one_has_left(tmp_path):
    with running(tmp_path) as home:
        journal = tmp_path / "ledger.db.journal"
        until(lambda: is_tended(journal))
        with OpenAI(base_url=home.base_url, api_key="none") as client:
            ids = {say(client).headers["x-headgate-request-id"] for _ in range(5)}
        home.gateway.process.kill()
        until(lambda: not is_tended(journal))
        store = SqliteStore(tmp_path / "ledger.db")
        assert {row.request_id for row in store.entries()} == ids
        store.close()
        assert list(journal.iterdir()) == []


def test_a_gateway_that_ends_while_rows_are_stored_gives_its_budgets_slice_back(tmp_path):
    with running(tmp_path) as home:
        home.stop()
        url, journal = f"sqlite:///{home.ledger}", tmp_path / "ledger.db.journal"
        settings = read_with_sources(home.file, env={}).settings
        secret, pepper = mint(bytes(range(38))).secret, pepper_of(settings, {})
        limits = Limits(budgets=(budget("5/day"),))
        identity = secret.split("_")[1]
        kept = Key(
            id=identity, name="k", digest=digest(pepper, secret), limits=limits, created_us=1
        )
        with closing(open_keys(url)) as keys, closing(SqliteStore(home.ledger)) as store:
            keys.put_key(kept)
            home.start()
            with OpenAI(base_url=home.base_url, api_key=secret) as client:
                assert say(client).status_code == 200
            assert keys.spending(f"key:{identity}")[0].held > 0
            until(lambda: is_tended(journal))
            dead = Journal(journal)
            for row in answers(40_000):
                dead.append(row)
            dead.close()
            until(lambda: len(list(islice(store.entries(), 500))) == 500)
            assert home.stop() == 0
            left = sum(path.stat().st_size for path in journal.glob("*.segment"))
            assert left > 0, "it was storing when it was told to end"
            assert keys.spending(f"key:{identity}")[0].held == 0
            recover(url, store)
            assert sum(1 for _ in store.entries()) == 40_001
        log = home.gateway.log.read_text()
        assert "locked" not in log
        assert "Traceback" not in log


def test_it_asks_for_the_token_as_the_gateway_would(tmp_path):
    with running(tmp_path) as home:
        house = House(home)
        house.token = "wrong"
        with pytest.raises(urllib.error.HTTPError) as caught:
            house.ask("/plan")
        caught.value.close()
        assert caught.value.code == 401


def test_what_its_watch_finds_is_on_the_gateways_metrics_and_put_in_force(tmp_path):
    with running(tmp_path) as home:
        house = House(home, WATCHFUL)
        with OpenAI(base_url=home.base_url, api_key="none") as client:
            for _ in range(150):
                say(client, "prove it")

            def pinned() -> bool:
                shown = parsed(house.ask("/metrics"))
                return any(
                    name == "headgate_controls_active"
                    and ("action", "pin") in labels
                    and value == 1
                    for (name, labels), value in shown.items()
                )

            until(pinned)
            until(lambda: say(client, "hello").headers["x-headgate-tier"] == "premium")


def test_what_only_pages_and_requests_need_is_not_loaded_before_somebody_looks():
    code = "import sys, headgate.cli.sidecar; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    rooms = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("headgate.")}
    assert not rooms & {"headgate.web", "headgate.render"}
    assert not {"jinja2", "uvloop", "prometheus_client", "headgate.gateway.app"} & {*loaded}
