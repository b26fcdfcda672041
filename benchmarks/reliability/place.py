"""A gateway and its simulated providers as processes, and a caller that knows no mercy."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from headgate.ledger.entry import Entry
from headgate.ledger.intake import recover
from headgate.ledger.records import scan
from headgate.ledger.store import Store
from headgate.ledger.tended import is_tended
from headgate.ledger.url import open_store
from headgate.testing.processes import Child, Children

__all__ = ["CONFIG", "ENVIRONMENT", "PATHS", "Caller", "Place", "before", "body_of", "place"]

CONFIG = """
[server]
listen = "127.0.0.1:0"
admin = ""
[ledger]
url = "{ledger}"
journal = "{journal}"
{more}
[classifier]
kind = "rules"
default = "cheap"
[[classifier.rules]]
name = "hard"
tier = "premium"
matches = "(?i)prove"
[tiers.cheap]
model = "anthropic/claude-haiku-4-5"
[tiers.premium]
model = "openai/gpt-5.4"
[escalation]
rate = 0.2
[providers.anthropic]
dialect = "anthropic"
base_url = "{anthropic}"
api_key_env = "SIM_KEY"
[providers.openai]
dialect = "openai"
base_url = "{openai}/v1"
api_key_env = "SIM_KEY"
[providers.responses]
dialect = "openai-responses"
base_url = "{responses}/v1"
api_key_env = "SIM_KEY"
prices = "openai"
"""
MODELS = {
    "anthropic": ("claude-haiku-4-5", "claude-sonnet-4-5"),
    "openai": ("gpt-5-mini", "gpt-5.4", "made-up"),
    "responses": ("gpt-5-mini", "gpt-5.4"),
}
ENVIRONMENT = {"SIM_KEY": "sk-sim", "OTHER_KEY": "sk-other"}
DIALECTS = {"anthropic": "anthropic", "openai": "openai", "responses": "openai-responses"}
PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
}


class Place:
    """Everything a test needs to break something."""

    def __init__(
        self,
        folder: Path,
        children: Children,
        ledger: str,
        more: str,
        options: tuple[str, ...] = (),
        *,
        config: str = CONFIG,
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.children, self.url = folder, children, ledger
        self.journal = folder / "journal"
        self.providers: dict[str, Child] = {}
        if addresses is None:
            self.providers = {name: self._provider(name, options) for name in MODELS}
            addresses = {name: provider.address for name, provider in self.providers.items()}
        self.file = folder / "headgate.toml"
        self.file.write_text(
            config.format(ledger=ledger, journal=self.journal, more=more, **addresses)
        )
        self.gateway = self.start()

    def _provider(self, name: str, options: tuple[str, ...]) -> Child:
        models = (word for model in MODELS[name] for word in ("--model", model))
        return self.children.provider(name, "--dialect", DIALECTS[name], *models, *options)

    def start(self) -> Child:
        """Start the gateway, or its successor."""
        self.gateway = self.children.gateway(self.file, ENVIRONMENT)
        return self.gateway

    def replica(self, name: str, ledger: str | None = None) -> Child:
        """Another gateway with a journal of its own, on the same ledger or another one."""
        text = self.file.read_text().replace(str(self.journal), f"{self.journal}-{name}")
        if ledger is not None:
            text = text.replace(self.url, ledger)
        file = self.folder / f"{name}.toml"
        file.write_text(text)
        return self.children.gateway(file, ENVIRONMENT)

    def caller(self, gateway: Child | None = None, key: str = "") -> Caller:
        """Somebody who calls the gateway that runs now, or another one, with this key."""
        host, _, port = (gateway or self.gateway).address.removeprefix("http://").partition(":")
        return Caller(host, int(port), key)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The ledger, with what a dead gateway left taken in."""
        store = open_store(self.url, create=False)
        try:
            recover(self.url, store, journal=self.journal)
            yield store
        finally:
            store.close()

    def rows(self) -> list[Entry]:
        """All rows; the store must be sound."""
        with self.store() as store:
            assert store.check() == [], store.check()
            return list(store.entries())

    def wait_for_sidecar(self, seconds: float = 10.0) -> None:
        """That of a gateway which was killed stores what is left, and ends."""
        deadline = time.monotonic() + seconds
        while is_tended(self.journal) and time.monotonic() < deadline:
            time.sleep(0.01)

    def spooled(self) -> set[str]:
        """Requests whose rows are in the journal now, of living and of dead processes."""
        segments = [path.read_bytes() for path in self.journal.glob("*.segment")]
        return {row.request_id for data in segments for row in scan(data).entries}

    def settled(self, count: int, seconds: float = 20.0) -> list[Entry]:
        """The rows once there are `count` of them and no more come, or the time is up."""
        deadline = time.monotonic() + seconds
        rows = self.rows()
        while time.monotonic() < deadline:
            time.sleep(0.5)
            before, rows = len(rows), self.rows()
            if len(rows) == before >= count:
                break
        return rows

    def descriptors(self) -> int:
        """Open files and sockets of the gateway."""
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self._pids())  # noqa: PTH208

    def memory(self, *, peak: bool = False) -> int:
        """Bytes of memory that the gateway has in use, or the most that it ever had."""
        name = "VmHWM" if peak else "VmRSS"
        found = 0
        for pid in self._pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(name):
                    found = max(found, int(line.split()[1]) * 1024)
        return found

    def processor(self) -> float:
        """Seconds that the gateway has computed: about the same however busy the machine."""
        stats = (Path(f"/proc/{pid}/stat").read_text() for pid in self._pids())
        fields = [stat.rpartition(") ")[2].split() for stat in stats]
        ticks = sum(int(one[11]) + int(one[12]) for one in fields)
        return ticks / os.sysconf("SC_CLK_TCK")

    def _pids(self) -> list[int]:
        """The process on the leash is the gateway itself or its child."""
        return [self.gateway.process.pid, *_children(self.gateway.process.pid)]


