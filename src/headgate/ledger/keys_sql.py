"""Virtual keys, teams and shared budgets in the ledger's own database, whichever that is.

The statements are those that SQLite and PostgreSQL share. The tables are made when keys are first
used, with steps of their own beside the ledger's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import msgspec

from headgate.access.key import Key, Team
from headgate.access.limits import span
from headgate.access.purse import Account, Claim, Grant, lend, reclaimed
from headgate.errors import ConfigError
from headgate.ledger.keys import LEASE_US, RECLAIM_US, Spending

__all__ = ["Database", "Run", "SqlKeys"]

Run = Callable[..., list[tuple[Any, ...]]]
"""Carries out a statement with `?` for each parameter that follows; its rows, if it has any."""

_SQL = Path(__file__).parent / "sql" / "keys"
_STEPS = sorted((_SQL / "steps").glob("*.sql"))

_KEY = msgspec.json.Decoder(Key)
_TEAM = msgspec.json.Decoder(Team)


class Database(Protocol):
    """One connection to the ledger's database; its methods may be called from any thread.

    Raises (every method): StoreError when the database does not answer now.
    """

    name: str
    """For people; no password is in it."""

    def reading(self) -> AbstractContextManager[Run]:
        """Look at one state of the database."""

    def writing(self) -> AbstractContextManager[Run]:
        """A transaction, on the disk when the block ends; only one process at a time is in it."""

    def has_table(self, run: Run, name: str) -> bool:
        """Whether there is such a table."""

    def close(self) -> None:
        """Let go of the connection."""


class SqlKeys:
    """A key store in a database.

    Args:
        database: where; a ledger's. Closed with the store, and where this fails.

    Raises:
        ConfigError: a newer Headgate made these tables.
        StoreError: the database does not answer.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        try:
            self._prepare()
        except BaseException:
            database.close()
            raise

    def _prepare(self) -> None:
        database = self._database
        with database.reading() as run:
            step = self._step(run)
        if step < len(_STEPS):
            with database.writing() as run:
                for path in _STEPS[self._step(run) :]:  # another process may have gone first
                    for statement in _statements(path.read_text(encoding="utf-8")):
                        run(statement)
        if step > len(_STEPS):
            raise ConfigError(
                f"The keys in {database.name} have schema version {step}; "
                f"this Headgate knows versions up to {len(_STEPS)}.",
                fix="Upgrade Headgate, or set [ledger] url to another place.",
            )

    def _step(self, run: Run) -> int:
        if not self._database.has_table(run, "key_state"):
            return 0
        return int(run("SELECT step FROM key_state")[0][0])

    def version(self) -> int:
        """Changes so far."""
        with self._database.reading() as run:
            return int(run("SELECT version FROM key_state")[0][0])

    def keys(self) -> list[Key]:
        """All keys."""
        with self._database.reading() as run:
            rows = run("SELECT record FROM keys ORDER BY created_us, id")
        return [_KEY.decode(record) for (record,) in rows]

    def teams(self) -> list[Team]:
        """All teams."""
        with self._database.reading() as run:
            rows = run("SELECT record FROM teams")
        return sorted((_TEAM.decode(record) for (record,) in rows), key=lambda team: team.name)

    def put_key(self, key: Key) -> None:
        """Keep a key."""
        with self._database.writing() as run:
            record = msgspec.json.encode(key).decode()
            run(_sql("keep_key"), key.id, key.created_us, record)
            run("UPDATE key_state SET version = version + 1")

    def put_team(self, team: Team) -> None:
        """Keep a team."""
        with self._database.writing() as run:
            run(_sql("keep_team"), team.name, msgspec.json.encode(team).decode())
            run("UPDATE key_state SET version = version + 1")

    def claim(self, holder: str, claims: Sequence[Claim], now_us: int) -> list[Grant]:
        """Lend."""
        if not claims:
            return []
        with self._database.writing() as run:
            return [_lend(run, holder, claim, now_us) for claim in claims]

    def reclaim(self, now_us: int) -> int:
        """Take back."""
        dead_us = now_us - RECLAIM_US
        with self._database.reading() as run:
            found = [Account(*row) for row in run(_sql("dead"), dead_us)]
            bills = {account: _bill(run, account) for account in found}
        if not bills:
            return 0
        with self._database.writing() as run:
            return sum(_take_back(run, account, bill, dead_us) for account, bill in bills.items())

    def spending(self, scope: str) -> list[Spending]:
        """The accounts of one scope."""
        with self._database.reading() as run:
            rows = run(_sql("spending"), scope)
        return [Spending(Account(scope, *row[:2]), row[2], row[3]) for row in rows]

    def close(self) -> None:
        """Close the connection."""
        self._database.close()


def _lend(run: Run, holder: str, claim: Claim, now_us: int) -> Grant:
    place = claim.account
    lease = _sums(run(_sql("lease"), *place, holder))
    account, lease = lend(claim, _sums(run(_sql("account"), *place)), lease)
    run(_sql("keep_account"), *place, *account)
    run(_sql("keep_lease"), *place, holder, *lease, now_us + LEASE_US)
    return Grant(lease[1], account[0])


def _bill(run: Run, account: Account) -> int:
    """What the ledger knows of an account."""
    kind, _, name = account.scope.partition(":")
    (row,) = run(_sql(f"bill_{kind}"), name, *span(account.period, account.since_us))
    return int(row[0])


def _take_back(run: Run, account: Account, bill: int, dead_us: int) -> int:
    """Give back what the dead hold of one account; 1 if there was anything."""
    ((held,),) = run(_sql("held_by_dead"), *account, dead_us)
    if held is None:  # another process has done it meanwhile
        return 0
    run(_sql("free_dead"), *account, dead_us)
    after = reclaimed(_sums(run(_sql("account"), *account)), int(held), bill)
    run(_sql("keep_account"), *account, *after)
    return 1


def _sums(rows: list[tuple[Any, ...]]) -> tuple[int, int]:
    return (rows[0][0], rows[0][1]) if rows else (0, 0)


@cache
def _sql(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")


def _statements(script: str) -> list[str]:
    lines = (line for line in script.splitlines() if not line.startswith("--"))
    return [statement for statement in "\n".join(lines).split(";") if statement.strip()]
