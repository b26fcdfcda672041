"""Builds the admin port: its token, and who answers which path."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from headgate.errors import ConfigError
from headgate.gateway.admin import Admin
from headgate.gateway.app import App
from headgate.ledger.url import journal_directory
from headgate.settings.schema import Settings

__all__ = ["AdminToken", "admin_of", "admin_token", "token_file"]

SHORTEST_TOKEN = 16
"""Characters of an admin token; one that was made has 43 random ones."""


class AdminToken(NamedTuple):
    """The admin token, and where it comes from."""

    value: str
    origin: str
    """For people: the variable or the file; "memory" for one that is kept nowhere."""


def token_file(ledger_url: str) -> Path | None:
    """Where a token that Headgate made is kept: beside the ledger; None where it has no place.

    Raises:
        ConfigError: the URL names no store Headgate knows.
    """
    journal = journal_directory(ledger_url)
    if journal is None:
        return None
    return journal.with_name(f"{journal.name.removesuffix('.journal')}.admin-token")


def admin_token(settings: Settings, env: Mapping[str, str]) -> AdminToken:
    """The token of the variable that the settings name, else one that is made once and kept.

    It is kept in a file and not only printed: so whoever reads metrics goes on after a restart,
    several processes agree on it, and it stays out of logs.

    Raises:
        ConfigError: the variable is not set or its token too short; or the file cannot be made, or
            can be read by others.
    """
    name = settings.server.admin_token_env
    if name is None:
        return _kept(token_file(settings.ledger.url))
    value = env.get(name, "")
    if len(value) < SHORTEST_TOKEN:
        what = f"has fewer than {SHORTEST_TOKEN} characters" if value else "is not set"
        raise ConfigError(
            f"The environment variable {name}, which [server] admin_token_env names, {what}.",
            fix="Set it to something long and random, such as what `openssl rand -hex 32` prints.",
        )
    return AdminToken(value, name)


def _kept(path: Path | None) -> AdminToken:
    made = f"hga_{secrets.token_urlsafe(32)}"
    if path is None:
        return AdminToken(made, "memory")
    try:
        try:
            return AdminToken(_written(path, made), str(path))
        except FileExistsError:
            return AdminToken(_read(path), str(path))
    except OSError as error:
        raise ConfigError(
            f"The file {path}, which keeps the admin token, cannot be used: {error.strerror}.",
            fix='Name a variable in [server] admin_token_env, or turn the port off: admin = "".',
        ) from error


def _written(path: Path, token: str) -> str:
    """The file appears whole or not at all: another process may look for it right now."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{token}\n")
        os.link(draft, path)  # fails where one is there; a rename would replace it
    finally:
        draft.unlink()
    return token


def _read(path: Path) -> str:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(
            f"The file {path} holds the admin token and can be read by other users.",
            fix=f"Run `chmod 600 {path}`, or delete it: a new token is made at the next start.",
        )
    token = path.read_text(encoding="utf-8", errors="replace").strip()
    if len(token) < SHORTEST_TOKEN:
        raise ConfigError(
            f"The file {path} holds no admin token.",
            fix="Delete it: a new one is made at the next start.",
        )
    return token


def admin_of(app: App, token: AdminToken) -> Admin:
    """The admin port's handler. What a further room answers there is mounted here."""
    admin = Admin(token.value)
    admin.mount("/healthz", app.health, access="open")
    admin.mount("/readyz", app.ready, access="open")
    return admin
