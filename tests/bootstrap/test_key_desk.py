"""key_desk: what each act leaves in the store and in the events, and what is refused."""

from __future__ import annotations

import msgspec
import pytest

from headgate.access.key import digest
from headgate.access.limits import Limits, budget
from headgate.bootstrap.key_desk import KeyDesk, UnknownKeyError
from headgate.errors import RequestError
from headgate.ledger.event import Event
from headgate.ledger.keys_memory import MemoryKeys
from tests.gateway.clocks import NOON, Stopped

PEPPER = b"0123456789abcdef"
NOW = int(NOON * 1e6)


class Office:
    def __init__(self) -> None:
        self.store, self.clock = MemoryKeys(), Stopped()
        self.events: list[Event] = []
        self.desk = KeyDesk(self.store, PEPPER, self.clock, self.events.append)

    def told(self) -> list[tuple[str, str]]:
        return [(event.kind, event.subject) for event in self.events]


def test_a_key_is_made_kept_and_told_without_its_secret():
    office = Office()
    issued = office.desk.create(
        "alice", team="search", limits=Limits(pin=False), labels={"a": "b"}, lasts=60.0
    )
    (key,) = office.store.keys()
    assert key == issued.key
    assert key.opens(digest(PEPPER, issued.secret), NOW)
    assert (key.created_us, key.expires_us) == (NOW, NOW + 60_000_000)
    assert [team.name for team in office.store.teams()] == ["search"]
    assert office.told() == [("key.created", key.id)]
    assert issued.secret[14:] not in repr(msgspec.to_builtins(office.events))
    assert key.digest not in repr(msgspec.to_builtins(office.events))


def test_a_team_that_is_there_keeps_its_limits():
    office = Office()
    office.desk.team("search", Limits(budgets=(budget("1/day"),)))
    office.desk.create("alice", team="search")
    assert office.store.teams()[0].limits.budgets == (budget("1/day"),)


def test_a_key_is_found_by_id_or_by_the_name_that_one_good_key_has():
    office = Office()
    one = office.desk.create("alice").key
    assert office.desk.find(one.id) == one
    assert office.desk.find("alice") == one
    two = office.desk.create("alice").key
    with pytest.raises(UnknownKeyError, match="2 keys have the name"):
        office.desk.find("alice")
    gone = office.desk.revoke(one.id)
    assert office.desk.find("alice") == two
    assert office.desk.find(one.id) == gone
    with pytest.raises(UnknownKeyError, match="no key 'bob'"):
        office.desk.find("bob")


def test_a_revoked_key_stays_revoked_and_gets_no_new_secret():
    office = Office()
    key = office.desk.create("alice").key
    office.desk.rotate(key.id, grace=100)
    first = office.desk.revoke("alice")
    assert first.state(NOW) == "revoked"
    assert first.previous is None, "the secret before it is no longer good either"
    office.clock.at += 5
    assert office.desk.revoke(key.id) == first
    with pytest.raises(RequestError, match="has been revoked"):
        office.desk.rotate(key.id, grace=0)
    assert [kind for kind, _ in office.told()] == ["key.created", "key.rotated", "key.revoked"]


def test_a_new_secret_leaves_the_old_one_its_grace():
    office = Office()
    old = office.desk.create("alice")
    new = office.desk.rotate("alice", grace=10)
    assert new.key.id == old.key.id
    sent = digest(PEPPER, old.secret)
    assert new.key.opens(sent, NOW + 9_999_999)
    assert not new.key.opens(sent, NOW + 10_000_000)
    assert not office.desk.rotate("alice", grace=0).key.opens(digest(PEPPER, new.secret), NOW)


def test_limits_are_replaced_and_the_event_says_by_what():
    office = Office()
    office.desk.create("alice")
    limits = Limits(budgets=(budget("2/day"),), requests_per_minute=7)
    assert office.desk.change("alice", limits).limits == limits
    assert msgspec.json.decode(office.events[-1].detail)["limits"]["requests_per_minute"] == 7
    made = office.desk.team("ads", limits)
    office.clock.at += 5
    again = office.desk.team("ads", Limits())
    assert (again.created_us, again.limits) == (made.created_us, Limits())


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00b", "x" * 101, "\u202eevil"])
def test_a_name_is_a_short_line(name):
    office = Office()
    for act in (
        lambda: office.desk.create(name),
        lambda: office.desk.create("alice", team=name),
        lambda: office.desk.team(name, Limits()),
        lambda: office.desk.create("alice", labels={name * 3: "x"}),
    ):
        with pytest.raises(RequestError, match="control characters"):
            act()
    assert office.store.keys() == []
