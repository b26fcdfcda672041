"""archetypes: the list, one as a file, both as JSON, and plans that start from one."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from headgate.bootstrap.archetypes import NAMES
from headgate.cli.main import cli
from headgate.errors import ConfigError

DOCS = Path(__file__).parents[2] / "docs" / "archetypes.md"


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)


def run(*args: str):
    return CliRunner().invoke(cli, args)


def told(*args: str) -> str:
    result = run(*args)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def test_all_are_listed_with_what_they_cost_and_save_within_80_columns():
    text = told("archetypes", "--at", "2026-11-20")
    assert max(map(len, text.splitlines())) <= 80
    for name in NAMES:
        assert re.search(rf"^  {name} ", text, re.MULTILINE)
    assert re.search(r"router +1,000 +1 +1,000/400 +\$293\.33 +\$134\.87 +54\.0 %", text)


def test_one_is_printed_as_a_file_that_can_be_used(tmp_path):
    text = told("archetypes", "rag")
    assert tomllib.loads(text)["traffic"]["calls_per_request"] == 2
    (tmp_path / "headgate.toml").write_text(text)
    planned = json.loads(told("plan", "--json"))
    assert planned["scenario"]["requests_per_month"] == 120_000


def test_a_plan_and_a_tripwire_can_start_from_one():
    assert "Headgate plan · archetype agent" in told("plan", "--archetype", "agent")
    assert "Headgate tripwire · archetype agent" in told("tripwire", "--archetype", "agent")
    assert '"example": false' in told("plan", "--archetype", "agent", "--json")


def test_as_json_every_documented_field_is_there():
    table = DOCS.read_text().split("## JSON", 1)[1]
    promised = {
        name.removesuffix("[]") for name in re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    }
    found = json.loads(told("archetypes", "--json"))["archetypes"]
    assert [entry["name"] for entry in found] == list(NAMES)
    assert set(found[0]) == promised
    assert json.loads(told("archetypes", "coding", "--json"))["input_tokens"] == 20_000


def test_every_archetype_is_described():
    for name in NAMES:
        assert f"| `{name}` |" in DOCS.read_text()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("archetypes", "nonsense"), "There is no archetype 'nonsense'"),
        (("plan", "--archetype", "nonsense"), "There is no archetype 'nonsense'"),
        (("plan", "--archetype", "rag", "--config", "x.toml"), "A file is named as well"),
    ],
)
def test_what_is_not_there_is_told(args, says):
    result = run(*args)
    assert isinstance(result.exception, ConfigError)
    assert says in str(result.exception)
