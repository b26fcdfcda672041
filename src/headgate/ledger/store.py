"""The store: what every place where entries rest can do, and what it answers to the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from headgate.errors import HeadgateError
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.values import Usage

__all__ = [
    "DAY_US",
    "EVER",
    "REACH_US",
    "DayTotal",
    "Outcome",
    "RequestTotal",
    "Role",
    "RowRejectedError",
    "Store",
    "StoreError",
    "TierTotal",
    "Window",
]

Role = Literal["classifier", "answer", "retry"]
"""What an attempt was to its request: `answer` if it was served, `retry` if it failed or was
superseded and its bill bought nothing, `classifier` for every call of the classifier."""


class StoreError(HeadgateError):
    """The store cannot take or give rows now: locked, full, gone or damaged.

    Entries are not lost by it; they stay in the journal until the store is back.
    """

    type = "ledger_error"


class RowRejectedError(StoreError):
    """The store works, and at least one of the entries can never be stored in it."""


class Window(NamedTuple):
    """A stretch of time in microseconds since 1970, the end not included; None is open.

    It holds whole requests: one belongs where its first attempt was sent, and its later attempts
    follow it. A store may rely on all attempts of a request being sent within one hour.
    """

    since_us: int | None = None
    until_us: int | None = None


EVER = Window()
"""The whole ledger."""

REACH_US = 3_600_000_000
"""The hour within which a request's attempts are sent, in microseconds."""


class TierTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the attempts that agree in the first five fields."""

    routed: bool
    role: Role
    tier: str
    premium: bool
    priced: bool
    """`cost_nano` is known; where it is not, `cost_nano` here is 0 and means nothing."""
    attempts: int
    estimated: int
    """Attempts whose tokens are an estimate."""
    cost_nano: int
    usage: Usage


class RequestTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over whole requests, for those Headgate routed or those the caller pinned.

    A request is *comparable* when every attempt of it is priced and, if it was served, its answer
    is priced on the premium tier too. Only then can its bill be held against all-premium. The
    moments are sums over the comparable requests of paid² , baseline² and paid × baseline in
    nano-USD²: statistics, hence floats.
    """

    routed: bool
    requests: int
    served: int
    escalated: int
    """Served by the premium tier."""
    comparable: int
    paid_nano: int
    """Everything the comparable requests cost: classifier, answers, retries."""
    baseline_nano: int
    """The served tokens of the comparable requests, priced on the premium tier."""
    paid_squared: float
    baseline_squared: float
    paid_baseline: float
    first_us: int
    last_us: int
    """When the first and the last of these requests were sent."""


DAY_US = 86_400_000_000
"""A day in microseconds; days begin at midnight UTC."""


class DayTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the attempts sent on one day (UTC), routed and pinned alike."""

    day: int
    """Days since 1970-01-01."""
    attempts: int
    unpriced: int
    """Attempts of unknown cost; they are not in `cost_nano`."""
    cost_nano: int


class Outcome(NamedTuple):
    """What became of one routed request that was served: which tier, and why."""

    sequence: int
    """Where the row stands in the store: rows that come in later have higher numbers."""
    at_us: int
    """When the served attempt was sent."""
    route: str
    asked: str
    reason: str
    model: str
    """The model that answered, as `provider/model`."""
    config: str
    premium: bool
    """The premium tier answered: the request escalated."""


class Store(Protocol):
    """Where entries rest. All methods may be called from any thread.

    Raises (every method): StoreError when the store cannot answer now.
    """

    def append(self, entries: Sequence[Entry]) -> int:
        """Store all entries or none; return how many were new.

        An entry whose (`request_id`, `attempt`) is there already is left alone, whatever it says.

        Raises:
            RowRejectedError: one of the entries can never be stored; none was.
        """

    def tiers(self, window: Window = EVER) -> list[TierTotal]:
        """Sums over attempts, by routed, role, tier, premium and priced, in that order."""

    def requests(self, window: Window = EVER) -> list[RequestTotal]:
        """Sums over requests: at most one for those pinned, then one for those routed."""

    def entries(self, window: Window = EVER) -> Iterator[Entry]:
        """Every attempt, in the order of request time, request and attempt."""

    def outcomes(self, after: int = 0) -> Iterator[Outcome]:
        """The served routed requests of all rows after a sequence number, in the order stored.

        That is the order of time, but for rows that waited in a journal. Read a page at a time, so
        that memory stays small however large the store is; rows may be added meanwhile.
        """

    def days(self, window: Window = EVER) -> list[DayTotal]:
        """Sums by day over the attempts sent within the window, for days that have any, in order.

        Here the window counts attempts, not whole requests.
        """

    def note(self, events: Sequence[Event]) -> int:
        """Keep all events or none; return how many were new.

        An event whose id is there already is left alone, whatever it says.

        Raises:
            RowRejectedError: one of the events can never be kept; none was.
        """

    def events(self, window: Window = EVER, kinds: Sequence[str] = ()) -> list[Event]:
        """What happened within the window, of these kinds or of all, in the order of time and id.

        Here the window counts events, by when each happened.
        """

    def check(self) -> list[str]:
        """What is wrong with the store, a sentence each; empty when all is well."""

    def close(self) -> None:
        """Let go of files and connections; closing twice is harmless."""
