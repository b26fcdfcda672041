"""What an agent can ask: the commands' own numbers; nothing is written, no file is reached."""

from __future__ import annotations

import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headgate.cli.main import cli
from headgate.cli.mcp_answers import Place, Told
from headgate.cli.mcp_tools import TOOLS
from headgate.errors import ConfigError, HeadgateError
from headgate.ledger.journal import Journal
from tests.cli.ledgers import URL, fill
from tests.ledger.samples import entry, prompt, traffic
from tests.settings.files import GOOD as WITH_AN_END
from tests.settings.files import QUIET

GOOD = WITH_AN_END + QUIET

CHEAP, PREMIUM = "anthropic/claude-haiku-4-5", "anthropic/claude-sonnet-4-6"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a settings file and a ledger, and none of the developer's environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    (tmp_path / "headgate.toml").write_text(GOOD)
    fill(tmp_path, traffic(random.Random(1), 50))
    return tmp_path


def ask(tool: str, place: Any = None, **said: Any) -> Told:
    return TOOLS[tool].answer(place or Place(), said)


def printed(*words: str) -> dict[str, Any]:
    """What the command prints with `--json`."""
    found = CliRunner().invoke(cli, [*words, "--json"], standalone_mode=False)
    assert found.exception is None
    document: dict[str, Any] = json.loads(found.stdout)
    return document


def test_a_plan_has_the_missions_numbers():
    told = ask("plan", Place(), escalation=0.2)
    naive = told.document["columns"]["naive"]
    assert [bill["total_usd"] for bill in naive["singles"]] == ["90", "270"]
    assert naive["routed"]["total_usd"] == "130.2"
    assert "$270.00" in told.text
    assert "$130.20" in told.text


SAME = [
    ("plan", {}, "plan"),
    (
        "plan",
        {"escalation": "20%", "input_tokens": 1e3, "growth": [1, 2.5], "target_saving": 0.4},
        "plan --escalation=20% --input-tokens=1000 --growth=1,2.5 --target-saving=0.4",
    ),
    (
        "plan",
        {"archetype": "rag", "at": "2026-11-20"},
        "plan --archetype=rag --at=2026-11-20",
    ),
    (
        "tripwire",
        {
            "a": "single:cheap",
            "b": "routed",
            "over": ["escalation", "retry_rate.premium"],
            "intervals": {"escalation": [0.1, 0.3]},
            "column": "worst-case",
        },
        (
            "tripwire --a=single:cheap --b=routed --over=escalation --over=retry_rate.premium "
            "--interval=escalation=0.1:0.3 --column=worst-case"
        ),
    ),
    ("archetypes", {}, "archetypes"),
    (
        "search_prices",
        {"text": "haiku", "max_price": 2, "deprecated": False, "sort": "price", "limit": 3},
        "prices search haiku --max-price=2 --no-deprecated --sort=price --limit=3",
    ),
    ("model_price", {"model": CHEAP}, f"prices show {CHEAP}"),
    (
        "compare_prices",
        {"models": [PREMIUM, CHEAP], "input_tokens": 2000},
        f"prices compare {PREMIUM} {CHEAP} --input-tokens=2000",
    ),
    ("report", {}, "report"),
    ("route", {"prompt": "Hi", "max_tokens": 9}, "route Hi --max-tokens=9"),
]
"""A tool, its arguments, and the command that says the same."""


@pytest.mark.parametrize(("tool", "said", "words"), SAME)
def test_a_tool_says_what_the_command_prints(tool: str, said: dict[str, Any], words: str):
    told = ask(tool, **said)
    assert json.loads(json.dumps(told.document)) == printed(*words.split())
    assert told.text.strip()
    assert "\x1b" not in told.text


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("search_prices", {"text": "haiku", "limit": 1}),
        ("model_price", {"model": CHEAP}),
        ("compare_prices", {"models": [CHEAP]}),
    ],
)
def test_prices_say_their_source_and_what_must_be_known_of_them(tool: str, said: dict[str, Any]):
    told = ask(tool, at="2027-06-01", **said)
    assert "\nPrices: genai-prices" in told.text
    assert "\nNote: The price list" in told.text, "which is old on that day"
    assert any("days old" in note for note in told.document["notes"])


def test_a_search_says_how_many_it_does_not_show():
    told = ask("search_prices", text="claude", limit=2)
    assert len(told.document["models"]) == 2
    assert f"{told.document['total'] - 2} more" in told.text


