"""key_ring: what the pages do with keys is what the command does."""

import msgspec
import pytest

from headgate.access.key import digest
from headgate.access.limits import Budget, span
from headgate.access.purse import Account
from headgate.bootstrap.key_ring import LedgerKeyRing
from headgate.errors import RequestError
from headgate.ledger.keys import Spending
from headgate.ledger.keys_memory import MemoryKeys
from headgate.ledger.memory import MemoryStore
from headgate.settings import read_with_sources
from tests.ledger.samples import NOON_US

PEPPER = "a-pepper-that-is-long-enough-for-it"


class Desk:
    def __init__(self, monkeypatch) -> None:
        settings = read_with_sources(None, env={}, need_providers=False).settings
        keys = msgspec.structs.replace(settings.keys, pepper_env="PEPPER_OF_THE_TESTS")
        monkeypatch.setenv("PEPPER_OF_THE_TESTS", PEPPER)
        settings = msgspec.structs.replace(settings, keys=keys)
        self.keys, self.events = MemoryKeys(), MemoryStore()
        self.ring = LedgerKeyRing(self.keys, self.events, settings, lambda: NOON_US)

    def told(self) -> list[str]:
        return [event.kind for event in self.events.events()]


@pytest.fixture
def desk(monkeypatch) -> Desk:
    return Desk(monkeypatch)


def test_a_key_is_made_with_its_budget_and_told(desk):
    key, secret = desk.ring.create("alice", "search", "$12.50", "week")
    assert key.opens(digest(PEPPER.encode(), secret), NOON_US)
    assert key.limits.budgets == (Budget("week", 12_500_000_000),)
    assert key.team == "search"
    assert list(desk.ring.keys()) == [key]
    assert [team.name for team in desk.ring.teams()] == ["search"]
    assert desk.told() == ["key.created"]


def test_without_a_budget_there_is_none(desk):
    key, _ = desk.ring.create("alice", "", "", "month")
    assert key.limits.budgets == ()
    assert key.team is None


@pytest.mark.parametrize(("budget", "period"), [("x", "day"), ("-1", "day"), ("5", "year")])
def test_an_amount_or_a_period_that_is_none_is_refused_and_nothing_is_made(desk, budget, period):
    with pytest.raises(RequestError):
        desk.ring.create("alice", "", budget, period)
    assert desk.ring.keys() == []


def test_a_key_is_rotated_with_a_day_of_grace_and_revoked(desk):
    key, first = desk.ring.create("alice", "", "", "month")
    changed, second = desk.ring.rotate(key.id)
    assert changed.opens(digest(PEPPER.encode(), second), NOON_US)
    assert changed.opens(digest(PEPPER.encode(), first), NOON_US + 86_399_000_000)
    assert not changed.opens(digest(PEPPER.encode(), first), NOON_US + 86_401_000_000)
    desk.ring.revoke(key.id)
    assert desk.ring.keys()[0].state(NOON_US) == "revoked"
    assert sorted(desk.told()) == ["key.created", "key.revoked", "key.rotated"]


def test_what_was_spent_is_that_of_the_present_period(desk):
    key, _ = desk.ring.create("alice", "", "10", "month")
    scope = f"key:{key.id}"
    now, before = (Account(scope, "month", span("month", at).since_us) for at in (NOON_US, 0))
    desk.keys.spending = lambda _: [Spending(before, 1, 0), Spending(now, 2, 0)]
    assert [one.spent for one in desk.ring.spent(scope, key.limits)] == [2]
