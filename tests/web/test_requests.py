"""requests: a search, newest first; nothing a caller wrote becomes markup."""

import csv
import io
import json
import re
from html import unescape

import pytest

from headgate.bootstrap import observer as observing
from headgate.errors import ConfigError
from headgate.ledger.columns import COLUMNS
from headgate.ledger.memory import MemoryStore
from headgate.web import requests
from headgate.web.requests import Requests
from headgate.web.visit import Answer, Visit, values_of
from tests.ledger.samples import NOON_US, entry
from tests.web.ledgers import observer, store, templates


def pages(of: MemoryStore | None = None) -> Requests:
    return Requests(observer(of), templates(), lambda: NOON_US, ("cheap", "premium"))


def show(of: MemoryStore | None = None, **query: str) -> Answer:
    named = {name.rstrip("_"): value for name, value in query.items()}
    return pages(of).show(Visit(method="GET", path="/requests", query=named))


def test_the_newest_requests_are_listed_with_a_link_to_each():
    html = show().body.decode()
    links = re.findall(r'href="/requests/([^"]+)"', html)
    assert len(links) == 100
    newest = max((e for e in store().entries() if e.attempt == 0), key=lambda e: e.at_us)
    assert links[0] == newest.request_id


def test_what_was_asked_stays_in_the_form():
    html = show(tier="premium", outcome="retried", key="k_search").body.decode()
    assert "<option selected>premium</option>" in html
    assert '<option value="retried" selected>' in html
    assert 'name="key" value="k_search"' in html


def test_nothing_that_fits_is_said():
    assert "No request fits." in show(text="nope").body.decode()


def test_a_wrong_period_is_told_and_nothing_is_searched():
    answer = show(since="forever")
    assert answer.status == 422
    assert "is no period" in answer.body.decode()


def test_days_can_be_asked_for():
    html = show(from_="2026-11-20", to="2026-11-21", since="").body.decode()
    days = set(re.findall(r"<tr><td>(\S+) ", html))
    assert days == {"2026-11-20", "2026-11-21"}
    assert 'name="from" value="2026-11-20"' in html


def test_a_link_leads_to_its_request_whatever_its_id():
    made = MemoryStore()
    made.append([entry(request_id="a b&c=d/é")])
    html = show(made, since="all").body.decode()
    (link,) = re.findall(r'href="/requests/([^"]+)"', html)
    assert "&" not in link
    assert " " not in link


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


@pytest.mark.parametrize("field", ["request_id", "asked", "route", "key", "reason", "model_asked"])
def test_what_a_caller_wrote_is_text(field):
    made = MemoryStore()
    made.append([entry(**{"request_id": "r1", field: HOSTILE})])
    html = show(made, since="all").body.decode()
    assert "<script>alert" not in html
    assert "<img" not in html.replace('<img src="/static', "")


