"""Fetches the public price feed when asked, and puts it into use once it has stood every check."""

from __future__ import annotations

import hashlib
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from headgate.errors import HeadgateError
from headgate.prices.compiler import Compilation
from headgate.prices.feed import FeedError, parse_feed
from headgate.prices.review import Review, review
from headgate.prices.snapshots import Snapshots
from headgate.prices.table import Table
from headgate.values import Proxy

__all__ = ["FEED", "Update", "UpdateError", "fetch", "read_feed", "update"]

FEED = (
    "https://raw.githubusercontent.com/pydantic/genai-prices/refs/heads/main/prices/new_data/v2/"
    "data.json"
)
"""Where genai-prices publishes its data; the address is that of its own updater, release 0.2.3."""

LARGEST = 32 * 1024 * 1024
"""Bytes; the feed has about one million."""

TIMEOUT = 30.0
"""Seconds, for all of it."""

_PIECE = 64 * 1024


class UpdateError(HeadgateError):
    """The new price list was not taken; the one in use stays as it is."""

    exit_code = 1


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """What an update did."""

    source: str
    """The new list: `genai-prices feed 3f2a9c1b (2026-11-23)`."""
    held: str
    """The list that was in use before."""
    path: Path | None
    """Where the new list lies; None where it is the one in use, or was only tried."""
    review: Review

    @property
    def same(self) -> bool:
        """Nothing was to be changed: the prices in use are those of the feed."""
        found = self.review
        return not (found.added or found.removed or found.changes)


def fetch(
    url: str,
    *,
    timeout: float = TIMEOUT,
    largest: int = LARGEST,
    proxy: Proxy | None = None,
) -> bytes:
    """The body at an http or https address; no proxy but the one given is used.

    Raises:
        UpdateError: it cannot be reached, is too large, too slow, or answers with an error.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise UpdateError(f"{url} is no http or https address.", fix="Name another one.")
    request = urllib.request.Request(url, headers={"user-agent": "headgate"})  # noqa: S310
    by = "" if proxy is None else f" through the proxy {proxy}"
    deadline = time.monotonic() + timeout
    body = bytearray()
    try:
        with _opener(proxy).open(request, timeout=timeout) as answer:
            if url.startswith("https:") and not answer.url.startswith("https:"):
                raise UpdateError(f"{url} leads to {answer.url}, unencrypted.", fix=_ELSEWHERE)
            while piece := answer.read1(_PIECE):
                body += piece
                if len(body) > largest:
                    raise UpdateError(
                        f"The feed at {url} is larger than {largest // 1024:,} KiB.", fix=_KEPT
                    )
                if time.monotonic() > deadline:
                    raise TimeoutError
            missing = answer.length
    except urllib.error.HTTPError as error:
        error.close()
        raise UpdateError(f"{url}{by} answered with HTTP {error.code}.", fix=_ELSEWHERE) from error
    except TimeoutError as error:
        raise UpdateError(f"{url} took longer than {timeout:g} s.", fix=_ELSEWHERE) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise UpdateError(f"{url} cannot be fetched{by}: {reason}.", fix=_ELSEWHERE) from error
    if missing:
        raise UpdateError(
            f"{url} broke off: {missing:,} bytes did not arrive.", fix=f"Try again. {_KEPT}"
        )
    return bytes(body)


class _Through(urllib.request.BaseHandler):
    """Sends every request, redirected ones included, through one proxy and no other.

    urllib's own handler would also heed the environment's NO_PROXY.
    """

    handler_order = 900  # once the Host field of the address itself has been written

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        """The request as the proxy wants it; of an https one only CONNECT is shown to it."""
        request.set_proxy(str(self._proxy), "http")
        if self._proxy.authorization is not None:
            request.add_unredirected_header("Proxy-Authorization", self._proxy.authorization)
        return request

    https_request = http_request


def _opener(proxy: Proxy | None) -> urllib.request.OpenerDirector:
    """What follows redirects, and knows no proxy but the one given."""
    own = [] if proxy is None else [_Through(proxy)]
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), *own)


_KEPT = "The list in use is kept."
_ELSEWHERE = f"{_KEPT} Without a network, fetch the file elsewhere and give it with --from FILE."


def read_feed(path: Path) -> bytes:
    """The feed in a file.

    Raises:
        UpdateError: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise UpdateError(
            f"{path} cannot be read: {error.strerror}.", fix="Name a readable file."
        ) from error
    if len(data) > LARGEST:
        raise UpdateError(f"{path} is larger than {LARGEST // 1024**2} MiB.", fix=_KEPT)
    return data


def update(
    data: bytes,
    snapshots: Snapshots,
    held: Table,
    *,
    accept: bool = False,
    dry_run: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Update:
    """Check a feed, compile it, and put it into use.

    Args:
        data: the feed's JSON.
        snapshots: where fetched lists lie.
        held: the list in use, which the new one is held against.
        accept: take it although something speaks against it; what is malformed is never taken.
        dry_run: check it only.
        clock: what day it is.

    Raises:
        UpdateError: the feed is not taken, and why; nothing has changed then.
    """
    now = clock()
    if now.date() < held.index.compiled:
        raise UpdateError(
            f"This machine's clock says {now.date()}, but the list in use is of "
            f"{held.index.compiled}.",
            fix=f"Set the clock. {_KEPT}",
        )
    try:
        version = f"feed {hashlib.sha256(data).hexdigest()[:8]}"
        made = Compilation(
            parse_feed(data), source="genai-prices", version=version, at=now.astimezone(UTC).date()
        )
    except FeedError as error:
        raise UpdateError(f"The feed cannot be used: {error}.", fix=_KEPT) from error
    try:
        stage = snapshots.stage(made.files)
        try:
            # read back as every command will read it: what was written is what is checked
            found = review(Table(stage), held, now.date())
            if found.doubts and not accept:
                raise _doubtful(found)
            done = Update(
                source=f"genai-prices {version} ({made.index.compiled})",
                held=f"{held.index.source} {held.index.version} ({held.index.compiled})",
                path=None if dry_run else snapshots.keep(stage, now),
                review=found,
            )
        finally:
            snapshots.drop(stage)
    except OSError as error:
        raise UpdateError(
            f"{snapshots.directory} cannot be written: {error.strerror or error}.",
            fix=f"{_KEPT} Set [price_list] directory, or --set price_list.directory=PATH.",
        ) from error
    return done


MOST_SHOWN = 10


def _doubtful(found: Review) -> UpdateError:
    shown = "\n".join(f"  {doubt}" for doubt in found.doubts[:MOST_SHOWN])
    more = len(found.doubts) - MOST_SHOWN
    rest = f"\n  … and {more:,} more." if more > 0 else ""
    return UpdateError(
        f"The new list was not taken:\n{shown}{rest}\n",
        fix=f"{_KEPT} If this is right, run it again with --accept.",
    )
