"""dashboard: one look says whether routing pays, and every number is the ledger's."""

import json
import re
import time

import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.observer import LedgerObserver
from headgate.errors import ConfigError
from headgate.ledger.memory import MemoryStore
from headgate.ledger.totals import HOUR_US
from headgate.monitor.feedback import signal_event
from headgate.monitor.quality import comparison_event
from headgate.settings import read_with_sources
from headgate.web.dashboard import Dashboard
from headgate.web.visit import Answer, Visit
from tests.ledger.samples import NOON_US, answers, entry
from tests.monitor.test_feedback import signal
from tests.monitor.test_quality import compared
from tests.web.ledgers import observer, templates


@pytest.fixture(scope="module")
def dashboard() -> Dashboard:
    looker = observer()
    made = Dashboard(looker, templates(), lambda: NOON_US)
    for _ in range(600):  # the budget's account is read in the background
        if looker._assessed is not None:
            break
        made.show(visit())
        time.sleep(0.1)
    return made


def visit(fragment: bool = False, **query: str) -> Visit:
    headers = {"x-headgate-fragment": "1"} if fragment else {}
    return Visit(method="GET", path="/", query=query, headers=headers, csrf="the-csrf")


def text(answer: Answer) -> str:
    return answer.body.decode().replace("\u00a0", " ").replace("&nbsp;", " ")


def test_the_verdict_leads_and_the_figures_follow(dashboard):
    html = text(dashboard.show(visit()))
    assert "Routing pays: it saved" in html
    for label in ("Saved", "Paid", "Escalated", "This month so far", "Headroom"):
        assert f"<dt>{label}</dt>" in html


def test_the_budget_is_told_with_its_evidence(dashboard):
    html = text(dashboard.show(visit()))
    assert "The escalation budget" in html
    assert "95 % confidence sequence" in html
    assert "Evidence for a breach" in html or "Alarm since" in html


def with_comparisons(*found, floor: str = "0.95") -> Dashboard:
    made = MemoryStore()
    made.append(answers(300))
    made.note([*map(comparison_event, found), signal_event(signal(1, tier="cheap"))])
    settings = read_with_sources(
        None, env={}, sets=(f"quality.floor={floor}",), need_providers=False
    ).settings
    looker = LedgerObserver(made, settings, book_of(settings, env={}), now_us=lambda: NOON_US)
    return Dashboard(looker, templates(), lambda: NOON_US)


def test_the_quality_kept_is_told_with_its_interval_and_by_route():
    found = [compared(n, route="/a" if n % 2 else "/b") for n in range(200)]
    html = text(with_comparisons(*found).show(visit()))
    assert "<dt>Quality kept</dt>" in html
    assert "The floor of 95.0 % is not yet known" in html
    assert "Cheap answers beside premium" in html
    assert html.count("100.0 %") >= 3
    assert "What users say" in html
    assert "200 sampled, 200 judged, 200 decided" in html


def test_a_fall_of_quality_leads():
    found = [compared(n, 0.0 if n % 3 == 0 else 1.0) for n in range(300)]
    html = text(with_comparisons(*found).show(visit()))
    assert "Cheap answers no longer keep the floor of quality." in html
    assert "Below the floor of 95.0 % since" in html


def test_where_nothing_is_compared_nothing_is_said_of_quality(dashboard):
    html = text(dashboard.show(visit()))
    assert "Quality kept" not in html
    assert "What users say" not in html


def test_a_script_gets_what_changes_alone(dashboard):
    alone = text(dashboard.show(visit(fragment=True)))
    assert "<html" not in alone
    assert "Routing pays" in alone


def test_every_dimension_can_be_chosen_and_is_kept(dashboard):
    html = text(dashboard.show(visit(key="k_support", since="7d")))
    assert "<option selected>k_support</option>" in html
    assert "key k_support" in html
    assert "/dashboard.json?since=7d&amp;key=k_support" in html


def test_a_key_that_is_not_there_shows_an_empty_page_that_still_names_it(dashboard):
    html = text(dashboard.show(visit(key="nobody")))
    assert "No request has come through" in html
    assert "<option selected>nobody</option>" in html


def test_series_have_their_numbers_for_a_script_and_for_a_reader(dashboard):
    html = dashboard.show(visit()).body.decode()
    found = re.findall(
        r'data-series="([^"]+)" data-marks="[^"]+" data-names="([^"]+)" data-colours="([^"]+)"',
        html,
    )
    assert len(found) == 2
    for data, names, colours in found:
        rows = json.loads(data.replace("&#34;", '"'))
        assert len(rows) == len(names.split("|")) + 1 == len(colours.split("|")) + 1
        assert len({len(row) for row in rows}) == 1


def test_a_length_of_time_stays_when_it_is_narrowed_and_the_other_way_round(dashboard):
    html = text(dashboard.show(visit(key="k_support", since="7d")))
    assert '<input type="hidden" name="since" value="7d">' in html
    assert 'href="?key=k_support&amp;since=24h"' in html


def test_a_ledger_without_a_request_says_what_to_do():
    empty = Dashboard(observer(MemoryStore()), templates(), lambda: NOON_US)
    assert 'href="/plan"' in text(empty.show(visit()))


def test_the_same_as_json_and_csv(dashboard):
    told = json.loads(dashboard.json(visit(since="all")).body)
    rows = dashboard.csv(visit(since="all")).body.decode().splitlines()
    assert rows[0] == "hour,served,escalated,left_out,paid_nano,baseline_nano"
    assert len(rows) - 1 == len(told["hours"])
    assert sum(int(row.split(",")[1]) for row in rows[1:]) == told["report"]["escalation"]["served"]


def test_an_hour_and_a_group_of_unknown_cost_are_no_hour_and_no_group_that_cost_nothing():
    store = MemoryStore()
    store.append(answers(4))
    nothing = {"cost_nano": None, "premium_nano": None, "route": "/v1/messages"}
    store.append(
        [entry(request_id=f"later{n}", at_us=NOON_US - 2 * HOUR_US, **nothing) for n in range(3)]
    )
    made = Dashboard(observer(store), templates(), lambda: NOON_US)
    told = json.loads(made.json(visit(since="all")).body)
    unknown, known = told["hours"]
    assert known["left_out"] == 0 < known["paid_nano"]
    assert (unknown["left_out"], unknown["paid_nano"], unknown["baseline_nano"]) == (3, None, None)
    groups = {one["name"]: one for one in told["groups"]["route"]}
    assert groups["/v1/messages"]["paid_nano"] is None
    assert made.csv(visit(since="all")).body.decode().splitlines()[1].endswith(",3,0,3,,")


@pytest.mark.parametrize("query", [{"since": "x"}, {"from": "x"}])
def test_a_period_that_is_none_is_refused(dashboard, query):
    with pytest.raises(ConfigError):
        dashboard.show(visit(**query))


def test_whoever_is_logged_in_can_log_out(dashboard):
    assert 'name="csrf" value="the-csrf"' in text(dashboard.show(visit()))
