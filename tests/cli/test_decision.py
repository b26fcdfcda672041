"""headgate decision: one request on a page or as JSON, and an id that is not there."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from headgate.cli.decision import decision
from headgate.errors import RequestError
from headgate.ledger.url import open_store
from tests.ledger.samples import entry, prompt


@pytest.fixture
def ledger(tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path}/l.db"
    store = open_store(url)
    store.append(
        [
            entry(request_id="r", attempt=0, served=False, error="status", status=503, cost_nano=0),
            entry(request_id="r", attempt=1, cause="retry", cost_nano=None, key="k1"),
        ]
    )
    store.close()
    return url


def test_a_page_tells_every_step(ledger):
    result = CliRunner().invoke(decision, ["r", "--ledger", ledger], catch_exceptions=False)
    assert result.exit_code == 0
    assert "status 503" in result.stdout
    assert "  cost        1 attempt of unknown cost\n" in result.stdout, "and not $0"
    assert len(result.stdout.splitlines()) >= 8


def test_a_cost_that_is_known_in_part_says_so(ledger):
    store = open_store(ledger)
    store.append(
        [
            entry(request_id="s", attempt=0, served=False, cost_nano=2_000_000),
            entry(request_id="s", attempt=1, served=False, cost_nano=None),
            entry(request_id="s", attempt=2, cost_nano=None),
        ]
    )
    store.close()
    result = CliRunner().invoke(decision, ["s", "--ledger", ledger], catch_exceptions=False)
    assert "  cost        $0.002 and 2 attempts of unknown cost\n" in result.stdout


def test_json_is_the_document_of_the_admin_port(ledger):
    result = CliRunner().invoke(
        decision, ["r", "--json", "--ledger", ledger], catch_exceptions=False
    )
    told = json.loads(result.stdout)
    assert [step["attempt"] for step in told["steps"]] == [0, 1]
    assert told["cost"]["unpriced_attempts"] == 1


def test_an_id_that_is_not_there_says_where_ids_are(ledger):
    with pytest.raises(RequestError, match="x-headgate-request-id"):
        CliRunner().invoke(decision, ["t", "--ledger", ledger], catch_exceptions=False)


def test_question_and_answer_are_shown_only_where_they_are_asked_for(ledger):
    store = open_store(ledger)
    store.keep_prompts([prompt(request_id="r", answer="c4n4ry\x1b[2J", answer_bytes=10)])
    store.close()

    def told(*words: str) -> str:
        return (
            CliRunner()
            .invoke(decision, ["r", "--ledger", ledger, *words], catch_exceptions=False)
            .stdout
        )

    assert "c4n4ry" not in told() + told("--json")
    page = told("--prompts")
    assert "Question (67 bytes" in page
    assert "[user]\nGrüße?" in page
    assert "c4n4ry [2J" in page, "no control character reaches a terminal"
    assert json.loads(told("--prompts", "--json"))["prompt"]["answer"] == "c4n4ry\x1b[2J"


def test_where_nothing_is_stored_it_says_so(ledger):
    words = ["r", "--ledger", ledger, "--prompts"]
    page = CliRunner().invoke(decision, words, catch_exceptions=False).stdout
    assert page.endswith("Nothing is stored of its question and its answer.\n")
    found = CliRunner().invoke(decision, [*words, "--json"], catch_exceptions=False).stdout
    assert json.loads(found)["prompt"] is None
