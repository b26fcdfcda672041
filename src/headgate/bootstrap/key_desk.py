"""The desk where keys are handed out, changed and taken back; each act is an event."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from headgate.access.key import ID_BYTES, SECRET_BYTES, Key, Team, digest, mint
from headgate.access.limits import NO_LIMITS, Limits
from headgate.bootstrap.keys import Note
from headgate.errors import RequestError
from headgate.ledger.event import Event
from headgate.ledger.keys import KeyStore
from headgate.values import Clock

__all__ = ["Issued", "KeyDesk", "UnknownKeyError"]

LONGEST_NAME = 100
LONGEST_LABEL = 200


class UnknownKeyError(RequestError):
    """There is no key of that id or name, or several of that name."""

    status = 404


class Issued(NamedTuple):
    """A key, and its secret: shown now and never again."""

    key: Key
    secret: str


class KeyDesk:
    """Does what an operator asks for.

    Args:
        store: where keys rest.
        pepper: what secrets are hashed with.
        note: where events go.
    """

    def __init__(self, store: KeyStore, pepper: bytes, clock: Clock, note: Note) -> None:
        self._store = store
        self._pepper = pepper
        self._clock = clock
        self._note = note

    def create(
        self,
        name: str,
        *,
        team: str | None = None,
        limits: Limits = NO_LIMITS,
        labels: Mapping[str, str] | None = None,
        lasts: float | None = None,
    ) -> Issued:
        """Make a key; `lasts` is in seconds, None: until it is revoked.

        A team that is not there yet is made, without limits.

        Raises:
            RequestError: a name or label is empty, too long or holds control characters.
        """
        for text in (name, *([team] if team is not None else [])):
            _check(text, LONGEST_NAME)
        for text in (labels or {}).keys() | set((labels or {}).values()):
            _check(text, LONGEST_LABEL)
        now_us = self._now_us()
        minted = mint(secrets.token_bytes(ID_BYTES + SECRET_BYTES))
        key = Key(
            id=minted.id,
            name=name,
            team=team,
            digest=digest(self._pepper, minted.secret),
            limits=limits,
            labels=dict(labels or {}),
            created_us=now_us,
            expires_us=None if lasts is None else now_us + int(lasts * 1e6),
        )
        if team is not None and team not in {known.name for known in self._store.teams()}:
            self._store.put_team(Team(name=team, created_us=now_us))
        self._store.put_key(key)
        self._tell("key.created", key.id, name=name, team=team)
        return Issued(key, minted.secret)

    def find(self, wanted: str) -> Key:
        """The key of that id; or of that name, where only one good key has it.

        Raises:
            UnknownKeyError: there is none, or there are several.
        """
        keys = self._store.keys()
        for key in keys:
            if key.id == wanted:
                return key
        named = [key for key in keys if key.name == wanted]
        good = [key for key in named if key.state(self._now_us()) == "active"] or named
        if len(good) == 1:
            return good[0]
        if good:
            raise UnknownKeyError(
                f"{len(good)} keys have the name {wanted!r}.",
                fix=f"Name one by its id: {', '.join(key.id for key in good)}.",
            )
        raise UnknownKeyError(
            f"There is no key {wanted[:100]!r}.", fix="`headgate keys list` shows all of them."
        )

    def revoke(self, wanted: str) -> Key:
        """Take a key back for ever; a key that has been stays as it was.

        Raises:
            UnknownKeyError: there is no such key.
        """
        key = self.find(wanted)
        if key.revoked_us is None:
            key = msgspec.structs.replace(key, revoked_us=self._now_us(), previous=None)
            self._store.put_key(key)
            self._tell("key.revoked", key.id, name=key.name)
        return key

    def rotate(self, wanted: str, *, grace: float) -> Issued:
        """Give a key a new secret; the old one is good for `grace` seconds more.

        Raises:
            UnknownKeyError: there is no such key.
            RequestError: it has been revoked.
        """
        key = self.find(wanted)
        if key.revoked_us is not None:
            raise RequestError(
                f"The key {key.id} has been revoked.",
                status=409,
                code="key_revoked",
                fix="Create another one.",
            )
        minted = mint(secrets.token_bytes(ID_BYTES + SECRET_BYTES), id=key.id)
        key = msgspec.structs.replace(
            key,
            digest=digest(self._pepper, minted.secret),
            previous=key.digest if grace > 0 else None,
            previous_until_us=self._now_us() + int(grace * 1e6) if grace > 0 else None,
        )
        self._store.put_key(key)
        self._tell("key.rotated", key.id, name=key.name, grace_seconds=grace)
        return Issued(key, minted.secret)

    def change(self, wanted: str, limits: Limits) -> Key:
        """Give a key other limits.

        Raises:
            UnknownKeyError: there is no such key.
        """
        key = msgspec.structs.replace(self.find(wanted), limits=limits)
        self._store.put_key(key)
        self._tell("key.changed", key.id, limits=limits)
        return key

    def team(self, name: str, limits: Limits) -> Team:
        """Give a team other limits; it is made where there is none.

        Raises:
            RequestError: the name is empty, too long or holds control characters.
        """
        _check(name, LONGEST_NAME)
        known = {team.name: team for team in self._store.teams()}
        created_us = known[name].created_us if name in known else self._now_us()
        team = Team(name=name, limits=limits, created_us=created_us)
        self._store.put_team(team)
        self._tell("team.changed", name, limits=limits)
        return team

    def _now_us(self) -> int:
        return int(self._clock.time() * 1e6)

    def _tell(self, kind: str, subject: str, **detail: object) -> None:
        at_us = self._now_us()
        text = msgspec.json.encode({name: value for name, value in detail.items() if value})
        self._note(
            Event(
                id=f"{kind}/{subject}/{at_us}",
                at_us=at_us,
                kind=kind,
                subject=subject,
                detail=text.decode(),
            )
        )


def _check(text: str, longest: int) -> None:
    if not text.strip() or len(text) > longest or not text.isprintable():
        raise RequestError(
            f"A name or label is empty, longer than {longest} characters, or holds control "
            "characters.",
            code="invalid_value",
            fix="Give it a short one.",
        )
