"""What every place where virtual keys, teams and shared budgets rest can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from headgate.access.key import Key, Team
from headgate.access.purse import Account, Claim, Grant

__all__ = ["LEASE_US", "RECLAIM_US", "KeyStore", "Spending"]

LEASE_US = 30_000_000
"""How long what a process holds is its own without a word from it."""

RECLAIM_US = 150_000_000
"""How long after that it is given to others: by then the rows that a dead process left in its
journal have been stored, so that what it had spent is known."""


class Spending(NamedTuple):
    """One account as all processes have told it. Money in nano-USD."""

    account: Account
    spent: int
    held: int


class KeyStore(Protocol):
    """Where keys rest. All methods may be called from any thread.

    Raises (every method): StoreError when the store cannot answer now.
    """

    def version(self) -> int:
        """Rises with every change of a key or a team."""

    def keys(self) -> list[Key]:
        """All keys, revoked ones too, in the order of their making."""

    def teams(self) -> list[Team]:
        """All teams, by name."""

    def put_key(self, key: Key) -> None:
        """Add a key, or replace the one of that id."""

    def put_team(self, team: Team) -> None:
        """Add a team, or replace the one of that name."""

    def claim(self, holder: str, claims: Sequence[Claim], now_us: int) -> list[Grant]:
        """Note what a process has spent and lend it what it asks for, as far as there is any.

        All of it is one transaction; repeating it changes nothing.
        """

    def reclaim(self, now_us: int) -> int:
        """Give back what dead processes hold; the number of accounts that something came back to.

        What such a process had spent and not told is in the ledger: the account's bill there,
        beyond what all have told, is taken to be its, up to what it held.
        """

    def spending(self, scope: str) -> list[Spending]:
        """Every period of one scope, the latest first."""

    def close(self) -> None:
        """Let go of files and connections; closing twice is harmless."""