def test_a_search_without_a_find_is_an_answer():
    told = ask("search_prices", text="haiku", max_price="0.000001")
    assert told.document["models"] == []
    assert told.text.startswith("No model fits.")


def test_the_status_is_the_commands_but_for_the_moment():
    found, theirs = ask("status").document, printed("status")
    assert found.keys() == theirs.keys()
    assert found["report"]["bill"] == theirs["report"]["bill"]
    assert found["escalation"]["slow"]["rate"] == theirs["escalation"]["slow"]["rate"]


def test_a_decision_is_told_without_the_prompt_that_is_stored(here: Path):
    fill(here, [entry(request_id="r1")], [prompt(request_id="r1", answer="c4n4ry")])
    told = ask("decision", request_id="r1")
    assert told.document == printed("decision", "r1")
    assert "c4n4ry" not in told.text + json.dumps(told.document)


def test_an_archetype_comes_with_the_text_that_a_plan_takes():
    toml = ask("archetypes", name="rag").document["toml"]
    ours, theirs = (ask("plan", **said) for said in ({"toml": toml}, {"archetype": "rag"}))
    assert ours.document["columns"] == theirs.document["columns"]
    assert ours.document["settings"] == "the settings given"
    assert ours.document["example"] is False


def test_prices_in_a_text_count_and_say_where_they_come_from():
    toml = f'{GOOD}[prices."{PREMIUM}"]\ninput = "30.00"\noutput = "150.00"\n'
    told = ask("plan", toml=toml).document
    assert told["columns"]["naive"]["singles"][-1]["total_usd"] == "2700"
    (own,) = [card for card in told["prices"]["cards"] if card["overridden"]]
    assert own["source"] == "the settings given"


def test_the_text_stands_in_place_of_the_file_and_of_flags():
    place = Place(sets=("escalation.rate=0.9",))
    assert ask("plan", place).document["columns"]["naive"]["escalation"] == 0.9
    assert ask("plan", place, toml=GOOD).document["columns"]["naive"]["escalation"] == 0.2


def test_without_a_file_the_example_is_planned_with(here: Path):
    (here / "headgate.toml").unlink()
    assert ask("plan").document["example"] is True
    for tool in ("status", "report", "route"):
        with pytest.raises(ConfigError, match=r"no headgate\.toml"):
            ask(tool, prompt="Hi")


def test_a_file_that_changes_counts_at_the_next_question(here: Path):
    before = ask("plan").document["columns"]["naive"]["escalation"]
    (here / "headgate.toml").write_text(GOOD.replace("rate = 0.2", "rate = 0.4"))
    assert (before, ask("plan").document["columns"]["naive"]["escalation"]) == (0.2, 0.4)


# ---- settings


def test_faults_are_an_answer_with_their_lines():
    told = ask("check", toml=WITH_AN_END + "[traffic]\nrequest_per_day = 5\n")
    assert told.document["ok"] is False
    (fault,) = told.document["errors"]
    assert (fault["file"], fault["line"]) == ("toml", 17)
    assert fault["fix"].startswith('Did you mean "requests_per_day"?')
    assert told.text.endswith("The settings cannot be used: 1 error, no warnings.")


def test_a_fault_hides_no_model_without_a_price(here: Path):
    text = GOOD.replace("claude-haiku-4-5", "claude-haiko") + "[traffic]\ninput_tokens = 0\n"
    for more in ("", f'[price_list]\ndirectory = "{here}"\n'):
        told = ask("check", toml=text + more)
        (warning,) = told.document["warnings"]
        assert warning["field"] == "tiers.cheap.model"
        assert "1 error, 1 warning" in told.text


def test_the_servers_own_file_is_checked_where_no_text_is_given(here: Path):
    assert ask("check").document["ok"] is True
    (here / "headgate.toml").write_text("[tiers]\n")
    told = ask("check")
    assert told.document["ok"] is False
    assert told.document["errors"][0]["file"] == "headgate.toml"


def test_every_value_is_listed_for_who_asks():
    assert "values" not in ask("check", toml=GOOD).document
    fields = {one["field"] for one in ask("check", toml=GOOD, values=True).document["values"]}
    assert {"escalation.rate", "tiers.cheap.model"} <= fields


