"""The pages in a browser: by mouse, by keyboard, without a script, in the dark, on a phone."""

from __future__ import annotations

import re
from urllib.parse import quote

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from headgate.ledger.event import Event
from headgate.ledger.memory import MemoryStore
from headgate.ledger.prompt import Prompt
from tests.ledger.samples import NOON_US, entry, prompt
from tests.web.browser import SHOTS, Watched, serious_faults
from tests.web.conftest import Served, site
from tests.web.hostile import HOSTILE
from tests.web.ledgers import store

TOKEN = "the-admin-token-of-the-tests"
STORING = ("ledger.store_prompts=true",)
PAGES = (
    "/",
    "/plan",
    "/plan?compare=1&b.escalation=50%25",
    "/requests",
    "/routers",
    "/keys",
    "/prices",
    "/alerts",
)


def enter(look: Watched) -> None:
    """Give the token."""
    page = look.go("/")
    page.get_by_label("Admin token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{look.base}/")


def said(request_id: str, question: str, answer: str, *, streamed: bool = False) -> Prompt:
    """A stored prompt."""
    message = {"role": "user", "content": question}
    asked = msgspec.json.encode({"model": "auto", "messages": [message]}).decode()
    told: object = {"choices": [{"message": {"role": "assistant", "content": answer}}]}
    if streamed:
        told = [{"type": "text", "text": answer}]
    text = msgspec.json.encode(told).decode()
    return prompt(
        request_id=request_id,
        request=asked,
        request_bytes=len(asked.encode()),
        answer=text,
        answer_bytes=len(text.encode()),
        form="parts" if streamed else "body",
    )


def money(page: Page, row: str) -> str:
    """The first amount of a row of the bills' table."""
    cell = page.locator("table", has_text="one more point of escalation").locator(
        "tr", has=page.get_by_role("rowheader", name=row, exact=True)
    )
    return cell.locator("td").first.inner_text()


def test_the_golden_numbers_stand_on_the_calculator(look: Watched):
    page = look.go("/plan")
    assert money(page, "all premium") == "$270.00"
    assert money(page, "routed") == "$130.20"
    assert money(page, "as a share").replace("\u00a0", " ") == "51.8 %"


@pytest.mark.parametrize(("stop", "bill"), [("50", "$184.20"), ("100", "$274.20")])
def test_a_slider_is_answered_and_the_url_follows(look: Watched, stop: str, bill: str):
    page = look.go("/plan")
    page.locator("[data-for=f-escalation]").fill(stop)
    expect(page.locator("#answer")).to_contain_text(bill)
    page.wait_for_url(f"**/plan?escalation={stop}%25")
    assert page.locator("#f-escalation").input_value() == f"{stop}%"


def test_a_url_says_everything_and_a_reload_changes_nothing(look: Watched):
    page = look.go("/plan")
    page.locator("#f-escalation").fill("50%")
    page.locator("#f-premium_retry_rate").fill("0%")
    page.locator("#f-against").fill("anthropic/claude-opus-4-6")
    page.locator("#f-against").blur()
    expect(page.locator("#answer")).to_contain_text("all Claude Opus 4.6")
    page.wait_for_url("**/plan?*against=*")
    before, url = page.locator("#answer").inner_text(), page.url
    page.goto(url)
    assert page.locator("#answer").inner_text() == before
    assert page.locator("#f-escalation").input_value() == "50%"


def test_two_scenarios_are_compared_with_one_click(look: Watched):
    page = look.go("/plan?escalation=20%25")
    page.get_by_role("link", name="Compare with a second scenario").click()
    page.locator("[id='f-b.escalation']").fill("50%")
    expect(page.locator("#answer")).to_contain_text("+$54.00")


def test_what_is_wrong_is_said_where_it_is(look: Watched):
    page = look.go("/plan?escalation=140%25")
    field = page.locator("#f-escalation")
    assert field.get_attribute("aria-invalid") == "true"
    expect(page.get_by_role("alert")).to_contain_text("too high")
    look.wrong.clear()  # the browser notes the 422 of its own accord


def test_what_is_wrong_is_marked_while_one_types_and_no_longer_once_it_is_right(look: Watched):
    page = look.go("/plan")
    field = page.locator("#f-escalation")
    field.fill("140%")
    expect(page.get_by_role("alert")).to_contain_text(
        "Escalated to premium: 1.4 (140 %) is too high."
    )
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("40%")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert field.get_attribute("aria-invalid") is None
    look.wrong.clear()  # the browser notes the 422 of its own accord


