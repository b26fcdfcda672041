"""Secrets that Headgate makes itself: a random text in a file that only its user can read."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from headgate.bootstrap.variables import variable
from headgate.errors import ConfigError
from headgate.ledger.url import journal_directory

__all__ = ["SHORTEST", "beside_ledger", "chosen", "kept", "made"]

SHORTEST = 16
"""Characters of a secret that somebody chose; one that was made has 43 random ones."""


def beside_ledger(url: str, ending: str) -> Path | None:
    """Where a secret with such an ending lies; None for a ledger in memory, which has no place.

    Raises:
        ConfigError: the URL names no store Headgate knows.
    """
    journal = journal_directory(url)
    if journal is None:
        return None
    return journal.with_name(f"{journal.name.removesuffix('.journal')}.{ending}")


def made(prefix: str = "") -> str:
    """A new secret: 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def chosen(env: Mapping[str, str], name: str, setting: str) -> str:
    """The secret in a variable that a setting names.

    Raises:
        ConfigError: it is not set, or too short, or its file cannot be used.
    """
    value = variable(env, name)
    if len(value) < SHORTEST:
        what = f"has fewer than {SHORTEST} characters" if value else "is not set"
        raise ConfigError(
            f"The environment variable {name}, which {setting} names, {what}.",
            fix="Set it to something long and random, such as what `openssl rand -hex 32` prints.",
        )
    return value


def kept(path: Path, what: str, *, prefix: str = "", instead: str) -> str:
    """The secret in a file; it is made where there is none, and processes at once agree on one.

    Args:
        what: `admin token`; for messages.
        instead: what else the operator can do where the file cannot be used.

    Raises:
        ConfigError: the file cannot be made or read, can be read by others, or holds no secret.
    """
    try:
        try:
            return _written(path, made(prefix))
        except FileExistsError:
            return _read(path, what)
    except OSError as error:
        raise ConfigError(
            f"The file {path}, which keeps the {what}, cannot be used: {error.strerror}.",
            fix=instead,
        ) from error


def _written(path: Path, secret: str) -> str:
    """The file appears whole or not at all: another process may look for it right now."""
    if path.exists():
        raise FileExistsError
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{secret}\n")
        os.link(draft, path)  # fails where one is there; a rename would replace it
    finally:
        draft.unlink()
    return secret


def _read(path: Path, what: str) -> str:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(
            f"The file {path} holds the {what} and can be read by other users.",
            fix=f"Run `chmod 600 {path}`.",
        )
    secret = path.read_text(encoding="utf-8", errors="replace").strip()
    if len(secret) < SHORTEST:
        raise ConfigError(
            f"The file {path} holds no {what}.",
            fix="Restore it from a backup, or delete it: a new one is made then.",
        )
    return secret
