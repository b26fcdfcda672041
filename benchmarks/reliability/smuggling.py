"""Test 14: requests that two readers could read as different ones, direct and behind proxies.

Each is followed by one that would come in unseen if the first were misread. What providers are
asked must be what callers were answered, one for one, and each caller gets its own answer.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.reliability.outcome import Missing, Outcome
from benchmarks.reliability.place import PATHS
from benchmarks.reliability.upstream import WHOLE, Call, stage, tell

__all__ = ["PROXIES", "attacks", "smuggling"]

AT_ONCE = 8
PATIENCE = 0.5
"""Seconds without a further byte after which a connection has said all it will."""
_ANSWER = re.compile(rb"answer to (-?\d+)")
_START = f"POST {PATHS['chat']} HTTP/1.1\r\n".encode()


def _content(number: int) -> bytes:
    turns = [{"role": "user", "content": f"request {number}"}]
    return json.dumps({"model": "auto", "messages": turns}).encode()


def _plain(number: int, more: str = "") -> bytes:
    body = _content(number)
    head = f"host: h\r\n{more}content-length: {len(body)}\r\n\r\n"
    return _START + head.encode() + body


def _chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def attacks(number: int) -> list[bytes]:
    """Ambiguous requests of this number, each with one of the next number behind it or inside."""
    body, hidden = _content(number), _plain(number + 1)
    size, whole = len(body), _chunked(body)
    long = _chunked(body)[:-5] + b"%x\r\n%b\r\n0\r\n\r\n" % (len(hidden), hidden)
    heads = [
        # two lengths
        (f"content-length: {len(whole)}\r\ntransfer-encoding: chunked", whole),
        ("content-length: 4\r\ntransfer-encoding: chunked", whole),
        ("transfer-encoding: chunked\r\ncontent-length: 4", long),
        (f"content-length: {size}\r\ncontent-length: {size + len(hidden)}", body),
        (f"content-length: {size + len(hidden)}\r\ncontent-length: {size}", body),
        (f"content-length: {size}, {size}", body),
        (f"content-length: {size}\r\ncontent-length: {size}", body),
        # codings that only some understand
        ("transfer-encoding : chunked", whole),
        ("transfer-encoding: xchunked", whole),
        ("transfer-encoding:\tchunked", whole),
        ("transfer-encoding: chunked, identity", whole),
        ("transfer-encoding: identity, chunked", whole),
        ("transfer-encoding: chunked\r\ntransfer-encoding: identity", whole),
        ('transfer-encoding: "chunked"', whole),
        (f"content-length: {size}\r\ntransfer_encoding: chunked", body),
        (f"x-folded: a\r\n transfer-encoding: chunked\r\ncontent-length: {size}", body),
        (f"x: a\r\n\tcontent-length: 0\r\ncontent-length: {size}", body),
        (f"content-length: {size}\r\nx: a\rtransfer-encoding: chunked", body),
        (f"content-length: {size}\r\nx: a\ntransfer-encoding: chunked", body),
        (f"content-length: {size}\r\nx: a\x00b", body),
        # numbers that only some read
        (f"content-length: +{size}", body),
        (f"content-length: {size}_0", body),
        (f"content-length: 0x{size:x}", body),
        (f"content-length: -{size}", body),
        (f"content-length: 0{size}", body),
        ("content-length: 18446744073709551617", body),
        # chunks
        ("transfer-encoding: chunked", b"0x%x\r\n%b\r\n0\r\n\r\n" % (size, body)),
        ("transfer-encoding: chunked", b"%x \r\n%b\r\n0\r\n\r\n" % (size, body)),
        ("transfer-encoding: chunked", b"%x;a=\nb\r\n%b\r\n0\r\n\r\n" % (size, body)),
        ("transfer-encoding: chunked", b"%x\n%b\n0\n\n" % (size, body)),
        ("transfer-encoding: chunked", b"%x\r\n%bXX0\r\n\r\n" % (size, body)),
        ("transfer-encoding: chunked", b"1%016x\r\n%b\r\n0\r\n\r\n" % (size, body)),
        ("transfer-encoding: chunked", whole[:-2] + b"content-length: 5\r\n\r\n"),
        ("transfer-encoding: chunked", b"-1\r\n" + whole),
        # whom it is for
        (f"host: other\r\ncontent-length: {size}", body),
        (f"host: h, other\r\ncontent-length: {size}", body),
        # a body that is said to be awaited
        (f"expect: 100-continue\r\ncontent-length: {size}", body),
        (f"connection: content-length\r\ncontent-length: {size}", body),
        (f"upgrade: h2c\r\nconnection: upgrade, http2-settings\r\ncontent-length: {size}", body),
    ]
    made = [
        _START + b"host: h\r\n" + head.encode() + b"\r\n\r\n" + sent + hidden
        for head, sent in heads
    ]
    made.append(b"GET /healthz HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n" + hidden)
    made.append(_START.replace(b"\r\n", b"\n") + b"host: h\ncontent-length: 0\n\n" + hidden)
    made.append(_START.replace(b" HTTP", b"  HTTP") + _plain(number)[len(_START) :] + hidden)
    made.append(_START.replace(b"/1.1", b"/1.10") + _plain(number)[len(_START) :] + hidden)
    return made


KINDS = len(attacks(0))


async def _echo(call: Call) -> None:
    """Say whose answer it is."""
    said = json.dumps(WHOLE).replace("all is well", f"answer to {call.number}")
    tell(call.writer, 200, said.encode())


def smuggling(rounds: int, proxy: str | None = None) -> Outcome:
    """So many rounds of all attacks, straight at the gateway or through a proxy that is there.

    Raises:
        Missing: the proxy is not.
    """
    with stage(_echo, _echo) as (here, near, far):
        with _before(proxy, here.gateway.address) as port:
            seen = asyncio.run(_attack(port, rounds))
        asked = [number for _, number in (*near.calls, *far.calls)]
    answered = [number for one in seen for number in one.answered]
    astray, refused = sum(one.astray for one in seen), sum(one.refused for one in seen)
    where = f"behind {proxy}" if proxy else "direct"
    return Outcome(
        f"{len(seen):,} ambiguous requests of {KINDS} kinds, {where}",
        sorted(asked) == sorted(answered) and not astray and refused > 0,
        f"{len(asked):,} calls for {len(answered):,} answers; {refused:,} connections refused; "
        f"{astray} answers that went astray",
    )


class _Seen(NamedTuple):
    """What came of one attack and of the request after it."""

    answered: list[int]
    """Whose answers came."""
    astray: int
    """Answers that came to another than who had asked."""
    refused: bool


async def _attack(port: int, rounds: int) -> list[_Seen]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(turn: int) -> _Seen:
        number = 10 * turn
        async with gate:
            said = await _talk(port, attacks(number)[turn % KINDS])
            after = await _talk(port, _plain(number + 5, "connection: close\r\n"))
        own, others = _numbers(said), _numbers(after)
        astray = (not set(own) <= {number, number + 1}) + (others != [number + 5])
        refused = re.search(rb"HTTP/1\.[01] (400|405|501|505)", said) is not None
        return _Seen([*own, *others], astray, refused)

    return await asyncio.gather(*(one(turn) for turn in range(rounds * KINDS)))


def _numbers(said: bytes) -> list[int]:
    return [int(found) for found in _ANSWER.findall(said)]


async def _talk(port: int, sent: bytes) -> bytes:
    """All that comes back on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    said = b""
    try:
        while piece := await asyncio.wait_for(reader.read(65_536), PATIENCE):
            said += piece
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.transport.abort()
    return said


