"""The keys of a ledger as the pages look at them and hand them out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence

from headgate.access.key import Key, Team
from headgate.access.limits import NO_LIMITS, Limits, budget, span
from headgate.bootstrap.key_desk import KeyDesk
from headgate.bootstrap.keys import pepper_of, refused_today
from headgate.errors import RequestError
from headgate.ledger.event import Event
from headgate.ledger.keys import KeyStore, Spending
from headgate.ledger.store import Store
from headgate.settings.schema import Settings

__all__ = ["LedgerKeyRing"]

GRACE_SECONDS = 86_400.0


class LedgerKeyRing:
    """The `KeyRing` of a ledger.

    Args:
        keys: where they rest.
        events: where what is done is noted.
        settings: say where the pepper is.
        now_us: the time, microseconds since 1970.
    """

    def __init__(
        self, keys: KeyStore, events: Store, settings: Settings, now_us: Callable[[], int]
    ) -> None:
        self._keys = keys
        self._events = events
        self._settings = settings
        self._now_us = now_us

    def keys(self) -> Sequence[Key]:
        """See `KeyRing.keys`."""
        return self._keys.keys()

    def teams(self) -> Sequence[Team]:
        """See `KeyRing.teams`."""
        return self._keys.teams()

    def spent(self, scope: str, limits: Limits) -> Sequence[Spending]:
        """See `KeyRing.spent`."""
        now = {one.period: span(one.period, self._now_us()).since_us for one in limits.budgets}
        return [
            one
            for one in self._keys.spending(scope)
            if now.get(one.account.period) == one.account.since_us
        ]

    def refused(self) -> Mapping[str, int]:
        """See `KeyRing.refused`."""
        return refused_today(self._events, self._now_us())

    def create(self, name: str, team: str, budget_usd: str, period: str) -> tuple[Key, str]:
        """See `KeyRing.create`."""
        limits = NO_LIMITS
        if budget_usd:
            try:
                limits = Limits(budgets=(budget(f"{budget_usd}/{period}"),))
            except ValueError as error:
                raise RequestError(f"{error}.", fix="Write US dollars, such as 50.") from error
        made = self._desk().create(name, team=team or None, limits=limits)
        return made.key, made.secret

    def revoke(self, key_id: str) -> None:
        """See `KeyRing.revoke`."""
        self._desk().revoke(key_id)

    def rotate(self, key_id: str) -> tuple[Key, str]:
        """See `KeyRing.rotate`."""
        made = self._desk().rotate(key_id, grace=GRACE_SECONDS)
        return made.key, made.secret

    def _desk(self) -> KeyDesk:
        """Made when it is needed: whoever only looks needs no pepper."""
        pepper = pepper_of(self._settings, os.environ)
        return KeyDesk(self._keys, pepper, _Now(self._now_us), self._note)

    def _note(self, event: Event) -> None:
        self._events.note([event])


class _Now:
    """The pages' time as a clock."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us

    def time(self) -> float:
        return self._now_us() / 1e6

    def monotonic(self) -> float:
        return time.monotonic()