def many(count: int) -> MemoryStore:
    made = MemoryStore()
    made.append([entry(request_id=f"r{n:03}", at_us=NOON_US - 1 - n // 9) for n in range(count)])
    return made


def follow(html: str, relation: str) -> dict[str, str]:
    """The query of a link."""
    (url,) = re.findall(rf'href="/requests\?([^"]+)" rel="{relation}"', html)
    return values_of(unescape(url))


def test_links_lead_to_what_is_older_and_back_and_keep_the_question():
    made = many(250)
    html = show(made, since="all", tier="cheap").body.decode()
    seen = re.findall(r'href="/requests/([^"]+)"', html)
    assert 'rel="prev"' not in html
    for _ in range(2):
        query = follow(html, "next")
        assert query["tier"] == "cheap"
        html = show(made, **query).body.decode()
        seen += re.findall(r'href="/requests/([^"]+)"', html)
    assert sorted(seen) == [f"r{n:03}" for n in range(250)]
    assert 'rel="next"' not in html
    html = show(made, **follow(html, "prev")).body.decode()
    assert re.findall(r'href="/requests/([^"]+)"', html) == seen[100:200]
    assert '<a href="/requests?since=all&amp;tier=cheap">newest</a>' in html


def test_a_place_that_cannot_be_read_is_told_and_what_was_asked_is_kept():
    answer = show(before="x", key="k_search")
    assert answer.status == 422
    assert "no place in the list" in answer.body.decode()
    assert 'value="k_search"' in answer.body.decode()


def test_a_whole_id_finds_its_request_in_any_period():
    made = MemoryStore()
    made.append([entry(request_id="old", at_us=NOON_US - 10**15)])
    assert 'href="/requests/old"' in show(made, text="old").body.decode()
    assert "No request fits." in show(made, text="ol").body.decode()


def test_a_search_that_read_enough_says_how_far_it_came(monkeypatch):
    monkeypatch.setattr(observing, "READS", (20,))
    html = show(many(50), text="r049").body.decode()
    assert 'href="/requests/r049"' in html
    html = show(many(50), text="r04").body.decode()
    assert "No request fits so far." in html
    assert ">look further back</a>" in html
    html = show(many(50), text="r00").body.decode()
    assert "Looked through as far as 2026-11-23 11:59:59 UTC." in html


def test_as_json_attempts_are_as_the_ledger_has_them_and_links_lead_on():
    made = many(120)
    visit = Visit(method="GET", path="/requests.json", query={"since": "all"})
    told = json.loads(pages(made).json(visit).body)
    assert len(told["requests"]) == 100
    assert told["requests"][0]["attempts"][0]["cost_nano"] == 3_000_000
    assert told["newer"] is None
    query = values_of(told["older"].removeprefix("/requests.json?"))
    rest = json.loads(pages(made).json(Visit(method="GET", path="", query=query)).body)
    ids = [one["request_id"] for one in (*told["requests"], *rest["requests"])]
    assert sorted(ids) == [f"r{n:03}" for n in range(120)]
    assert rest["older"] is None


def sheet(of: MemoryStore | None = None, **query: str) -> tuple[list[dict[str, str]], list[str]]:
    """The rows of the CSV of a search, and its links."""
    answer = pages(of).csv(Visit(method="GET", path="/requests.csv", query=query))
    assert (answer.status, answer.type) == (200, "text/csv; charset=utf-8")
    assert ("content-disposition", 'attachment; filename="requests.csv"') in answer.headers
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    return rows, [value for name, value in answer.headers if name == "link"]


def test_as_csv_each_attempt_is_a_row_with_the_ledgers_columns():
    made = many(3)
    made.append([entry(request_id="r000", attempt=1, at_us=NOON_US - 1, cost_nano=None)])
    rows, links = sheet(made, since="all")
    assert [(row["request_id"], row["attempt"]) for row in rows] == [
        ("r002", "0"), ("r001", "0"), ("r000", "0"), ("r000", "1"),
    ]  # fmt: skip
    assert list(rows[0]) == list(COLUMNS)
    assert [row["cost_nano"] for row in rows] == ["3000000", "3000000", "3000000", ""]
    assert {row[flag] for row in rows for flag in ("served", "premium", "routed")} <= {"0", "1"}
    assert links == []


def test_a_file_has_more_requests_than_a_page_and_the_same_search():
    rows, _ = sheet(many(250), since="all")
    assert len(rows) == 250
    rows, _ = sheet(many(250), since="all", text="r24")
    assert {row["request_id"] for row in rows} == {f"r24{n}" for n in range(10)}
    assert sheet(many(5), since="all", tier="premium") == ([], [])


def test_files_follow_each_other_by_their_links(monkeypatch):
    monkeypatch.setattr(requests, "MOST", 20)
    made = many(50)
    rows, links = sheet(made, since="all", tier="cheap")
    seen = [row["request_id"] for row in rows]
    for _ in range(2):
        (url,) = re.findall(r'<(\S+)>; rel="next"', " ".join(links))
        path, _, query = url.partition("?")
        assert path == "/requests.csv"
        assert values_of(query)["tier"] == "cheap"
        rows, links = sheet(made, **values_of(query))
        seen += [row["request_id"] for row in rows]
    assert sorted(seen) == [f"r{n:03}" for n in range(50)]
    assert [link.partition("; ")[2] for link in links] == ['rel="prev"']
    (url,) = re.findall(r"<(\S+)>", links[0])
    rows, _ = sheet(made, **values_of(url.partition("?")[2]))
    assert [row["request_id"] for row in rows] == seen[20:40]


def test_a_search_that_cannot_be_read_gives_no_file():
    with pytest.raises(ConfigError):
        sheet(before="x")
    with pytest.raises(ConfigError):
        sheet(since="forever")


def test_the_list_leads_to_the_same_search_as_data():
    html = show(tier="cheap", since="all").body.decode()
    assert 'href="/requests.csv?tier=cheap&amp;since=all" download' in html
    assert 'href="/requests.json?tier=cheap&amp;since=all"' in html
    assert 'href="/requests.csv" download' in show(since="forever").body.decode()
