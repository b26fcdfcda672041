"""A site over a month of a busy team's ledger, in memory."""

from __future__ import annotations

from functools import cache

from headgate.bootstrap.book import book_of
from headgate.bootstrap.observer import LedgerObserver
from headgate.ledger.memory import MemoryStore
from headgate.settings import read_with_sources
from headgate.web.templates import Templates, static_files
from tests.ledger.samples import NOON_US
from tests.web.months import happenings, month

SETTINGS = read_with_sources(None, env={}, need_providers=False).settings


@cache
def store() -> MemoryStore:
    """What all tests look at, and none writes to."""
    return filled()


def filled() -> MemoryStore:
    """The same, to be written to."""
    made = MemoryStore()
    made.append(list(month(NOON_US, days=16, requests_a_day=50)))
    made.note(happenings(NOON_US))
    return made


def observer(of: MemoryStore | None = None) -> LedgerObserver:
    book = book_of(SETTINGS, env={})
    return LedgerObserver(store() if of is None else of, SETTINGS, book, now_us=lambda: NOON_US)


def templates() -> Templates:
    made = Templates(static_files())
    made.show((("/", "Dashboard"),))
    return made
