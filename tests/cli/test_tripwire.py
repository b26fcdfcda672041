"""tripwire: the command from the door: sentences, tables within the width, JSON, wrong flags."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from headgate.cli.main import cli
from headgate.errors import ConfigError

AT = ("--at", "2026-11-20")
DOCS = Path(__file__).parents[2] / "docs" / "tripwire.md"

EVERYTHING = (
    *("--tornado", "--joint", "--draws", "50", "--map", "escalation", "price_ratio"),
    *("--interval", "escalation=0.15:30%"),
)


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path, monkeypatch):
    """Commands look for headgate.toml where they are called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)


def run(*args: str, columns: int = 80):
    return CliRunner().invoke(cli, ["tripwire", *AT, *args], env={"COLUMNS": str(columns)})


def told(*args: str, columns: int = 80) -> str:
    result = run(*args, columns=columns)
    assert result.exit_code == 0, result.output
    return str(result.output)


def document(*args: str):
    result = run("--json", *args)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_default_is_routing_against_all_premium_over_everything():
    text = told()
    assert "the built-in example" in text
    assert "Routed is cheaper than all premium until escalation reaches 97.9 %" in text
    assert re.search(r"escalation +20 % +97.9 % +77.9 points +━+●━+×", text)
    assert re.search(r"output_tokens +400 +– +no break-even", text)


def test_one_parameter_is_one_sentence_and_no_table():
    text = told("--over", "escalation", "--column", "naive")
    assert "97.7 %" in text
    assert "flips at" not in text


def test_two_models_can_be_compared():
    text = told("--a", "single:cheap", "--b", "single:claude-opus-4-6")
    assert "All cheap is cheaper than all Claude Opus 4.6" in text


def test_two_files_can_be_compared(tmp_path):
    tiers = (
        '[tiers.a]\nmodel = "anthropic/claude-haiku-4-5"\n'
        '[tiers.b]\nmodel = "anthropic/claude-sonnet-4-6"\n[escalation]\nrate = {}\n'
    )
    (tmp_path / "one.toml").write_text(tiers.format(0.2))
    (tmp_path / "two.toml").write_text(tiers.format(0.5))
    (wire,) = document("--a", "one.toml", "--b", "two.toml", "--over", "output_tokens")["tripwires"]
    assert (wire["a"]["name"], wire["b"]["name"]) == ("routed by one.toml", "routed by two.toml")
    assert wire["cheaper"] == "routed by one.toml"


def test_changes_are_tried_out_as_in_the_plan():
    (wire,) = document("--over", "escalation", "--escalation", "50%", "--column", "naive")[
        "tripwires"
    ]
    assert (wire["now"], wire["a"]["usd"]) == (0.5, "184.2")


def test_the_files_interval_of_the_estimate_makes_the_verdict_fragile_or_not(tmp_path):
    (tmp_path / "headgate.toml").write_text(
        '[tiers.a]\nmodel = "anthropic/claude-haiku-4-5"\n'
        '[tiers.b]\nmodel = "anthropic/claude-sonnet-4-6"\n'
        "[escalation]\nrate = 0.95\nlow = 0.9\nhigh = 0.99\n[plan]\noverhead_usd = 5\n"
    )
    (wire,) = document("--over", "escalation")["tripwires"]
    assert wire["interval"] == [0.9, 0.99]
    assert wire["fragile"] is True
    assert " !" in told()
    (firm,) = document("--over", "escalation", "--interval", "escalation=0.94:0.96")["tripwires"]
    assert firm["fragile"] is False


@pytest.mark.parametrize("columns", [80, 120])
def test_everything_fits_the_terminal(columns):
    text = told(*EVERYTHING, "--stable-prefix", "0.5", "--overhead-usd", "20", columns=columns)
    assert max(map(len, text.splitlines())) <= columns
    assert "each parameter through its range" in text
    assert "The smallest joint shift that flips the ranking is" in text
    assert "50 draws (triangular, seed 1): routed is cheaper in" in text
    assert "█ routed is cheaper" in text


def test_what_has_no_joint_shift_is_told():
    text = told("--a", "single:cheap", "--b", "single:cheap", "--joint")
    assert "No joint shift" in text
    assert "nothing can flip" in text


def test_draws_repeat():
    draws = ("--draws", "50", "--seed", "4", "--shape", "uniform")
    assert document(*draws) == document(*draws)
    assert document(*draws)["simulation"]["seed"] == 4


def paths(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value[:1]:
            yield from paths(inner, f"{path}[]")
        if not value:
            yield f"{path}[]"
    else:
        yield path


def test_every_field_is_documented_and_every_documented_field_is_there():
    table = DOCS.read_text().split("## JSON", 1)[1].split("\n## ", 1)[0]
    promised = set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))
    assert set(paths(document(*EVERYTHING))) == promised


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--a", "nonsense"), "'nonsense' is no alternative"),
        (("--b", "none.toml"), "There is no file none.toml"),
        (("--over", "nonsense"), "Choose among escalation"),
        (("--map", "escalation", "x"), "no parameter 'x'"),
        (("--interval", "escalation"), "Write it as escalation=0.15:0.3"),
        (("--interval", "escalation=x:y"), "Write it as escalation=0.15:0.3"),
        (("--interval", "escalation=0.3:0.1"), "the lower end first"),
        (("--interval", "nonsense=0:1"), "no parameter 'nonsense'"),
        (("--interval", "escalation=0:nan"), "Write it as escalation=0.15:0.3"),
        (("--draws", "0"), "0 draws are not possible"),
        (("--escalation", "2"), "--escalation: 2 (200 %) is too high"),
        (("--at", "yesterday"), "--at: 'yesterday' is no date"),
    ],
)
def test_a_wrong_flag_is_named_with_what_is_allowed(flags, says):
    result = run(*flags)
    assert isinstance(result.exception, ConfigError), result.output
    assert says in str(result.exception)


def test_all_that_cannot_be_used_is_told_at_once():
    sides = run("--at", "x", "--interval", "escalation", "--a", "one", "--b", "two")
    for said in ("--at", "--interval", "'one'", "'two'"):
        assert said in str(sides.exception)
    numbers = run("--interval", "escalation", "--premium", "no/body", "--days", "900")
    for said in ("--interval", "--premium: No price is known", "--days: 900 is too high"):
        assert said in str(numbers.exception)


def test_the_tripwires_as_html_markdown_and_csv_say_the_same():
    assert told("--html", *EVERYTHING).startswith("<!doctype html>")
    assert "97.9 %" in told("--markdown")
    lines = told("--csv").splitlines()
    assert lines[0].startswith("parameter,unit,column,now,")
    assert lines[1].startswith("escalation,share,realistic,0.2,0,1,routed,134.8656,")


def test_two_forms_at_once_are_refused():
    result = run("--json", "--csv")
    assert result.exit_code == 2
    assert "Choose one: --json or --csv." in result.output


def test_own_prices_of_a_file_count():
    Path("own.toml").write_text(
        '[prices."anthropic/claude-sonnet-4-6"]\ninput = "1.00"\noutput = "5.00"\n'
    )
    (wire,) = document("--prices", "own.toml", "--over", "escalation", "--column", "naive")[
        "tripwires"
    ]
    assert wire["b"] == {"name": "all premium", "usd": "90"}
