"""The key store's twin in memory: gone with the process, for tests and keyless gateways."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from headgate.access.key import Key, Team
from headgate.access.purse import Account, Claim, Grant, lend, reclaimed
from headgate.ledger.keys import LEASE_US, RECLAIM_US, Spending

__all__ = ["MemoryKeys"]


class MemoryKeys:
    """Keys, teams and accounts in dictionaries.

    Args:
        bill: what the ledger knows of an account, in nano-USD.
    """

    def __init__(self, bill: Callable[[Account], int] = lambda _: 0) -> None:
        self._bill = bill
        self._lock = threading.Lock()
        self._version = 0
        self._keys: dict[str, Key] = {}
        self._teams: dict[str, Team] = {}
        self._accounts: dict[Account, tuple[int, int]] = {}
        self._leases: dict[tuple[Account, str], tuple[tuple[int, int], int]] = {}

    def version(self) -> int:
        """Changes so far."""
        return self._version

    def keys(self) -> list[Key]:
        """All keys."""
        return sorted(self._keys.values(), key=lambda key: (key.created_us, key.id))

    def teams(self) -> list[Team]:
        """All teams."""
        return sorted(self._teams.values(), key=lambda team: team.name)

    def put_key(self, key: Key) -> None:
        """Keep a key."""
        with self._lock:
            self._keys[key.id] = key
            self._version += 1

    def put_team(self, team: Team) -> None:
        """Keep a team."""
        with self._lock:
            self._teams[team.name] = team
            self._version += 1

    def claim(self, holder: str, claims: Sequence[Claim], now_us: int) -> list[Grant]:
        """Lend."""
        with self._lock:
            return [self._lend(holder, claim, now_us) for claim in claims]

    def _lend(self, holder: str, claim: Claim, now_us: int) -> Grant:
        lease, _ = self._leases.get((claim.account, holder), ((0, 0), 0))
        account, lease = lend(claim, self._accounts.get(claim.account, (0, 0)), lease)
        self._accounts[claim.account] = account
        self._leases[claim.account, holder] = (lease, now_us + LEASE_US)
        return Grant(lease[1], account[0])

    def reclaim(self, now_us: int) -> int:
        """Take back."""
        with self._lock:
            dead = [
                place
                for place, (lease, until_us) in self._leases.items()
                if lease[1] and until_us < now_us - RECLAIM_US
            ]
            for account, holder in dead:
                (spent, held), until_us = self._leases[account, holder]
                self._accounts[account] = reclaimed(
                    self._accounts[account], held, self._bill(account)
                )
                self._leases[account, holder] = ((spent, 0), until_us)
            return len(dead)

    def spending(self, scope: str) -> list[Spending]:
        """The accounts of one scope."""
        found = [
            Spending(account, *sums)
            for account, sums in self._accounts.items()
            if account.scope == scope
        ]
        return sorted(found, key=lambda one: (-one.account.since_us, one.account.period))

    def close(self) -> None:
        """Nothing to let go of."""
