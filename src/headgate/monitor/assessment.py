"""Where an escalation budget stands at one moment: of all requests, and of each scope."""

from __future__ import annotations

from typing import Literal

import msgspec

from headgate.monitor.attribution import Attribution
from headgate.monitor.watched import Burn

__all__ = ["Assessment", "Creep", "Scope", "ScopeKind"]

ScopeKind = Literal["route", "key", "policy"]


class Creep(msgspec.Struct, frozen=True, kw_only=True):
    """When the rate began to leave its old level, and where it went."""

    shape: Literal["step", "ramp"]
    began_us: int
    earliest_us: int
    latest_us: int
    """The 95 % interval of when it began, to the hour."""
    before: float
    after: float


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """One route, key or policy against its budget."""

    kind: ScopeKind
    name: str
    budget: float | None
    own: bool
    """The budget is its own, and not that of all requests."""
    served: int
    escalated: int
    low: float
    high: float
    """The 95 % confidence sequence of its rate since the beginning, as that of an `Assessment`."""
    fast: Burn
    window: Burn
    evidence: float
    alarm_us: int | None
    """When its alarm was raised; None where there is none now."""
    cleared_us: int | None

    @property
    def title(self) -> str:
        """Kind and name: how it is called in alerts and metrics."""
        return f"{self.kind} {self.name}"


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The budget at one moment."""

    budget: float | None
    first_us: int | None
    last_us: int | None
    served: int
    escalated: int
    rate: float | None
    low: float
    high: float
    """The 95 % confidence sequence of the rate since the beginning, for every look at once.

    It covers the average of the chances that requests had, each given all before it. One that
    follows its conversation has 1 or 0, so for the rate to which the traffic tends the sequence is
    too narrow where conversations are long, by up to the square root of their length."""
    evidence: float
    """What speaks for a breach, or in an alarm for its end, as the share of the threshold's
    logarithm: 0 is nothing, 1 changes the state."""
    alarm_us: int | None
    """When the alarm was raised; None where there is none now."""
    cleared_us: int | None
    """When the last alarm was cleared."""
    creep: Creep | None
    """In an alarm: what it found."""
    attribution: Attribution | None
    """In an alarm: the rate since the creep began, at most a window back, against that before."""
    fast: Burn
    slow: Burn
    scopes: tuple[Scope, ...]
    """Those with a budget of their own first, then the busiest first; routes that have none are
    left out where there is but one."""
    set_aside: int = 0
    """Served routed requests that the watch had pinned to premium; they are in no figure here."""

    @property
    def breached(self) -> bool:
        """The alarm is on: of all requests, or of a scope that has a budget of its own."""
        return self.alarm_us is not None or any(
            scope.own and scope.alarm_us is not None for scope in self.scopes
        )
