"""prices: a search, and a model's history with source and date."""

import csv
import io
import json

from headgate.bootstrap.book import book_of
from headgate.bootstrap.site import SettingsPrices
from headgate.web.prices import Prices
from headgate.web.visit import Visit
from tests.web.houses import DAY
from tests.web.ledgers import SETTINGS, templates


def page() -> Prices:
    return Prices(SettingsPrices(SETTINGS, book_of(SETTINGS, env={}), lambda: DAY), templates())


def visit(query: dict[str, str]) -> Visit:
    return Visit(method="GET", path="/prices", query=query)


def prices(**query: str) -> str:
    return page().show(visit(query)).body.decode()


def test_the_models_of_the_settings_come_first():
    html = prices()
    first = html.index("anthropic/claude-haiku-4-5<")
    assert first < html.index("The first 100 of") + 4000
    assert "genai-prices" in html


def test_a_search_finds_and_its_history_has_dates():
    html = prices(q="sonnet 4.6", model="anthropic/claude-sonnet-4-6")
    assert "anthropic/claude-sonnet-4-6 over time" in html
    assert "2026-03-13" in html
    assert 'value="sonnet 4.6"' in html


def test_a_model_that_ends_has_the_day_behind_its_title():
    html = prices(q="gemini-2.5-flash")
    assert '<span class="soft">ends on 2026-12-01</span>' in html
    assert "ends on" not in prices(q="claude-sonnet-4-6")


def test_a_model_that_is_not_there_has_no_history():
    assert "has no history of x/y" in prices(model="x/y")
    assert "has no history of &lt;b&gt;" in prices(model="<b>")


def test_nothing_that_fits_is_said():
    assert "No model fits" in prices(q="zzzzzzzzzz")


def test_the_same_search_is_had_as_json_and_as_csv_and_is_whole():
    told = json.loads(page().json(visit({"q": "sonnet 4.6"})).body)
    assert told["at"] == str(DAY)
    assert told["source"].startswith("genai-prices")
    one = next(one for one in told["models"] if one["model"] == "anthropic/claude-sonnet-4-6")
    assert (one["input"], one["output"], one["since"]) == ("3.00", "15.00", "2026-03-13")
    answer = page().csv(visit({"q": "sonnet 4.6"}))
    assert answer.type.startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["model"] for row in rows] == [one["model"] for one in told["models"]]
    assert len(json.loads(page().json(visit({})).body)["models"]) > 1000, "not the page's hundred"
    assert 'href="/prices.csv?q=sonnet+4.6"' in prices(q="sonnet 4.6")


def test_a_price_that_is_not_known_is_null_and_an_empty_cell():
    told = json.loads(page().json(visit({"q": "gpt-3.5-turbo"})).body)["models"]
    rows = list(
        csv.DictReader(io.StringIO(page().csv(visit({"q": "gpt-3.5-turbo"})).body.decode()))
    )
    unknown = [(one["cache_read"], row["cache_read"]) for one, row in zip(told, rows, strict=True)]
    assert (None, "") in unknown
    assert "None" not in page().csv(visit({})).body.decode()


def test_nothing_that_fits_is_an_empty_list_and_a_head():
    assert json.loads(page().json(visit({"q": "zzzzzzzzzz"})).body)["models"] == []
    assert page().csv(visit({"q": "zzzzzzzzzz"})).body == b"model\n"