def test_a_model_without_a_price_is_doubtful():
    told = ask("check", toml=GOOD.replace("claude-haiku-4-5", "claude-haiko-4-5"))
    assert [one["field"] for one in told.document["warnings"]] == ["tiers.cheap.model"]
    assert told.document["ok"] is True


# ---- no way to a file

NAMES_A_FILE = {
    "price_list.file": GOOD + '[price_list]\nfile = "FILE"\n',
    "price_list.directory": GOOD + '[price_list]\ndirectory = "FILE"\n',
    "classifier.router": GOOD.replace(
        'kind = "model"\nmodel = "google/gemini-2.5-flash"', 'kind = "learned"\nrouter = "FILE"'
    ),
}


@pytest.fixture
def unread(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that nobody may open."""
    path = here / "c4n4ry.toml"
    path.write_text('["c4n4ry/model"]\ninput = "c4n4ry"\n')
    whole = type(path).open

    def guarded(self: Path, *args: Any, **kwargs: Any) -> Any:
        assert self.name != path.name, "it was opened"
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(type(path), "open", guarded)
    return path


@pytest.mark.parametrize("field", NAMES_A_FILE)
@pytest.mark.parametrize("tool", ["plan", "tripwire"])
def test_a_text_that_names_a_file_is_refused(tool: str, field: str, unread: Path):
    with pytest.raises(ConfigError, match="may name no file") as caught:
        ask(tool, toml=NAMES_A_FILE[field].replace("FILE", str(unread)))
    assert caught.value.faults[0].field == f"toml: {field}"


@pytest.mark.parametrize("field", NAMES_A_FILE)
def test_a_file_that_a_checked_text_names_is_said_to_be_unread(field: str, unread: Path):
    told = ask("check", toml=NAMES_A_FILE[field].replace("FILE", str(unread))).document
    assert told["ok"] is True
    assert [one["field"] for one in told["warnings"]] == [field]
    assert "not looked at" in told["warnings"][0]["message"]


@pytest.mark.parametrize("name", ["a", "b"])
def test_an_alternative_is_no_file(name: str, unread: Path):
    with pytest.raises(ConfigError, match="cannot be compared with here"):
        ask("tripwire", **{name: str(unread)})
    with pytest.raises(ConfigError, match="no alternative"):
        ask("tripwire", **{name: "/etc/passwd"})


@pytest.mark.parametrize("text", ["/etc/passwd", "../headgate", "a/../../x", "rag.toml"])
def test_an_archetype_is_a_name(text: str):
    with pytest.raises((HeadgateError, KeyError)):
        ask("plan", archetype=text)


def test_a_text_and_an_archetype_are_one_too_many():
    with pytest.raises(ConfigError, match="Take one of them out"):
        ask("plan", toml=GOOD, archetype="rag")


# ---- reading only


def test_no_tool_writes(here: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("headgate.monitor.account.LEAST", 10)
    journal = Journal(here / "headgate.db.journal")
    journal.append(entry(request_id="left"))
    journal.close()
    before = _rows(here), sorted(path.name for path in (here / "headgate.db.journal").iterdir())
    for tool, said in (("status", {}), ("report", {}), ("check", {}), ("route", {"prompt": "Hi"})):
        ask(tool, **said)
    with pytest.raises(HeadgateError):
        ask("decision", request_id="left")
    after = _rows(here), sorted(path.name for path in (here / "headgate.db.journal").iterdir())
    assert after == before


def _rows(directory: Path) -> dict[str, int]:
    with sqlite3.connect(directory / "headgate.db") as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        found = {name: db.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names}
    db.close()
    return found


def test_a_ledger_that_is_not_there_is_not_made(here: Path):
    with pytest.raises(ConfigError):
        ask("status", Place(url="sqlite:///other.db"))
    assert not (here / "other.db").exists()


def test_a_ledger_can_be_named_beside_the_settings(here: Path):
    (here / "headgate.toml").unlink()
    told = ask("report", Place(url=URL))
    assert told.document["bill"]["actual_usd"] != "0"


def test_a_ledger_without_a_plan_says_why(here: Path):
    (here / "headgate.toml").write_text(GOOD.replace("claude-haiku-4-5", "nothing-known"))
    for tool in ("status", "report"):
        assert "There is no plan to compare with." in ask(tool).text


def test_a_period_without_requests_says_when_there_are_some():
    told = ask("report", since="2001-01-01", until="2001-01-31")
    assert told.text.startswith("There is no request")
