"""account: kept at any moment and gone on from, it is the same as if all was read again."""

import random
from collections.abc import Sequence

import msgspec
import pytest

from headgate.ledger.store import Outcome
from headgate.monitor import account as account_module
from headgate.monitor.account import Account, Terms
from headgate.routing.policy import PINNED_BY_WATCH
from tests.known import known
from tests.ledger.samples import NOON_US
from tests.monitor.test_budget import DAY, HOUR, WEEK, outcome
from tests.monitor.test_drift import REFERENCE, ROUTER

TERMS = Terms(
    budget=0.15,
    window_us=WEEK,
    own={("key", "key_1"): 0.3, ("route", "/b"): 0.1},
    references={ROUTER: REFERENCE},
    drift_factor=1.5,
)
LATER = NOON_US + 3 * DAY


def traffic(seed: int, count: int) -> list[Outcome]:
    """Ten days; a step up in the rate, rows that come late, several routes, keys and scores."""
    dice = random.Random(seed)
    rows = []
    for number in range(1, count + 1):
        at_us = NOON_US - 10 * DAY + number * 10 * DAY // count
        if dice.random() < 0.05:
            at_us -= dice.randrange(3 * HOUR)
        rate = 0.1 if number < count // 2 else 0.4
        rows.append(
            outcome(
                number,
                at_us,
                dice.random() < rate,
                route=dice.choice("aab") if number > count // 4 else "a",
                key=dice.choice(("key_1", "key_2", None)),
                reason=PINNED_BY_WATCH if dice.random() < 0.02 else "router",
                router=ROUTER,
                score=dice.random(),
                tokens=dice.randrange(2000),
                category=dice.choice(("code", "chat", None)),
            )
        )
    return rows


@pytest.fixture
def eager(monkeypatch):
    """Keep a state whenever there is anything new."""
    monkeypatch.setattr(account_module, "LEAST", 1)
    monkeypatch.setattr(account_module, "SHARE", 1 << 40)


def read(rows: Sequence[Outcome], restarts: Sequence[int] = (), state: bytes = b"") -> Account:
    found = Account(TERMS)
    for at_us in restarts:
        found.budget.restart(at_us)
    if state:
        assert found.resume(state)
    found.fold([row for row in rows if row.sequence > found.cursor])
    return found


def whole(found: Account) -> tuple[object, ...]:
    """All that it remembers, and all that it says."""
    drift = [one.state for one in found.drift]
    said = [one.assess(LATER) for one in found.drift]
    return found.budget.state, found.scores.state, drift, found.budget.assess(LATER), said


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("seed", range(3))
def test_kept_anywhere_and_gone_on_from_it_is_as_if_all_was_read(seed):
    rows = traffic(seed, 3000)
    restarts = [NOON_US - 6 * DAY, NOON_US - 2 * DAY, NOON_US + DAY]
    all_read = whole(read(rows, restarts))
    dice = random.Random(seed)
    for cut in [1, *(dice.randrange(3000) for _ in range(4)), 3000]:
        early = read(rows[:cut], restarts)
        early.budget.assess(LATER)
        for drift in early.drift:
            drift.assess(LATER)
        assert whole(read(rows, restarts, known(early.due()))) == all_read


@pytest.mark.usefixtures("eager")
def test_kept_again_and_again_it_is_as_if_all_was_read():
    rows = traffic(7, 2000)
    state = b""
    for cut in range(100, 2001, 100):
        state = known(read(rows[:cut], state=state).due())
    assert whole(read(rows, state=state)) == whole(read(rows))


@pytest.mark.usefixtures("eager")
def test_a_restart_that_comes_later_is_taken_in_by_what_was_kept():
    rows = traffic(1, 2000)
    kept = known(read(rows[:1000]).due())
    at_us = max(row.at_us for row in rows[:1000]) + 1
    assert whole(read(rows, [at_us], kept)) == whole(read(rows, [at_us]))


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("known_then", [True, False])
def test_what_was_kept_not_knowing_of_a_restart_is_not_gone_on_from(known_then):
    rows = traffic(1, 2000)
    at_us = NOON_US - 8 * DAY
    kept = known(read(rows[:1000], [at_us] if known_then else []).due())
    again = Account(TERMS)
    if not known_then:
        again.budget.restart(at_us)
    before = whole(again)
    assert not again.resume(kept)
    assert whole(again) == before


@pytest.mark.usefixtures("eager")
def test_an_account_that_heard_of_a_restart_too_late_is_not_kept():
    found = read(traffic(1, 1000))
    found.budget.restart(NOON_US + DAY)
    assert found.due() is not None
    found.fold(traffic(1, 1001))
    found.budget.restart(NOON_US - 8 * DAY)
    assert found.due() is None


def test_a_state_is_due_after_so_many_outcomes_and_of_a_large_one_after_more(monkeypatch):
    monkeypatch.setattr(account_module, "LEAST", 100)
    rows = traffic(1, 1000)
    found = Account(TERMS)
    found.fold(rows[:99])
    assert found.due() is None
    found.fold(rows[:100])
    state = known(found.due())
    assert found.due() is None
    monkeypatch.setattr(account_module, "SHARE", len(state) // 300)
    found.fold(rows[:300])
    assert found.due() is None
    found.fold(rows[:500])
    assert found.due() is not None


@pytest.mark.parametrize("state", [b"", b"\xc1", msgspec.msgpack.encode([1, 2, 3])])
def test_what_cannot_be_read_is_not_gone_on_from(state):
    found = Account(TERMS)
    assert not found.resume(state)
    assert found.cursor == 0


def test_accounts_by_other_terms_have_other_names():
    terms = [
        TERMS,
        msgspec.structs.replace(TERMS, budget=0.2),
        msgspec.structs.replace(TERMS, budget=None),
        msgspec.structs.replace(TERMS, window_us=DAY),
        msgspec.structs.replace(TERMS, own={("key", "key_1"): 0.3}),
        msgspec.structs.replace(TERMS, references={}),
        msgspec.structs.replace(TERMS, references={"other": REFERENCE}),
        msgspec.structs.replace(TERMS, drift_factor=2.0),
    ]
    assert len({one.name for one in terms}) == len(terms)
    twin = msgspec.structs.replace(TERMS, own=dict(reversed(list(TERMS.own.items()))))
    assert twin.name == TERMS.name
