"""A gateway in a process of its own, in front of a simulated provider, as a user starts it."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openai import OpenAI

from headgate.ledger.intake import recover
from headgate.ledger.tended import is_tended
from headgate.ledger.url import open_store
from headgate.testing.processes import Child, Children

__all__ = ["CONFIG", "PATIENCE", "Running", "admin_port", "listening", "running", "say"]

CONFIG = """
[traffic]
[classifier]
kind = "rules"
[[classifier.rules]]
name = "hard"
tier = "premium"
matches = "prove"
[tiers.cheap]
model = "sim/cheap-1"
[tiers.premium]
model = "sim/premium-1"
[providers.sim]
dialect = "openai"
base_url = "{address}/v1"
api_key_env = "SIM_KEY"
[prices."sim/cheap-1"]
input = "1.00"
output = "5.00"
[prices."sim/premium-1"]
input = "3.00"
output = "15.00"
[server]
listen = "127.0.0.1:0"
admin = ""
drain_seconds = 60
[ledger]
url = "sqlite:///{ledger}"
"""


PATIENCE = 120.0
"""Seconds that is waited for what must come."""
ADMIN = re.compile(r"^  admin +(?P<url>http://\S+)  \((?P<file>.+)\)$", re.MULTILINE)


def listening(child: Child) -> bool:
    """It has said so, in the first of the lines that a start says."""
    said = re.search(r"^Headgate listens on (http://\S+)\n", child.log.read_text(), re.MULTILINE)
    if said is not None:
        child.address = said[1]
    return said is not None


def admin_port(gateway: Child) -> tuple[str, str]:
    """The address of the admin port and its token; the start says it last, so it is waited for."""
    end = time.monotonic() + PATIENCE
    while (said := ADMIN.search(gateway.log.read_text())) is None:
        assert gateway.alive, gateway.last_words()
        assert time.monotonic() < end, gateway.last_words()
        time.sleep(0.01)
    return said["url"], Path(said["file"]).read_text().strip()


class Running:
    """A gateway process in front of a simulated provider."""

    program = "headgate"

    def __init__(self, folder: Path, children: Children, *provider: str) -> None:
        self.folder = folder
        self.ledger = folder / "ledger.db"
        self.children = children
        models = ["--model", "cheap-1", "--model", "premium-1"]
        self.provider = self.children.provider(
            "provider", "--dialect", "openai", *models, *provider
        )
        self.file = folder / "headgate.toml"
        self.file.write_text(CONFIG.format(address=self.provider.address, ledger=self.ledger))
        self.gateway = self.start()

    def start(self) -> Child:
        self.gateway = self.children.start(
            "gateway",
            [self.program, "serve", "--config", str(self.file)],
            environment={"SIM_KEY": "sk-sim"},
            ready=listening,
        )
        return self.gateway

    def stop(self) -> int:
        """Have the gateway end by itself, however long a busy machine takes; its exit code."""
        return self.gateway.stop(PATIENCE)

    @property
    def base_url(self) -> str:
        return f"{self.gateway.address}/v1"

    def rows(self) -> list[tuple[str, int]]:
        """What the ledger holds once the gateway has ended, and all left over is stored."""
        url, end = f"sqlite:///{self.ledger}", time.monotonic() + PATIENCE
        while is_tended(Path(f"{self.ledger}.journal")) and time.monotonic() < end:
            time.sleep(0.01)  # the sidecar of one that was killed stores the rest
        store = open_store(url)
        try:
            recover(url, store)
            assert store.check() == []
        finally:
            store.close()
        with sqlite3.connect(self.ledger) as connection:
            found = connection.execute("SELECT request_id, attempt FROM attempts").fetchall()
        connection.close()
        return found


@contextmanager
def running(folder: Path, *provider: str) -> Iterator[Running]:
    with Children(folder) as children:
        yield Running(folder, children, *provider)


def say(client: OpenAI, text: str = "hello", **more):
    return client.chat.completions.with_raw_response.create(
        model="auto", messages=[{"role": "user", "content": text}], **more
    )