def test_a_fault_in_either_of_two_scenarios_is_told_and_the_map_keeps_its_sides(look: Watched):
    page = look.go(
        "/plan?escalation=140%25&compare=1&b.premium_retry_rate=-1&across=requests_per_day"
    )
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Escalated to premium: 1.4 (140 %) is too high.")
    expect(alert).to_contain_text("B, Retries, premium")
    expect(page.get_by_label("Map, across")).to_have_value("requests_per_day")
    page.locator("#f-escalation").fill("30%")
    expect(alert).not_to_contain_text("Escalated to premium")
    page.locator("[id='f-b.premium_retry_rate']").fill("5%")
    expect(alert).to_have_count(0)
    expect(page.locator("#answer")).to_contain_text("against traffic")
    page.wait_for_url("**/plan?*across=requests_per_day*")
    look.wrong.clear()  # the browser notes the 422 of its own accord


def test_a_drawn_series_follows_the_window_and_the_colours(look: Watched):
    page = look.go("/")
    canvas = page.locator(".uplot canvas").first
    expect(canvas).to_be_visible()
    wide = canvas.evaluate("canvas => canvas.clientWidth")
    page.set_viewport_size({"width": 800, "height": 900})
    expect(canvas).not_to_have_js_property("clientWidth", wide)
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".uplot")).to_have_count(2)
    page.emulate_media(media="print")
    expect(page.locator(".series svg.chart").first).to_be_visible()
    expect(page.locator(".uplot").first).to_be_hidden()


def test_measured_values_come_with_one_click(look: Watched):
    page = look.go("/plan")
    page.get_by_role("link", name="from the ledger").click()
    expect(page.locator("#answer")).to_contain_text("Measured: ")
    expect(page.locator("#answer rect.band")).to_have_count(1)


def test_the_calculator_works_by_keyboard_alone(look: Watched):
    page = look.go("/plan")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.for") == "f-escalation":
            break
    assert page.evaluate("document.activeElement.dataset.for") == "f-escalation"
    page.keyboard.press("End")
    expect(page.locator("#answer")).to_contain_text("$274.20")
    assert page.evaluate("document.activeElement.dataset.for") == "f-escalation"


def test_without_a_script_the_form_is_sent(chromium: Browser, served: str):
    context = chromium.new_context(java_script_enabled=False)
    look = Watched(context, served)
    page = look.go("/plan")
    page.locator("#f-escalation").fill("50%")
    page.get_by_role("button", name="Update").click()
    page.wait_for_url("**escalation=50%25*")
    assert "$184.20" in page.locator("#answer").inner_text()
    page = look.go("/")
    assert page.locator("svg.chart").count() >= 3
    context.close()


def test_of_answers_that_cross_the_last_one_stands(look: Watched):
    page = look.go("/plan")
    slider = page.locator("[data-for=f-escalation]")
    for stop in range(21, 31):
        slider.fill(str(stop))
    expect(page.locator("#answer")).to_have_attribute("data-answered", "?escalation=30%25")
    expect(page.locator("#answer .facts")).to_contain_text("30\u00a0% escalated")


def test_the_dashboard_says_whether_routing_pays_and_can_be_narrowed(look: Watched):
    page = look.go("/")
    expect(page.get_by_role("status")).to_contain_text("Routing pays")
    expect(page.locator(".uplot")).to_have_count(2)
    page.locator("select[name=key]").select_option("k_search")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**key=k_search*")
    expect(page.locator(".facts")).to_contain_text("key k_search")


def test_the_dashboard_is_live(chromium: Browser):
    made = MemoryStore()
    made.append([entry(request_id=f"r{n}", at_us=NOON_US - n) for n in range(3)])
    own = Served(site(made))
    try:
        context = chromium.new_context()
        page = Watched(context, own.base).go("/")
        expect(page.locator(".facts")).to_contain_text("3 routed requests")
        made.append([entry(request_id="new", at_us=NOON_US - 9)])
        expect(page.locator(".facts")).to_contain_text("4 routed requests")
        context.close()
    finally:
        own.close()


def test_a_request_is_found_and_shown_as_a_timeline(look: Watched):
    page = look.go("/requests")
    page.locator("select[name=outcome]").select_option("retried")
    page.get_by_role("button", name="Search").click()
    page.locator("tbody a").first.click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.locator(".timeline li").nth(2)).to_be_visible()


