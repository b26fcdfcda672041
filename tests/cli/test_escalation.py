"""headgate escalation: pin, show, release, as an operator would in a hurry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli.escalation import escalation
from headgate.errors import ConfigError
from headgate.ledger.sqlite import SqliteStore
from headgate.monitor.standing import standing


@pytest.fixture
def url(tmp_path: Path) -> str:
    SqliteStore(tmp_path / "l.db").close()
    return f"sqlite:///{tmp_path}/l.db"


def run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(
        escalation, [*arguments, "--ledger", url], standalone_mode=False, catch_exceptions=False
    )


def test_nothing_is_in_force_at_first(url: str):
    found = run(url, "show")
    assert found.return_value == 0
    assert "the settings decide" in found.stdout


def test_a_pin_is_shown_until_it_is_released(url: str):
    assert "PINNED to the premium tier" in run(url, "pin", "--why", "an incident").stdout
    shown = run(url, "show")
    assert shown.return_value == 1
    assert "by command" in shown.stdout
    assert "is over" in run(url, "release").stdout
    assert run(url, "show").return_value == 0


def test_pinning_twice_is_one_event(url: str, tmp_path: Path):
    for _ in range(2):
        run(url, "pin")
    store = SqliteStore(tmp_path / "l.db")
    events = store.events()
    store.close()
    assert [event.kind for event in events] == ["action.pin"]
    assert standing(events).action is not None


def test_there_may_be_nothing_to_release(url: str):
    assert "nothing to release" in run(url, "release").stdout


def test_json_says_the_same(url: str):
    assert json.loads(run(url, "show", "--json").stdout) == {"action": None}
    pinned = json.loads(run(url, "pin", "--json").stdout)
    assert (pinned["action"], pinned["by"]) == ("pin", "command")
    assert pinned["since"].endswith("Z")
    assert json.loads(run(url, "release", "--json").stdout) == {"released": "pin", "action": None}


def test_a_ledger_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(ConfigError, match="no ledger"):
        run(f"sqlite:///{tmp_path}/none.db", "pin")
