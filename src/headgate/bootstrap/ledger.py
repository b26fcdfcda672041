"""Opens the ledger that the settings name: the store alone to read, or the whole to record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from stat import S_IRGRP, S_IROTH
from typing import TYPE_CHECKING

from headgate.bootstrap.variables import variable
from headgate.errors import ConfigError, ConfigFault
from headgate.ledger.late import opened_or_late
from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import Store
from headgate.ledger.tender import Tender
from headgate.ledger.url import SERVING_PATIENCE, file_of, journal_directory, open_store
from headgate.ledger.writer import Ledger
from headgate.settings.schema import LedgerSettings
from headgate.values import Clock

if TYPE_CHECKING:
    from headgate.gateway.transcript import Transcripts

__all__ = [
    "exposed_prompts",
    "journal_of",
    "ledger_of",
    "password_of",
    "reader_of",
    "recordable_of",
    "store_of",
    "tender_of",
    "transcripts_of",
]


def store_of(
    settings: LedgerSettings,
    env: Mapping[str, str],
    *,
    create: bool = False,
    patience: float | None = None,
) -> Store:
    """The store, for whoever only reads or writes events; `patience` as of `open_store`.

    Raises:
        ConfigError: it cannot be used, or the variable with its password is not set.
        StoreError: it does not answer.
    """
    password = password_of(settings, env)
    return open_store(settings.url, create=create, password=password, patience=patience)


def ledger_of(settings: LedgerSettings, env: Mapping[str, str], clock: Clock) -> Ledger:
    """The store with a journal before it and a writer between them, for a gateway.

    A store that does not answer now is opened when it does.

    Raises:
        ConfigError: one of them cannot be used, or the variable with the password is not set.
    """
    return Ledger.open(
        settings.url,
        clock=clock,
        password=password_of(settings, env),
        journal=journal_of(settings),
        spool_bytes=settings.spool_bytes,
        prompts_last=settings.keep_prompts,
    )


def tender_of(
    settings: LedgerSettings,
    env: Mapping[str, str],
    clock: Clock,
    *,
    failed: Callable[[], object],
    dropped: Callable[[int], object] = lambda _: None,
) -> Tender:
    """Who stores for all processes of a gateway, beside them; not for a ledger in memory.

    Args:
        failed: called at every time that the store failed.
        dropped: told how many prompts were given up, at every time that some were.

    Raises:
        ConfigError: as `store_of`.
    """
    directory = journal_of(settings) or journal_directory(settings.url)
    assert directory is not None  # noqa: S101 - what is in memory is no other process's to store
    store = opened_or_late(lambda: store_of(settings, env, create=True, patience=SERVING_PATIENCE))
    last = settings.keep_prompts
    return Tender(store, directory, clock=clock, failed=failed, dropped=dropped, prompts_last=last)


def reader_of(ledger: Ledger, settings: LedgerSettings, env: Mapping[str, str]) -> Store:
    """A store of its own for whoever reads beside the writer, so that neither waits for the other.

    What is kept in memory is there but once. A store that does not answer now is opened once it
    does.

    Raises:
        ConfigError: as `store_of`.
    """
    if isinstance(ledger.store, MemoryStore):
        return ledger.store
    return opened_or_late(
        lambda: store_of(settings, env, patience=SERVING_PATIENCE), behind=ledger.store
    )


def recordable_of(settings: LedgerSettings, ledger: Ledger) -> Callable[[], bool]:
    """Says whether a request may be served: always, or only while its row would be safe."""
    if settings.on_failure == "closed":
        return lambda: ledger.safe
    return lambda: True


def transcripts_of(
    settings: LedgerSettings, ledger: Ledger, secrets: Iterable[str]
) -> Transcripts | None:
    """Takes prompts down for the ledger, where the settings say so; `secrets` are our own keys."""
    if not settings.store_prompts:
        return None
    from headgate.gateway.transcript import Transcripts  # most gateways store none

    return Transcripts(ledger.keep, most=settings.prompt_bytes, secrets=secrets)


def exposed_prompts(settings: LedgerSettings) -> ConfigFault | None:
    """What to say where prompts are stored in a file that others may read; else None."""
    path = file_of(settings.url) if settings.store_prompts else None
    if path is None or not path.exists() or not path.stat().st_mode & (S_IRGRP | S_IROTH):
        return None
    return ConfigFault(
        f"Prompts are stored in {path}, which others than its owner may read.",
        fix=f"chmod go= {path}*",
        field="ledger.store_prompts",
    )


def journal_of(settings: LedgerSettings) -> Path | None:
    """The journal's directory where the settings name one; None for the usual place."""
    return None if settings.journal is None else Path(settings.journal)


def password_of(settings: LedgerSettings, env: Mapping[str, str]) -> str | None:
    """The database's password, where the settings name a variable for it.

    Raises:
        ConfigError: that variable is not set.
    """
    name = settings.password_env
    if name is None:
        return None
    password = variable(env, name)
    if not password:
        raise ConfigError(
            f"The environment variable {name} is not set; it holds the ledger's password.",
            fix=f"Set it (export {name}=...), or remove password_env below [ledger].",
        )
    return password
