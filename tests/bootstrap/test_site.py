"""site: every page is where the navigation says, and opens."""

import json
import re
import threading
import time

import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.site import Pages, pages_of
from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import StoreError
from headgate.settings import read_with_sources
from headgate.web.site import Site
from tests.ledger.samples import NOON_US, entry
from tests.web.callers import ask
from tests.web.houses import DAY


@pytest.fixture(scope="module")
def site() -> Site:
    return pages_of(read_with_sources(None, env={}, need_providers=False), None, token=None).site


def test_every_page_of_the_navigation_opens(site):
    places = [path for path, place in site.places.items() if place.title]
    assert "/plan" in places
    for path in places:
        got = ask(site, path)
        assert got.status == 200, path
        assert f'href="{path}" aria-current="page"' in got.text


def test_every_file_that_a_page_asks_for_is_there(site):
    for target in re.findall(r'(?:src|href)="(/static/[^"]+)"', ask(site, "/plan").text):
        assert ask(site, target).status == 200, target


def test_every_form_of_the_plan_is_there(site):
    for end in ("json", "csv", "md", "html", "toml"):
        assert ask(site, f"/plan.{end}").status == 200


@pytest.mark.parametrize("path", ["/requests", "/requests/r1", "/alerts.json", "/dashboard.csv"])
def test_a_page_that_is_made_from_a_ledger_says_so_where_there_is_none(site, path):
    got = ask(site, path)
    assert got.status == 404
    assert "There is no ledger here" in got.text
    assert "headgate ui --ledger" in got.text


@pytest.mark.parametrize(
    ("token", "words"), [(None, "headgate keys list"), ("x" * 20, "A ledger in memory")]
)
def test_where_no_keys_are_shown_their_page_says_why(token, words):
    reading = read_with_sources(None, env={}, need_providers=False)
    pages = pages_of(reading, MemoryStore(), token=token).site
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    got = ask(pages, "/keys", **headers)
    assert got.status == 404
    assert words in got.text
    assert ">Keys</a>" not in got.text, "the navigation names no page that shows nothing"


def test_with_a_token_nothing_is_shown_before_the_login():
    reading = read_with_sources(None, env={}, need_providers=False)
    house = pages_of(reading, None, token="x" * 20).site
    assert ask(house, "/plan").status == 303


SETTINGS = """
[traffic]
requests_per_day = {requests}
[tiers.cheap]
model = "openai/gpt-5-nano"
[tiers.premium]
model = "openai/{premium}"
[escalation]
rate = 0.2
budget = {budget}
"""


def test_a_changed_configuration_is_shown_and_what_waits_for_a_restart_is_not(tmp_path):
    file = tmp_path / "headgate.toml"

    def reading(**values):
        file.write_text(SETTINGS.format(**values), encoding="utf-8")
        return read_with_sources(file, env={}, need_providers=False)

    first = reading(requests=1000, premium="gpt-5", budget=0.3)
    store = MemoryStore()
    store.append([entry(request_id="one", at_us=NOON_US - 1)])
    pages = Pages(
        first,
        store,
        book_of(first.settings, env={}),
        patience=60.0,  # a slow machine
        token=None,
        now_us=lambda: NOON_US,
        today=lambda: DAY,
    )
    assert 'value="1,000"' in ask(pages.site, "/plan").text
    assert "GPT-5 mini" not in ask(pages.site, "/plan").text
    before = ask(pages.site, "/").text
    assert "budget 30.0" in before
    pages.adopt(reading(requests=7000, premium="gpt-5-mini", budget=0.5))
    after = ask(pages.site, "/plan").text
    assert 'value="7,000"' in after
    assert "GPT-5 mini" in after
    assert "openai/gpt-5-mini" in ask(pages.site, "/prices").text[:6000]
    dashboard = ask(pages.site, "/").text
    assert "budget 30.0" in dashboard
    assert dashboard != before


UNPRICED = """
[tiers.cheap]
model = "openai/gpt-5-nano"
[tiers.premium]
model = "other/premium-1"
[providers.openai]
[providers.other]
dialect = "openai"
base_url = "http://127.0.0.1:9/v1"
[escalation]
budget = 0.3
"""


