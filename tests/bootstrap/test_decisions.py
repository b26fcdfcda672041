"""decisions: the admin port's answer, the journal included; what is not there is 404."""

from __future__ import annotations

import asyncio

import pytest

from headgate.bootstrap.admin import AdminToken, admin_of
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.decisions import PATH, decisions
from headgate.bootstrap.gateway import app_of
from headgate.ledger.writer import Ledger
from tests.bootstrap.test_admin import settings_of
from tests.gateway.callers import Asked, injections
from tests.gateway.house import ENV
from tests.gateway.one_request import Caller, Upstream

TOKEN = "hga_0123456789abcdef"


def test_a_request_that_was_just_answered_is_explained(tmp_path):
    settings = settings_of(tmp_path, "tiers.cheap.model=google/gpt-5-mini")
    ledger = Ledger.open(settings.ledger.url, clock=SystemClock())
    app = app_of(
        settings, ENV, upstream=Upstream(stream=False), recorder=ledger, clock=SystemClock()
    )
    admin = admin_of(app, AdminToken(TOKEN, "memory"))
    admin.mount(PATH, decisions(ledger, lambda: app.plant))

    def ask(name: str, method: str = "GET", token: str = TOKEN) -> Asked:
        asked = Asked(method, f"{PATH}{name}", headers={"x-api-key": token})
        asyncio.run(admin(asked))
        return asked

    try:
        loop = asyncio.new_event_loop()  # a gateway has one
        loop.run_until_complete(app(Caller(stream=False)))
        ledger.flush()
        (entry,) = ledger.store.entries()
        loop.run_until_complete(app(Caller(stream=False)))
        loop.close()
        told = ask(entry.request_id)
        assert told.status == 200
        assert told.json["decision"]["reason"] == "default"
        assert [one["tier"] for one in told.json["alternatives"]] == ["cheap", "premium"]
        assert told.json["alternatives"][0]["cost_usd"] is None, "nobody knows its price"
        assert float(told.json["alternatives"][1]["cost_usd"]) > 0
        last = max(ledger.store.entries(), key=lambda row: row.at_us)
        assert ask(last.request_id).json["request_id"] == last.request_id
        assert ask(entry.request_id, token="wrong").status == 401
        assert ask(entry.request_id, "POST").status == 405
        for text in ("", "nothing", *injections(20)):
            assert ask(text).status == 404
    finally:
        ledger.close()


def test_the_journal_is_read_too(tmp_path):
    settings = settings_of(tmp_path, "tiers.cheap.model=google/gpt-5-mini")
    ledger = Ledger.open(settings.ledger.url, clock=SystemClock())
    seen: list[str] = []

    class Noting:
        def record(self, entry):
            ledger.record(entry)
            seen.append(entry.request_id)

    app = app_of(
        settings, ENV, upstream=Upstream(stream=False), recorder=Noting(), clock=SystemClock()
    )

    async def main() -> Asked:
        await app(Caller(stream=False))
        asked = Asked("GET", f"{PATH}{seen[0]}")
        await decisions(ledger, lambda: app.plant)(asked)  # at once: nothing is stored yet
        return asked

    try:
        assert asyncio.run(main()).json["request_id"] == seen[0]
    finally:
        ledger.close()


@pytest.fixture(autouse=True)
def _quiet(caplog):
    yield
    assert "defect" not in caplog.text
