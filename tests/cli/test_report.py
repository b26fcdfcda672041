"""report: the command, from a settings file and a ledger to an answer and an exit code."""

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from headgate.cli.report import report
from headgate.errors import ConfigError
from headgate.ledger.entry import Entry
from headgate.ledger.journal import Journal
from headgate.ledger.sqlite import SqliteStore
from headgate.monitor.drivers import explain
from headgate.values import Usage
from tests.ledger.samples import NOON_US, entry, traffic
from tests.monitor.plans import EXAMPLE

TOML = """
[tiers.cheap]
model = "anthropic/claude-haiku-4-5"
[tiers.premium]
model = "anthropic/claude-sonnet-4-6"
[classifier]
kind = "model"
model = "google/gemini-2.5-flash"
[escalation]
rate = 0.20
budget = 0.25
"""


class Answer(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a settings file, and none of the developer's environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    (tmp_path / "headgate.toml").write_text(TOML)
    return tmp_path


def fill(path: Path, entries: Sequence[Entry]) -> None:
    store = SqliteStore(path)
    store.append(entries)
    store.close()


def run(*args: str) -> Answer:
    found = CliRunner().invoke(report, args, standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return Answer(found.return_value, found.stdout, found.stderr)


def as_planned(count: int, escalated: int, days: int = 0) -> list[Entry]:
    """Requests as the example plans them: classified, then answered by one of two tiers.

    One a second, or as evenly over so many days as they go.
    """
    apart_us = days * 86_400_000_000 // count or 1_000_000
    entries = []
    for number in range(count):
        premium = number < escalated
        name, at_us = f"{number:05}", NOON_US + number * apart_us
        entries += [
            entry(
                request_id=name,
                at_us=at_us,
                purpose="classifier",
                tier="classifier",
                served=False,
                usage=Usage(300, 20),
                cost_nano=140_000,
                premium_nano=None,
            ),
            entry(
                request_id=name,
                attempt=1,
                at_us=at_us + 100,
                tier="premium" if premium else "cheap",
                premium=premium,
                cost_nano=9_000_000 if premium else 3_000_000,
            ),
        ]
    return entries


def test_a_bill_as_planned_pays_and_has_no_difference(here):
    fill(here / "headgate.db", as_planned(1000, 200))
    code, out, err = run()
    assert (code, err) == (0, "")
    assert "Headgate report · 1,000 routed requests" in out
    assert "Routing pays: it saved $4.6600, 51.8 % of all-premium" in out
    assert "\x1b[" not in out
    found = json.loads(run("--json").out)
    assert found["bill"]["planned_usd"] == found["bill"]["actual_usd"] == "4.34"
    assert found["verdict"]["answer"] == "yes"
    assert {driver["usd"] for driver in found["drivers"]} == {"0"}


def test_routing_that_does_not_pay_ends_with_exit_code_1(here):
    fill(here / "headgate.db", as_planned(200, 200, days=8))
    code, out, _ = run()
    assert code == 1
    assert "Routing does not pay" in out


def test_too_little_to_tell_is_no_failure(here):
    fill(here / "headgate.db", as_planned(5, 5))
    code, out, _ = run()
    assert code == 0
    assert "Too little to tell" in out


def test_an_empty_ledger_says_how_to_fill_it(here):
    fill(here / "headgate.db", [])
    code, out, err = run()
    assert (code, err) == (0, "")
    assert out == (
        "The ledger is empty: nothing has come through the gateway yet.\n"
        "Start it with `headgate serve` and send requests to it.\n"
    )


def test_an_empty_ledger_is_still_json_and_csv(here):
    fill(here / "headgate.db", [])
    assert json.loads(run("--json").out)["requests"] == 0
    assert run("--csv").out.startswith("section,name,")


def test_a_period_without_requests_says_where_they_are(here):
    fill(here / "headgate.db", as_planned(3, 0))
    code, out, _ = run("--since", "2027-01-01")
    assert code == 0
    assert out == (
        "There is no request from 2027-01-01.\n"
        "The ledger's requests were sent from 2026-11-23 12:00 until 2026-11-23 12:00 (UTC).\n"
    )


def test_only_the_period_is_counted(here):
    fill(here / "headgate.db", as_planned(300, 60))
    found = json.loads(
        run("--json", "--since", "2026-11-23T12:00:10", "--until", "2026-11-23T12:00:30").out
    )
    assert found["requests"] == 20
    assert (found["since_at"], found["until_at"]) == (
        "2026-11-23T12:00:10Z",
        "2026-11-23T12:00:30Z",
    )


def test_a_missing_ledger_is_named_with_what_to_do(here):
    with pytest.raises(ConfigError, match=r"no ledger at headgate.db yet.*headgate serve"):
        run()
    assert not (here / "headgate.db").exists()


def test_without_settings_or_ledger_the_command_says_what_it_needs(here):
    (here / "headgate.toml").unlink()
    with pytest.raises(ConfigError, match=r"no headgate.toml"):
        run()


def test_a_ledger_alone_is_reported_without_a_plan(here):
    (here / "headgate.toml").unlink()
    fill(here / "other.db", as_planned(200, 40))
    code, out, _ = run("--ledger", "sqlite:///other.db")
    assert code == 0
    assert "Without a plan: name the settings" in out
    assert "Routing pays" in out


def test_without_a_price_the_bill_is_told_and_the_plan_is_missed(here):
    toml = TOML.replace("claude-haiku-4-5", "claude-secret-1")
    (here / "headgate.toml").write_text(toml)
    fill(here / "headgate.db", as_planned(200, 40))
    code, out, err = run()
    assert code == 0
    assert "There is no plan to compare with." in err
    assert "tiers.cheap.model: No price is known for anthropic/claude-secret-1" in err
    assert "Without a plan, for the reason that is told beside." in out
    assert "Routing pays" in out


def test_the_flag_names_another_ledger_and_the_settings_keep_the_plan(here):
    fill(here / "other.db", as_planned(200, 40))
    out = run("--ledger", "sqlite:///other.db").out
    assert "The plan's 30,000 requests a month are scaled to these 200." in out


def test_a_setting_can_be_tried_for_the_plan(here):
    fill(here / "headgate.db", as_planned(200, 40))
    out = run("--set", "escalation.budget=0.5", "--set", "escalation.rate=0.4").out
    assert "planned 40.0 %" in out
    assert "50.0 % may escalate: within it" in out


def test_csv_is_the_money_and_nothing_else(here):
    fill(here / "headgate.db", as_planned(200, 40))
    out = run("--csv").out
    assert out.splitlines()[1] == "bill,classifier,,200,0,0.028,0.028,0"


def test_rows_of_a_gateway_that_died_are_taken_in_and_that_is_said(here):
    fill(here / "headgate.db", as_planned(200, 40)[:-2])
    dead = Journal(here / "headgate.db.journal")
    for row in as_planned(200, 40)[-2:]:
        dead.append(row)
    (segment,) = dead.segments()
    dead.close()
    with segment.path.open("ab") as file:
        file.write(b"HGE1 torn")
    code, out, err = run()
    assert code == 0
    assert "200 routed requests" in out
    assert err == (
        "Took in 2 rows that a stopped gateway left.\n"
        "1 torn record was kept aside in the journal's directory.\n"
    )
    assert run().err == ""


def test_an_unreadable_journal_is_said_and_the_rest_is_reported(here):
    fill(here / "headgate.db", as_planned(200, 40))
    (here / "headgate.db.journal").mkdir()
    loop = here / "headgate.db.journal" / "0.segment"
    loop.symlink_to(loop)
    code, out, err = run()
    assert (code, "Routing pays" in out) == (0, True)
    assert "could not be taken in, and are missing" in err


def test_every_option_and_driver_is_documented():
    document = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    for option in report.params:
        for name in option.opts:
            assert f"`{name}" in document
    for driver in explain(EXAMPLE, 0, []):
        assert f"| {driver.name} |" in document


def test_json_and_csv_at_once_are_refused(here):
    assert CliRunner().invoke(report, ["--json", "--csv"]).exit_code == 2


@pytest.mark.parametrize("seed", range(3))
def test_any_traffic_gives_a_report_whose_parts_add_up(here, seed):
    rows = traffic(random.Random(seed), 150)
    fill(here / "headgate.db", rows)
    found = json.loads(run("--json").out)
    store = SqliteStore(here / "headgate.db")
    paid = sum(row.cost_nano or 0 for row in store.entries() if row.routed)
    store.close()
    assert found["bill"]["actual_usd"] == f"{paid / 10**9:.9f}".rstrip("0")
    assert found["requests"] + found["pinned"]["requests"] == 150


def test_html_and_markdown_say_the_same_and_keep_the_exit_code(here):
    fill(here / "headgate.db", as_planned(200, 200, days=8))
    for form, start in (("--html", "<!doctype html>"), ("--markdown", "# Is routing paying?")):
        code, out, _ = run(form)
        assert code == 1
        assert out.startswith(start)
        assert "Routing does not pay" in out
