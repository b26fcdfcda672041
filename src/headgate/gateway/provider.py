"""A provider as the gateway calls it: its dialect, its endpoints, its key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from headgate.gateway.upstream import Endpoint, endpoint
from headgate.values import Proxy
from headgate.wire.lane import DIALECTS

if TYPE_CHECKING:
    from headgate.wire.platforms import Platform

__all__ = ["Provider"]

LISTS = frozenset({"anthropic-beta", "openai-beta"})
"""Headers that hold a list: the operator's and the caller's values go together."""

MOST_KEPT = 256
"""Endpoints that are kept written out; a program sends the same headers again and again."""


class Provider:
    """Where a provider's models are called.

    Args:
        name: the provider's name in the file.
        dialect: what it speaks, a name in `DIALECTS`.
        base_url: its URL up to the dialect's path.
        api_key: sent to this provider's own host only; None for an upstream that needs none.
        headers: further headers for each call.
        traced: it may be told which trace a call belongs to.
        proxy: who passes calls on to it; None: it is called directly.
        platform: what it is served on; None: it speaks its dialect plainly.
    """

    def __init__(
        self,
        name: str,
        dialect: str,
        base_url: str,
        *,
        api_key: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        traced: bool = False,
        proxy: Proxy | None = None,
        platform: Platform | None = None,
    ) -> None:
        self.name = name
        self.dialect = dialect
        self._base_url = base_url.rstrip("/")
        self._traced = traced
        self._proxy = proxy
        self._platform = platform
        # asked for plainly, because a compressed stream could not be passed on event by event
        self._others = [*headers, ("accept-encoding", "identity"), ("user-agent", "headgate")]
        self.rekey(api_key)

    def __repr__(self) -> str:
        return f"Provider({self.name!r}, {self.dialect!r}, {self._base_url!r})"

    def rekey(self, api_key: str | None) -> None:
        """Send this key from the next call on; a call under way has its endpoint already."""
        own = DIALECTS[self.dialect] if self._platform is None else self._platform
        self.api_key = api_key
        self._headers = [*own.headers(api_key), *self._others]
        self._plain: dict[str, Endpoint] = {}
        self._endpoints: dict[tuple[object, ...], Endpoint] = {}

    def endpoint(self, path: str, passed: Sequence[tuple[str, str]] = ()) -> Endpoint:
        """The endpoint of one of the dialect's paths; written out once, then reused.

        `passed` are headers of the caller's, which replace those of the same name. Callers may
        think of any number of values, so not all are kept.
        """
        if not passed:  # nearly always
            plain = self._plain.get(path)
            if plain is None:
                plain = self._plain[path] = self._written(path, self._headers)
            return plain
        key = (path, *passed)
        found = self._endpoints.get(key)
        if found is None:
            found = self._written(path, self._with(passed))
            if len(self._endpoints) < MOST_KEPT:
                self._endpoints[key] = found
        return found

    def once(self, path: str, passed: Sequence[tuple[str, str]]) -> Endpoint:
        """The same for headers that no other call has; it is not kept."""
        return self._written(path, self._with(passed))

    def other(self, method: str, target: str) -> Endpoint:
        """The endpoint of a call that is no POST, or of a path with an id or a query; not kept."""
        url = self._base_url + target
        return endpoint(url, self._headers, method=method, traced=self._traced, proxy=self._proxy)

    def _written(self, path: str, headers: Sequence[tuple[str, str]]) -> Endpoint:
        if self._platform is None:
            url, place = self._base_url + path, None
        else:
            url, base = self._base_url, urlsplit(self._base_url).path
            place, headers = self._platform.place(base, path, headers)
        written = endpoint(url, headers, traced=self._traced, proxy=self._proxy)
        return written if place is None else written._replace(place=place)

    def _with(self, passed: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        merged = {name.lower(): value for name, value in self._headers}
        for name, value in passed:
            both = name in LISTS and name in merged
            merged[name] = f"{merged[name]},{value}" if both else value
        return list(merged.items())
