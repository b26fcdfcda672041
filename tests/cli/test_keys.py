"""headgate keys: the life of a key as an operator leads it, and each first wrong guess."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.access.key import digest, id_in
from headgate.cli.keys import keys
from headgate.errors import ConfigError, HeadgateError
from headgate.ledger.url import open_keys, open_store

CONFIG = """
[tiers.cheap]
model = "sim/cheap-1"
[tiers.premium]
model = "sim/premium-1"
[providers.sim]
dialect = "openai"
base_url = "http://127.0.0.1:9/v1"
[ledger]
url = "sqlite:///l.db"
"""


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(keys, list(arguments), catch_exceptions=False)

    def json(self, *arguments: str):
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def kept(self):
        store = open_keys(f"sqlite:///{self.folder}/l.db")
        try:
            known = store.keys()
            return {key.name: key for key in known}
        finally:
            store.close()


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "headgate.toml").write_text(CONFIG)
    return Desk(tmp_path)


def test_the_life_of_a_key(desk):
    made = desk.json("create", "alice", "--budget", "1/day", "--budget", "20/month", "--no-pin")
    secret, name = made["secret"], made["id"]
    assert id_in(secret) == name
    pepper = (desk.folder / "l.db.key-pepper").read_text().strip().encode()
    assert desk.kept()["alice"].digest == digest(pepper, secret)
    listed = desk.json("list")["keys"]
    assert [(key["id"], key["state"], key["pin"]) for key in listed] == [(name, "active", False)]
    assert [one["limit_usd"] for one in listed[0]["budgets"]] == ["1", "20"]
    changed = desk.json("change", "alice", "--budget", "5/week", "--requests-per-minute", "9")
    assert [one["period"] for one in changed["budgets"]] == ["week"]
    assert (changed["requests_per_minute"], changed["pin"]) == (9, False)
    bare = desk.json("change", "alice", "--no-limits", "--tier", "cheap")
    assert (bare["budgets"], bare["tiers"], bare["pin"]) == ([], ["cheap"], True)
    renewed = desk.json("rotate", "alice", "--grace", "1h")
    assert renewed["id"] == name
    assert renewed["secret"] != secret
    assert desk.json("revoke", name)["state"] == "revoked"
    assert desk.json("list")["keys"] == []
    assert [key["state"] for key in desk.json("list", "--all")["keys"]] == ["revoked"]
    ledger = open_store(f"sqlite:///{desk.folder}/l.db")
    kinds = [event.kind for event in ledger.events()]
    ledger.close()
    assert kinds == ["key.created", "key.changed", "key.changed", "key.rotated", "key.revoked"]


def test_the_secret_is_the_one_line_on_stdout_and_is_shown_once(desk):
    result = desk.run("create", "alice", "--label", "owner=al", "--expires", "90d")
    secret = result.stdout.strip()
    assert id_in(secret)
    assert "shown this once" in result.stderr
    assert "owner=al" in result.stderr
    for arguments in (["list", "--all"], ["show", "alice"], ["show", "alice", "--json"]):
        shown = desk.run(*arguments).output
        assert secret[14:] not in shown
        assert desk.kept()["alice"].digest not in shown


def test_a_table_has_what_is_spent_of_each_budget(desk):
    desk.run("create", "alice", "--budget", "1/day", "--team", "search")
    desk.run("create", "bob")
    lines = desk.run("list").stdout.splitlines()
    assert lines[0].endswith("a month  refused today  expires")
    assert "$0.00 / $1.00" in lines[1]
    assert lines[2].split()[1:4] == ["bob", "–", "active"]
    page = desk.run("show", "alice").stdout
    assert "$0.00 of $1.00 today" in page
    assert "search" in page


def test_a_budget_of_less_than_a_cent_is_not_shown_as_none(desk):
    desk.run("create", "tiny", "--budget", "0.0005/day")
    assert "$0.0000 of $0.0005 today" in desk.run("show", "tiny").stdout


def test_a_limit_that_nothing_answers_to_is_warned_of_and_kept(desk):
    made = desk.run("create", "alice", "--tier", "chep", "--model", "gpt-9")
    assert "There is no tier 'chep'. Did you mean \"cheap\"?" in made.stderr
    assert "No model is called 'gpt-9'" in made.stderr
    assert id_in(made.stdout.strip())
    assert desk.kept()["alice"].limits.tiers == ("chep",)
    changed = desk.run("change", "alice", "--no-limits", "--model", "simm/*")
    assert "There is no provider 'simm'" in changed.stderr
    assert "There is no tier 'gold'" in desk.run("team", "search", "--tier", "gold").stderr
    assert "warning" not in desk.run("create", "bob", "--tier", "cheap", "--model", "sim/*").stderr


def test_a_second_key_of_a_name_is_warned_of(desk):
    desk.run("create", "alice")
    assert "Another key is called 'alice'" in desk.run("create", "alice").stderr
    with pytest.raises(HeadgateError, match="2 keys have the name 'alice'"):
        desk.run("show", "alice")


def test_a_team_is_made_changed_and_shown(desk):
    desk.run("create", "alice", "--team", "search")
    set_ = desk.json("team", "search", "--budget", "5/week", "--model", "sim/*")
    assert set_["budgets"][0]["limit_usd"] == "5"
    assert desk.json("team", "search") == set_
    assert desk.json("list")["teams"] == [set_]
    assert "$0.00 of $5.00 this week" in desk.run("team", "search").stdout
    assert desk.json("team", "search", "--no-limits")["budgets"] == []


def test_a_team_that_is_only_asked_for_is_not_made(desk):
    desk.run("team", "search", "--budget", "5/week")
    with pytest.raises(HeadgateError, match=r"There is no team 'serch'. Did you mean \"search\"\?"):
        desk.run("team", "serch")
    assert [team["team"] for team in desk.json("list")["teams"]] == ["search"]
    said = desk.run("team", "serch", "--budget", "1/day").stderr
    assert "'serch' is a new team. Did you mean \"search\"?" in said
    assert "new team" not in desk.run("team", "search", "--budget", "6/week").stderr


def test_the_table_shows_whole_ids_even_where_it_is_narrow(desk, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    made = desk.json("create", "a-name-that-is-rather-long-for-a-table", "--budget", "1/day")
    listed = desk.run("list").stdout
    assert listed.splitlines()[1].startswith(f"{made['id']}  ")
    assert not listed.endswith("\n\n")


def test_nothing_there_says_what_to_do(desk):
    assert "headgate keys create NAME" in desk.run("list").stdout
    with pytest.raises(HeadgateError, match="There is no key 'bob'"):
        desk.run("show", "bob")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["create"], "Missing argument"),
        (["create", "a", "--budget", "5"], "write it as 20/day"),
        (["create", "a", "--expires", "0s"], "too short: give 1s or more"),
        (["create", "a", "--budget", "5/day", "--budget", "6/day"], "one of each period"),
        (["create", "a", "--expires", "soon"], "not a length of time"),
        (["create", "a", "--expires", "2000000d"], "give 36500d or less"),
        (["create", "a", "--label", "x"], "--label owner=alice"),
        (["create", "a", "--requests-per-minute", "-1"], "range"),
        (["rotate"], "Missing argument"),
    ],
)
def test_a_wrong_guess_is_exit_code_2_and_says_how(desk, arguments, what):
    result = desk.run(*arguments)
    assert result.exit_code == 2
    assert what in result.output
    assert not (desk.folder / "l.db").exists()


def test_keys_need_a_file_and_a_ledger_that_stays(desk):
    with pytest.raises(ConfigError, match="in memory holds no keys"):
        desk.run("create", "a", "--set", "ledger.url=memory:")
    (desk.folder / "headgate.toml").unlink()
    with pytest.raises(ConfigError, match="There is no"):
        desk.run("list")
