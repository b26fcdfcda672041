"""request: a timeline of its attempts; nothing a caller wrote becomes markup."""

import json
import re
from urllib.parse import quote_plus

import pytest

from headgate.ledger.memory import MemoryStore
from headgate.values import Usage
from headgate.web.request import WIDE, OneRequest, Prompts
from headgate.web.visit import Answer, Visit
from tests.ledger.samples import NOON_US, entry, prompt
from tests.web.hostile import HOSTILE as EVIL
from tests.web.ledgers import observer, templates


def show(request_id: str, of: MemoryStore | None = None, prompts: Prompts = "off") -> Answer:
    page = OneRequest(observer(of), templates(), ("cheap", "premium"), prompts=prompts)
    return page.show(Visit(method="GET", path=f"/requests/{quote_plus(request_id)}"))


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
    html = show("r/1 &?", made).body.decode()
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
    html = show("r1", made).body.decode()
    assert "<dt>x-headgate-tier</dt><dd>cheap</dd>" in html
    assert "its cost stood in the last event" in html
    assert "Headers of the answer" not in show("r2", made).body.decode()


def test_a_call_that_decided_has_answered_and_one_that_cost_nothing_cost_nothing():
    made = MemoryStore()
    verdict = {"purpose": "classifier", "tier": "classifier", "served": False, "cost_nano": 0}
    made.append([entry(request_id="r1", **verdict), entry(request_id="r1", attempt=1)])
    html = show("r1", made).body.decode()
    assert "<span>answered</span>" in html
    assert '<span class="cost">$0.00</span>' in html


def test_a_request_that_is_not_there_is_404():
    answer = show("nothing")
    assert answer.status == 404
    assert "no such request" in answer.body.decode()


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


@pytest.mark.parametrize("field", ["request_id", "asked", "route", "key", "reason", "model_asked"])
def test_what_a_caller_wrote_is_text(field):
    made = MemoryStore()
    made.append([entry(**{"request_id": "r1", field: HOSTILE})])
    html = show(HOSTILE if field == "request_id" else "r1", made).body.decode()
    assert "<script>alert" not in html
    assert "<img" not in html.replace('<img src="/static', "")


def stored(**changes) -> MemoryStore:
    made = MemoryStore()
    made.append([entry(request_id="r1")])
    made.keep_prompts([prompt(request_id="r1", **changes)])
    return made


@pytest.mark.parametrize("prompts", ["on", "off"])
def test_a_stored_question_and_its_answer_are_shown(prompts):
    html = show("r1", stored(answer="plain words"), prompts).body.decode()
    assert '<pre tabindex="0">[user]\nGrüße?</pre>' in html
    assert "plain words" in html
    assert "As it was sent" in html


@pytest.mark.parametrize(
    ("prompts", "told"),
    [("off", "store_prompts</code> is off"), ("on", "None kept"), ("closed", "ask for no token")],
)
def test_where_nothing_is_stored_the_page_says_why(prompts, told):
    made = MemoryStore()
    made.append([entry(request_id="r1")])
    assert told in show("r1", made, prompts).body.decode()


def test_pages_that_ask_for_no_token_show_no_prompt():
    for name in ("r1", "r1.json"):
        body = show(name, stored(answer="c4n4ry"), "closed").body.decode()
        assert "Grüße" not in body
        assert "c4n4ry" not in body


def test_as_json_a_request_comes_with_its_attempts_and_what_is_stored():
    answer = show("r1.json", stored(), "on")
    assert answer.type == "application/json"
    told = json.loads(answer.body)
    assert told["request_id"] == "r1"
    assert [one["attempt"] for one in told["attempts"]] == [0]
    assert told["prompt"]["request"] == prompt().request
    made = MemoryStore()
    made.append([entry(request_id="r1")])
    assert json.loads(show("r1.json", made, "on").body)["prompt"] is None
    assert show("r2.json", made, "on").status == 404


@pytest.mark.parametrize("form", ["body", "parts"])
@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("text", EVIL)
def test_what_was_asked_and_answered_is_text(text, cut, form):
    asked = json.dumps({"model": "auto", "messages": [{"role": "user", "content": text}]})
    told = json.dumps([{"type": "text", "text": text}])
    if cut:
        asked, told = text, text
    html = show("r1", stored(request=asked, answer=told, form=form), "on").body.decode()
    inside = html[html.index("Question and answer") : html.index("</main>")]
    assert set(re.findall(r"<(\w+)", inside)) <= {"details", "summary", "span", "pre", "p"}
    assert not re.search(r"<[^>]*\son\w+=", inside)
