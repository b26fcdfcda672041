"""Opens the virtual keys of a ledger, and builds the admission that a gateway judges by."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from headgate.access.limits import span
from headgate.access.purse import Account
from headgate.bootstrap.ledger import password_of
from headgate.bootstrap.secret_file import beside_ledger, chosen, kept
from headgate.bootstrap.variables import variable
from headgate.errors import ConfigError
from headgate.gateway.admission import Admission, Terms
from headgate.gateway.gate import Gate
from headgate.gateway.till import Till
from headgate.ledger.event import Event
from headgate.ledger.keys import KeyStore
from headgate.ledger.late import opened_or_late
from headgate.ledger.refused import REFUSED, refused_by_key
from headgate.ledger.store import Store, StoreError, Window
from headgate.ledger.url import SERVING_PATIENCE, open_keys
from headgate.ledger.writer import Ledger
from headgate.settings.schema import Settings
from headgate.values import Clock, usd

__all__ = [
    "Note",
    "admission_of",
    "gateway_keys_of",
    "in_background",
    "keys_of",
    "pepper_file",
    "pepper_of",
    "refused_today",
    "terms_of",
]

log = logging.getLogger("headgate.gateway")

Note = Callable[[Event], None]
"""Where events go."""


def keys_of(settings: Settings, env: Mapping[str, str], *, create: bool = True) -> KeyStore:
    """The key store of the settings' ledger.

    Raises:
        ConfigError: it cannot be used.
        StoreError: it does not answer.
    """
    url, password = settings.ledger.url, password_of(settings.ledger, env)
    return open_keys(url, create=create, password=password, patience=SERVING_PATIENCE)


def gateway_keys_of(settings: Settings, env: Mapping[str, str], ledger: Ledger) -> KeyStore:
    """The key store for a gateway: one that does not answer now is opened when it does.

    Until then no virtual key is known, and whoever sends one is told to try again.

    Raises:
        ConfigError: it cannot be used.
    """
    return opened_or_late(lambda: keys_of(settings, env), behind=ledger.store)


def pepper_file(ledger_url: str) -> Path | None:
    """Where a pepper that Headgate made is kept; None where it has no place.

    Raises:
        ConfigError: the URL names no store Headgate knows.
    """
    return beside_ledger(ledger_url, "key-pepper")


def pepper_of(settings: Settings, env: Mapping[str, str]) -> bytes:
    """What keys are hashed with: the variable that the settings name, else a file's content.

    Raises:
        ConfigError: the variable is not set, the file cannot be used, or a file will not do: it is
            on one machine, and the ledger is for several.
    """
    name = settings.keys.pepper_env
    if name is not None:
        return chosen(env, name, "[keys] pepper_env").encode()
    path = pepper_file(settings.ledger.url)
    if path is None or not settings.ledger.url.startswith("sqlite:"):
        raise ConfigError(
            "Virtual keys in this ledger need a pepper that all its gateways know.",
            fix="Name the environment variable that holds one: [keys] pepper_env.",
        )
    instead = "Name an environment variable in [keys] pepper_env."
    return kept(path, "pepper of the keys", instead=instead).encode()


def terms_of(settings: Settings) -> Terms:
    """How much is set aside for a request."""
    keys = settings.keys
    return Terms(keys.margin, keys.output_tokens, keys.on_unpriced)


def admission_of(
    settings: Settings,
    env: Mapping[str, str],
    clock: Clock,
    *,
    store: KeyStore | None = None,
    note: Note | None = None,
) -> Admission:
    """Who may come in, and what they may use.

    Args:
        store: where virtual keys rest; None: there are none.
        note: where it is written down that a budget is spent.

    Raises:
        ConfigError: a variable that the settings name is not set, or the pepper cannot be used.
    """
    name, keys = settings.server.api_key_env, settings.keys
    master = variable(env, name) if name else None
    terms = terms_of(settings)
    if store is None:
        return Admission(Gate(clock, master=master, required=keys.required), terms=terms)
    try:
        in_use = _in_use(settings, store)
    except StoreError:  # the log has said so; the gateway finds out later, and serves till then
        gate = Gate(clock, unsure=True, master=master, required=keys.required)
        return Admission(gate, store=store, terms=terms)
    if not in_use:
        return Admission(Gate(clock, master=master, required=keys.required), terms=terms)
    pepper = pepper_of(settings, env)
    gate = Gate(clock, pepper=pepper, master=master, required=keys.required)

    def exhausted(account: Account, limit: int) -> None:
        if note is not None:
            note(_exhausted(account, limit, int(clock.time() * 1e6)))

    till = Till(store, clock, holder=secrets.token_hex(8), exhausted=exhausted)
    return Admission(gate, store=store, till=till, terms=terms)


def refused_today(store: Store, now_us: int) -> dict[str, int]:
    """Requests refused since midnight (UTC), by the id of their key."""
    window = Window(span("day", now_us).since_us, None)
    return refused_by_key(store.events(window, [REFUSED]))


def in_background(store: Store) -> Note:
    """Writes events down in a thread, for an event loop that must not wait; says so if it fails."""

    def write(event: Event) -> None:
        try:
            store.note([event])
        except StoreError as error:
            log.error("the event %s could not be kept: %s", event.id, error)

    def note(event: Event) -> None:
        asyncio.get_running_loop().run_in_executor(None, write, event)

    return note


def _in_use(settings: Settings, store: KeyStore) -> bool:
    """A pepper can be had, or keys are there or asked for, so that one must be."""
    sure = settings.keys.pepper_env is not None or settings.ledger.url.startswith("sqlite:")
    return sure or settings.keys.required or bool(store.keys())


def _exhausted(account: Account, limit: int, at_us: int) -> Event:
    """However many processes say so, it is one event: its id is made of what happened."""
    return Event(
        id=f"budget.exhausted/{account.scope}/{account.period}/{account.since_us}",
        at_us=at_us,
        kind="budget.exhausted",
        subject=account.scope,
        detail=msgspec.json.encode({"period": account.period, "limit_usd": usd(limit)}).decode(),
    )
