"""prices: a search, and a model's history with source and date."""

from headgate.bootstrap.book import book_of
from headgate.bootstrap.site import SettingsPrices
from headgate.web.prices import Prices
from headgate.web.visit import Visit
from tests.web.houses import DAY
from tests.web.ledgers import SETTINGS, templates


def prices(**query: str) -> str:
    made = Prices(SettingsPrices(SETTINGS, book_of(SETTINGS, env={}), lambda: DAY), templates())
    return made.show(Visit(method="GET", path="/prices", query=query)).body.decode()


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


def test_a_model_that_is_not_there_has_no_history():
    assert "has no history of x/y" in prices(model="x/y")
    assert "has no history of &lt;b&gt;" in prices(model="<b>")


def test_nothing_that_fits_is_said():
    assert "No model fits" in prices(q="zzzzzzzzzz")
