"""ledger: rows, sums, pruning, rolling up and checking, as a user calls them."""

import json
import random
from datetime import UTC, datetime

import click
import pytest

from headgate.cli.ledger import ledger
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.totals import HOUR_US
from tests.cli.ledgers import URL, fill, run
from tests.ledger.samples import NOON_US, answers, entry, prompt, questions, shadowed


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    return tmp_path


def call(name, *args):
    return run(ledger, name, "--ledger", URL, *args)


def test_rows_shows_the_last_that_fit_oldest_first(here):
    fill(here, answers(5))
    found = call("rows", "--last", "2", "--json")
    assert [row["request_id"] for row in json.loads(found.out)] == ["r3", "r4"]
    assert "r4 0" in call("rows").out


@pytest.mark.parametrize(
    "filters",
    [
        ("--request", "r9"),
        ("--key", "k"),
        ("--team", "t"),
        ("--tier", "premium"),
        ("--model", "anthropic/other"),
        ("--model", "other-20260101"),
        ("--route", "/v1/messages"),
        ("--policy", "careful"),
        ("--error", "timeout"),
        ("--purpose", "judge"),
    ],
)
def test_rows_can_be_filtered_by(here, filters):
    odd = entry(
        request_id="r9",
        key="k",
        team="t",
        tier="premium",
        model_asked="other",
        model_answered="other-20260101",
        route="/v1/messages",
        policy="careful",
        error="timeout",
        purpose="judge",
    )
    fill(here, [*answers(3), odd])
    found = json.loads(call("rows", *filters, "--json").out)
    assert [row["request_id"] for row in found] == ["r9"]


def test_rows_says_so_where_none_fits(here):
    fill(here, answers(1))
    assert call("rows", "--tier", "absent")[:2] == (1, "No attempt fits.\n")


def test_unknown_money_is_shown_as_unknown(here):
    fill(here, [entry(cost_nano=None)])
    assert "unknown" in call("rows").out
    assert "unknown" in call("sums").out
    for command in ("rows", "sums"):
        assert json.loads(call(command, "--json").out)[0]["cost_usd"] is None


def test_sums_add_up_by_what_is_asked(here):
    fill(here, [entry(key="a"), entry(request_id="r1", key="b"), entry(request_id="r2", key="b")])
    facts = json.loads(call("sums", "--by", "key", "--json").out)
    assert [(fact["of"], fact["attempts"], fact["cost_usd"]) for fact in facts] == [
        ({"key": "a"}, 1, "0.003"),
        ({"key": "b"}, 2, "0.006"),
    ]
    csv = call("sums", "--by", "key", "--by", "hour", "--csv").out.splitlines()
    assert csv[0].startswith("routed,role,tier,key,hour,attempts,")
    assert csv[2] == "yes,answer,cheap,b,2026-11-23 12:00,2,0,2000,0,800,0.006"
    assert "2026-11-23 12:00" in call("sums", "--by", "hour").out
    assert call("sums", "--until", "2020-01-01")[:2] == (1, "There is nothing to add up.\n")


def test_pruning_asks_first_and_keeps_the_sums(here):
    fill(here, [entry(at_us=NOON_US - 90 * HOUR_US), *(entry(request_id="new"),)])
    before = call("sums", "--json").out
    asked = call("prune", "--older-than", "2026-11-22")
    assert "Up to 1 row would be deleted" in asked.out
    assert "Add --yes" in asked.out
    early = call("prune", "--older-than", "2026-01-01").out
    assert early == "There are no requests before 2026-01-01 00:00: nothing to delete.\n"
    assert len(json.loads(call("rows", "--json").out)) == 2
    done = call("prune", "--older-than", "2026-11-22", "--yes")
    assert "Deleted 1 row" in done.out
    assert [row["request_id"] for row in json.loads(call("rows", "--json").out)] == ["new"]
    assert call("sums", "--json").out == before
    again = json.loads(call("prune", "--older-than", "2026-11-22", "--yes", "--json").out)
    assert (again["attempts"], again["done"]) == (0, True)


def test_pruning_by_a_time_that_is_none_is_refused(here):
    fill(here, answers(1))
    with pytest.raises(click.BadParameter, match="no moment"):
        call("prune", "--older-than", "long ago")


def test_rollup_sums_up_and_rebuild_does_it_again(here):
    fill(here, [entry(at_us=NOON_US)])
    assert datetime.now(UTC).timestamp() * 1e6 > NOON_US + 3 * HOUR_US
    assert call("rollup").out == "Summed up 2 hours and days.\n"
    assert call("rollup").out == "Summed up 0 hours and days.\n"
    assert json.loads(call("rollup", "--rebuild", "--json").out) == {"summed_up": 2}


def test_verify_finds_nothing_wrong_in_a_sound_ledger(here):
    rows = shadowed(random.Random(1), 50)
    fill(here, rows)
    call("rollup")
    assert call("verify")[:2] == (0, f"{len(rows):,} attempts; nothing is wrong.\n")


def test_pruning_prompts_leaves_the_rows(here):
    fill(here, answers(3), questions(3))
    asked = call("prune", "--prompts", "--older-than", "2026-11-24")
    assert asked.out.startswith("3 prompts would be deleted, of requests before 2026-11-24")
    early = call("prune", "--prompts", "--older-than", "2026-01-01").out
    assert early == "There are no prompts of requests before 2026-01-01 00:00: nothing to delete.\n"
    done = call("prune", "--prompts", "--older-than", "2026-11-24", "--yes")
    assert done.out == "Deleted 3 prompts of requests before 2026-11-24 00:00; the rows stay.\n"
    assert len(json.loads(call("rows", "--json").out)) == 3
    again = call("prune", "--prompts", "--older-than", "2026-11-24", "--yes", "--json")
    assert json.loads(again.out)["prompts"] == 0


def test_verify_counts_prompts_and_names_one_that_is_wrong(here):
    fill(here, answers(2), questions(2))
    assert call("verify").out == "2 attempts and 2 prompts; nothing is wrong.\n"
    fill(here, [], [prompt(request_id="wrong", answer_bytes=1)])
    found = call("verify")
    assert found.code == 1
    assert "The prompt of request wrong is longer" in found.out


def test_no_other_command_over_the_ledger_shows_a_prompt(here):
    fill(here, answers(2), [prompt(request="c4n4ry", answer="c4n4ry")])
    for words in (("rows",), ("rows", "--json"), ("sums",), ("verify", "--json")):
        assert "c4n4ry" not in call(*words).out


def test_verify_names_what_is_wrong(here):
    fill(here, [entry(), entry(attempt=1)])
    call("rollup")
    store = SqliteStore(here / "headgate.db")
    store._db.execute("UPDATE hourly_spend SET cost_nano = cost_nano + 1")
    store.close()
    found = call("verify", "--json")
    told = json.loads(found.out)
    assert found.code == 1
    assert "2 served attempts" in told["wrong"][0]
    assert "rollup --rebuild" in told["wrong"][1]
    assert "2 things wrong" in call("verify").out
