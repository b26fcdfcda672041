"""requests: a search, newest first; nothing a caller wrote becomes markup."""

import re

import pytest

from headgate.ledger.memory import MemoryStore
from headgate.web.requests import Requests
from headgate.web.visit import Answer, Visit
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
    days = set(re.findall(r'<td class="nowrap">(\S+) ', html))
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
