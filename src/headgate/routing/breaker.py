"""Two brakes on a failing upstream: a circuit breaker for calls, a budget for retries."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from headgate.values import ModelRef

__all__ = ["Brakes", "Breaker", "Retries", "RetryBudget", "Turn"]


Turn: TypeAlias = Literal["opened", "closed"]
"""What a call's end does to a breaker."""

SLICES = 100
"""How finely a window is counted."""


class _Count:
    """How often something has happened within a window that ends now.

    It moves by slices. `late` keeps the oldest one until the last of it is out of the window, which
    counts too much rather than too little; without it too little rather than too much.
    """

    def __init__(self, window: float, *, late: bool) -> None:
        self._rate, self._slice = SLICES / window, window / SLICES
        self._kept = SLICES + late
        self._slices: deque[tuple[int, int]] = deque()
        self._latest = -1
        self._turns_at = -math.inf
        """The latest slice ends no sooner: a little before its end, so that no rounding counts a
        call into a slice that is over."""
        self._in_latest = 0
        self._before = 0

    def add(self, at: float) -> None:
        """It has happened once more."""
        if at >= self._turns_at:
            self._turn(at)
        self._in_latest += 1

    def total(self, at: float) -> int:
        """How often it has."""
        if at >= self._turns_at:
            self._turn(at)
        return self._before + self._in_latest

    def _turn(self, at: float) -> None:
        """Another slice begins, or is about to."""
        latest = int(at * self._rate)
        if latest == self._latest:
            return
        if self._in_latest:
            self._slices.append((self._latest, self._in_latest))
            self._before += self._in_latest
        self._latest, self._in_latest = latest, 0
        self._turns_at = (latest + 1) * self._slice * (1 - 1e-12)
        while self._slices and self._slices[0][0] <= self._latest - self._kept:
            self._before -= self._slices.popleft()[1]


class Breaker:
    """Stops calling an upstream that keeps failing, and finds out when it works again.

    Closed, it counts; it opens when the last `failures` calls have all failed, or when at least
    half of the calls of the last `window` seconds have, at least `failures` of them. Open, it lets
    one probe through every `pause` seconds; the first success of a call that began after it opened
    closes it. A long answer that began before says nothing about the upstream of now.

    Times are monotonic seconds, and never run backwards. The window moves by slices: of the oldest
    hundredth of it some calls may not count any more.
    """

    def __init__(self, *, failures: int = 20, window: float = 5.0, pause: float = 5.0) -> None:
        self._failures = failures
        self._window = window
        self._pause = pause
        self._in_a_row = 0
        self._calls = _Count(window, late=False)
        self._failed = _Count(window, late=False)
        self._opened_at = 0.0  # when open: since when
        self._probe_at: float | None = None  # when open: the time of the next probe

    @property
    def is_open(self) -> bool:
        """Whether calls are stopped."""
        return self._probe_at is not None

    def allows(self, at: float) -> bool:
        """Whether a call may go out now; an open breaker takes it for its probe."""
        if self._probe_at is None:
            return True
        if at < self._probe_at:
            return False
        self._probe_at = at + self._pause
        return True

    def opens_in(self, at: float) -> float:
        """Seconds until the next call may go out; 0 while closed."""
        return 0.0 if self._probe_at is None else max(0.0, self._probe_at - at)

    def note(self, good: bool, at: float, began: float) -> Turn | None:
        """A call that was sent at `began` has ended well or badly; what that has changed, if so."""
        if self._probe_at is not None:
            if good and began > self._opened_at:
                self._close()
                return "closed"
            return None  # a failure leaves it open: the next probe is set already
        self._calls.add(at)
        if good:
            self._in_a_row = 0
            return None
        self._in_a_row += 1
        self._failed.add(at)
        failed = self._failed.total(at)
        half = failed >= self._failures and 2 * failed >= self._calls.total(at)
        if self._in_a_row >= self._failures or half:
            self._opened_at = at
            self._probe_at = at + self._pause
            return "opened"
        return None

    def _close(self) -> None:
        self._probe_at = None
        self._in_a_row = 0
        self._calls = _Count(self._window, late=False)
        self._failed = _Count(self._window, late=False)


