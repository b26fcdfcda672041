"""alerts: events newest first, good and bad told apart; nothing buries an alarm."""

import csv
import io
import json
from typing import Any

from headgate.ledger.event import Event
from headgate.ledger.memory import MemoryStore
from headgate.web.alerts import MOST, Alerts
from headgate.web.visit import Visit
from tests.ledger.samples import NOON_US
from tests.web.ledgers import observer, templates


def alerts(of: MemoryStore | None = None, fragment: bool = False, **query: str) -> str:
    headers = {"x-headgate-fragment": "1"} if fragment else {}
    made = Alerts(observer(of), templates(), lambda: NOON_US)
    return made.show(
        Visit(method="GET", path="/alerts", query=query, headers=headers)
    ).body.decode()


def test_events_come_newest_first_with_their_particulars():
    html = alerts()
    assert html.index("<strong>An alarm has ended") < html.index("<strong>An alarm was raised")
    assert '<code class="soft">alarm.raised</code>' in html
    assert "29.4 %" in html
    assert '<li class="bad">' in html
    assert '<li class="good">' in html


def test_events_can_be_narrowed_to_a_kind():
    html = alerts(kind="key.created")
    assert html.count("<li class") == 1
    assert '<option value="key.created" selected>A key was made (key.created)</option>' in html


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
            Event(id="3", at_us=NOON_US - 1, kind="y", detail='{"n": 1, "list": [1, "a"]}'),
        ]
    )
    html = alerts(made)
    for tag in ("<b>", "<i>", "<u>", "<s>"):
        assert tag not in html
    assert "<dd>1, a</dd>" in html


def test_comparisons_and_feedback_do_not_bury_an_alarm():
    made = MemoryStore()
    made.note(
        [Event(id="a", at_us=NOON_US - 9, kind="alarm.raised", subject="escalation")]
        + [Event(id=f"c{n}", at_us=NOON_US - 2, kind="quality.compared") for n in range(600)]
        + [Event(id="f", at_us=NOON_US - 1, kind="feedback")]
    )
    html = alerts(made)
    assert html.count("<li class") == 1
    assert "<strong>An alarm was raised" in html
    assert '<option value="quality.compared">' in html
    assert alerts(made, kind="quality.compared").count("<li class") == 500


def files(
    of: MemoryStore | None, **query: str
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """The events as JSON, and the rows as CSV."""
    made = Alerts(observer(of), templates(), lambda: NOON_US)
    visit = Visit(method="GET", path="/alerts.json", query=query)
    rows = csv.DictReader(io.StringIO(made.csv(visit).body.decode()))
    return json.loads(made.json(visit).body)["events"], list(rows)


def test_the_same_events_are_had_as_json_and_as_csv():
    told, rows = files(None, kind="alarm.raised")
    assert [event["kind"] for event in told] == ["alarm.raised"]
    assert told[0]["at"].endswith("Z")
    assert isinstance(told[0]["detail"], dict)
    assert told[0]["words"] == "An alarm was raised"
    assert json.loads(rows[0]["detail"]) == told[0]["detail"]
    assert 'href="/alerts.csv?since=90d&amp;kind=alarm.raised"' in alerts(kind="alarm.raised")


def test_what_the_page_leaves_out_is_counted_and_is_in_the_files():
    made = MemoryStore()
    made.note(
        [
            Event(id=str(number), at_us=NOON_US - number, kind="reload.done", detail="not json")
            for number in range(1, MOST + 8)
        ]
    )
    html = alerts(made)
    assert html.count("<li class") == MOST
    assert "7 older ones of this period are left out" in html
    told, rows = files(made)
    assert len(told) == len(rows) == MOST + 7
    assert told[0]["detail"] == rows[0]["detail"] == "not json"
    assert "left out" not in alerts()
