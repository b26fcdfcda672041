"""Builds the admin port: its token, and who answers which path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from headgate.bootstrap.secret_file import beside_ledger, chosen, kept, made
from headgate.gateway.admin import Admin
from headgate.gateway.app import App
from headgate.settings.schema import Settings

__all__ = ["AdminToken", "admin_of", "admin_token", "token_file"]

PREFIX = "hga_"
"""So that scanners for secrets can know one."""


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
    return beside_ledger(ledger_url, "admin-token")


def admin_token(settings: Settings, env: Mapping[str, str]) -> AdminToken:
    """The token of the variable that the settings name, else one that is made once and kept.

    It is kept in a file and not only printed: so whoever reads metrics goes on after a restart,
    several processes agree on it, and it stays out of logs.

    Raises:
        ConfigError: the variable is not set or its token too short; or the file cannot be made, or
            can be read by others.
    """
    name = settings.server.admin_token_env
    if name is not None:
        return AdminToken(chosen(env, name, "[server] admin_token_env"), name)
    path = token_file(settings.ledger.url)
    if path is None:
        return AdminToken(made(PREFIX), "memory")
    off = 'Name a variable in [server] admin_token_env, or turn the port off: admin = "".'
    return AdminToken(kept(path, "admin token", prefix=PREFIX, instead=off), str(path))


def admin_of(app: App, token: AdminToken) -> Admin:
    """The admin port's handler. What a further room answers there is mounted here."""
    admin = Admin(token.value)
    admin.mount("/healthz", app.health, access="open")
    admin.mount("/readyz", app.ready, access="open")
    return admin
