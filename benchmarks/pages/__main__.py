"""`python -m benchmarks.pages [--ledger URL]`: weights, server times and the slider, with bars.

Serves the pages in this process and looks at them with Debian's Chromium (`make browser`). Without
a ledger, one is made in memory.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page, sync_playwright

from benchmarks.ledger.__main__ import fill
from headgate.bootstrap.site import pages_of
from headgate.gateway.http1_server import Http1Server
from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import Store
from headgate.ledger.url import open_store
from headgate.settings import read_with_sources
from headgate.web.site import Site
from headgate.web.visit import Visit

CHROMIUM = Path("/usr/bin/chromium")
PATHS = ("/", "/plan", "/requests", "/routers", "/prices", "/alerts")
SCRIPT_BYTES, PAGE_BYTES = 150_000, 300_000
PLAN_MS, SLIDER_MS, DASHBOARD_MS = 30.0, 100.0, 300.0
MOVES, WARM = 100, 5

# from the slider's event to the first task after the frame that shows the answer
MOVE = """async (stop) => {
  const slider = document.querySelector("[data-for=f-escalation]");
  const watched = { childList: true, subtree: true, characterData: true, attributes: true };
  const began = performance.now();
  slider.value = stop;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  return new Promise((done) => {
    const observer = new MutationObserver(() => {
      observer.disconnect();
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now() - began);
        channel.port2.postMessage(0);
      });
    });
    observer.observe(document.getElementById("answer"), watched);
  });
}"""


class Row(NamedTuple):
    """One figure beside its bar; without a bar it is for information."""

    what: str
    value: float
    unit: str
    bar: float | None = None

    def __str__(self) -> str:
        bar = "" if self.bar is None else f"{self.bar:,.0f} {self.unit}"
        kept = "" if self.bar is None else "yes" if self.value <= self.bar else "NO"
        value = f"{self.value:,.1f}" if self.unit == "ms" else f"{self.value:,.0f}"
        return f"{self.what:<44}{value:>12} {self.unit:<4}{bar:>14}  {kept}"


class Serving:
    """A site behind the server on this machine, in a thread."""

    def __init__(self, site: Site) -> None:
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(site,), daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def _run(self, site: Site) -> None:
        asyncio.set_event_loop(self._loop)
        server = Http1Server(site)
        host, port = self._loop.run_until_complete(server.listen("127.0.0.1", 0))
        self.base = f"http://{host}:{port}"
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(server.close())

    def close(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


def ninth(values: list[float]) -> float:
    """The 90th percentile."""
    return statistics.quantiles(values, n=10)[-1]


def timed(ask: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of each call."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        found.append((time.perf_counter() - began) * 1000)
    return found


def server_times(site: Site, rows: int) -> Iterator[Row]:
    """How long each page takes to make; the first look at the dashboard by itself."""
    for path in PATHS:
        page, visit = site.places[path].page, Visit(method="GET", path=path)
        (first,) = timed(lambda page=page, visit=visit: page(visit), 1)  # type: ignore[misc]
        taken = timed(lambda page=page, visit=visit: page(visit), 9)  # type: ignore[misc]
        bar = {"/": DASHBOARD_MS, "/plan": PLAN_MS}.get(path)
        if path == "/":
            yield Row(f"server, / over {rows:,} rows, first look", first, "ms", bar)
        yield Row(f"server, {path}, median", statistics.median(taken), "ms", bar)
    show = site.places["/plan"].page
    moves = iter(range(1, 100))

    def moved() -> object:
        query = {"escalation": f"{next(moves)}%"}
        return show(
            Visit(method="GET", path="/plan", query=query, headers={"x-headgate-fragment": "1"})
        )

    taken = timed(moved, 60)
    yield Row(
        "server, an answer of the calculator, median", statistics.median(taken), "ms", PLAN_MS
    )
    yield Row("server, an answer of the calculator, p90", ninth(taken), "ms", PLAN_MS)


def weights(page: Page, base: str) -> Iterator[Row]:
    """Bytes that the browser was sent for each page, and how many of them are script."""
    for path in PATHS:
        sizes: dict[str, int] = {}

        def keep(response: Any, sizes: dict[str, int] = sizes) -> None:
            sizes[response.url] = len(response.body())

        page.on("response", keep)
        page.goto(base + path, wait_until="networkidle")
        page.remove_listener("response", keep)
        script = sum(size for url, size in sizes.items() if ".js" in url)
        yield Row(f"script of {path}", script, "B", SCRIPT_BYTES)
        yield Row(f"all of {path}", sum(sizes.values()), "B", PAGE_BYTES)


def slider(page: Page, base: str) -> Iterator[Row]:
    """From a slider's move to the answer on the screen."""
    page.goto(f"{base}/plan", wait_until="networkidle")
    taken = []
    for move in range(WARM + MOVES):
        taken.append(page.evaluate(MOVE, str(1 + move * 7 % 99)))
        page.wait_for_timeout(20)
    yield Row("slider to screen, median", statistics.median(taken[WARM:]), "ms", SLIDER_MS)
    yield Row("slider to screen, p90", ninth(taken[WARM:]), "ms", SLIDER_MS)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", metavar="URL", help="a filled ledger, as sqlite:///path")
    parser.add_argument("--rows", type=int, default=20_000, help="without one: rows to make")
    asked = parser.parse_args()
    if asked.ledger:
        store: Store = open_store(asked.ledger, create=False)
        store.roll(time.time_ns() // 1000)  # as the gateway does
    else:
        store = MemoryStore()
        fill(store, asked.rows)
    reading = read_with_sources(None, env={}, need_providers=False)
    site = pages_of(reading, store, token=None).site
    rows = sum(total.attempts for total in store.tiers())
    serving = Serving(site)
    print(f"{'what':<44}{'measured':>12} {'':<4}{'bar':>14}  kept")
    try:
        for row in server_times(site, rows):
            print(row, flush=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=str(CHROMIUM), args=["--headless", "--no-sandbox", "--disable-gpu"]
            )
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            for row in weights(context.new_page(), serving.base):
                print(row, flush=True)
            for row in slider(context.new_page(), serving.base):
                print(row, flush=True)
            browser.close()
    finally:
        serving.close()
        store.close()


if __name__ == "__main__":
    main()
