"""A visitor without a network: what a server would pass to a handler, and what it answers."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from headgate.web.site import Site


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def cookie(self) -> str:
        """What a browser would send back."""
        return self.headers["set-cookie"].partition(";")[0]


class Caller:
    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        self.method = method
        self.path, _, self.query = target.partition("?")
        self.headers = {"host": "127.0.0.1:8788", "accept": "text/html", **headers}
        self._body = body
        self.got: Got | None = None

    async def body(self, limit: int) -> bytes:
        assert len(self._body) <= limit
        return self._body

    def on_leave(self, callback) -> None:
        pass

    def respond(self, status, headers, body) -> None:
        assert self.got is None
        self.got = Got(status, dict(headers), body)

    def stream(self, status, headers):
        raise AssertionError("pages are answered whole")


def ask(site: Site, target: str, method: str = "GET", *, form: str = "", **headers: str) -> Got:
    """Ask the site once; header names with underscores for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    caller = Caller(method, target, named, form.encode())
    asyncio.run(site(caller))
    assert caller.got is not None
    return caller.got
