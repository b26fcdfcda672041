"""keys: who may spend what; a secret is shown once, and only who is logged in can act."""

import re
from typing import Any

import pytest

from headgate.access.key import Key, Team
from headgate.access.limits import Budget, Limits
from headgate.access.purse import Account
from headgate.errors import RequestError
from headgate.ledger.keys import Spending
from headgate.web.keys import Keys
from headgate.web.visit import Answer, Visit
from tests.ledger.samples import NOON_US
from tests.web.ledgers import templates

LIMITS = Limits(budgets=(Budget("month", 100 * 10**9),), requests_per_minute=60, pin=False)


def key(name: str, **more) -> Key:
    given: dict[str, Any] = {
        "id": f"id{name}",
        "name": name,
        "digest": "0" * 64,
        "created_us": NOON_US,
    }
    return Key(**(given | more))


class Ring:
    def __init__(self) -> None:
        self.made = [key("alice", limits=LIMITS), key("gone", revoked_us=NOON_US - 1)]
        self.spent_nano = 85 * 10**9
        self.acts: list[tuple[str, ...]] = []

    def keys(self):
        return self.made

    def teams(self):
        return [Team(name="search", limits=LIMITS)]

    def spent(self, scope, limits):
        return [Spending(Account(scope, "month", 0), self.spent_nano, 0)]

    def refused(self):
        return {"idalice": 12}

    def create(self, name, team, budget, period):
        if not name:
            raise RequestError("A name is empty.", fix="Give one.")
        self.acts.append(("create", name, team, budget, period))
        return key(name), "hg_secret"

    def revoke(self, key_id):
        self.acts.append(("revoke", key_id))

    def rotate(self, key_id):
        self.acts.append(("rotate", key_id))
        return key("alice"), "hg_second"


def show(ring: Ring, method: str = "GET", csrf: str = "c", **fields: str) -> Answer:
    page = Keys(ring, templates(), lambda: NOON_US)
    form, query = (fields, {}) if method == "POST" else ({}, fields)
    visit = Visit(method=method, path="/keys", csrf=csrf, form=form, query=query)
    return page.show(visit)


def test_good_keys_are_listed_with_what_they_have_spent():
    html = show(Ring()).body.decode()
    assert "alice" in html
    assert "gone" not in html
    assert "$85.00 of $100.00 a month" in html
    assert "60 requests a minute; no pin" in html


def test_all_keys_are_listed_when_asked():
    assert "revoked" in show(Ring(), all="1").body.decode()


@pytest.mark.parametrize(
    ("spent", "mood", "filled"), [(10, "", 100), (80, "near", 800), (150, "bad", 1000)]
)
def test_a_budget_says_how_full_it_is(spent, mood, filled):
    ring = Ring()
    ring.spent_nano = spent * 10**9
    html = show(ring).body.decode()
    assert f'<div class="meter {mood}">' in html
    assert f'class="fill" width="{filled}"' in html


def test_a_secret_is_shown_in_the_answer_and_nowhere_else():
    ring = Ring()
    made = show(ring, "POST", act="create", name="bob", team="search", budget="5", period="day")
    assert "hg_secret" in made.body.decode()
    assert "hg_secret" not in show(ring).body.decode()
    assert ring.acts == [("create", "bob", "search", "5", "day")]


def test_a_key_is_rotated_and_revoked():
    ring = Ring()
    assert "hg_second" in show(ring, "POST", act="rotate", key="idalice").body.decode()
    assert show(ring, "POST", act="revoke", key="idalice").status == 303
    assert ring.acts == [("rotate", "idalice"), ("revoke", "idalice")]


def test_what_is_wrong_is_said_and_the_form_keeps_what_was_written():
    answer = show(Ring(), "POST", act="create", name="", team="search")
    assert answer.status == 400
    assert "A name is empty." in answer.body.decode()
    assert 'name="team" value="search"' in answer.body.decode()


def test_an_act_that_there_is_not_does_nothing():
    ring = Ring()
    assert show(ring, "POST", act="explode").status == 303
    assert ring.acts == []


def test_who_is_not_logged_in_sees_no_form_that_acts():
    html = show(Ring(), csrf="").body.decode()
    assert not re.search(r'method="post"', html)


def test_names_are_text():
    ring = Ring()
    ring.made = [key("<script>alert(1)</script>", team="<b>")]
    html = show(ring).body.decode()
    assert "<script>alert" not in html
    assert "<b>" not in html


def test_what_is_spent_is_not_rounded_up_to_a_limit_that_is_not_reached():
    ring = Ring()
    ring.spent_nano = 99_996_000_000
    assert "$99.99 of $100.00 a month" in show(ring).body.decode()


def test_the_page_says_how_many_requests_of_a_key_were_refused_today():
    page = show(Ring()).body.decode()
    assert "refused today" in page
    assert '<td class="num">12</td>' in page
