"""requests: a search, and one request as a timeline; nothing a caller wrote becomes markup."""

import re

import pytest

from headgate.ledger.memory import MemoryStore
from headgate.values import Usage
from headgate.web.requests import WIDE, Requests
from headgate.web.visit import Answer, Visit
from tests.ledger.samples import NOON_US, entry
from tests.web.ledgers import observer, store, templates


def pages(of: MemoryStore | None = None) -> Requests:
    return Requests(observer(of), templates(), lambda: NOON_US, ("cheap", "premium"))


def show(path: str = "/requests", of: MemoryStore | None = None, **query: str) -> Answer:
    named = {name.rstrip("_"): value for name, value in query.items()}
    return pages(of).show(Visit(method="GET", path=path, query=named))


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


def test_one_request_shows_every_attempt_with_times_costs_and_reasons():
    made = MemoryStore()
    base = {"request_id": "r/1 &?", "reason": "classifier", "score": 0.75, "session": "s1"}
    made.append(
        [
            entry(**base, purpose="classifier", tier="classifier", served=False,
                  cost_nano=100_000, total_us=200_000, first_token_us=None, usage=Usage(300, 5)),
            entry(**base, attempt=1, at_us=NOON_US + 200_000, served=False, status=503,
                  error="status", cost_nano=None, total_us=300_000, first_token_us=None),
            entry(**base, attempt=2, at_us=NOON_US + 500_000, cause="retry", tier="premium",
                  premium=True, cost_nano=9_000_000, total_us=500_000, first_token_us=100_000,
                  trace='{"checks": ["length"]}'),
        ]
    )  # fmt: skip
    html = show("/requests/r/1 &?", made).body.decode()
    assert html.count("<li>\n<div") == 3
    assert "Answered by premium, escalated" in html
    assert "status, HTTP 503" in html
    assert "no known price" in html
    assert "score 0.7500" in html
    assert "&#34;length&#34;" in html
    assert "<dd>s1</dd>" in html
    rects = [
        (int(x), int(w))
        for x, w in re.findall(r'<rect class="s\d[^"]*" x="(\d+)" y="0" width="(\d+)"', html)
    ]
    assert rects[0] == (0, 200)
    assert rects[-1][0] + rects[-1][1] == WIDE


def test_what_the_headers_of_the_answer_said_is_there():
    made = MemoryStore()
    made.append([entry(request_id="r1", streamed=True), entry(request_id="r2", served=False)])
    html = show("/requests/r1", made).body.decode()
    assert "<dt>x-headgate-tier</dt><dd>cheap</dd>" in html
    assert "its cost stood in the last event" in html
    assert "Headers of the answer" not in show("/requests/r2", made).body.decode()


def test_a_call_that_decided_has_answered_and_one_that_cost_nothing_cost_nothing():
    made = MemoryStore()
    verdict = {"purpose": "classifier", "tier": "classifier", "served": False, "cost_nano": 0}
    made.append([entry(request_id="r1", **verdict), entry(request_id="r1", attempt=1)])
    html = show("/requests/r1", made).body.decode()
    assert "<span>answered</span>" in html
    assert '<span class="cost">$0.00</span>' in html


def test_days_can_be_asked_for():
    html = show(from_="2026-11-20", to="2026-11-21", since="").body.decode()
    days = set(re.findall(r'<td class="nowrap">(\S+) ', html))
    assert days == {"2026-11-20", "2026-11-21"}
    assert 'name="from" value="2026-11-20"' in html


def test_a_request_that_is_not_there_is_404():
    answer = show("/requests/nothing")
    assert answer.status == 404
    assert "no such request" in answer.body.decode()


def test_a_link_leads_to_its_request_whatever_its_id():
    made = MemoryStore()
    made.append([entry(request_id="a b&c=d/é")])
    html = show(of=made, since="all").body.decode()
    (link,) = re.findall(r'href="/requests/([^"]+)"', html)
    assert "&" not in link
    assert " " not in link


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


@pytest.mark.parametrize("field", ["request_id", "asked", "route", "key", "reason", "model_asked"])
def test_what_a_caller_wrote_is_text(field):
    made = MemoryStore()
    made.append([entry(**{"request_id": "r1", field: HOSTILE})])
    name = HOSTILE if field == "request_id" else "r1"
    for answer in (show(of=made, since="all"), show(f"/requests/{name}", made)):
        html = answer.body.decode()
        assert "<script>alert" not in html
        assert "<img" not in html.replace('<img src="/static', "")
