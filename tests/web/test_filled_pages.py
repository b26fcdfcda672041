"""Every page with something on it: no serious fault, no cut table, by keyboard and script-free."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.browser import Watched, serious_faults
from tests.web.ledgers import store

TOKEN = "the-admin-token-of-the-tests"
PRICES = "/prices?q=sonnet&model=anthropic/claude-sonnet-4-6"
FILLED = ("/", "/plan", "/requests", "a request", "routers", "/keys", PRICES, "/alerts")

TABLES = """() => [...document.querySelectorAll("table")].filter(
  table => table.checkVisibility() && !table.closest("details:not([open])")
).map(table => {
  let scroller = table.parentElement
  while (scroller && !["auto", "scroll"].includes(getComputedStyle(scroller).overflowX))
    scroller = scroller.parentElement
  return {
    name: table.innerText.slice(0, 40),
    width: table.getBoundingClientRect().width,
    own: scroller !== null && scroller.querySelectorAll("table").length === 1,
    keyboard: scroller !== null && scroller.tabIndex === 0,
    room: scroller === null ? innerWidth : scroller.clientWidth,
    right: scroller === null ? 0 : scroller.getBoundingClientRect().right,
  }
})"""


def logged_in(look: Watched) -> Page:
    """By the token, which is typed."""
    page = look.go("/login")
    page.get_by_label("Admin token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    return page


def shown(look: Watched, routers: str, path: str) -> Page:
    """The page, filled; of keys there is one."""
    if path == "routers":
        look.page.goto(f"{routers}/routers?a=0&b=1&t0=0.5")
        return look.page
    page = logged_in(look)
    if path == "a request":
        newest = max(store().entries(), key=lambda one: one.at_us).request_id
        return look.go(f"/requests/{newest}")
    page = look.go(path)
    if path == "/keys" and not page.locator("table").count():
        page.get_by_label("Name").fill("first")
        page.get_by_label("Budget, USD").fill("5")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("first")
    return page


@pytest.fixture
def scriptless(chromium: Browser, locked: str) -> Iterator[Watched]:
    context = chromium.new_context(java_script_enabled=False)
    yield Watched(context, locked)
    context.close()


@pytest.fixture
def inside(chromium: Browser, locked: str) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield Watched(context, locked)
    context.close()


def test_who_has_logged_in_can_log_out_on_every_page(inside: Watched):
    logged_in(inside)
    for path in ("/", "/plan", "/requests", "/routers", "/keys", "/prices", "/alerts"):
        expect(inside.go(path).get_by_role("button", name="Log out")).to_be_visible()


@pytest.mark.parametrize("path", FILLED)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_filled_page_has_a_serious_fault(
    chromium: Browser, locked: str, with_routers: str, path: str, scheme: str
):
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    page = shown(Watched(context, locked), with_routers, path)
    page.wait_for_timeout(300)
    assert serious_faults(page) == []
    context.close()


@pytest.mark.parametrize("path", FILLED)
def test_on_a_phone_each_wide_table_scrolls_in_a_place_of_its_own(
    chromium: Browser, locked: str, with_routers: str, path: str
):
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = shown(Watched(context, locked), with_routers, path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for table in page.evaluate(TABLES):
        if table["width"] > table["room"]:
            assert table["own"], table
            assert table["keyboard"], table
        assert table["right"] <= 391, table
    context.close()


@pytest.mark.parametrize("path", FILLED)
def test_on_a_desk_no_table_is_cut(inside: Watched, with_routers: str, path: str):
    page = shown(inside, with_routers, path)
    for table in page.evaluate(TABLES):
        assert table["width"] <= table["room"] + 1, table


def tab_to(page: Page, what: str) -> None:
    """Press Tab until `what`, a selector, has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", what):
            return
    raise AssertionError(f"{what} is not reached by the keyboard")


