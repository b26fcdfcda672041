"""Looks at the ledger that take long: a page is drawn without them, and has them later.

What hours that nobody has summed up, or a busy open hour, come to can take half a minute. A visitor
waits for a part of a second, and is told that it is under way.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import monotonic

from headgate.web.observer import Seen, Underway
from headgate.web.period import Period

__all__ = ["PATIENCE_SECONDS", "Glances"]

PATIENCE_SECONDS = 0.6
"""How long a page waits for a look."""
LONG_SECONDS = 0.3
"""A look that took less is made anew for each page."""
RESTS = 10
"""A longer one is shown for so many times as long as it took: it takes a tenth of a core."""
MOST_KEPT = 16


class _Look:
    """One look at a period, under way or done."""

    def __init__(self) -> None:
        self.began = monotonic()
        self.done = threading.Event()
        self.seen: Seen | None = None
        self.error: Exception | None = None
        self.until = 0.0

    def make(self, look: Callable[[], Seen]) -> None:
        try:
            self.seen = look()
        except Exception as error:  # noqa: BLE001 - it is raised where the page is made
            self.error = error
        took = monotonic() - self.began
        if self.error is None and took > LONG_SECONDS:
            self.until = monotonic() + RESTS * took
        self.done.set()

    @property
    def holds(self) -> bool:
        return not self.done.is_set() or monotonic() < self.until


class Glances:
    """What the dashboard shows of a period: looked at now, a little ago, or still to come.

    Args:
        look: takes as long as it takes.
        patience: seconds that a page waits for it.
    """

    def __init__(
        self, look: Callable[[Period], Seen], *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._look = look
        self._patience = patience
        self._lock = threading.Lock()
        self._looks: OrderedDict[Hashable, _Look] = OrderedDict()
        self._last: OrderedDict[Hashable, Seen] = OrderedDict()

    def __call__(self, period: Period) -> Seen | Underway:
        """What there is to see of a period, or for how long it has been looked for.

        Where an older look took long, too, that one is shown until the newer is there.

        Raises:
            StoreError: the ledger does not answer.
        """
        key = (period.since, period.first, period.last, *sorted(period.only.items()))
        look = self._under_way(key, period)
        if not look.done.wait(self._patience):
            last = self._last.get(key)
            return Underway(monotonic() - look.began) if last is None else last
        if look.error is not None:
            raise look.error
        assert look.seen is not None  # noqa: S101 - it has neither failed nor is it under way
        return look.seen

    def _under_way(self, key: Hashable, period: Period) -> _Look:
        with self._lock:
            look = self._looks.get(key)
            if look is not None and look.holds:
                return look
            if look is not None and look.seen is not None and look.until:
                self._last[key] = look.seen
            look = self._looks[key] = _Look()
            self._looks.move_to_end(key)
            for kept in (self._looks, self._last):
                while len(kept) > MOST_KEPT:
                    kept.popitem(last=False)
        threading.Thread(
            target=look.make,
            args=(lambda: self._look(period),),
            name="headgate-pages-look",
            daemon=True,
        ).start()
        return look
