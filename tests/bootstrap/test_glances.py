"""glances: a page waits for a moment; what takes long goes on, and is shown by a later page."""

import threading
import time

import pytest

from headgate.bootstrap import glances as glancing
from headgate.bootstrap.glances import Glances
from headgate.ledger.store import StoreError
from headgate.web.observer import Seen, Underway
from headgate.web.period import Period, period_of
from tests.ledger.samples import NOON_US
from tests.web.ledgers import observer

MONTH, DAY = period_of({}, NOON_US), period_of({"since": "24h"}, NOON_US)
FOUND = observer().look(DAY)


class Looks:
    """Looks that are done when they are let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.let.set()
        self.periods: list[Period] = []
        self.error: Exception | None = None

    def __call__(self, period: Period) -> Seen:
        self.periods.append(period)
        assert self.let.wait(60)
        if self.error is not None:
            raise self.error
        return FOUND


def awaited(glances: Glances, period: Period) -> Seen:
    for _ in range(600):
        found = glances(period)
        if isinstance(found, Seen):
            return found
        time.sleep(0.1)
    raise AssertionError("it is never done")


def test_a_quick_look_is_waited_for_and_made_anew_for_each_page(monkeypatch):
    monkeypatch.setattr(glancing, "LONG_SECONDS", 60.0)
    looks = Looks()
    glances = Glances(looks, patience=60.0)
    assert glances(MONTH) is FOUND
    assert glances(MONTH) is FOUND
    assert len(looks.periods) == 2


def test_a_long_look_is_under_way_once_and_is_kept_for_a_while(monkeypatch):
    monkeypatch.setattr(glancing, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(glancing, "RESTS", 1e9)
    looks = Looks()
    looks.let.clear()
    glances = Glances(looks, patience=0.01)
    for _ in range(3):
        under_way = glances(MONTH)
        assert isinstance(under_way, Underway)
        assert under_way.seconds > 0
    looks.let.set()
    assert awaited(glances, MONTH) is FOUND
    assert glances(MONTH) is FOUND
    assert len(looks.periods) == 1


def test_until_the_next_long_look_is_there_the_last_one_is_shown(monkeypatch):
    monkeypatch.setattr(glancing, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(glancing, "RESTS", 1e-9)
    looks = Looks()
    glances = Glances(looks, patience=60.0)
    assert glances(MONTH) is FOUND
    looks.let.clear()
    glances._patience = 0.01
    assert glances(MONTH) is FOUND
    assert len(looks.periods) == 2
    looks.let.set()


def test_each_period_has_its_own(monkeypatch):
    looks = Looks()
    glances = Glances(looks, patience=60.0)
    glances(MONTH)
    glances(DAY)
    glances(period_of({"key": "search"}, NOON_US))
    assert [(one.since, dict(one.only)) for one in looks.periods] == [
        ("30d", {}),
        ("24h", {}),
        ("30d", {"key": "search"}),
    ]


def test_what_goes_wrong_is_told_to_the_page_and_tried_again():
    looks = Looks()
    looks.error = StoreError("The ledger does not answer.")
    glances = Glances(looks, patience=60.0)
    with pytest.raises(StoreError):
        glances(MONTH)
    looks.error = None
    assert glances(MONTH) is FOUND


def test_not_all_periods_are_kept(monkeypatch):
    glances = Glances(Looks(), patience=60.0)
    for number in range(3 * glancing.MOST_KEPT):
        glances(period_of({"key": str(number)}, NOON_US))
    assert len(glances._looks) == glancing.MOST_KEPT
