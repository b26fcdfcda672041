"""keys: which pepper, which admission, and that a spent budget is one event however often told."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from headgate.access.key import Key, digest
from headgate.access.limits import Budget
from headgate.bootstrap.keys import (
    admission_of,
    in_background,
    keys_of,
    pepper_file,
    pepper_of,
)
from headgate.errors import ConfigError, RequestError
from headgate.gateway.gate import NOBODY
from headgate.ledger.event import Event
from headgate.ledger.keys_memory import MemoryKeys
from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import StoreError
from tests.bootstrap.test_admin import settings_of
from tests.gateway.clocks import Stopped

PEPPER = "0123456789abcdef"


def test_the_pepper_is_made_once_beside_the_ledger_or_named(tmp_path):
    settings = settings_of(tmp_path)
    assert pepper_of(settings, {}) == pepper_of(settings, {})
    assert pepper_file(settings.ledger.url) == tmp_path / "l.db.key-pepper"
    named = settings_of(tmp_path, "keys.pepper_env=PEPPER")
    assert pepper_of(named, {"PEPPER": PEPPER}) == PEPPER.encode()
    with pytest.raises(ConfigError, match="is not set"):
        pepper_of(named, {})


@pytest.mark.parametrize("url", ["memory:", "postgresql://u@h/d"])
def test_where_a_file_will_not_do_a_pepper_must_be_named(tmp_path, url):
    with pytest.raises(ConfigError, match="need a pepper"):
        pepper_of(settings_of(tmp_path, f"ledger.url={url}"), {})


def test_a_gateway_on_a_shared_database_needs_no_pepper_until_it_has_keys(tmp_path):
    settings = settings_of(tmp_path, "ledger.url=postgresql://u@h/d")
    store = MemoryKeys()
    assert admission_of(settings, {}, Stopped(), store=store).gate.enter({}) is NOBODY
    store.put_key(Key(id="k", name="k", digest="", created_us=0))
    with pytest.raises(ConfigError, match="need a pepper"):
        admission_of(settings, {}, Stopped(), store=store)


class Away(MemoryKeys):
    """Does not answer until it is `back`."""

    back = False

    def version(self):
        self._try()
        return super().version()

    def keys(self):
        self._try()
        return super().keys()

    def _try(self):
        if not self.back:
            raise StoreError("The ledger does not answer.")


@pytest.mark.parametrize("keys", [0, 1])
def test_a_gateway_without_a_pepper_starts_while_its_database_is_away(tmp_path, keys, caplog):
    """Whether that has keys, which ask for a pepper, it learns when the database is back."""
    settings = settings_of(tmp_path, "ledger.url=postgresql://u@h/d")
    secret = f"hg_{'a' * 10}_{'b' * 43}"

    async def main():
        store = Away()
        for _ in range(keys):
            store.put_key(Key(id="a" * 10, name="k", digest="", created_us=0))
        async with admission_of(settings, {}, Stopped(), store=store) as admission:
            assert admission.gate.enter({}) is NOBODY
            with pytest.raises(RequestError, match="cannot be read"):
                admission.gate.enter({"x-api-key": secret})
            store.back = True
            await admission._try_to_look()
            return admission.gate

    gate = asyncio.run(main())
    assert gate.enter({}) is NOBODY
    assert gate.unsure == ("knows no pepper" in caplog.text) == bool(keys)
    if not keys:
        assert gate.enter({"x-api-key": secret}) is NOBODY


def test_the_one_key_of_the_settings_works_as_before(tmp_path):
    settings = settings_of(tmp_path, "server.api_key_env=GATE_KEY")
    gate = admission_of(settings, {"GATE_KEY": "gate-key"}, Stopped()).gate
    assert gate.enter({"authorization": "Bearer gate-key"}) is NOBODY
    with pytest.raises(RequestError):
        gate.enter({})


def test_keys_in_the_ledger_are_known_to_the_gate(tmp_path):
    settings = settings_of(tmp_path, "keys.required=true")
    secret = f"hg_{'a' * 10}_{'b' * 43}"

    async def main():
        with closing(keys_of(settings, {})) as store:
            sent = digest(pepper_of(settings, {}), secret)
            store.put_key(Key(id="a" * 10, name="k", digest=sent, created_us=0))
            async with admission_of(settings, {}, Stopped(), store=store) as admission:
                return admission.gate.enter({"x-api-key": secret}).key_id

    assert asyncio.run(main()) == "a" * 10


def test_a_spent_budget_is_one_event_however_many_processes_say_so(tmp_path):
    settings = settings_of(tmp_path)
    ledger, store = MemoryStore(), MemoryKeys()

    async def main():
        note = in_background(ledger)
        for _ in range(2):
            admission = admission_of(settings, {}, Stopped(), store=store, note=note)
            assert admission._till is not None
            short = await admission._till.reserve("r", [("key:k", Budget("day", 5))], 6)
            assert short is not None
            await admission._till.stop()
        for _ in range(3000):
            await asyncio.sleep(0.02)
            if ledger.events():
                return

    asyncio.run(main())
    (event,) = ledger.events()
    assert (event.kind, event.subject) == ("budget.exhausted", "key:k")
    assert event.detail == '{"period":"day","limit_usd":"0.000000005"}'


def test_an_event_that_cannot_be_kept_is_in_the_log(caplog):
    class Broken(MemoryStore):
        def note(self, events):
            raise StoreError("The disk is full.")

    async def main():
        in_background(Broken())(Event(id="e", at_us=0, kind="k"))
        for _ in range(3000):
            await asyncio.sleep(0.02)
            if "The disk is full." in caplog.text:
                return

    asyncio.run(main())
    assert "the event e could not be kept" in caplog.text