# ---- proxies

_NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  upstream gateway {{ server {address}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://gateway; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_request_buffering off; proxy_buffering off;
    }}
  }}
}}
"""
_HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  server gateway {address}
"""
PROXIES = {
    "nginx": (_NGINX, ("-p", "{folder}", "-c", "{file}")),
    "haproxy": (_HAPROXY, ("-db", "-f", "{file}")),
}


@contextmanager
def _before(proxy: str | None, address: str) -> Iterator[int]:
    """A port that leads to the gateway, through the proxy if one is named."""
    place = address.removeprefix("http://")
    if proxy is None:
        yield int(place.rpartition(":")[2])
        return
    program = shutil.which(proxy)
    if program is None:
        raise Missing(f"smuggling behind {proxy}: it is not installed")
    with TemporaryDirectory(prefix="headgate-proxy-") as folder, _free() as port:
        file = Path(folder) / "config"
        text, arguments = PROXIES[proxy]
        file.write_text(text.format(folder=folder, address=place, port=port))
        words = [word.format(folder=folder, file=file) for word in arguments]
        with subprocess.Popen([program, *words], stderr=subprocess.DEVNULL) as running:
            try:
                _listening(port)
                yield port
            finally:
                running.terminate()


@contextmanager
def _free() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    yield port


def _listening(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
