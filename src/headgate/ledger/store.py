"""The store: what every place where entries rest can do, and what it answers to the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from headgate.errors import HeadgateError
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.prompt import Prompt
from headgate.ledger.totals import (
    DAY_US,
    HOUR_US,
    AttemptDimension,
    DayTotal,
    Latency,
    LatencyDimension,
    RequestDimension,
    RequestTotal,
    Role,
    TierTotal,
)

__all__ = [
    "DAY_US",
    "EVER",
    "FAR",
    "MOST_KEPT",
    "MOST_STORED",
    "REACH_US",
    "DayTotal",
    "Found",
    "Mark",
    "Narrowing",
    "Outcome",
    "RequestTotal",
    "Role",
    "RowRejectedError",
    "Search",
    "Store",
    "StoreError",
    "TierTotal",
    "Timed",
    "Window",
]


class StoreError(HeadgateError):
    """The store cannot take or give rows now: locked, full, gone or damaged.

    Entries are not lost by it; they stay in the journal until the store is back.
    """

    type = "ledger_error"


class RowRejectedError(StoreError):
    """The store works, and at least one of the entries can never be stored in it."""


FAR = 1 << 62
"""Further than any moment, in microseconds, hours or days since 1970."""


class Window(NamedTuple):
    """A stretch of time in microseconds since 1970, the end not included; None is open.

    It holds whole requests: one belongs where its first attempt was sent, and its later attempts
    follow it. A store may rely on all attempts of a request being sent within one hour.
    """

    since_us: int | None = None
    until_us: int | None = None

    @property
    def ends(self) -> tuple[int, int]:
        """As numbers, which a database compares: where it is open, `FAR` away."""
        since, until = self
        return -FAR if since is None else since, FAR if until is None else until

    def holds(self, at_us: int) -> bool:
        """Whether a moment is within it."""
        since, until = self.ends
        return since <= at_us < until


EVER = Window()
"""The whole ledger."""

REACH_US = HOUR_US
"""The hour within which a request's attempts are sent, in microseconds."""


MOST_KEPT = 8
"""States kept beside the rows: one for each of the last settings that somebody watched by."""


MOST_STORED = 8
"""Attempts that are found by the id of a stored answer: two providers may think of the same one."""


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
    policy: str = ""
    router: str | None = None
    """Version of the learned router that scored it."""
    category: str | None = None
    """The kind of task that the caller named."""
    key: str | None = None
    """Id of the caller's virtual key."""
    score: float | None = None
    tokens: int = 0
    """Input tokens, cached ones included; 0 where they were not measured."""


class Timed(NamedTuple):
    """How long one attempt waited and took, in microseconds."""

    first: bool
    """It was its request's first one: `queue_us` is what came before any call."""
    answer: bool
    """It was served."""
    tier: str
    provider: str
    model: str
    first_token_us: int | None
    total_us: int
    queue_us: int | None


Narrowing = Literal["route", "key", "team", "policy", "model"]
"""What the latest attempts can be narrowed to."""


