"""A browser on the pages: Debian's Chromium, driven by Playwright, and nothing off this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    expect,
    sync_playwright,
)

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = f"{CHROMIUM} is not installed; as root, `make browser` installs it"
PATIENCE = 120_000
"""Milliseconds that a test waits for what must come: how busy the machine is decides nothing."""

expect.set_options(timeout=PATIENCE)

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"


def available() -> bool:
    """Whether there is a browser to test with; in CI there must be one."""
    return CHROMIUM.exists() or bool(os.environ.get("CI"))


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS])
        try:
            yield launched
        finally:
            launched.close()


class Watched:
    """A page, with everything it asked for and everything that went wrong in it."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        context.set_default_timeout(PATIENCE)
        self.page: Page = context.new_page()
        self.asked: list[Request] = []
        self.wrong: list[str] = []
        self.page.on("request", self._asks)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on(
            "console",
            lambda message: self.wrong.append(message.text) if message.type == "error" else None,
        )
        self.page.on("dialog", self._dialog)
        self.dialogs = 0

    def _asks(self, request: Request) -> None:  # Playwright takes no built-in method
        self.asked.append(request)

    def _dialog(self, dialog) -> None:
        self.dialogs += 1
        dialog.dismiss()

    def go(self, path: str) -> Page:
        response = self.page.goto(self.base + path)
        assert response is not None
        return self.page

    def elsewhere(self) -> list[str]:
        """What it asked of anybody but the site."""
        own = urlsplit(self.base).netloc
        return [
            request.url
            for request in self.asked
            if urlsplit(request.url).scheme in ("http", "https", "ws")
            and urlsplit(request.url).netloc != own
        ]


AXE = Path(__file__).parents[2] / "build" / "axe.min.js"


def serious_faults(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page as it stands."""
    if not AXE.exists() and not os.environ.get("CI"):
        pytest.skip("axe-core is not there: `make browser` fetches it")
    # through the debugger, as the page's own policy lets no such script in
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:5]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
