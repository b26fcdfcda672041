"""Money of virtual keys: set aside before a request, settled by what its attempts have cost.

The hot path only counts: a process spends what the shared store has lent it, and a thread asks for
more before that runs out. A request waits for the store only where nothing is left in hand.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import msgspec

from headgate.access.limits import PERIODS, Budget, Period, span
from headgate.access.purse import Account, Allowance, Purse
from headgate.ledger.entry import Entry
from headgate.ledger.keys import KeyStore
from headgate.ledger.store import StoreError
from headgate.values import Clock

__all__ = ["Shortage", "Till"]

log = logging.getLogger("headgate.gateway")

TICK_SECONDS = 1.0
"""How often the store hears what has been spent, where anything has."""
IDLE_SECONDS = 10.0
"""How often it hears that this process still lives, where it holds anything."""
RECLAIM_SECONDS = 30.0
"""How often to look for what dead processes hold."""
REST_SECONDS = 1.0
"""How long a store that has failed is left alone: not every request tries it, or waits for it."""
COMPLAIN_SECONDS = 60.0
MOST_VISITS = 8
"""How often a request has the store asked while others keep taking what has come for it."""


class Shortage(NamedTuple):
    """Why a request cannot be paid for now."""

    account: Account
    kind: Literal["exhausted", "reserved", "unavailable"]
    """`exhausted`: too little is left for it until the period turns; `reserved`: requests under way
    hold what is left; `unavailable`: the store does not answer."""
    left: int
    """What is not spent, nano-USD."""
    retry_after: float
    """Seconds after which trying again makes sense."""


class _Reservation(msgspec.Struct, eq=False):
    purses: Sequence[Purse]
    amount: int
    cost: int = 0


class Till:
    """The purses of one process.

    Args:
        store: lends to this process and to others.
        clock: tells the periods apart.
        holder: a name for this process that no other has had.
        exhausted: told once of every account that has been spent.
    """

    def __init__(
        self,
        store: KeyStore,
        clock: Clock,
        *,
        holder: str,
        exhausted: Callable[[Account, int], None] = lambda *_: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._exhausted = exhausted
        self._told: set[Account] = set()
        self._purses: dict[Account, Purse] = {}
        self._current: dict[tuple[str, Period], tuple[int, Purse]] = {}  # until when, and whose
        self._open: dict[str, _Reservation] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="headgate-till")
        self._visit: asyncio.Task[bool] | None = None
        self._complained = self._rests_until = float("-inf")
        self._heard = self._looked = clock.monotonic()

    # ---- what a request does

    def at_once(self, request_id: str, allowance: Allowance, amount: int, at_us: int) -> bool:
        """Set an amount aside in every budget, if their purses hold it; else in none, and False.

        Args:
            request_id: what `take` and `close` will know it by.
            allowance: the budgets; their purses are kept in it.
            amount: the most that the request should cost, nano-USD.
            at_us: now.
        """
        if at_us >= allowance.until_us:
            self._look_for(allowance, at_us)
        purses = allowance.purses
        for purse in purses:
            if amount > purse.free:
                return False
        self._set_aside(request_id, purses, amount)
        return True

    def _look_for(self, allowance: Allowance, at_us: int) -> None:
        """The purses of the periods that run."""
        allowance.purses = [self._purse(*one, at_us) for one in allowance.budgets]
        ends = [self._current[scope, one.period][0] for scope, one in allowance.budgets]
        allowance.until_us = min(ends, default=0)

    async def reserve(
        self, request_id: str, budgets: Iterable[tuple[str, Budget]], amount: int
    ) -> Shortage | None:
        """The same, and where too little is in hand, the store is asked; None: it has been.

        Args:
            request_id: as above.
            budgets: scope (`key:ID`, `team:NAME`) and budget.
            amount: as above.
        """
        now_us = int(self._clock.time() * 1e6)
        purses = [self._purse(scope, budget, now_us) for scope, budget in budgets]
        if self._lacking(purses, amount) is not None:
            for purse in purses:
                purse.demand += amount
            try:
                answered = await self._lent(purses, amount)
            finally:
                for purse in purses:
                    purse.demand -= amount
            short = self._lacking(purses, amount)
            if short is not None:
                return self._shortage(short, amount, answered=answered)
        self._set_aside(request_id, purses, amount)
        return None

    def _set_aside(self, request_id: str, purses: Sequence[Purse], amount: int) -> None:
        for purse in purses:
            if purse.draw(amount):
                self._ask_soon()
        self._open[request_id] = _Reservation(purses, amount)

    def take(self, entry: Entry) -> None:
        """An attempt has been written down: it counts for whoever is paying for it.

        An attempt that nobody has reserved for counts too, in the budgets that this process knows
        of its key and team. One of unknown price counts nothing.
        """
        if not entry.cost_nano:
            return
        reservation = self._open.get(entry.request_id)
        if reservation is not None:
            reservation.cost += entry.cost_nano
            return
        if entry.key is None:
            return
        for scope in (f"key:{entry.key}", f"team:{entry.team}"):
            for period in PERIODS:
                current = self._current.get((scope, period))
                if current is not None and current[1].account.since_us <= entry.at_us < current[0]:
                    current[1].settle(0, entry.cost_nano)

    def close(self, request_id: str) -> None:
        """The request is over: what it did not use is free again."""
        reservation = self._open.pop(request_id, None)
        if reservation is None:
            return
        for purse in reservation.purses:
            purse.settle(reservation.amount, reservation.cost)

    def _purse(self, scope: str, budget: Budget, now_us: int) -> Purse:
        until_us, purse = self._current.get((scope, budget.period), (0, None))
        if purse is None or now_us >= until_us:
            since_us, until_us = span(budget.period, now_us)
            account = Account(scope, budget.period, since_us)
            purse = self._purses.setdefault(account, Purse(account, budget.nano))
            self._current[scope, budget.period] = until_us, purse
        purse.limit = budget.nano
        return purse

    @staticmethod
    def _lacking(purses: Sequence[Purse], amount: int) -> Purse | None:
        for purse in purses:
            if amount > purse.free:
                return purse
        return None

    def _shortage(self, purse: Purse, amount: int, *, answered: bool) -> Shortage:
        account = purse.account
        if not answered:
            return Shortage(account, "unavailable", purse.left, 5.0)
        if amount <= purse.left:
            return Shortage(account, "reserved", purse.left, 1.0)
        if account not in self._told:
            self._told.add(account)
            self._exhausted(account, purse.limit)
        until_us = span(account.period, account.since_us).until_us
        wait = max(1.0, until_us / 1e6 - self._clock.time())
        return Shortage(account, "exhausted", purse.left, wait)

    # ---- what goes to the store

    async def keep(self) -> None:
        """Tell the store what has been spent and keep enough in hand, until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = self._clock.monotonic()
            if now - self._heard >= IDLE_SECONDS or any(p.news for p in self._purses.values()):
                await self._ask()
            if now - self._looked >= RECLAIM_SECONDS:
                self._looked = now
                await self._reclaim()

    async def stop(self) -> None:
        """Give back all that is not reserved, and tell what has been spent. Afterwards: no use."""
        if self._visit is not None:
            await self._visit
        await self._go(closing=True)
        await asyncio.to_thread(self._thread.shutdown)

    async def _lent(self, purses: Sequence[Purse], amount: int) -> bool:
        """Have the store asked until the purses hold an amount, or it has no more to lend.

        More than once, because requests that come meanwhile may take what was lent for this one.
        False where the store did not answer.
        """
        for _ in range(MOST_VISITS):
            if not await self._ask():
                return False
            short = self._lacking(purses, amount)
            if short is None or short.scarce:
                break
        return True

    async def _ask(self) -> bool:
        """A visit to the store that begins from now on; False where the store does not answer."""
        if self._visit is not None and not self._visit.done():
            await asyncio.shield(self._visit)  # it was sent before what is wanted now
        return await asyncio.shield(self._ask_soon())

    def _ask_soon(self) -> asyncio.Task[bool]:
        if self._visit is None or self._visit.done():
            self._visit = asyncio.get_running_loop().create_task(self._go())
        return self._visit

    async def _go(self, *, closing: bool = False) -> bool:
        if self._clock.monotonic() < self._rests_until and not closing:
            return False
        now_us = int(self._clock.time() * 1e6)
        self._sort_out(now_us)
        alive = self._clock.monotonic() - self._heard >= IDLE_SECONDS
        purses = [purse for purse in self._purses.values() if purse.news or alive or closing]
        claims = [purse.claim(closing=closing or _over(purse, now_us)) for purse in purses]
        if alive:
            self._heard = self._clock.monotonic()
        if not claims:
            return True
        loop = asyncio.get_running_loop()
        try:
            grants = await loop.run_in_executor(
                self._thread, self._store.claim, self._holder, claims, now_us
            )
        except StoreError as error:
            self._complain(error)
            return False
        for purse, grant in zip(purses, grants, strict=True):
            purse.granted(grant)
        return True

    async def _reclaim(self) -> None:
        now_us = int(self._clock.time() * 1e6)
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._store.reclaim, now_us)
        except StoreError as error:
            self._complain(error)

    def _sort_out(self, now_us: int) -> None:
        """Forget purses of past periods once nothing of them is left to tell."""
        for account, purse in list(self._purses.items()):
            if purse.empty and _over(purse, now_us):
                del self._purses[account]
                self._told.discard(account)
                if self._current.get(account[:2], (0, purse))[1] is purse:
                    self._current.pop(account[:2], None)

    def _complain(self, error: StoreError) -> None:
        now = self._clock.monotonic()
        self._rests_until = now + REST_SECONDS
        if now - self._complained >= COMPLAIN_SECONDS:
            self._complained = now
            log.error("budgets: %s", error)


def _over(purse: Purse, now_us: int) -> bool:
    account = purse.account
    return now_us >= span(account.period, account.since_us).until_us
