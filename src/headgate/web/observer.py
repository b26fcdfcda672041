"""The seam to whoever looks at the ledger, and what the dashboard is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from headgate.errors import ConfigFault
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.prompt import Prompt
from headgate.ledger.store import Found, Search, Window
from headgate.monitor.assessment import Assessment
from headgate.monitor.drift import Drift
from headgate.monitor.endings import Ending
from headgate.monitor.feedback import TierFeedback
from headgate.monitor.figures import is_known
from headgate.monitor.headroom import Headroom
from headgate.monitor.quality import Quality
from headgate.monitor.report import Report
from headgate.monitor.status import Month, Retries
from headgate.web.period import Period

__all__ = ["Group", "Hour", "Observer", "Seen", "Timing", "Underway", "Unplanned"]


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """The routed requests that began in one hour."""

    hour: int
    """Hours since 1970."""
    served: int
    escalated: int
    left_out: int = 0
    """Those that are not comparable, for something of them has no price."""
    paid_nano: int
    baseline_nano: int
    """Of the comparable ones."""

    @property
    def known(self) -> bool:
        """Whether the two amounts say anything of what these requests cost."""
        return is_known(self.paid_nano or self.baseline_nano, self.left_out)


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The routed requests of one route, key, team or policy."""

    name: str
    requests: int
    served: int
    escalated: int
    left_out: int = 0
    """Of the requests, those that are in neither amount, for something of them has no price."""
    paid_nano: int
    baseline_nano: int


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How one model does: attempts that failed, and how long its answers took."""

    tier: str
    premium: bool
    model: str
    """As `provider/model`."""
    attempts: int
    failed: int
    cost_nano: int
    unpriced: int
    first_us: tuple[float | None, float | None, float | None]
    """p50, p95, p99 to the first byte."""
    total_us: tuple[float | None, float | None, float | None]


class Unplanned(NamedTuple):
    """Why there is no plan to hold the ledger against."""

    problem: str
    fix: str
    """How to mend it; may be several lines."""

    @classmethod
    def of(cls, faults: Sequence[ConfigFault]) -> Unplanned:
        """What keeps the plan from being made."""
        problems = dict.fromkeys(fault.message for fault in faults)
        return cls(" ".join(problems), "\n".join(dict.fromkeys(fault.fix for fault in faults)))


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All that the dashboard shows."""

    at_us: int
    report: Report
    escalation: Assessment | None
    """None while the ledger is still being read for it."""
    drift: tuple[Drift, ...] = ()
    """Each certified router against its certificate's sample, since the beginning; none where no
    certificate has one, or while the ledger is still being read."""
    retries: Retries
    month: Month
    headroom: Headroom | None
    unplanned: Unplanned | None = None
    """There is neither a plan nor a headroom then; None: there is a plan."""
    hours: tuple[Hour, ...]
    groups: dict[str, tuple[Group, ...]]
    """By dimension; one without a name for any request is left out."""
    timings: tuple[Timing, ...]
    newest: int | None = None
    """Of how many answers, the newest ones, the timings' latencies are; None: of all."""
    overhead_us: tuple[float, float, float] | None
    """p50, p95, p99 from a request's arrival to the sending of its first attempt, over the newest
    requests of the period; None without any."""
    waited: int = 0
    """Of how many requests that is."""
    quality: Quality | None = None
    """What cheap answers keep of premium's, since the beginning; None where none is compared."""
    feedback: tuple[TierFeedback, ...] = ()
    """What users say of each tier's answers, since the beginning."""
    tiers: tuple[str, ...]
    """All tiers of the settings, cheapest first: what gives each its colour."""
    ends: tuple[Ending, ...] = ()
    """The models of the settings and of the period's calls whose end is announced."""


class Underway(NamedTuple):
    """A look that is not done yet."""

    seconds: float
    """Since it was begun."""


class Observer(Protocol):
    """Looks at the ledger."""

    def look(self, period: Period) -> Seen:
        """What there is to see of a period.

        Raises:
            StoreError: the ledger does not answer.
        """

    def requests(self, search: Search) -> Found:
        """The requests that fit, the latest first; looked for until so much has been read."""

    def request(self, request_id: str) -> Sequence[Entry]:
        """The attempts of one request in order; none where there is no such request."""

    def prompt(self, request_id: str) -> Prompt | None:
        """What was asked and answered; None where it is not kept."""

    def events(self, window: Window, kinds: Sequence[str] = ()) -> Sequence[Event]:
        """What happened, newest first."""
