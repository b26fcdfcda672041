"""Tables in a browser: what of them is cut off, on a phone and by long names."""

from __future__ import annotations

from typing import cast

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from headgate.ledger.memory import MemoryStore
from tests.ledger.samples import NOON_US
from tests.web.browser import Watched
from tests.web.conftest import Served, site
from tests.web.months import month


def cut(page: Page) -> list[int]:
    """By how much each table that is shown reaches beyond its place."""
    found = page.evaluate(
        "[...document.querySelectorAll('.wide > table')].filter(t => t.checkVisibility())"
        ".map(t => t.scrollWidth - t.parentElement.clientWidth).filter(over => over > 0)"
    )
    return cast("list[int]", found)


@pytest.mark.parametrize("path", ["/requests?period=all", "/prices?q=gpt"])
def test_on_a_phone_no_column_of_a_list_is_cut(chromium: Browser, served: str, path: str):
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = Watched(context, served).go(path)
    assert page.locator(".wide > table tbody tr").count() > 1
    assert cut(page) == []
    context.close()


def test_the_longest_name_leaves_its_numbers_in_view(chromium: Browser):
    """Also where it has no place to break: 200 letters are a header's longest."""
    of = MemoryStore()
    rows = month(NOON_US, days=3, requests_a_day=50)
    of.append([msgspec.structs.replace(row, route="r" * 200, team="t" * 100) for row in rows])
    own = Served(site(of))
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = Watched(context, own.base).go("/")
    expect(page.locator("tbody th", has_text="t" * 100)).to_be_visible()
    assert cut(page) == []
    context.close()
    own.close()