class Mark(NamedTuple):
    """A place in the list of all requests, which is in the order of time and id."""

    at_us: int
    """When the request's first attempt was sent, microseconds since 1970."""
    request_id: str


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Which requests are looked for; an empty text asks nothing."""

    window: Window
    """When their first attempt was sent."""
    text: str = ""
    """A request id, or the beginning of one."""
    tier: str = ""
    """That answered; where nobody did, the one that was tried last."""
    model: str = ""
    """A part of `provider/model` of any attempt, in small or capital letters."""
    route: str = ""
    key: str = ""
    reason: str = ""
    """Its beginning."""
    outcome: str = ""
    """`served`, `escalated`, `failed` or `retried`."""
    before: Mark | None = None
    """Only what stands before this place; it itself is left out."""
    after: Mark | None = None
    """Only what stands after this place, and the nearest of that; not together with `before`."""
    most: int = 100


class Found(NamedTuple):
    """Requests that fit, each with all its attempts in order; the latest first."""

    requests: Sequence[Sequence[Entry]]
    reached: Mark | None = None
    """How far was read, where that ended the search; None: there are so many, or no more."""


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

    def tiers(self, window: Window = EVER, by: Sequence[AttemptDimension] = ()) -> list[TierTotal]:
        """Sums over attempts, by routed, role, tier, premium, priced and `by`, in that order."""

    def requests(
        self, window: Window = EVER, by: Sequence[RequestDimension] = ()
    ) -> list[RequestTotal]:
        """Sums over requests, by routed and `by`, in that order.

        Without `by`: at most one for those pinned, then one for those routed.
        """

    def latencies(
        self, window: Window = EVER, by: Sequence[LatencyDimension] = ()
    ) -> list[Latency]:
        """How long the answers that were served took, by measure and `by`, in that order."""

    def entries(self, window: Window = EVER) -> Iterator[Entry]:
        """Every attempt, in the order of request time, request and attempt."""

    def request(self, request_id: str) -> list[Entry]:
        """The attempts of one request, in their order; none where there is no such request."""

    def stored(self, answer_id: str) -> list[Entry]:
        """The attempts whose answers are stored under an id at their providers, the latest first.

        Ids are the providers' own: as a rule there is one.
        """

    def search(self, search: Search, *, read: int) -> Found:
        """The requests that fit, the latest first.

        They are looked for among the `read` attempts that are nearest to where the search begins.
        """

    def timed(
        self, window: Window, only: Mapping[Narrowing, str], *, read: int, most: int
    ) -> list[Timed]:
        """How long answers took and first attempts waited, of those that agree with `only`.

        They are looked for among the `read` latest attempts within the window, which here counts
        attempts; the `most` latest, latest first. `model` is the one that was called.
        """

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

    def keep(self, name: str, sequence: int, state: bytes) -> None:
        """Keep what somebody made of the rows up to a sequence number; what is newer stays.

        Of all names together, those that have come farthest are kept: `MOST_KEPT` of them.
        """

    def recall(self, name: str) -> bytes | None:
        """What was kept under a name."""

    def keep_prompts(self, prompts: Sequence[Prompt]) -> int:
        """Keep all prompts or none; return how many were new.

        A prompt whose `request_id` is there already is left alone, whatever it says.

        Raises:
            RowRejectedError: one of the prompts can never be kept; none was.
        """

    def prompt(self, request_id: str) -> Prompt | None:
        """What was kept of one request; None where nothing was, or no longer is."""

    def prompts(self, window: Window = EVER) -> Iterator[Prompt]:
        """The prompts of requests that came in within the window, in the order of time and id."""

    def count_prompts(self, window: Window = EVER) -> int:
        """How many there are."""

    def prune_prompts(self, before_us: int) -> Iterator[int]:
        """Delete the prompts of requests that came in before a moment; yields how many, in steps.

        The rows of these requests stay.
        """

    def roll(self, now_us: int, *, most: int = 1_000_000) -> int:
        """Sum up the hours and days that are over and have changed, `most`; return how many.

        No answer depends on it: what is not summed up is read from the rows. It makes them fast.
        """

    def unroll(self) -> None:
        """Trust no sums any more: all are to be made again, but those whose rows are pruned."""

    def prune(self, before_us: int) -> Iterator[int]:
        """Delete the rows of requests that began in hours before a moment; their sums stay.

        Their prompts go with them. An hour at a time; yields how many rows each had. The row that
        came last stays, and with it its hour. Afterwards a window that begins or ends within such
        an hour holds the hour whole where it holds its beginning.
        """

    def check(self) -> list[str]:
        """What is wrong with the store, a sentence each; empty when all is well."""

    def check_sums(self) -> list[str]:
        """Which sums are not those of their rows, a sentence each; reads all rows with sums."""

    def close(self) -> None:
        """Let go of files and connections; closing twice is harmless."""