def test_where_a_model_has_no_price_the_dashboard_shows_all_but_the_plan(tmp_path):
    file = tmp_path / "headgate.toml"
    file.write_text(UNPRICED, encoding="utf-8")
    reading = read_with_sources(file, env={}, need_providers=False)
    store = MemoryStore()
    unpriced = {"premium": True, "tier": "premium", "cost_nano": None}
    store.append([entry(request_id=f"cheap{n}", at_us=NOON_US - n) for n in range(3)])
    store.append([entry(request_id="dear", at_us=NOON_US - 9, **unpriced)])
    house = Pages(
        reading,
        store,
        book_of(reading.settings, env={}),
        patience=60.0,  # a slow machine
        token=None,
        now_us=lambda: NOON_US,
        today=lambda: DAY,
    ).site
    got = ask(house, "/")
    html = got.text.replace("\u00a0", " ").replace("&#34;", '"')
    assert got.status == 200
    assert (
        "There is no plan to compare with.</strong> No price is known for other/premium-1" in html
    )
    assert '[prices."other/premium-1"]' in html
    assert "4 routed requests" in html
    assert "1 call without a price is not in it" in html
    assert re.search(r"<dt>Escalated</dt>\s*<dd[^>]*>25.0( |&nbsp;)%", html)
    assert "Tiers' health" in html.replace("&#39;", "'").replace("&#x27;", "'")
    assert "Headroom" not in html
    told = json.loads(ask(house, "/dashboard.json").text)
    assert told["unplanned"][0].startswith("No price is known for other/premium-1")
    costs = {one["tier"]: (one["cost_nano"], one["unpriced"]) for one in told["timings"]}
    assert costs == {"cheap": (9_000_000, 0), "premium": (None, 1)}
    assert ask(house, "/dashboard.csv").status == 200


def test_without_a_price_every_form_of_the_plan_says_how_to_state_it(tmp_path):
    file = tmp_path / "headgate.toml"
    file.write_text(UNPRICED, encoding="utf-8")
    reading = read_with_sources(file, env={}, need_providers=False)
    house = pages_of(reading, MemoryStore(), token=None).site
    for end in ("", ".json", ".csv", ".md", ".html", ".toml"):
        got = ask(house, f"/plan{end}")
        assert got.status == 422, end
        assert "[prices.&#34;other/premium-1&#34;]" in got.text, end


def test_a_period_that_is_none_is_the_questions_fault_and_told_in_full():
    reading = read_with_sources(None, env={}, need_providers=False)
    got = ask(pages_of(reading, MemoryStore(), token=None).site, "/?since=x")
    assert got.status == 422
    assert "The period cannot be read:" in got.text
    assert "7d" in got.text.partition("<main")[2]


def test_who_has_logged_in_stays_so_when_the_configuration_changes():
    reading = read_with_sources(None, env={}, need_providers=False)
    pages = pages_of(reading, None, token="x" * 20)
    cookie = ask(pages.site, "/login", "POST", form="token=" + "x" * 20).cookie
    pages.adopt(reading)
    assert ask(pages.site, "/plan", cookie=cookie).status == 200


class Slow(MemoryStore):
    """Adds up only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()
        self.rolled = 0

    def tiers(self, *args, **named):
        assert self.let.wait(60)
        return super().tiers(*args, **named)

    def roll(self, now_us: int, *, most: int = 1_000_000) -> int:
        self.rolled += 1
        return 0


def pages_over(store: MemoryStore, *, sums_up: bool = False, patience: float = 0.0) -> Pages:
    reading = read_with_sources(None, env={}, need_providers=False)
    return Pages(
        reading,
        store,
        book_of(reading.settings, env={}),
        sums_up=sums_up,
        patience=patience,
        token=None,
        now_us=lambda: NOON_US,
        today=lambda: DAY,
    )


def test_the_dashboard_does_not_wait_for_a_ledger_that_takes_long_and_shows_it_later():
    store = Slow()
    store.append([entry(request_id="one", at_us=NOON_US - 1)])
    site = pages_over(store).site
    first = ask(site, "/?key=search").text
    assert "The ledger is being added up" in first
    assert 'http-equiv="refresh"' in first, "it comes without a script, too"
    assert "<option selected>search</option>" in first
    store.let.set()
    page = ask(site, "/").text
    for _ in range(600):
        if "being added up" not in page:
            break
        time.sleep(0.1)
        page = ask(site, "/").text
    assert "1 routed requests" in page
    assert 'http-equiv="refresh"' not in page


@pytest.mark.parametrize("sums_up", [False, True])
def test_pages_that_are_shown_alone_add_up_what_is_over(sums_up: bool):
    store = Slow()
    store.let.set()
    ask(pages_over(store, sums_up=sums_up, patience=60.0).site, "/")
    assert store.rolled == sums_up


def test_a_ledger_that_cannot_be_added_up_is_read_by_its_rows():
    class Full(Slow):
        def roll(self, now_us: int, *, most: int = 1_000_000) -> int:
            raise StoreError("The disk is full.")

    store = Full()
    store.let.set()
    store.append([entry(request_id="one", at_us=NOON_US - 1)])
    page = ask(pages_over(store, sums_up=True, patience=60.0).site, "/").text
    assert "1 routed requests" in page