def test_prices_have_their_history_and_alerts_their_order(look: Watched):
    page = look.go("/prices")
    page.get_by_role("searchbox").fill("sonnet 4.6")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="anthropic/claude-sonnet-4-6", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("over time"))).to_be_visible()
    page = look.go("/alerts")
    assert page.locator(".events strong").first.inner_text() == "An alarm has ended"


def test_an_operating_point_is_moved_and_the_url_follows(chromium: Browser, with_routers: str):
    context = chromium.new_context()
    look = Watched(context, with_routers)
    page = look.go("/routers?a=0&b=1")
    answer = page.locator("#t0-answer")
    expect(answer.get_by_role("status")).to_contain_text("Certified")
    page.get_by_label("Threshold, slider").first.fill("3")
    expect(answer.get_by_role("status")).to_contain_text("Beyond the certificate")
    page.wait_for_url("**/routers?a=0&b=1&t0=0.5")
    expect(page.locator("#t1-answer").get_by_role("status")).to_contain_text("Certified")
    page.reload()
    expect(answer.get_by_role("status")).to_contain_text("Beyond the certificate")
    assert look.wrong == []
    context.close()


def test_an_operating_point_is_moved_without_a_script(chromium: Browser, with_routers: str):
    context = chromium.new_context(java_script_enabled=False)
    page = Watched(context, with_routers).go("/routers?t1=0.5")
    page.locator("#t0-field").fill("0.1")
    page.get_by_role("button", name="Show").first.click()
    page.wait_for_url("**t0=0.1*")
    assert "t1=0.5" in page.url
    context.close()