def test_a_request_is_found_by_keyboard_alone(inside: Watched):
    logged_in(inside)
    page = inside.go("/requests")
    tab_to(page, "select[name=outcome]")
    page.keyboard.type("retr")
    page.keyboard.press("Tab")
    tab_to(page, "form.search button")
    page.keyboard.press("Enter")
    page.wait_for_url("**outcome=retried*")
    tab_to(page, "tbody a")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()


def test_a_key_is_made_and_revoked_by_keyboard_alone(inside: Watched):
    logged_in(inside)
    page = inside.go("/keys")
    tab_to(page, "input[name=name]")
    page.keyboard.type("typed")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The secret of typed")
    tab_to(page, "[aria-label='Revoke typed']")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-label='Revoke typed']")).to_have_count(0)


def test_a_price_is_found_by_keyboard_alone(inside: Watched):
    logged_in(inside)
    page = inside.go("/prices")
    tab_to(page, "input[name=q]")
    page.keyboard.type("sonnet 4.6")
    page.keyboard.press("Enter")
    page.wait_for_url("**/prices?q=sonnet*")
    tab_to(page, "tbody a")
    page.keyboard.press("Enter")
    page.wait_for_url("**model=*")
    expect(page.get_by_role("heading", name="over time")).to_be_visible()


def test_alerts_are_narrowed_by_keyboard_alone(inside: Watched):
    logged_in(inside)
    page = inside.go("/alerts")
    tab_to(page, "select[name=kind]")
    page.keyboard.type("A key was m")
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**kind=key.created*")
    assert set(page.locator(".events strong").all_inner_texts()) == {"A key was made"}


def test_without_a_script_a_request_is_found(scriptless: Watched):
    logged_in(scriptless)
    page = scriptless.go("/requests")
    page.locator("select[name=outcome]").select_option("retried")
    page.get_by_role("button", name="Search").click()
    page.locator("tbody a").first.click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()


def test_without_a_script_a_key_is_made_and_revoked(scriptless: Watched):
    logged_in(scriptless)
    page = scriptless.go("/keys")
    page.get_by_label("Name").fill("plain")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("status")).to_contain_text("The secret of plain")
    page.get_by_role("button", name="Revoke plain").click()
    expect(page.get_by_role("button", name="Revoke plain")).to_have_count(0)


def test_without_a_script_a_price_is_found_with_its_history(scriptless: Watched):
    logged_in(scriptless)
    page = scriptless.go("/prices")
    page.get_by_role("searchbox").fill("sonnet 4.6")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="anthropic/claude-sonnet-4-6", exact=True).click()
    expect(page.get_by_role("heading", name="over time")).to_be_visible()


def test_without_a_script_alerts_are_narrowed(scriptless: Watched):
    logged_in(scriptless)
    page = scriptless.go("/alerts")
    page.locator("select[name=kind]").select_option("key.created")
    page.get_by_role("button", name="Show").click()
    assert set(page.locator(".events strong").all_inner_texts()) == {"A key was made"}


def test_without_a_script_one_goes_to_older_requests_and_back(scriptless: Watched):
    logged_in(scriptless)
    page = scriptless.go("/requests?tier=cheap")
    first = page.locator("tbody a").all_inner_texts()
    page.get_by_role("link", name="older").click()
    older = page.locator("tbody a").all_inner_texts()
    assert not set(first) & set(older)
    assert page.locator("select[name=tier]").input_value() == "cheap"
    page.get_by_role("link", name="newer").click()
    assert page.locator("tbody a").all_inner_texts() == first
    page.get_by_role("link", name=first[0]).click()
    expect(page.get_by_role("heading", name=first[0])).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/plan", "/requests", PRICES, "/alerts", "/keys"])
def test_nothing_is_cut_on_paper(inside: Watched, path: str):
    logged_in(inside)
    page = inside.go(path)
    page.set_viewport_size({"width": 720, "height": 900})  # A4 less its margins
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
