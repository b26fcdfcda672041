"""reload: all or nothing, faults keep the old, jumps want a yes, requests under way keep theirs."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from msgspec.structs import replace

from headgate.bootstrap.gateway import app_of
from headgate.bootstrap.reload import POLL_SECONDS, Reloader, objections, restart_needed
from headgate.gateway.upstream import Origin, Tunnel
from headgate.ledger.event import Event
from headgate.routing.artifact import dump
from headgate.settings import read_with_sources
from headgate.settings.schema import EgressSettings
from headgate.settings.watching import AlertSettings
from headgate.values import Proxy
from tests.gateway.callers import Asked
from tests.gateway.clocks import Stopped
from tests.gateway.house import ENV, RULES, Kept
from tests.gateway.one_request import Caller, Upstream
from tests.routing.routers import small_artifact

OWN = '[prices."google/gpt-5-mini"]\ninput = "{0}"\noutput = "{0}"\n'
LEARNED = 'kind = "learned"\nrouter = "router.headgate"\nthreshold = 0.5\n'


class Desk:
    """A gateway without a network, its file, and its reloader."""

    def __init__(self, folder: Path, more: str = "", kind: str = "") -> None:
        self.folder, self.kind = folder, kind
        self.file = folder / "headgate.toml"
        self.write(more)
        self.reading = read_with_sources(self.file, env=ENV)
        self.kept, self.upstream, self.events = Kept(), Upstream(stream=False), list[Event]()
        self.app = app_of(
            self.reading.settings,
            ENV,
            upstream=self.upstream,
            recorder=self.kept,
            clock=Stopped(),
            source=str(self.file),
        )
        self.reloader = Reloader(self.app, self.reading, ENV, note=self.events.append)

    def write(self, more: str) -> None:
        base = "http://127.0.0.1:1"
        text = RULES.format(openai=base, anthropic=base, responses=base)
        text = text.replace('"anthropic/claude-haiku-4-5"', '"google/gpt-5-mini"')
        if self.kind:
            (self.folder / "router.headgate").write_bytes(dump(small_artifact()))
            head, _, tail = text.partition('kind = "rules"')
            text = head + self.kind + tail[tail.index("[tiers.cheap]") :]
        self.file.write_text(text + more)

    def reload(self, more: str | None = None, **options):
        if more is not None:
            self.write(more)
        return asyncio.run(self.reloader.reload("api", **options))

    def told(self) -> list[str]:
        return [event.kind for event in self.events]


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path, OWN.format("1.00"))


def test_a_changed_file_is_in_effect_from_the_next_request(desk):
    before = desk.app.plant
    outcome = desk.reload(OWN.format("2.00"))
    assert outcome.kind == "done"
    assert desk.app.plant is not before
    assert desk.app.plant.config == outcome.config != before.config
    asyncio.run(desk.app(Caller(stream=False)))
    (entry,) = desk.kept.entries
    assert entry.config == outcome.config
    assert entry.cost_nano == 2 * 300 * 1000
    assert desk.told() == ["reload.done"]


def test_another_proxy_is_in_effect_from_the_next_request(desk):
    sections = desk.file.read_text()
    assert isinstance(desk.app.plant.providers["google"].endpoint("/x").origin, Origin)
    moved = "[providers.google]\nproxy = 'http://proxy.example:3128'\n"
    desk.file.write_text(sections.replace("[providers.google]\n", moved))
    assert desk.reload().kind == "done"
    way = desk.app.plant.providers["google"].endpoint("/x").origin
    assert isinstance(way, Tunnel)
    assert way.proxy == Proxy("proxy.example", 3128)
    assert isinstance(desk.app.plant.providers["anthropic"].endpoint("/x").origin, Origin)


FAULTS = {
    "truncated": lambda text: text[: len(text) // 2 + 7],
    "empty": lambda text: "",
    "not TOML": lambda text: text + "[[[",
    "an unknown setting": lambda text: text + "[server]\nlisten_on = 1\n",
    "a value out of range": lambda text: text + "[resilience2]\n",
    "a missing variable": lambda text: text.replace("GEMINI_API_KEY", "NOT_SET"),
    "no such price": lambda text: text + OWN.format("cheap"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_keeps_the_old_and_is_told_once(desk, fault, caplog):
    before = desk.app.plant
    desk.file.write_text(FAULTS[fault](desk.file.read_text()))
    for _ in range(3):
        outcome = desk.reload()
        assert (outcome.kind, outcome.config) == ("refused", before.config)
        assert outcome.why
    assert desk.app.plant is before
    assert desk.told() == ["reload.refused"]
    assert caplog.text.count("is refused") == 1
    asked = Asked("GET", "/readyz")
    asyncio.run(desk.app(asked))
    assert (asked.status, asked.json) == (200, {"status": "ready", "reload": "refused"})
    assert desk.reload(OWN.format("1.50")).kind == "done"
    asked = Asked("GET", "/readyz")
    asyncio.run(desk.app(asked))
    assert asked.json == {"status": "ready"}


def test_a_file_that_is_gone_keeps_the_old(desk):
    desk.file.unlink()
    assert "There is no file" in desk.reload().why


@pytest.mark.parametrize("price", ["10.00", "0.10", "100.00", "0.00"])
def test_a_price_that_jumps_tenfold_wants_a_yes(desk, price):
    before = desk.app.plant
    outcome = desk.reload(OWN.format(price))
    assert outcome.kind == "refused"
    assert "google/gpt-5-mini changes 10-fold" in outcome.why
    assert desk.app.plant is before
    assert desk.reload(accept=True).kind == "done"
    assert desk.app.plant is not before


@pytest.mark.parametrize("price", ["9.99", "0.11", "1.00"])
def test_smaller_changes_do_not(desk, price):
    assert desk.reload(OWN.format(price)).kind == "done"


def test_an_older_price_list_wants_a_yes(desk):
    _, new = desk.reloader._made()
    book = new.pricer.book
    older = SimpleNamespace(compiled=book.table.index.compiled - timedelta(days=1))
    new.pricer.book = SimpleNamespace(table=SimpleNamespace(index=older), card=book.card)
    assert any("older than the one in use" in text for text in objections(desk.app.plant, new))


def test_a_request_under_way_keeps_the_plant_that_it_began_with(desk):
    async def main():
        gate = asyncio.Event()
        first = desk.upstream.send

        async def slow(endpoint, body):
            await gate.wait()
            return await first(endpoint, body)

        desk.upstream.send = slow
        before = desk.app.plant.config
        under_way = asyncio.create_task(desk.app(Caller(stream=False)))
        await asyncio.sleep(0.01)
        desk.write(OWN.format("2.00"))
        after = (await desk.reloader.reload("api")).config
        gate.set()
        await under_way
        await desk.app(Caller(stream=False))
        assert [entry.config for entry in desk.kept.entries] == [before, after]
        assert [entry.cost_nano for entry in desk.kept.entries] == [300_000, 600_000]

    asyncio.run(main())


def test_under_load_no_request_sees_a_mix_of_two(desk):
    async def main():
        configs: dict[str, int] = {desk.app.plant.config: 300_000}

        async def load():
            for _ in range(150):
                await desk.app(Caller(stream=False))
                await asyncio.sleep(0)

        async def change():
            for price in ("2.00", "3.00", "[", "2.00", "1.00"):
                desk.write(OWN.format(price))
                outcome = await desk.reloader.reload("file")
                if outcome.kind == "done":
                    configs[outcome.config] = int(float(price) * 300_000)

        await asyncio.gather(load(), load(), change())
        assert len(desk.kept.entries) == 300
        assert {entry.cost_nano for entry in desk.kept.entries} <= set(configs.values())
        for entry in desk.kept.entries:
            assert entry.cost_nano == configs[entry.config]

    asyncio.run(main())


def test_breakers_of_unchanged_models_go_on_where_they_were(desk):
    plant = desk.app.plant
    cheap, premium = (tier.model for tier in plant.policies.tiers)
    for _ in range(20):
        plant.brakes.note(cheap, False, 0.0, began=0.0)
    assert not plant.brakes.may_call(cheap, 0.0)
    desk.reload(OWN.format("2.00"))
    assert not desk.app.plant.brakes.may_call(cheap, 0.0)
    assert desk.app.plant.brakes.may_call(premium, 0.0)
    text = desk.file.read_text().replace("backoff_base = 0.01", "backoff_base = 0.02")
    desk.file.write_text(text)
    desk.reload()
    assert desk.app.plant.brakes.may_call(cheap, 0.0), "other limits, other brakes"


def test_what_cannot_be_changed_live_is_said_and_the_rest_is_taken_over(desk):
    more = '[server]\nlisten = "127.0.0.1:9999"\nmax_requests = 7\n[ledger]\nurl = "memory:"\n'
    outcome = desk.reload(OWN.format("2.00") + more)
    assert outcome.restart == ("server.listen", "ledger.url")
    assert desk.app._max_requests == 7
    settings = desk.reading.settings
    assert list(restart_needed(settings, settings)) == []


def test_what_waits_for_a_restart_is_what_differs_from_the_start(desk):
    other = OWN.format("2.00") + '[server]\nlisten = "127.0.0.1:9999"\n'
    assert desk.reload(other).restart == ("server.listen",)
    later = other + "max_requests = 7\n"
    assert desk.reload(later).restart == ("server.listen",), "it still waits"
    assert desk.reload(OWN.format("2.00")).restart == (), "taken back, it waits for nothing"


def test_the_proxy_of_alerts_waits_for_a_restart(desk):
    settings = desk.reading.settings
    moved = replace(settings, egress=EgressSettings(proxy="http://proxy.example:3128"))
    assert list(restart_needed(settings, moved)) == [], "there are no alerts that leave"
    hooked = replace(settings, alerts=AlertSettings(webhook_url="https://hook.example"))
    assert list(restart_needed(hooked, replace(hooked, egress=moved.egress))) == ["egress"]


def test_the_terms_of_budgets_are_taken_over(desk):
    desk.reload("[keys]\noutput_tokens = 77\n" + OWN.format("1.00"))
    assert desk.app.admission.terms.output_tokens == 77


def test_a_new_router_is_taken_over_and_a_broken_one_is_not(tmp_path):
    desk = Desk(tmp_path, OWN.format("1.00"), kind=LEARNED)
    assert desk.reload().kind == "done"
    (tmp_path / "router.headgate").write_bytes(b"not a router")
    before = desk.app.plant
    assert desk.reload().kind == "refused"
    assert desk.app.plant is before


def changed(desk: Desk, seconds: float = 60.0) -> bool:
    """Whether the watch has taken something over, or refused it, within some time."""

    async def main() -> bool:
        before = desk.reloader.last
        async with desk.reloader.running(watch=True):
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                await asyncio.sleep(0.1)
                if desk.reloader.last is not before:
                    return True
        return False

    return asyncio.run(main())


def test_the_watch_sees_a_changed_file(desk):
    desk.write(OWN.format("2.00"))
    assert changed(desk)
    assert desk.told() == ["reload.done"]


def test_a_file_that_was_only_touched_is_no_change(desk):
    os.utime(desk.file, (1, 1))
    assert not changed(desk, 2.5 * POLL_SECONDS)
    assert desk.events == []


def test_sighup_reloads(desk):
    async def main():
        async with desk.reloader.running(watch=False):
            os.kill(os.getpid(), signal.SIGHUP)
            for _ in range(1200):
                await asyncio.sleep(0.05)
                if desk.events:
                    return

    asyncio.run(main())
    assert msgspec.json.decode(desk.events[0].detail)["cause"] == "signal"


def test_the_admin_port_shows_reloads_and_accepts(desk):
    def ask(method: str, query: str = "") -> Asked:
        asked = Asked(method, "/api/reload", query=query)
        asyncio.run(desk.reloader.answer(asked))
        return asked

    assert ask("GET").json["kind"] == "done"
    desk.write(OWN.format("50.00"))
    refused = ask("POST")
    assert (refused.status, refused.json["kind"]) == (409, "refused")
    assert ask("GET").json == refused.json
    taken = ask("POST", "accept=prices")
    assert (taken.status, taken.json["kind"]) == (200, "done")
