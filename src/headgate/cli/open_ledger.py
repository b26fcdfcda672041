"""Opens the ledger for the commands that read it, with the settings that it is held against."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from headgate.bootstrap.book import book_of
from headgate.bootstrap.ledger import journal_of, store_of
from headgate.cli.options import open_settings
from headgate.errors import ConfigError
from headgate.ledger.intake import recover
from headgate.ledger.store import Store, StoreError
from headgate.prices.book import Book
from headgate.settings import Settings, find
from headgate.settings.schema import LedgerSettings

__all__ = ["Opened", "no_plan", "open_ledger", "unplanned"]


class Opened(NamedTuple):
    """A ledger that is open, and what it is held against."""

    store: Store
    settings: Settings | None
    """None where there is no file, and the ledger was named so that none is needed."""
    book: Book | None
    """The prices of the settings."""


@contextmanager
def open_ledger(
    config: Path | None, sets: tuple[str, ...], url: str | None, *, take_in: bool = True
) -> Iterator[Opened]:
    """Open the ledger at `url`, or the one the settings name; close it in the end.

    What a gateway that died left in its journal is taken in first, unless `take_in` is False.

    Raises:
        ConfigError: no settings where they are needed, faults in them, or no such ledger.
        StoreError: the ledger does not answer.
    """
    settings = _settings(config, sets, needed=url is None)
    source = config or find(Path(), os.environ) or "headgate.toml"
    book = None if settings is None else book_of(settings, str(source))
    where = _where(settings, url)
    store = store_of(where, os.environ)
    try:
        if take_in:
            _take_in(where, store)
        yield Opened(store, settings, book)
    finally:
        store.close()


def unplanned(error: ConfigError) -> None:
    """Say why the ledger is held against no plan; what has no price is counted all the same."""
    click.echo(f"warning: {no_plan(error)}", err=True)


def no_plan(error: ConfigError) -> str:
    """The same as a sentence, with all that keeps the plan from being made."""
    return f"There is no plan to compare with. {error}"


def _where(settings: Settings | None, url: str | None) -> LedgerSettings:
    """The ledger of the settings, or the one at `url`; the settings' password is not for others."""
    if settings is not None and url in (None, settings.ledger.url):
        return settings.ledger
    return LedgerSettings(url=url or "")


def _settings(config: Path | None, sets: tuple[str, ...], *, needed: bool) -> Settings | None:
    if not needed and config is None and find(Path(), os.environ) is None:
        return None
    return open_settings(config, sets, need_file=True, need_providers=False).settings


def _take_in(where: LedgerSettings, store: Store) -> None:
    """Bring in what a gateway that died left in its journal; without that, say so and go on."""
    try:
        found = recover(where.url, store, journal=journal_of(where))
    except (OSError, StoreError) as error:
        click.echo(f"Rows in the journal could not be taken in, and are missing: {error}", err=True)
        return
    if found.rows:
        rows = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
        click.echo(f"Took in {rows} that a stopped gateway left.", err=True)
    if found.damaged:
        records = (
            "1 torn record was" if found.damaged == 1 else f"{found.damaged:,} torn records were"
        )
        click.echo(f"{records} kept aside in the journal's directory.", err=True)
