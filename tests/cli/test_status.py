"""status: from a settings file and a ledger to one screen and an exit code."""

import json
import random
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from headgate.cli.status import status, told
from headgate.errors import ConfigError
from headgate.ledger.entry import Entry
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import Outcome
from tests.cli.creep import CREEP_DAY, DAY_US, DAYS, rate_on, six_months
from tests.ledger.samples import entry, traffic

TOML = """
[tiers.cheap]
model = "anthropic/claude-haiku-4-5"
[tiers.premium]
model = "anthropic/claude-sonnet-4-6"
[classifier]
kind = "model"
model = "google/gemini-2.5-flash"
[escalation]
rate = 0.12
budget = 0.15
"""


HOUR_US = 3_600_000_000


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


def now_us() -> int:
    return time.time_ns() // 1_000


def fill(path: Path, days: Iterable[list[Entry]]) -> None:
    store = SqliteStore(path)
    for rows in days:
        store.append(rows)
    store.close()


def run(*args: str) -> Answer:
    found = CliRunner().invoke(status, args, standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return Answer(found.return_value, found.stdout, found.stderr)


def answered(count: int, premium: int, **changes: Any) -> list[Entry]:
    """Requests of the last hours, the premium ones spread evenly among them."""
    start = now_us() - 3 * 3_600_000_000
    return [
        entry(
            request_id=f"{number:06}",
            at_us=start + number * 1_000_000,
            premium=number * premium // count != (number + 1) * premium // count,
            cost_nano=2_000_000,
            **changes,
        )
        for number in range(count)
    ]


@pytest.fixture(scope="module")
def crept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A ledger of six months that ends with the last whole hour, and that moment.

    The watch counts by the hour, so that the figures do not hang on the minute of the run.
    """
    path = tmp_path_factory.mktemp("creep") / "headgate.db"
    end_us = now_us() // HOUR_US * HOUR_US
    fill(path, six_months(1, end_us, requests_a_day=150))
    return path, end_us


def test_six_months_of_creep_are_found_dated_and_explained(here, crept):
    path, end_us = crept
    code, out, err = run("--json", "--ledger", f"sqlite:///{path}")
    found = json.loads(out)
    escalation = found["escalation"]
    assert (code, found["ok"]) == (1, False)
    assert all(line.startswith("Reading the ledger: ") for line in err.splitlines()), err
    assert escalation["breached"]
    assert escalation["served"] == 150 * DAYS

    began, start = end_us - (DAYS - CREEP_DAY) * DAY_US, end_us - DAYS * DAY_US
    creep = escalation["creep"]
    assert creep["shape"] == "ramp"
    assert micros(creep["earliest_at"]) <= began <= micros(creep["latest_at"])
    assert micros(creep["latest_at"]) - micros(creep["earliest_at"]) < 40 * DAY_US
    assert creep["before"] == pytest.approx(0.12, abs=0.01)
    assert creep["after"] == pytest.approx(rate_on(DAYS), abs=0.02)
    # the budget of 15 % is passed thirty days after the creep began
    alarm_day = (micros(escalation["alarm_at"]) - start) / DAY_US
    assert CREEP_DAY + 30 < alarm_day < CREEP_DAY + 90

    assert escalation["attribution"]["cause"] == {"dimension": "reason", "name": "classifier"}
    assert escalation["slow"]["burn"] > 1.3
    assert escalation["low"] < escalation["rate"] < escalation["high"]
    tiers = {tier["tier"]: tier for tier in found["retries"]["tiers"]}
    assert tiers["premium"]["retry_rate"] > tiers["cheap"]["retry_rate"] > 0
    assert 0 < found["retries"]["premium_share"] < 1
    assert found["report"]["verdict"]["answer"] == "yes"
    assert 0.3 < found["headroom"]["room"] < 0.8


def test_the_same_six_months_raise_no_alarm_where_the_budget_leaves_room(here, crept):
    path, _ = crept
    code, out, _ = run("--json", "--ledger", f"sqlite:///{path}", "--set", "escalation.budget=0.3")
    assert (code, json.loads(out)["escalation"]["breached"]) == (0, False)


def test_the_screen_of_a_creep_fits_80_columns_and_says_what_matters(here, crept):
    path, _ = crept
    code, out, _ = run("--ledger", f"sqlite:///{path}")
    assert code == 1
    assert "\x1b[" not in out
    assert max(len(row) for row in out.splitlines()) <= 80
    assert len(out.splitlines()) <= 33
    for text in (
        "BUDGET BREACHED",
        "Routing pays",
        "bit by bit",
        "reason classifier escalates more",
        "points of headroom",
        "Premium is",
        "so far in",
    ):
        assert text in " ".join(out.split()), text


def micros(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1e6)


def test_within_the_budget_all_is_well(here):
    fill(here / "headgate.db", [answered(2_000, 200)])
    code, out, err = run()
    assert (code, err) == (0, "")
    assert "all is well" in out
    assert "10.0 % in the last 3.0 h" in out  # since there is traffic; the window is 7 d


def test_a_budget_breached_ends_with_exit_code_1(here):
    fill(here / "headgate.db", [answered(2_000, 800)])
    code, out, _ = run()
    assert code == 1
    assert "BUDGET BREACHED" in out


def test_routing_that_does_not_pay_ends_with_exit_code_1(here):
    rows = [*answered(500, 20)]
    dear = [entry(**{**fields(row), "cost_nano": 20_000_000}) for row in rows]
    fill(here / "headgate.db", [dear])
    code, out, _ = run()
    assert code == 1
    assert "ROUTING DOES NOT PAY" in out


def fields(row: Entry) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def test_an_empty_ledger_is_no_failure(here):
    fill(here / "headgate.db", [])
    code, out, _ = run()
    assert code == 0
    assert "no routed request was served yet" in out
    assert json.loads(run("--json").out)["escalation"]["served"] == 0


def test_without_a_budget_it_says_how_to_set_one(here):
    (here / "headgate.toml").write_text(TOML.replace("budget = 0.15", ""))
    fill(here / "headgate.db", [answered(300, 250)])
    code, out, _ = run()
    assert code == 0
    assert "No budget is set: [escalation] budget." in out


def test_a_ledger_alone_needs_no_settings(here):
    (here / "headgate.toml").unlink()
    fill(here / "headgate.db", [answered(300, 30)])
    code, out, _ = run("--ledger", "sqlite:///headgate.db")
    assert code == 0
    assert "Tripwire" not in out
    assert "planned" not in out


def test_only_the_money_is_bounded_by_since(here, crept):
    path, _ = crept
    args = ("--json", "--ledger", f"sqlite:///{path}")
    month, week = json.loads(run(*args).out), json.loads(run(*args, "--since", "7d").out)
    assert week["report"]["requests"] < month["report"]["requests"] / 3
    assert week["escalation"]["served"] == month["escalation"]["served"]


def test_nothing_is_written_to_the_ledger(here):
    fill(here / "headgate.db", [traffic(random.Random(1), 100, start_us=now_us() - 10**9)])
    before = SqliteStore(here / "headgate.db")
    rows = list(before.entries())
    before.close()
    run()
    after = SqliteStore(here / "headgate.db")
    assert list(after.entries()) == rows
    after.close()


def test_a_missing_ledger_is_wrong_use(here):
    with pytest.raises(ConfigError, match="no ledger"):
        run()


def test_long_reading_says_how_far_it_is(capsys):
    rows = [Outcome(n, 0, "r", "auto", "d", "m", "c", False) for n in range(25_000)]
    assert list(told(rows, every=0.0)) == rows
    assert capsys.readouterr().err.splitlines() == [
        "Reading the ledger: 10,000 requests",
        "Reading the ledger: 20,000 requests",
    ]


def test_without_a_price_all_but_the_plan_is_told_and_the_unpriced_are_counted(here):
    (here / "headgate.toml").write_text(TOML.replace("claude-haiku-4-5", "claude-secret-1"))
    unpriced = entry(at_us=now_us(), request_id="unpriced", cost_nano=None, card=None)
    fill(here / "headgate.db", [answered(200, 20), [unpriced]])
    code, out, err = run()
    assert code == 0
    assert "There is no plan to compare with." in err
    assert "tiers.cheap.model: No price is known for anthropic/claude-secret-1" in err
    assert "1 attempt of unknown cost" in out
    assert "planned" not in out.partition("Month")[2]
