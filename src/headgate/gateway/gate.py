"""The gate: whose key a request carries, and how fast its owner may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hmac import compare_digest

import msgspec

from headgate.access.bucket import Bucket
from headgate.access.key import PREFIX, Key, Pepper, Team, id_at, id_in
from headgate.access.limits import Budget, Limits
from headgate.access.purse import Allowance
from headgate.access.token import carries, presented
from headgate.gateway.key_refusals import invalid, no_longer_good, too_fast, unread
from headgate.routing.policies import Policies
from headgate.values import Clock

__all__ = ["NOBODY", "Gate", "Ring", "Visitor"]

_NO_DIGEST = "0" * 64


class Ring(msgspec.Struct, frozen=True):
    """All virtual keys and teams at one moment."""

    version: int
    keys: Mapping[str, Key]
    """By id."""
    teams: Mapping[str, Team]
    """By name."""


EMPTY = Ring(-1, {}, {})
"""Before the keys have been read for the first time."""


class Visitor:
    """Who sends a request; without a key it is whoever may come in, with no limits of its own.

    All that follows from the key and the team is worked out here, once for all their requests.
    """

    __slots__ = (
        "allowance",
        "buckets",
        "budgets",
        "closed",
        "confined",
        "key",
        "key_id",
        "lasting",
        "limits",
        "requests",
        "team",
        "team_name",
        "tokens",
    )

    def __init__(self, key: Key | None = None, team: Team | None = None) -> None:
        self.key = key
        self.team = team
        self.key_id = None if key is None else key.id
        """The id that the ledger names it by."""
        self.team_name = None if key is None else key.team
        """The team that the ledger names it by."""
        self.limits = _limits(key, team)
        """What it is held to: its key's limits and its team's, each with the scope's name."""
        self.budgets: tuple[tuple[str, Budget], ...] = tuple(
            (scope, budget) for scope, limits in self.limits for budget in limits.budgets
        )
        """What it may spend, by scope."""
        self.allowance = Allowance(self.budgets)
        """The same, with the purses that it is paid from."""
        self.requests: tuple[tuple[str, int], ...] = tuple(
            (scope, limits.requests_per_minute)
            for scope, limits in self.limits
            if limits.requests_per_minute is not None
        )
        """How many requests a minute, by scope."""
        self.tokens: tuple[tuple[str, int], ...] = tuple(
            (scope, limits.tokens_per_minute)
            for scope, limits in self.limits
            if limits.tokens_per_minute is not None
        )
        """How many tokens a minute, by scope."""
        self.buckets: dict[str, Sequence[Bucket]] = {}
        """Where `requests` and `tokens` are drawn from, once the gate has looked for them."""
        self.confined = any(
            limits.models or limits.tiers or limits.policies or not limits.pin
            for _, limits in self.limits
        )
        """Something that this gateway serves may be closed to it."""
        self.lasting = key is not None and key.revoked_us is None and key.expires_us is None
        """Its key is good for as long as the ring knows it."""
        self.closed: tuple[Policies, Mapping[str, str]] | None = None
        """The tiers that may not answer it (name -> why) under these policies, once `permission`
        has looked; worked out again where others have been loaded."""


def _limits(key: Key | None, team: Team | None) -> tuple[tuple[str, Limits], ...]:
    if key is None:
        return ()
    own = (f"key:{key.id}", key.limits)
    return (own,) if team is None else (own, (f"team:{team.name}", team.limits))


NOBODY = Visitor()