def _children(pid: int) -> list[int]:
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(word) for word in words]


@contextmanager
def place(
    *options: str, ledger: str = "", more: str = "", folder: Path | None = None
) -> Iterator[Place]:
    """Providers with these options and a gateway before them; gone at the end.

    `ledger` is the store's URL, by default a file in `folder`; `more` are further lines below
    `[ledger]`.
    """
    with TemporaryDirectory(prefix="headgate-reliability-") as temporary:
        home = folder or Path(temporary)
        with Children(Path(temporary)) as children:
            yield Place(home, children, ledger or f"sqlite:///{home}/ledger.db", more, options)


@contextmanager
def before(
    addresses: Mapping[str, str],
    config: str,
    *,
    more: str = "",
    beside: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Place]:
    """A gateway before providers that the test plays itself; gone at the end.

    `beside` are texts of files beside the settings.
    """
    with TemporaryDirectory(prefix="headgate-reliability-") as temporary:
        home = Path(temporary)
        for name, text in beside.items():
            (home / name).write_text(text)
        with Children(home) as children:
            url = f"sqlite:///{home}/ledger.db"
            yield Place(home, children, url, more, config=config, addresses=addresses)


def body_of(api: str, model: str, text: str, **more: Any) -> dict[str, Any]:
    """A request in one of the three dialects."""
    if api == "responses":
        return {"model": model, "input": text, **more}
    turns = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    return turns | {"max_tokens": 4000} if api == "messages" else turns


class Caller:
    """Calls over plain sockets, so that it can leave in the middle of anything."""

    def __init__(self, host: str, port: int, key: str = "") -> None:
        self._host, self._port = host, port
        self._key = f"authorization: Bearer {key}\r\n" if key else ""

    async def ask(
        self, api: str, body: dict[str, Any], *, heard: Callable[[bytes], object] = bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """The whole answer: status, headers, body; `heard` is told each piece of it as it comes.

        Raises:
            OSError, EOFError: the gateway went away.
        """
        pieces = self.pieces(api, body)
        head, rest = await anext(pieces), b""
        async for piece in pieces:
            heard(piece)
            rest += piece
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        whole = "content-length" not in headers or len(rest) == int(headers["content-length"])
        if not whole or (headers.get("transfer-encoding") and not rest.endswith(b"0\r\n\r\n")):
            raise EOFError("the answer broke off")
        return int(lines[0].split()[1]), headers, rest

    async def pieces(self, api: str, body: dict[str, Any]) -> AsyncIterator[bytes]:
        """The head, then whatever comes; closing the generator leaves."""
        content = json.dumps(body).encode()
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(
                f"POST {PATHS[api]} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n"
                f"anthropic-version: 2023-06-01\r\n{self._key}"
                f"content-length: {len(content)}\r\nconnection: close\r\n\r\n".encode()
                + content
            )
            yield (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n")
            while piece := await reader.read(65_536):
                yield piece
        finally:
            writer.transport.abort()
