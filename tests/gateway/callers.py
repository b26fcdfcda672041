"""A caller without a network, and the injection strings that a gate must be deaf to."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from headgate.gateway.caller import Headers

__all__ = ["Asked", "injections"]

_SEEDS = (
    "' OR '1'='1", "'; DROP TABLE keys; --", '" OR ""="', "admin'--", "1; SELECT pg_sleep(10)",
    "${jndi:ldap://127.0.0.1/a}", "{{7*7}}", "<script>alert(1)</script>", "../../etc/passwd",
    "%00", "\x00", "\\", "%s%n%x", "*", "null", "undefined", "true", "[]", "{}", "Bearer",
    "Basic YWRtaW46YWRtaW4=", "hg_", "hga_", "sk-", "ü", "ÿ", "-1", "1e309", "NaN", "$(id)",
    "`id`", "|id", "&&id", "%0d%0aSet-Cookie:x=1", "A" * 4000, " ", "\t", "OR 1=1", "LIKE '%'",
)  # fmt: skip


def injections(count: int, *, seed: int = 19) -> Iterator[str]:
    """So many different strings that a careless look-up, log or comparison would trip over."""
    dice = random.Random(seed)
    seen: set[str] = set()
    while len(seen) < count:
        text = "".join(dice.choice(_SEEDS) for _ in range(dice.randint(1, 4)))
        scheme = dice.choice(["Bearer ", "bearer ", "", "Basic ", "Bearer  "])
        if scheme + text not in seen:
            seen.add(scheme + text)
            yield scheme + text


class Asked:
    """One request, and what was answered."""

    def __init__(
        self,
        method: str = "GET",
        path: str = "/",
        body: bytes = b"",
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = dict(headers or {})
        self._body = body
        self.status = 0
        self.answer_headers: dict[str, str] = {}
        self.answer = b""

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.answer)

    async def body(self, limit: int) -> bytes:
        return self._body

    def on_leave(self, callback: Callable[[], object]) -> None: ...

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        assert not self.status, "answered twice"
        self.status, self.answer_headers, self.answer = status, dict(headers), body

    def stream(self, status: int, headers: Headers) -> Asked:
        self.respond(status, headers, b"")
        return self

    def write(self, data: bytes) -> bool:
        self.answer += data
        return True

    async def send(self, data: bytes) -> None:
        self.answer += data
