"""A virtual key: what of it is kept, how it is written, and whether a secret is the right one.

A secret is `hg_ID_RANDOM`. The id finds the record; the record holds an HMAC-SHA256 of the whole
secret under a pepper that is kept apart from it. So a copy of the database opens nothing, and no
look-up is ever made with what a caller has sent but by the id in it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from headgate.access.limits import NO_LIMITS, Limits

__all__ = [
    "PREFIX",
    "Key",
    "KeyState",
    "Minted",
    "Pepper",
    "Team",
    "digest",
    "id_at",
    "id_in",
    "mint",
]

ID_BYTES = 6
SECRET_BYTES = 32

PREFIX = "hg_"
"""What the secret of every virtual key begins with."""

_TOKEN = re.compile(rf"{PREFIX}([a-z2-7]{{10}})_[A-Za-z0-9_-]{{43}}", re.ASCII)
_ID_FROM = len(PREFIX)
_ID_TO = _ID_FROM + 10
_LENGTH = _ID_TO + 1 + 43
_NOTHING = "0" * 64

_BLOCK = 64
"""Bytes that SHA-256 reads at a time."""
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))

KeyState: TypeAlias = Literal["active", "expired", "revoked"]


class Minted(NamedTuple):
    """A new secret: shown once, never kept."""

    id: str
    secret: str


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """Several keys that share limits."""

    name: str
    limits: Limits = NO_LIMITS
    created_us: int = 0


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a key. Times are microseconds since 1970."""

    id: str
    name: str
    team: str | None = None
    digest: str
    """HMAC-SHA256 of the secret under the pepper, in hexadecimal."""
    limits: Limits = NO_LIMITS
    labels: Mapping[str, str] = {}
    created_us: int
    expires_us: int | None = None
    revoked_us: int | None = None
    previous: str | None = None
    """Digest of the secret before the last rotation."""
    previous_until_us: int | None = None
    """Until when that one is still good."""

    def state(self, at_us: int) -> KeyState:
        """Whether the key is good at a time."""
        if self.revoked_us is not None and at_us >= self.revoked_us:
            return "revoked"
        if self.expires_us is not None and at_us >= self.expires_us:
            return "expired"
        return "active"

    def opens(self, sent: str, at_us: int) -> bool:
        """Whether a digest is that of this key's secret, or of the one before it in its grace.

        The time it takes does not tell how much of a wrong one is right; that one was right is told
        by the answer anyway.
        """
        if hmac.compare_digest(sent, self.digest):
            return True
        before = hmac.compare_digest(sent, self.previous or _NOTHING)
        graced = self.previous_until_us is not None and at_us < self.previous_until_us
        return before and graced and self.previous is not None


def mint(dice: bytes, *, id: str | None = None) -> Minted:  # noqa: A002 - the noun of the domain
    """A secret from `ID_BYTES + SECRET_BYTES` random bytes; of an existing key where `id` is given.

    >>> mint(bytes(38)).secret
    'hg_aaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

    Raises:
        ValueError: there are fewer random bytes than that.
    """
    if len(dice) < ID_BYTES + SECRET_BYTES:
        raise ValueError("a key needs more random bytes")
    name = id or base64.b32encode(dice[:ID_BYTES]).decode().lower()[:10]
    random = base64.urlsafe_b64encode(dice[ID_BYTES : ID_BYTES + SECRET_BYTES]).decode()
    return Minted(name, f"{PREFIX}{name}_{random.rstrip('=')}")


def id_at(secret: str) -> str | None:
    """What stands at the place of the id in a text as long as a secret; None in any other text.

    Sooner told than `id_in`, and enough to look a key up: only a secret has its digest.

    >>> id_at("hg_aaaaaaaaaa_" + "A" * 43)
    'aaaaaaaaaa'
    """
    if len(secret) != _LENGTH or secret[:_ID_FROM] != PREFIX or not secret.isascii():
        return None
    return secret[_ID_FROM:_ID_TO]


def id_in(secret: str) -> str | None:
    """The id in a text that has the form of a secret; None for any other text."""
    match = _TOKEN.fullmatch(secret)
    return None if match is None else match[1]


def digest(pepper: bytes, secret: str) -> str:
    """HMAC-SHA256 of a secret, in hexadecimal."""
    return hmac.digest(pepper, secret.encode(), "sha256").hex()


class Pepper:
    """The same digest for many secrets: what of HMAC-SHA256 depends on the pepper is done once.

    Two SHA-256 that have read the padded pepper are copied for each secret (RFC 2104, section 4).
    No secret is kept and none is looked up, so there is nothing that time could tell of one.

    >>> Pepper(b"pepper").digest("hg_a_b") == digest(b"pepper", "hg_a_b")
    True
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, pepper: bytes) -> None:
        if len(pepper) > _BLOCK:
            pepper = hashlib.sha256(pepper).digest()
        padded = pepper.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(padded.translate(_INNER))
        self._outer = hashlib.sha256(padded.translate(_OUTER))

    def digest(self, secret: str) -> str:
        """HMAC-SHA256 of a secret under this pepper, in hexadecimal."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(secret.encode())
        outer.update(inner.digest())
        return outer.hexdigest()
