"""records: prices with source, date and history; events newest first, good and bad told apart."""

from headgate.bootstrap.book import book_of
from headgate.bootstrap.site import SettingsPrices
from headgate.ledger.event import Event
from headgate.ledger.memory import MemoryStore
from headgate.web.records import Alerts, Prices
from headgate.web.visit import Visit
from tests.ledger.samples import NOON_US
from tests.web.houses import DAY
from tests.web.ledgers import SETTINGS, observer, templates


def prices(**query: str) -> str:
    made = Prices(SettingsPrices(SETTINGS, book_of(SETTINGS, env={}), lambda: DAY), templates())
    return made.show(Visit(method="GET", path="/prices", query=query)).body.decode()


def alerts(of: MemoryStore | None = None, fragment: bool = False, **query: str) -> str:
    headers = {"x-headgate-fragment": "1"} if fragment else {}
    made = Alerts(observer(of), templates(), lambda: NOON_US)
    return made.show(
        Visit(method="GET", path="/alerts", query=query, headers=headers)
    ).body.decode()


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


def test_events_come_newest_first_with_their_particulars():
    html = alerts()
    assert html.index("alarm.cleared") < html.index("<strong>alarm.raised")
    assert "29.4 %" in html
    assert '<li class="bad">' in html
    assert '<li class="good">' in html


def test_events_can_be_narrowed_to_a_kind():
    html = alerts(kind="key.created")
    assert html.count("<li class") == 1
    assert "<option selected>key.created</option>" in html


def test_a_script_gets_the_list_alone():
    assert "<html" not in alerts(fragment=True)


def test_no_event_is_good_news():
    assert "Nothing has happened" in alerts(MemoryStore())


def test_particulars_that_are_no_json_or_hostile_do_no_harm():
    made = MemoryStore()
    made.note(
        [
            Event(id="1", at_us=NOON_US - 2, kind="x", detail="not json"),
            Event(id="2", at_us=NOON_US - 1, kind="<b>", subject="<i>", detail='{"<u>": "<s>"}'),
            Event(id="3", at_us=NOON_US - 1, kind="y", detail='{"n": 1, "list": [1]}'),
        ]
    )
    html = alerts(made)
    for tag in ("<b>", "<i>", "<u>", "<s>"):
        assert tag not in html
    assert "<dd>[1]</dd>" in html


def test_comparisons_and_feedback_do_not_bury_an_alarm():
    made = MemoryStore()
    made.note(
        [Event(id="a", at_us=NOON_US - 9, kind="alarm.raised", subject="escalation")]
        + [Event(id=f"c{n}", at_us=NOON_US - 2, kind="quality.compared") for n in range(600)]
        + [Event(id="f", at_us=NOON_US - 1, kind="feedback")]
    )
    html = alerts(made)
    assert html.count("<li class") == 1
    assert "<strong>alarm.raised" in html
    assert "<option>quality.compared</option>" in html
    assert alerts(made, kind="quality.compared").count("<li class") == 500
