"""beside: what the sidecar says reaches the gauges, and who has one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from headgate.bootstrap.admin import AdminToken
from headgate.bootstrap.clock import SystemClock
from headgate.cli.beside import Chronicle, Gateway, has_sidecar, sidecar_of
from headgate.cli.said import Said, gauges_of
from headgate.cli.workers import TOKEN
from headgate.gateway.sidecar import Trouble
from headgate.ledger.event import Event
from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import Store, StoreError
from headgate.ledger.writer import Ledger
from headgate.monitor.metrics import Metrics
from headgate.monitor.mishaps import BACK, mishaps
from headgate.routing.controls import Helm
from headgate.settings import Reading, read_with_sources
from tests.monitor.test_metrics import total

TOML = """
[classifier]
kind = "none"
[tiers.cheap]
model = "openai/gpt-5-mini"
[tiers.premium]
model = "openai/gpt-5"
[providers.openai]
[ledger]
url = "{url}"
"""


def reading(folder: Path, *sets: str, url: str = "sqlite:///l.db") -> Reading:
    file = folder / "headgate.toml"
    file.write_text(TOML.format(url=url))
    return read_with_sources(file, env={}, sets=sets)


@pytest.mark.parametrize(
    ("url", "sets", "has"),
    [
        ("sqlite:///l.db", (), True),
        ("sqlite:///l.db", ("watch.live=false",), True),
        ("sqlite:///l.db", ("server.admin=",), True),
        ("sqlite:///l.db", ("server.admin=", "watch.live=false"), True),
        ("memory:", (), False),
        ("postgresql://u@h/d", (), True),
    ],
)
def test_only_a_ledger_in_memory_has_no_sidecar(tmp_path, url, sets, has):
    assert has_sidecar(reading(tmp_path, *sets, url=url).settings) is has


def test_what_it_says_is_shown(tmp_path):
    metrics = Metrics(env={})
    sidecar = sidecar_of(reading(tmp_path), (), None, metrics, {})
    sidecar._heard(Said(gauges_of({"headgate_escalation_alarm": {("all",): 1.0}})))
    sidecar._heard(Said(failed=1))
    sidecar._heard(Said(failed=2))
    assert total(metrics, "headgate_escalation_alarm", scope="all") == 1
    sidecar._heard(Said(dropped=4))
    assert total(metrics, "headgate_ledger_failures_total") == 3
    assert total(metrics, "headgate_ledger_dropped_prompts_total") == 4


def a_gateway(store: Store | None, note: Callable[[Event], object]) -> Gateway:
    return Gateway(
        metrics=Metrics(env={}),
        ledger=cast(Ledger, SimpleNamespace(store=store)),
        keys=None,
        helm=Helm(),
        clock=SystemClock(),
        counts=lambda: None,
        note=note,
    )


def test_its_trouble_is_counted_where_it_ended_and_kept_as_an_event():
    noted: list[Event] = []
    gateway = a_gateway(None, noted.append)
    kept = Chronicle(gateway, "here")
    kept.trouble("silent", "it says nothing")
    kept.trouble("ended", "it was stopped")
    assert total(gateway.metrics, "headgate_beside_ended_total") == 1
    told = mishaps(noted)
    assert told is not None
    assert (told.silent, told.ended, told.why) == (1, 1, "it was stopped")
    assert told.without == ("here",)


def test_that_it_is_well_is_kept_once_and_after_a_restart_too():
    store = MemoryStore()
    kinds = lambda: [event.kind for event in store.events()]  # noqa: E731 - asked three times

    async def a_life(*troubles: Trouble) -> None:
        kept = Chronicle(a_gateway(store, lambda event: store.note([event])), "here")
        for trouble in troubles:
            kept.trouble(trouble, "why")
        kept.well()
        await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(a_life())
    assert kinds() == []
    Chronicle(a_gateway(store, lambda event: store.note([event])), "here").trouble("ended", "x")
    asyncio.run(a_life())
    assert kinds() == ["beside.ended", BACK]
    asyncio.run(a_life())
    assert kinds() == ["beside.ended", BACK]


def test_that_it_is_well_is_kept_though_its_trouble_is_not_stored_yet():
    store = MemoryStore()
    late: list[Event] = []
    kept = Chronicle(a_gateway(store, late.append), "here")
    kept.trouble("ended", "x")
    kept.end(late, late[0].at_us + 1)
    store.note(late)
    told = mishaps(store.events())
    assert told is not None
    assert told.without == ()


def test_a_ledger_that_is_away_keeps_nobody_from_being_well():
    class Away(MemoryStore):
        def events(self, *_: object, **__: object) -> list[Event]:
            raise StoreError("away")

    assert not Chronicle(a_gateway(Away(), lambda _: None), "here").end([], 10)


def test_that_it_is_well_is_kept_once_a_ledger_that_was_away_is_back():
    kept = threading.Event()

    class Returning(MemoryStore):
        away = 2

        def note(self, events: Sequence[Event]) -> int:
            if events[0].kind == BACK and self.away:
                self.away -= 1
                raise StoreError("away")
            noted = super().note(events)
            if events[0].kind == BACK:
                kept.set()
            return noted

    store = Returning()

    async def a_life() -> None:
        chronicle = Chronicle(a_gateway(store, lambda event: store.note([event])), "here", again=0)
        chronicle.trouble("ended", "x")
        chronicle.well()
        assert await asyncio.to_thread(kept.wait, 60)

    asyncio.run(a_life())
    told = mishaps(store.events())
    assert told is not None
    assert told.without == ()
    assert [event.kind for event in store.events()] == ["beside.ended", BACK]


def test_it_is_started_with_the_file_the_options_and_a_token_that_rests_nowhere(tmp_path):
    at, metrics = reading(tmp_path), Metrics(env={})
    sets = ("server.listen=127.0.0.1:0",)
    kept = sidecar_of(at, sets, AdminToken("s3cret", "file"), metrics, {"A": "1"})
    assert kept._command(7)[1:] == [
        *("-m", "headgate.cli.sidecar", "7", "--config", str(tmp_path / "headgate.toml")),
        *("--set", "server.listen=127.0.0.1:0"),
    ]
    assert kept._env == {"A": "1"}
    passed = sidecar_of(at, (), AdminToken("s3cret", "memory"), metrics, {})
    assert passed._command(7)[-1] == f"server.admin_token_env={TOKEN}"
    assert "s3cret" not in " ".join(passed._command(7))
    assert passed._env == {TOKEN: "s3cret"}
