"""A site of its own in a process, and a browser, for the tests that look at pages."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from headgate.bootstrap.book import book_of
from headgate.bootstrap.site import Pages
from headgate.gateway.http1_server import Http1Server
from headgate.ledger.keys_memory import MemoryKeys
from headgate.ledger.memory import MemoryStore
from headgate.routing.artifact import dump
from headgate.settings import read_with_sources
from headgate.web.site import Site
from tests.ledger.samples import NOON_US
from tests.routing.routers import pointed, small_artifact
from tests.web.browser import MISSING, Watched, available, browser
from tests.web.houses import DAY
from tests.web.ledgers import filled, store

ROUTERS = """
[classifier]
kind = "learned"
router = "a.router"
[policies.b]
kind = "learned"
router = "b.router"
[tiers.cheap]
model = "openai/gpt-5-nano"
[tiers.premium]
model = "openai/gpt-5"
[providers.openai]
"""


class Served:
    """A site behind a real server on this machine, in a thread."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self.base = ""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(60)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = Http1Server(self._site)
        host, port = self._loop.run_until_complete(self._server.listen("127.0.0.1", 0))
        self.base = f"http://{host}:{port}"
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _end(self) -> None:
        await self._server.drain(0)
        # a browser opens connections ahead: one that was just accepted is a peer some turns later,
        # and would be left open, to be told of in whatever test comes next
        for _ in range(3):
            await asyncio.sleep(0)
        await self._server.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)


def site(
    of: MemoryStore | None,
    token: str | None = None,
    *,
    file: Path | None = None,
    sets: Sequence[str] = (),
) -> Site:
    reading = read_with_sources(file, env={}, need_providers=False, sets=sets)
    book = book_of(reading.settings, env={})
    keys = MemoryKeys()
    return Pages(
        reading,
        of,
        book,
        keys=keys,
        patience=60.0,  # a slow machine
        token=token,
        now_us=lambda: NOON_US,
        today=lambda: DAY,
    ).site


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    one = Served(site(store()))
    yield one.base
    one.close()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    ledger = tmp_path_factory.mktemp("locked") / "headgate.db"  # the keys' pepper lies beside it
    sets = (f"ledger.url=sqlite:///{ledger}",)
    one = Served(site(filled(), token="the-admin-token-of-the-tests", sets=sets))
    yield one.base
    one.close()


@pytest.fixture(scope="module")  # while it is there, nobody else may run an event loop here
def chromium() -> Iterator[Browser]:
    if not available():
        pytest.skip(MISSING)
    with browser() as launched:
        yield launched


@pytest.fixture
def look(chromium: Browser, served: str) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    watched = Watched(context, served)
    yield watched
    assert watched.elsewhere() == []
    context.close()


@pytest.fixture(scope="module")
def with_routers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("routers")
    for name in ("a", "b"):
        (folder / f"{name}.router").write_bytes(dump(small_artifact(pointed())))
    (folder / "headgate.toml").write_text(ROUTERS, encoding="utf-8")
    own = Served(site(None, file=folder / "headgate.toml"))
    yield own.base
    own.close()
