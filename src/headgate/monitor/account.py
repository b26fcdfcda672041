"""The account of all outcomes: what is folded from them, as a whole to be kept and gone on from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from headgate.ledger.store import Outcome
from headgate.monitor.actions import HELD_BINS, RecentScores, ScoresState
from headgate.monitor.assessment import ScopeKind
from headgate.monitor.budget import ALARM_AT, BudgetState, EscalationBudget
from headgate.monitor.drift import ALARM_AT as STALE_AT
from headgate.monitor.drift import DriftState, DriftWatch
from headgate.monitor.hours import MOST_HOURS, MOST_LEVELS
from headgate.routing.reference import Reference

__all__ = ["Account", "Terms"]

FORMAT = 3
"""Goes up with every change of what is folded, or how: a state of another number is of no use."""
LEAST, SHARE = 20_000, 50
"""Outcomes between two states that are kept, and of a large state one for so many of its bytes:
what is read again after a restart takes a third of a second, and keeping it stays cheap."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What an account depends on besides the outcomes."""

    budget: float | None
    window_us: int
    own: Mapping[tuple[ScopeKind, str], float]
    references: Mapping[str, Reference]
    """Router's version -> what its certificate's rows looked like."""
    drift_factor: float

    @property
    def name(self) -> str:
        """The same for the same terms, and for none other."""
        said = (
            (FORMAT, ALARM_AT, STALE_AT, HELD_BINS, MOST_HOURS, MOST_LEVELS),
            (self.budget, self.window_us, self.drift_factor),
            sorted((*scope, budget) for scope, budget in self.own.items()),
            list(self.references.items()),
        )
        return f"account/{hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]}"


class _State(msgspec.Struct, frozen=True, array_like=True):
    budget: BudgetState
    scores: ScoresState
    drift: tuple[DriftState, ...]


_STATES = msgspec.msgpack.Decoder(_State)


class Account:
    """The budget, the scores of its window, and each router's drift, by one and the same outcomes.

    Args:
        terms: what it is kept by.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.budget = EscalationBudget(terms.budget, terms.window_us, own=terms.own)
        self.scores = RecentScores(terms.window_us)
        self.drift = tuple(
            DriftWatch(version, reference, terms.drift_factor)
            for version, reference in terms.references.items()
        )
        self._unkept = 0
        self._size = 0

    @property
    def cursor(self) -> int:
        """Sequence number of the last outcome that was folded in."""
        return self.budget.cursor

    def fold(self, outcomes: Sequence[Outcome]) -> None:
        """Take in what is new among these."""
        self._unkept += self.budget.fold(outcomes)
        self.scores.fold(outcomes)
        for drift in self.drift:
            drift.fold(outcomes)

    def due(self) -> bytes | None:
        """Its state, where it is time to keep it; it goes with `cursor`.

        An account that is not what reading all again would give is not to be kept.
        """
        if self._unkept < max(LEAST, self._size // SHARE) or not self.budget.in_time:
            return None
        drift = tuple(drift.state for drift in self.drift)
        state = msgspec.msgpack.encode(_State(self.budget.state, self.scores.state, drift))
        self._unkept, self._size = 0, len(state)
        return state

    def resume(self, state: bytes) -> bool:
        """Go on from a state that was kept by the same terms, all restarts being known.

        False, and nothing is changed, where it cannot be read, or restarts have come to be known
        that it should have known.
        """
        try:
            found = _STATES.decode(state)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        if len(found.drift) != len(self.drift) or not self.budget.resume(found.budget):
            return False
        self.scores.resume(found.scores)
        for drift, kept in zip(self.drift, found.drift, strict=True):
            drift.resume(kept)
        self._size = len(state)
        return True
