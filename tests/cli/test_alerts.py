"""headgate alerts: a test alert to real listeners, and the list of what was told."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli.alerts import alerts
from headgate.errors import ConfigError
from headgate.ledger.event import Event
from headgate.ledger.sqlite import SqliteStore
from tests.monitor.listeners import hook, mail_server
from tests.settings.files import TIERS


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    (tmp_path / "headgate.toml").write_text(TIERS)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(alerts, arguments, standalone_mode=False, catch_exceptions=False)


def test_a_test_alert_goes_to_every_channel(here: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOOK", "a secret")
    with hook() as server, mail_server() as mail:
        (here / "headgate.toml").write_text(
            f'{TIERS}[alerts]\nwebhook_url = "{server.url}/x"\nwebhook_secret_env = "HOOK"\n'
            f'smtp = "127.0.0.1:{mail.port}"\nsmtp_security = "none"\n'
            'mail_from = "a@b"\nmail_to = "c@d"\n'
        )
        found = run("test")
    assert found.return_value == 0
    assert found.stdout.count("taken") == 3
    assert "a secret" not in found.output
    assert json.loads(server.posts[0][2])["type"] == "headgate.alert.test"
    assert "A test alert" in mail.mails[0]


def test_a_channel_that_does_not_take_it_is_a_no(here: Path):
    with hook(404) as server:
        (here / "headgate.toml").write_text(f'{TIERS}[alerts]\nwebhook_url = "{server.url}"\n')
        found = run("test", "--json")
    assert found.return_value == 1
    document = json.loads(found.stdout)
    assert not document["ok"]
    assert document["channels"][1]["why"] == "the answer was 404"


def test_without_channels_it_says_how_to_get_one(here: Path, caplog):
    with caplog.at_level(logging.INFO):
        assert "below [alerts]" in run("test").stdout


def test_a_missing_secret_is_said(here: Path):
    (here / "headgate.toml").write_text(f'{TIERS}[alerts]\nslack_url_env = "NO_SUCH"\n')
    with pytest.raises(ConfigError, match="NO_SUCH"):
        run("test")


def test_events_of_the_watch_are_listed_the_oldest_first(here: Path):
    store = SqliteStore(here / "headgate.db")
    store.note(
        [
            Event(
                id="b", at_us=2_000_000, kind="alert.sent", subject="month", detail='{"title":"T"}'
            ),
            Event(id="a", at_us=1_000_000, kind="alarm.raised", subject="x\x1b[2J", detail="{}"),
            Event(id="c", at_us=3_000_000, kind="key.created", subject="hg_1"),
        ]
    )
    store.close()
    lines = run("list", "--since", "1970-01-01").stdout.splitlines()
    assert [line.split()[2] for line in lines] == ["alarm.raised", "alert.sent"]
    assert "\x1b" not in lines[0]
    document = json.loads(run("list", "--since", "1970-01-01", "--json").stdout)
    assert [event["id"] for event in document["events"]] == ["a", "b"]
    assert document["events"][1]["detail"] == {"title": "T"}
    assert "Nothing was raised, done or told in the last 30d." in run("list").stdout
    assert "told since 2026-11-01." in run("list", "--since", "2026-11-01").stdout
