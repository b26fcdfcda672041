"""What a breach does to routing: hold the threshold or pin to premium; and when that ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from headgate.ledger.store import Outcome
from headgate.monitor.standing import Action, Standing
from headgate.routing.policy import PINNED_BY_WATCH

__all__ = [
    "HELD_BINS",
    "Certified",
    "Held",
    "RecentScores",
    "Release",
    "ScoresState",
    "act",
    "held_threshold",
    "release",
]

OnBreach = Literal["alert", "hold", "pin"]

HELD_BINS = 200
"""Steps of a held threshold: 0.005 of a score."""

HOUR_US = 3_600_000_000


class Certified(NamedTuple):
    """A learned router at work, as far as a hold must know it."""

    version: str
    own: float
    """The threshold that it decides by."""
    floor: float | None
    """The highest threshold that its certificate keeps the promised quality at; None where it
    promises no quality, or where no threshold passed."""


class Held(NamedTuple):
    """What a hold comes to."""

    threshold: float | None
    """None: there is no room for one."""
    why: str
    """In a sentence."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """How an action ends by itself.

    `after_us` is how long it may last, None without end; `on_clear`, whether the alarm's end ends
    it too.
    """

    on_clear: bool = False
    after_us: int | None = None


class ScoresState(msgspec.Struct, frozen=True, kw_only=True):
    """All that the scores of a window remember, to be stored and gone on from."""

    cursor: int
    hours: tuple[tuple[int, tuple[int, ...], tuple[int, int]], ...]


class RecentScores:
    """How often each score came up within a window, and how many requests had none.

    Args:
        window_us: how far back it looks, microseconds; by whole hours.
    """

    def __init__(self, window_us: int) -> None:
        self._hours: deque[tuple[int, list[int], list[int]]] = deque()
        self._keep = max(1, window_us // HOUR_US)
        self.cursor = 0

    def fold(self, outcomes: Iterable[Outcome]) -> None:
        """Take in what is new among these and was not decided by the watch's pin."""
        for outcome in outcomes:
            if outcome.sequence <= self.cursor:
                continue
            self.cursor = outcome.sequence
            if outcome.reason == PINNED_BY_WATCH:
                continue
            hour = outcome.at_us // HOUR_US
            if not self._hours or hour > self._hours[-1][0]:
                self._hours.append((hour, [0] * HELD_BINS, [0, 0]))
            while self._hours[0][0] <= self._hours[-1][0] - self._keep:
                self._hours.popleft()
            _, scores, others = self._hours[-1]
            if outcome.score is None or outcome.router is None:
                others[outcome.premium] += 1
            else:
                scores[min(HELD_BINS - 1, int(outcome.score * HELD_BINS))] += 1

    @property
    def state(self) -> ScoresState:
        """What to store; `resume` goes on from there."""
        hours = ((hour, tuple(scores), (o[0], o[1])) for hour, scores, o in self._hours)
        return ScoresState(cursor=self.cursor, hours=tuple(hours))

    def resume(self, state: ScoresState) -> None:
        """Go on from a state of the same window."""
        self.cursor = state.cursor
        self._hours = deque((hour, [*scores], [*others]) for hour, scores, others in state.hours)

    def rates(self) -> list[tuple[float, float]] | None:
        """Threshold -> escalation rate that it would have led to, thresholds rising; None before
        any request. Requests that no score decided stay where they went."""
        scores = [sum(column) for column in zip(*(hour[1] for hour in self._hours), strict=True)]
        cheap, premium = (sum(hour[2][place] for hour in self._hours) for place in (0, 1))
        total = sum(scores) + cheap + premium
        if not total:
            return None
        found, above = [], sum(scores)
        for place in range(HELD_BINS + 1):
            found.append((place / HELD_BINS, (premium + above) / total))
            above -= scores[place] if place < HELD_BINS else 0
        return found


def held_threshold(
    routers: Sequence[Certified], rates: Sequence[tuple[float, float]] | None, budget: float
) -> Held:
    """The lowest threshold that keeps the recent traffic within the budget, if there is room.

    It is above each router's own, and never above what the certificate of any covers; where the
    budget would need more, it is that end, and the rate stays above the budget.
    """
    if not routers:
        return Held(None, "no learned router decides, so there is no threshold to move")
    floors = [router.floor for router in routers]
    if None in floors:
        return Held(None, "no certificate promises a quality that a higher threshold would keep")
    own, most = max(router.own for router in routers), min(x for x in floors if x is not None)
    if most <= own:
        return Held(None, f"the threshold {own:g} is already the highest that is certified")
    if rates is None:
        return Held(None, "no request has been scored lately")
    wanted = next((place for place, rate in rates if place > own and rate <= budget), 1.0)
    if wanted > most:
        return Held(most, f"the certificate ends at {most:g}, which does not reach the budget")
    return Held(wanted, f"at {wanted:g} the requests of the window would have kept to the budget")


def act(
    on_breach: OnBreach, alarm_us: int | None, now: Standing, held: Held, at_us: int
) -> Action | None:
    """The action that a breach asks for and that is not in force or done with, if any.

    One alarm is answered once: after a release it takes a new alarm.
    """
    if on_breach == "alert" or alarm_us is None or now.action is not None:
        return None
    if alarm_us in now.acted_on:
        return None
    if on_breach == "pin":
        return Action(kind="pin", since_us=at_us, alarm_us=alarm_us)
    if held.threshold is None:
        return None
    return Action(kind="hold", since_us=at_us, threshold=held.threshold, alarm_us=alarm_us)


def release(action: Action | None, rule: Release, alarm_us: int | None, at_us: int) -> str | None:
    """Why the action in force ends now; None where it does not."""
    if action is None:
        return None
    if rule.after_us is not None and at_us - action.since_us >= rule.after_us:
        return "its time is over"
    if rule.on_clear and action.by == "watch" and action.kind == "hold" and alarm_us is None:
        return "the alarm is over"
    return None
