"""A purse: what one process may still spend of a budget, lent to it by the store that all share.

The numbers that a process tells the store are absolute (all it has spent, all it wants to hold),
so telling them twice changes nothing. A process spends only what it holds; the store never lends
more than is left. Therefore all processes together never begin what the budget does not cover, and
exceed it at most by what requests under way cost beyond their reservations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from headgate.access.limits import Budget, Period

__all__ = ["Account", "Allowance", "Claim", "Grant", "Purse", "lend", "reclaimed"]

SHARE = 8
"""A process holds at most an eighth of what is left beyond what it needs now, so that a budget
does not lie idle where no requests come in."""
AHEAD = 4
"""It asks for so many times what it used between two claims, a second as a rule: who stores rows
may hold the store for three of them, and nobody should have to wait for that."""


class Account(NamedTuple):
    """A budget in one of its periods: whose, which period, since when (microseconds)."""

    scope: str
    """`key:ID` or `team:NAME`."""
    period: Period
    since_us: int


class Claim(NamedTuple):
    """What a process tells the store of one account. Money in nano-USD."""

    account: Account
    limit: int
    spent: int
    """All that this process has spent."""
    hold: int
    """What it wants to hold beyond that: reserved and free."""


class Grant(NamedTuple):
    """What the store answers. Money in nano-USD."""

    held: int
    """What the process may hold beyond what it has told as spent."""
    spent_by_all: int


class Allowance:
    """What somebody may spend, and the purses that it is paid from in the periods that run.

    Args:
        budgets: scope (`key:ID`, `team:NAME`) and budget.
    """

    __slots__ = ("budgets", "purses", "until_us")

    def __init__(self, budgets: Sequence[tuple[str, Budget]]) -> None:
        self.budgets = budgets
        self.purses: Sequence[Purse] = ()
        """One for each budget, in the same order; until `until_us`."""
        self.until_us = 0
        """When the first of the periods ends; 0: nobody has looked for the purses yet."""


class Purse:
    """One account in one process.

    Invariant: `reserved` never exceeds what is held by a new reservation. `spent` may exceed what
    was reserved for it; the next claim tells the store.
    """

    __slots__ = (
        "_asked",
        "_base",
        "_held",
        "_seen",
        "_short",
        "_stock",
        "_told",
        "account",
        "demand",
        "free",
        "limit",
        "reserved",
        "scarce",
        "spent",
        "spent_by_all",
        "used",
    )

    def __init__(self, account: Account, limit: int) -> None:
        self.account = account
        self.limit = limit
        self.reserved = 0
        self.spent = 0
        self.spent_by_all = 0
        self.free = 0
        """What a new request may reserve; below 0 where requests cost more than was reserved."""
        self.demand = 0
        """What requests wait for that the purse did not hold."""
        self.used = 0
        """Reserved since the last claim: how fast money is needed."""
        self.scarce = False
        """The store has lent less than was asked for: others hold the rest, or none is left."""
        self._asked = 0  # what was to be held, by the last claim
        self._held = 0  # may be spent beyond `_base`
        self._base = 0  # what had been spent at the last claim
        self._seen = 0
        self._short = False  # the last claim was made because too little was left
        self._stock = 0  # what was asked for at the last claim beyond what was needed then
        self._told = 0  # of `spent`, what the store is known to know

    @property
    def news(self) -> bool:
        """The store should hear something: of money spent or wanted, or kept and not used."""
        return bool(self.demand or self.used or self.spent != self._told or self.free > 0)

    @property
    def empty(self) -> bool:
        """Nothing is held, reserved, wanted or untold."""
        return not self._held and not self.reserved and not self.news

    @property
    def left(self) -> int:
        """What is not spent, as far as is known here: nobody could reserve more than that."""
        spent, by_all = self.spent, self.spent_by_all
        left = self.limit - (spent if spent > by_all else by_all)  # noqa: FURB136 - so is the next:
        return left if left > 0 else 0  # noqa: FURB136 - `max` costs ten times as much

    def draw(self, amount: int) -> bool:
        """Set aside what the purse is known to hold; whether it is `low` after that."""
        free = self.free = self.free - amount
        used = self.used = self.used + amount
        self.reserved += amount
        return free < used and 2 * free < self._most()  # `low`, without its call

    def settle(self, reserved: int, cost: int) -> None:
        """The request is over: give back what was reserved, note what it cost."""
        self.reserved -= reserved
        self.spent += cost
        self.free += reserved - cost

    def low(self) -> bool:
        """More should be asked for before requests have to wait: half of it is used."""
        return self.free < self.used and 2 * self.free < self._most()

    def claim(self, *, closing: bool = False) -> Claim:
        """What to tell the store now; `closing` gives back all that is not reserved.

        What is given back is no longer free from here on, whether or not the store has heard it.
        The stock doubles for as long as it runs low between the regular claims, so that a busy
        process soon visits the store no more often than an idle one.
        """
        stock = 0 if closing else min(self._wanted(), self._most())
        self._short = bool(self.demand) or self.low()
        self._stock = stock
        hold = max(0, self.reserved + self.demand + self._stock)
        self._held = min(self._held - (self.spent - self._base), hold)
        self._base = self._seen = self.spent
        self.free = self._held - self.reserved
        self._asked = hold
        self.used = 0
        return Claim(self.account, self.limit, self.spent, hold)

    def granted(self, grant: Grant) -> None:
        """The store's answer to the last claim."""
        self._held = grant.held
        self.scarce = grant.held < self._asked
        self._base = self._told = self._seen
        self.free = self._held - (self.spent - self._base) - self.reserved
        self.spent_by_all = grant.spent_by_all

    def _wanted(self) -> int:
        if not self.used and not self.demand:
            return 0
        if self.demand or self.low():
            stock = 2 * self._stock
        else:  # after a claim between the regular ones, what was used is of less than their time
            stock = self._stock if self._short else self._stock // 2
        return max(AHEAD * self.used, stock)

    def _most(self) -> int:
        return self.left // SHARE


def lend(
    claim: Claim, account: tuple[int, int], lease: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """What a store does with a claim: the account and the lease after it.

    Both are (spent, held) in nano-USD; of nobody before, (0, 0).
    """
    spent = account[0] + claim.spent - lease[0]
    others = account[1] - lease[1]
    held = max(0, min(claim.hold, claim.limit - spent - others))
    return (spent, others + held), (claim.spent, held)


def reclaimed(account: tuple[int, int], held: int, bill: int) -> tuple[int, int]:
    """The account after a dead process's lease has been given back.

    What the ledger has billed beyond what was told is taken to be the dead one's, up to what it
    held. Living processes may have a part in it that they have not told yet: then the account is
    too high for a while, never too low.

    Args:
        account: (spent, held) in nano-USD.
        held: what the dead process held.
        bill: all that the ledger knows of this account.
    """
    return account[0] + min(held, max(0, bill - account[0])), account[1] - held
