"""Test 17: whatever a caller or a provider writes, only the configured addresses are called.

A trap listens on this machine. Its address, in spellings that have fooled other filters, is put
wherever somebody may look for one: in fields of a body, in headers, in the address itself, and in
the Location of a provider's redirect. Nobody may come to the trap; and each provider is sent its
own key, and never the other's or the caller's.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import ENVIRONMENT, PATHS, Place, body_of
from benchmarks.reliability.upstream import Call, answer, stage, tell

__all__ = ["SPELLINGS", "Trap", "detours", "own_keys", "trap"]

_HOSTS = (
    "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.0.0.1.", "127.1", "127.0.1", "0",
    "0.0.0.0", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
    "127.0.0.001", "127.000.000.001", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::127.0.0.1]", "①②⑦.⓪.⓪.①", "127。0。0。1", "ⓛocalhost", "127.0.0.1%20",
    "localhost%00.example.com", "user@127.0.0.1", "example.com@127.0.0.1", "a.com:80@localhost",
)  # fmt: skip
_FORMS = (
    "http://{}:{}/v1",
    "//{}:{}/v1",
    "HTTP://{}:{}",
    "{}:{}",
    "http:{}:{}",
    "http:\\\\{}:{}\\v1",
)

SPELLINGS = tuple(
    (host, _FORMS[(place + turn * 3) % len(_FORMS)])
    for turn in range(2)
    for place, host in enumerate(_HOSTS)
)
"""Sixty: each host in two forms of an address."""

_FIELDS = (
    "base_url", "api_base", "api_url", "baseURL", "endpoint", "url", "host", "proxy", "upstream",
    "callback_url", "webhook_url", "azure_endpoint", "custom_llm_provider",
)  # fmt: skip
_HEADERS = (
    "host", "x-forwarded-host", "x-forwarded-for", "x-forwarded-server", "forwarded", "x-host",
    "x-original-url", "x-rewrite-url", "x-base-url", "x-upstream", "x-portkey-custom-host",
    "openai-base-url", "anthropic-base-url", "helicone-target-url", "x-http-host-override",
    "referer", "origin", "x-real-ip", "via", "x-wap-profile",
)  # fmt: skip
_QUERIES = ("base_url", "api_base", "url", "host", "redirect", "next")
_REDIRECTS = (301, 302, 303, 307, 308)

CALLERS_KEY = "sk-of-the-caller"
_KEYS = re.compile(rb"sk-[a-z-]+")


class Trap:
    """Counts who connects to it, over IPv4 and, where there is one, IPv6."""

    def __init__(self, sockets: Sequence[socket.socket]) -> None:
        self.port = int(sockets[0].getsockname()[1])
        self.visits = 0
        for one in sockets:
            threading.Thread(target=self._count, args=(one,), daemon=True).start()

    def _count(self, listening: socket.socket) -> None:
        with suppress(OSError):  # it is closed at the end
            while True:
                connection, _ = listening.accept()
                self.visits += 1
                connection.close()


@contextmanager
def trap() -> Iterator[Trap]:
    """One that listens until the block ends."""
    four = socket.create_server(("127.0.0.1", 0))
    sockets = [four]
    with suppress(OSError):
        sockets.append(socket.create_server(("::1", four.getsockname()[1]), family=socket.AF_INET6))
    try:
        yield Trap(sockets)
    finally:
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


class _Sent(NamedTuple):
    """One request of a caller."""

    target: str
    headers: tuple[tuple[str, str], ...]
    body: dict[str, Any]


def _requests(address: str, host: str, number: int) -> Iterator[_Sent]:
    """The address in every place where somebody may look for one."""
    chat = PATHS["chat"]
    plain = body_of("chat", ("cheap", "premium")[number % 2], f"request {number}")
    yield _Sent(chat, (), plain | dict.fromkeys(_FIELDS, address))
    yield _Sent(chat, (), plain | {"metadata": {"base_url": address}, "model": address})
    yield _Sent(chat, (), plain | {"model": f"near/{address}"})
    image = [{"type": "image_url", "image_url": {"url": address}}]
    yield _Sent(chat, (), plain | {"messages": [{"role": "user", "content": image}]})
    source = {"type": "image", "source": {"type": "url", "url": address}}
    turns = [{"role": "user", "content": [source]}]
    yield _Sent(PATHS["messages"], (), body_of("messages", "auto", "") | {"messages": turns})
    file = [{"type": "input_file", "file_url": address}]
    asked = [{"role": "user", "content": file}]
    yield _Sent(PATHS["responses"], (), {"model": "auto", "input": asked})
    for name in _HEADERS:
        yield _Sent(chat, ((name, address),), plain)
    for name in _QUERIES:
        yield _Sent(f"{chat}?{name}={_plain(address)}", (), plain)
    yield _Sent(f"{_plain(address)}{chat}", (), plain)
    yield _Sent(f"http://{_plain(host)}{chat}", (), plain)
    yield _Sent(f"//{_plain(host)}{chat}", (), plain)
    yield _Sent(f"{chat}/../../{_plain(address)}", (), plain)


def _plain(text: str) -> str:
    """As it may stand in a request's first line."""
    return "".join(c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


async def _post(here: Place, sent: _Sent) -> int:
    """The status that a request is answered with; 0 where the connection was closed instead."""
    host, _, port = here.gateway.address.removeprefix("http://").partition(":")
    body = json.dumps(sent.body).encode()
    headers = dict(
        [
            ("host", "gateway"),
            ("content-type", "application/json"),
            ("anthropic-version", "2023-06-01"),
            ("authorization", f"Bearer {CALLERS_KEY}"),
            *sent.headers,
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
    )
    head = [
        f"POST {sent.target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        said = (await reader.read()).split(b" ", 2)
        return int(said[1]) if len(said) > 2 else 0
    except OSError:
        return 0
    finally:
        writer.close()


class _Watched:
    """Plays a provider: answers, or redirects, and keeps the keys that it was sent."""

    def __init__(self) -> None:
        self.keys: set[bytes] = set()
        self.calls = 0
        self.redirect: tuple[int, str] | None = None

    async def __call__(self, call: Call) -> None:
        self.calls += 1
        self.keys |= set(_KEYS.findall(call.head + call.body))
        if self.redirect is None:
            return await answer(call)
        status, to = self.redirect
        tell(call.writer, status, b"{}", f"location: {to}")
        return None


def detours(spellings: int) -> Outcome:
    """So many spellings of the trap's address, everywhere."""
    near, far = _Watched(), _Watched()
    statuses: list[int] = []
    with trap() as there, stage(near, far, more="reload = false") as (here, _, _):
        chosen = SPELLINGS[:: max(1, len(SPELLINGS) // spellings)][:spellings]
        for number, (host, form) in enumerate(chosen):
            address = form.format(host, there.port)
            sent = [*_requests(address, f"{host}:{there.port}", number)]
            statuses += asyncio.run(_all(here, sent))
        served, redirected, followed = near.calls + far.calls, 0, 0
        for host, form in chosen:
            for status in _REDIRECTS:
                near.redirect = far.redirect = (status, form.format(host, there.port))
                plain = _Sent(PATHS["chat"], (), body_of("chat", "premium", "request 1"))
                followed += asyncio.run(_post(here, plain)) == 200
                redirected += 1
        visits = there.visits
    keys = own_keys(near.keys, far.keys)
    ours = sum(status >= 500 for status in statuses)
    return Outcome(
        f"{len(chosen)} spellings of an address in {len(statuses):,} requests and "
        f"{redirected} redirects",
        not visits and keys and not followed and not ours and statuses.count(200) <= served,
        f"{visits} connections outside the configured hosts; {statuses.count(200):,} answered by "
        f"these, {len(statuses) - statuses.count(200):,} refused; {followed} redirects followed; "
        f"each provider was sent its own key alone: {'yes' if keys else 'NO'}; {ours} answers "
        "of 500 or above",
    )


def own_keys(near: set[bytes], far: set[bytes]) -> bool:
    """Whether either provider was sent its own key, and no other."""
    return near == {ENVIRONMENT["SIM_KEY"].encode()} and far == {ENVIRONMENT["OTHER_KEY"].encode()}


async def _all(here: Place, sent: Sequence[_Sent]) -> list[int]:
    return list(await asyncio.gather(*(_post(here, one) for one in sent)))