class Gate:
    """Lets requests in, or not.

    Args:
        pepper: what virtual keys are hashed with; without one there are none.
        unsure: there is no pepper, and it is not known whether there are keys that ask for one:
            until a ring without keys is seen, whoever sends a virtual key is told to try again.
        master: the gateway's one key of its own, if it has one.
        required: whether a request without any key is refused; a `master` always makes it so.
        clock: tells whether a key has expired, and how fast requests come.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        pepper: bytes | None = None,
        unsure: bool = False,
        master: str | None = None,
        required: bool = False,
    ) -> None:
        self._clock = clock
        self._pepper = None if pepper is None else Pepper(pepper)
        self.unsure = unsure and pepper is None
        self._master = None if master is None else master.encode()
        self.required = required or master is not None
        """A request without any key is refused."""
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._ring = EMPTY
        self._visitors: dict[str, Visitor] = {}  # of the ring's keys, once they have been here

    @property
    def ring(self) -> Ring:
        """Assigned anew when keys change; a request sees one ring or the other."""
        return self._ring

    @ring.setter
    def ring(self, ring: Ring) -> None:
        self._ring, self._visitors = ring, {}
        self.unsure = self.unsure and bool(ring.keys)

    def enter(self, headers: Mapping[str, str]) -> Visitor:
        """Who sends a request with these headers.

        A key that begins like a virtual one must be good even where none is asked for: one that was
        damaged on its way does not come in without its limits.

        Raises:
            RequestError: 401, the same for every key that is not known; 503 while none was read.
        """
        if not self.required and self._pepper is None and not self.unsure:
            return NOBODY
        damaged = False
        for given in presented(headers):
            pepper = self._pepper
            if pepper is not None and (name := id_at(given)) is not None:
                visitor = self._known(name, pepper.digest(given))
                if visitor is not None:
                    return visitor
            if id_in(given) is not None:
                if self.unsure or (pepper is not None and self._ring is EMPTY):
                    raise unread()
                if pepper is not None:
                    raise invalid()
            damaged |= given[: len(PREFIX)] == PREFIX and self._pepper is not None
        if self._master is not None and carries(headers, self._master):
            return NOBODY
        if self.required or damaged:
            raise invalid()
        return NOBODY

    def _known(self, name: str, sent: str) -> Visitor | None:
        """The key's owner; None where the secret is not the key's, or there is no such key.

        Raises:
            RequestError: it is, and the key is no longer good.
        """
        key = self._ring.keys.get(name, _STRANGER)
        if compare_digest(sent, key.digest):
            visitor = self._visitors.get(name)
            if visitor is not None and visitor.lasting:
                return visitor  # of whom nothing is left to ask
        at_us = int(self._clock.time() * 1e6)
        if not key.opens(sent, at_us) or key is _STRANGER:
            return None
        state = key.state(at_us)
        if state == "active":
            visitor = self._visitors.get(name)
            if visitor is None:
                team = None if key.team is None else self._ring.teams.get(key.team)
                visitor = self._visitors[name] = Visitor(key, team)
            return visitor
        raise no_longer_good(key.id, state)

    def pace(self, visitor: Visitor) -> None:
        """One more request.

        Raises:
            RequestError: 429, more than its key or team may send in a minute.
        """
        if visitor.requests:
            self._draw(visitor, "requests", visitor.requests, 1)

    def tokens(self, visitor: Visitor, estimate: int) -> Sequence[Bucket]:
        """Room for a request of so many tokens; the buckets that its real number is settled in.

        Raises:
            RequestError: 429, more than its key or team may use in a minute.
        """
        if not visitor.tokens:
            return ()
        return self._draw(visitor, "tokens", visitor.tokens, estimate)

    def _draw(
        self, visitor: Visitor, unit: str, rates: Sequence[tuple[str, int]], amount: int
    ) -> Sequence[Bucket]:
        """Take from the buckets of all rates, or from none."""
        at = self._clock.monotonic()
        buckets = visitor.buckets.get(unit)
        if buckets is None:
            buckets = visitor.buckets[unit] = self._found(unit, rates, at)
        last = buckets[-1]  # whose are taken with the look, for mostly it is the only one
        for bucket in buckets:
            if (wait := bucket.wait(amount, at, take=bucket is last)) > 0:
                scope, per_minute = rates[buckets.index(bucket)]
                raise too_fast(scope, unit, per_minute, wait)
        for bucket in buckets[:-1]:
            bucket.take(amount)
        return buckets

    # by itself, for what a comprehension reads of its function is a cell, made in each call of it

    def _found(self, unit: str, rates: Sequence[tuple[str, int]], at: float) -> Sequence[Bucket]:
        return [self._bucket(scope, unit, per_minute, at) for scope, per_minute in rates]

    def _bucket(self, scope: str, unit: str, per_minute: int, at: float) -> Bucket:
        bucket = self._buckets.get((scope, unit))
        if bucket is None:
            bucket = self._buckets[scope, unit] = Bucket(per_minute, at)
        elif bucket.per_minute != per_minute:
            bucket.resize(per_minute)
        return bucket


_STRANGER = Key(id="", name="", digest=_NO_DIGEST, created_us=0)
"""Compared with in the place of a key that is not there, so that the time does not tell."""