@pytest.mark.parametrize(("name", "width"), [("desktop", 1400), ("phone", 390)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_routers_fit_every_screen(
    chromium: Browser, with_routers: str, name: str, width: int, scheme: str
):
    SHOTS.mkdir(parents=True, exist_ok=True)
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = Watched(context, with_routers).go("/routers?a=0&b=1&t0=0.5")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    picture = page.screenshot(path=SHOTS / f"routers-two-{name}-{scheme}.png", full_page=True)
    assert picture.startswith(b"\x89PNG")
    context.close()


def test_the_token_is_asked_for_once_and_no_script_can_read_the_cookie(
    chromium: Browser, locked: str
):
    context = chromium.new_context()
    look = Watched(context, locked)
    page = look.go("/requests?tier=premium")
    page.get_by_label("Admin token").fill("wrong-wrong-wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("not the admin token")
    page.get_by_label("Admin token").fill("the-admin-token-of-the-tests")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{locked}/requests?tier=premium")
    assert page.evaluate("document.cookie") == ""
    (cookie,) = context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    page.get_by_role("button", name="Log out").click()
    assert look.go("/").url == f"{locked}/login"
    context.close()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault_for_those_who_cannot_see_it(
    chromium: Browser, served: str, path: str, scheme: str
):
    context = chromium.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    look = Watched(context, served)
    page = look.go(path)
    page.wait_for_timeout(300)
    assert serious_faults(page) == []
    context.close()


def test_on_a_phone_the_answer_is_one_touch_away_from_the_form(chromium: Browser, served: str):
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = Watched(context, served).go("/plan")
    page.get_by_role("link", name="To the answer").click()
    expect(page.locator("#answer .lead").first).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(page.get_by_role("link", name="To the answer")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone(chromium: Browser, served: str, path: str):
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    look = Watched(context, served)
    page = look.go(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_on_a_phone_what_is_cut_off_has_a_shade_at_that_edge_until_it_is_swiped_to(
    chromium: Browser, served: str
):
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = Watched(context, served).go("/")
    table = page.locator(".wide").filter(has=page.locator("th", has_text="whole p50")).first
    table.scroll_into_view_if_needed()
    assert table.evaluate("table => table.scrollWidth - table.clientWidth") > 20
    box = table.bounding_box()
    assert box is not None

    def edges() -> tuple[bytes, bytes]:
        """Both ends of the line above the first row's letters, a pixel high."""
        sides = (box["x"] + 1, box["x"] + box["width"] - 3)
        left, right = (
            page.screenshot(clip={"x": x, "y": box["y"] + 1, "width": 2, "height": 1})
            for x in sides
        )
        return left, right

    left, right = edges()
    assert left != right, "nothing says that there is more"
    table.evaluate("table => { table.scrollLeft = 9999; }")
    swiped_left, swiped_right = edges()
    assert (swiped_left != left, swiped_right) == (True, left)
    context.close()


@pytest.mark.parametrize(("path", "column"), [("/requests", "cost"), ("/prices", "out")])
def test_on_a_phone_a_list_shows_its_last_word_without_a_swipe(
    chromium: Browser, served: str, path: str, column: str
):
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = Watched(context, served).go(path)
    head = page.get_by_role("columnheader", name=column, exact=True)
    box = head.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.get_by_role("columnheader").count() >= 8, "there is room for all of them"
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_its_own_policy_or_is_large(chromium: Browser, served: str, path: str):
    context = chromium.new_context()
    look = Watched(context, served)
    sizes: dict[str, int] = {}
    look.page.on("response", lambda response: sizes.update({response.url: len(response.body())}))
    look.go(path)
    look.page.wait_for_timeout(300)
    assert look.wrong == []
    assert look.elsewhere() == []
    scripts = sum(size for url, size in sizes.items() if ".js" in url)
    assert scripts <= 150_000
    assert sum(sizes.values()) <= 300_000
    context.close()


def test_nothing_that_a_caller_wrote_runs(chromium: Browser):
    assert len(HOSTILE) >= 50
    made = MemoryStore()
    for number, text in enumerate(HOSTILE):
        changes = {"model_asked": text, "asked": text, "route": text, "key": text, "team": text,
                   "policy": text, "reason": text, "category": text, "session": text,
                   "tags": text, "trace": text, "error": text}  # fmt: skip
        made.append([entry(request_id=f"r{number}", at_us=NOON_US - number, **changes)])
        made.keep_prompts([said(f"r{number}", text, text, streamed=number % 2 == 0)])
        made.note([Event(id=str(number), at_us=NOON_US - number, kind=text, subject=text,
                         detail='{"x": ' + "null}")])  # fmt: skip
    own = Served(site(made, TOKEN, sets=STORING))
    try:
        context = chromium.new_context()
        look = Watched(context, own.base)
        enter(look)
        for path in ("/", "/requests", "/alerts"):
            look.go(path)
        for number, text in enumerate(HOSTILE):
            page = look.go(f"/requests/r{number}")
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            words = page.locator(".said > pre")
            assert [one.inner_text() for one in words.all()] == [f"[user]\n{text}", text.strip()]
            assert page.evaluate("window.broken") is None
        for number, text in enumerate(HOSTILE):
            quoted = quote(text, safe="")
            path = f"/plan?cheap={quoted}&escalation={quoted}&at={quoted}"
            if number % 4:
                path = f"/prices?q={quoted}&model={quoted}"
            page = look.go(path)
            assert page.evaluate("window.broken") is None
        assert look.dialogs == 0
        assert look.elsewhere() == []
        assert not [wrong for wrong in look.wrong if "422" not in wrong]
        context.close()
    finally:
        own.close()


@pytest.mark.parametrize(("name", "width"), [("desktop", 1400), ("phone", 390)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_screenshots_are_kept(chromium: Browser, served: str, name: str, width: int, scheme: str):
    SHOTS.mkdir(parents=True, exist_ok=True)
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    look = Watched(context, served)
    newest = max(store().entries(), key=lambda one: one.at_us).request_id
    for path in (*PAGES, f"/requests/{newest}"):
        page = look.go(path)
        page.wait_for_timeout(200)
        title = "two" if "compare" in path else path.strip("/").partition("/")[0] or "dashboard"
        title += "-one" if newest in path else ""
        picture = page.screenshot(path=SHOTS / f"{title}-{name}-{scheme}.png")
        assert picture.startswith(b"\x89PNG")
    context.close()


@pytest.mark.parametrize(("name", "width"), [("desktop", 1400), ("phone", 390)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_stored_prompt_is_read_on_any_screen(
    chromium: Browser, name: str, width: int, scheme: str
):
    made = MemoryStore()
    made.append([entry(request_id="r1")])
    question = "Which of these two is cheaper?\n\n" + "word " * 60 + "\n" + "x" * 400
    made.keep_prompts([said("r1", question, "The first.\n\n- by a third\n- at night too")])
    SHOTS.mkdir(parents=True, exist_ok=True)
    own = Served(site(made, TOKEN, sets=STORING))
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    try:
        look = Watched(context, own.base)
        enter(look)
        page = look.go("/requests/r1")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.locator(".said details summary").first.click()
        expect(page.locator(".said details pre").first).to_contain_text('"role": "user"')
        page.screenshot(path=SHOTS / f"prompt-{name}-{scheme}.png", full_page=True)
        assert look.wrong == []
        assert serious_faults(page) == []
    finally:
        context.close()
        own.close()