class RetryBudget:
    """Bounds retries to a share of the requests, so that they cannot multiply an outage.

    Every request allows `share` of a retry in the `window` seconds from it (Finagle's retry budget:
    20 % over 10 s). `floor` retries a second are allowed besides, or a quiet gateway could never
    retry: in no second are there more of them. Finagle lets a whole window's floor go at once, and
    so once more in the second after the last window; here, since the first request and for as long
    as one likes to look, retries <= share * requests + floor * seconds begun.
    """

    def __init__(self, *, share: float = 0.2, floor: float = 10.0, window: float = 10.0) -> None:
        self._share = share
        self._requests = _Count(window, late=False)
        self._earned = _Count(window, late=True)
        self._burst = math.ceil(floor)  # so many in as long as they take: half a one has no meaning
        self._besides = _Count(self._burst / floor if floor else window, late=True)

    def request(self, at: float) -> None:
        """A request has come in."""
        self._requests.add(at)

    def take(self, at: float) -> bool:
        """Whether one more retry is within the budget; it is spent if so."""
        earned = self._share * self._requests.total(at)
        if self._earned.total(at) + 1 <= earned + 1e-9:  # five fifths are one
            self._earned.add(at)
            return True
        if self._besides.total(at) + 1 <= self._burst:
            self._besides.add(at)
            return True
        return False


class Brakes:
    """The brakes of every model that a gateway calls by itself; each model has its own pair.

    So the outage of one tier stops neither the calls nor the retries of another. A model outside
    all tiers, which callers may pin, has none: there is nothing to fall back to.
    """

    def __init__(
        self,
        models: Iterable[ModelRef],
        *,
        breaker: Callable[[], Breaker] = Breaker,
        retries: Callable[[], RetryBudget] = RetryBudget,
    ) -> None:
        self._pairs = {model: (breaker(), retries()) for model in models}

    def resume(self, before: Brakes) -> None:
        """Go on where other brakes have been, for every model that both have."""
        self._pairs |= {
            model: pair for model, pair in before._pairs.items() if model in self._pairs
        }

    def may_call(self, model: ModelRef, at: float) -> bool:
        """Whether the model may be called now, for the first time in a request."""
        pair = self._pairs.get(model)
        if pair is None:
            return True
        if not pair[0].allows(at):
            return False
        pair[1].request(at)
        return True

    def may_retry(self, model: ModelRef, at: float) -> bool:
        """Whether a call that has just failed may be repeated."""
        pair = self._pairs.get(model)
        return pair is None or (not pair[0].is_open and pair[1].take(at))

    def rests(self, model: ModelRef) -> bool:
        """Whether the model is not called at present, but for probes."""
        pair = self._pairs.get(model)
        return pair is not None and pair[0].is_open

    def note(self, model: ModelRef, good: bool, at: float, began: float) -> Turn | None:
        """A call that was sent at `began` has ended; what that has done to the model's breaker."""
        pair = self._pairs.get(model)
        return None if pair is None else pair[0].note(good, at, began)

    def opens_in(self, model: ModelRef, at: float) -> float:
        """Seconds until the model may be called again."""
        pair = self._pairs.get(model)
        return 0.0 if pair is None else pair[0].opens_in(at)


class Retries:
    """The brake on models that callers name themselves: a budget of retries for each provider.

    Such a model has no breaker, because there is nothing to fall back to; and it is not held
    against a tier on the same model if it fails at what no tier is asked for. The budget is the
    provider's, for callers may think of any number of models.
    """

    def __init__(
        self, providers: Iterable[str], *, retries: Callable[[], RetryBudget] = RetryBudget
    ) -> None:
        self._budgets = {provider: retries() for provider in providers}

    def may_call(self, model: ModelRef, at: float) -> bool:
        """It may; that it is called is counted."""
        self._budgets[model.provider].request(at)
        return True

    def may_retry(self, model: ModelRef, at: float) -> bool:
        """Whether a call that has just failed may be repeated."""
        return self._budgets[model.provider].take(at)

    def rests(self, _: ModelRef) -> bool:
        """It never does."""
        return False
