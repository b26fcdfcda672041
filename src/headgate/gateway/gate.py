"""The gate: whose key a request carries, and how fast its owner may go."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from headgate.access.bucket import Bucket
from headgate.access.key import Key, Team, digest, id_in
from headgate.access.limits import Limits
from headgate.access.token import carries, presented
from headgate.errors import RequestError
from headgate.values import Clock

__all__ = ["NOBODY", "Gate", "Ring", "Visitor", "too_fast"]

_NO_DIGEST = "0" * 64


class Ring(NamedTuple):
    """All virtual keys and teams at one moment."""

    version: int
    keys: Mapping[str, Key]
    """By id."""
    teams: Mapping[str, Team]
    """By name."""


EMPTY = Ring(-1, {}, {})


class Visitor(NamedTuple):
    """Who sends a request; without a key it is whoever may come in, with no limits of its own."""

    key: Key | None = None
    team: Team | None = None

    @property
    def key_id(self) -> str | None:
        """The id that the ledger names it by."""
        return None if self.key is None else self.key.id

    @property
    def team_name(self) -> str | None:
        """The team that the ledger names it by."""
        return None if self.key is None else self.key.team

    @property
    def limits(self) -> Iterator[tuple[str, Limits]]:
        """What it is held to: its key's limits and its team's, each with the scope's name."""
        if self.key is not None:
            yield f"key:{self.key.id}", self.key.limits
            if self.team is not None:
                yield f"team:{self.team.name}", self.team.limits


NOBODY = Visitor()


class Gate:
    """Lets requests in, or not.

    Args:
        pepper: what virtual keys are hashed with; without one there are none.
        master: the gateway's one key of its own, if it has one.
        required: whether a request without any key is refused; a `master` always makes it so.
        clock: tells whether a key has expired, and how fast requests come.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        pepper: bytes | None = None,
        master: str | None = None,
        required: bool = False,
    ) -> None:
        self._clock = clock
        self._pepper = pepper
        self._master = None if master is None else master.encode()
        self._required = required or master is not None
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self.ring = EMPTY
        """Assigned anew when keys change; a request sees one ring or the other."""

    def enter(self, headers: Mapping[str, str]) -> Visitor:
        """Who sends a request with these headers.

        A key in the form of a virtual one must be good even where none is asked for.

        Raises:
            RequestError: 401, the same for every key that is not known.
        """
        if not self._required and self._pepper is None:
            return NOBODY
        for given in presented(headers):
            name = id_in(given)
            if name is not None and self._pepper is not None:
                visitor = self._known(name, digest(self._pepper, given))
                if visitor is not None:
                    return visitor
                raise _invalid()
        if not self._required or (self._master is not None and carries(headers, self._master)):
            return NOBODY
        raise _invalid()

    def _known(self, name: str, sent: str) -> Visitor | None:
        """The key's owner; None where the secret is not the key's, or there is no such key.

        Raises:
            RequestError: it is, and the key is no longer good.
        """
        key = self.ring.keys.get(name, _STRANGER)
        at_us = int(self._clock.time() * 1e6)
        if not key.opens(sent, at_us) or key is _STRANGER:
            return None
        state = key.state(at_us)
        if state == "active":
            return Visitor(key, None if key.team is None else self.ring.teams.get(key.team))
        raise RequestError(
            f"The API key `{key.id}` is {state}.",
            status=401,
            code="key_expired" if state == "expired" else "key_revoked",
            fix="Ask whoever runs this gateway for a new one.",
        )

    def pace(self, visitor: Visitor) -> None:
        """One more request.

        Raises:
            RequestError: 429, more than its key or team may send in a minute.
        """
        if visitor.key is None:
            return
        at = self._clock.monotonic()
        buckets = [
            (scope, self._bucket(scope, "requests", limits.requests_per_minute, at))
            for scope, limits in visitor.limits
            if limits.requests_per_minute is not None
        ]
        for scope, bucket in buckets:
            if (wait := bucket.wait(1, at)) > 0:
                raise too_fast(scope, "requests", bucket.per_minute, wait)
        for _, bucket in buckets:
            bucket.take(1)

    def tokens(self, visitor: Visitor, estimate: int) -> list[Bucket]:
        """Room for a request of so many tokens; the buckets that its real number is settled in.

        Raises:
            RequestError: 429, more than its key or team may use in a minute.
        """
        at = self._clock.monotonic()
        found = []
        for scope, limits in visitor.limits:
            if limits.tokens_per_minute is not None:
                bucket = self._bucket(scope, "tokens", limits.tokens_per_minute, at)
                if (wait := bucket.wait(estimate, at)) > 0:
                    raise too_fast(scope, "tokens", bucket.per_minute, wait)
                found.append(bucket)
        for bucket in found:
            bucket.take(estimate)
        return found

    def _bucket(self, scope: str, unit: str, per_minute: int, at: float) -> Bucket:
        bucket = self._buckets.get((scope, unit))
        if bucket is None:
            bucket = self._buckets[scope, unit] = Bucket(per_minute, at)
        elif bucket.per_minute != per_minute:
            bucket.resize(per_minute)
        return bucket


_STRANGER = Key(id="", name="", digest=_NO_DIGEST, created_us=0)
"""Compared with in the place of a key that is not there, so that the time does not tell."""


def _invalid() -> RequestError:
    return RequestError(
        "The API key is missing or not valid.",
        status=401,
        code="invalid_api_key",
        fix="Send `Authorization: Bearer KEY` or `x-api-key: KEY` with this gateway's key.",
    )


def too_fast(scope: str, unit: str, per_minute: int, wait: float) -> RequestError:
    """The refusal of a key or team that goes too fast; `wait` in seconds."""
    kind, _, name = scope.partition(":")
    return RequestError(
        f"The {kind} `{name}` may use {per_minute:,} {unit} a minute.",
        status=429,
        code="rate_limit_exceeded",
        fix="Send fewer at a time, or ask for a higher limit.",
        retry_after=wait if math.isfinite(wait) else None,
    )
