"""plan: the command from the door: example, file, flags, JSON, and every wrong flag told."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from headgate.cli.main import cli, main
from headgate.cli.plan import plan as plan_command
from headgate.errors import ConfigError

AT = ("--at", "2026-11-20")

FILE = """
[traffic]
requests_per_day = 2000

[classifier]
kind = "model"
model = "google/gemini-2.5-flash"

[tiers.easy]
model = "anthropic/claude-haiku-4-5"
[tiers.hard]
model = "anthropic/claude-sonnet-4-6"

[escalation]
rate = 0.5

[prices."anthropic/claude-haiku-4-5"]
input = "0.90"
output = "4.50"
"""


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path, monkeypatch):
    """Commands look for headgate.toml where they are called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)


def run(*args: str):
    return CliRunner().invoke(cli, ["plan", *AT, *args])


def told(*args: str) -> str:
    """What the command prints."""
    result = run(*args)
    assert result.exit_code == 0, result.output
    return str(result.output)


def document(*args: str):
    result = run("--json", *args)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def fault(*args: str) -> str:
    """The error that the command ends with."""
    error = run(*args).exception
    assert isinstance(error, ConfigError), error
    return str(error)


def test_without_a_file_the_missions_example_is_shown_and_said_to_be_one():
    text = told()
    assert "the built-in example (no headgate.toml here)" in text
    for amount in ("$270.00", "$90.00", "$130.20", "$4.20", "$72.00", "$54.00", "51.8 %"):
        assert amount in text
    assert "Routing pays until 97.7 % of requests escalate" in text


def test_a_file_in_the_directory_is_read():
    Path("headgate.toml").write_text(FILE)
    plan = document()
    assert plan["settings"] == "headgate.toml"
    assert plan["example"] is False
    assert plan["scenario"]["requests_per_month"] == 60_000
    assert plan["scenario"]["escalation"] == 0.5
    assert [bill["name"] for bill in plan["columns"]["naive"]["singles"]] == [
        "all easy",
        "all hard",
    ]


def test_a_file_may_be_named(tmp_path):
    (tmp_path / "other.toml").write_text(FILE)
    assert document("--config", "other.toml")["scenario"]["escalation"] == 0.5


def test_prices_of_the_file_are_marked_wherever_they_are_used():
    Path("headgate.toml").write_text(FILE)
    card = document()["prices"]["cards"][1]
    assert card["id"] == "anthropic/claude-haiku-4-5@override:headgate.toml"
    assert card["overridden"] is True
    assert card["usd_per_million"]["input"] == "0.90"
    assert "Claude Haiku 4.5 *" in told()


@pytest.mark.parametrize(
    ("flags", "routed"),
    [
        (("--escalation", "0.5"), "184.2"),
        (("--escalation", "50%"), "184.2"),
        (("--escalation", "1"), "274.2"),
        (("--requests-per-day", "10000"), "1302"),
        (("--days", "15"), "65.1"),
        (("--classifier", "anthropic/claude-sonnet-4-6"), "162"),
        (("--classifier", "none"), "126"),
        (("--premium", "anthropic/claude-haiku-4-5"), "94.2"),
        (("--cheap", "anthropic/claude-sonnet-4-6"), "274.2"),
        (("--set", "traffic.requests_per_day=10000"), "1302"),
    ],
)
def test_a_flag_changes_the_bill(flags, routed):
    assert document(*flags)["columns"]["naive"]["routed"]["total_usd"] == routed


def test_token_flags_hold_for_every_tier():
    plan = document("--input-tokens", "2000", "--output-tokens", "800")
    naive = plan["columns"]["naive"]
    assert naive["singles"][1]["total_usd"] == "540"
    assert naive["singles"][0]["total_usd"] == "180"


def test_flags_for_the_realistic_column_leave_the_naive_one_alone():
    plain = document()["columns"]
    tried = document("--retry-rate", "20%", "--stable-prefix", "0.5", "--overhead-usd", "10")[
        "columns"
    ]
    assert tried["naive"] == plain["naive"]
    assert tried["realistic"] != plain["realistic"]


def test_what_has_been_changed_is_said():
    assert document("--escalation", "0.5", "--days", "31")["changed"] == ["--escalation", "--days"]
    assert "changed: --escalation" in " ".join(told("--escalation", "0.5").split())


def test_the_json_document_has_the_golden_numbers_as_exact_text():
    plan = document()
    naive = plan["columns"]["naive"]
    assert naive["routed"]["total_usd"] == "130.2"
    assert [line["usd"] for line in naive["routed"]["lines"]] == ["4.2", "72", "54", "0", "0"]
    assert naive["saving_usd"] == "139.8"
    assert naive["saving"] == 0.517777778
    assert naive["point_usd"] == "1.8"
    assert naive["crossover"] == {"pays": "below", "rate": 0.976666667, "headroom": 0.776666667}
    assert plan["columns"]["realistic"]["routed"]["total_usd"] == "134.8656"
    assert [card["id"] for card in plan["prices"]["cards"]] == [
        "google/gemini-2.5-flash@undated",
        "anthropic/claude-haiku-4-5@undated",
        "anthropic/claude-sonnet-4-6@2026-03-13",
    ]
    assert plan["prices"]["source"].startswith("genai-prices ")
    assert plan["notes"] == [
        (
            "google/gemini-2.5-flash ends on 2026-12-01; from then on google/gemini-3.5-flash-lite "
            "answers in its place, and a month of the plan costs $134.87 as before."
        )
    ]
    assert plan["assumptions"].keys() == {
        "naive",
        "realistic",
        "worst_case",
        "left_out",
    }


def test_the_worst_case_states_its_stress_and_its_gap_adds_up():
    plan = document("--stable-prefix", "0.5")
    # the budget of the example is the rate that the alarm allows
    assert plan["scenario"]["stress"]["escalation"] == 0.25
    worst, realistic = (plan["columns"][name] for name in ("worst_case", "realistic"))
    gap = Decimal(worst["routed"]["total_usd"]) - Decimal(realistic["routed"]["total_usd"])
    assert abs(Decimal(plan["gap"]["usd"]) - gap) < Decimal("1e-7")
    parts = sum(Decimal(driver["usd"]) for driver in plan["gap"]["drivers"])
    assert parts == Decimal(plan["gap"]["usd"])
    assert {driver["name"] for driver in plan["gap"]["drivers"]} == {
        "escalation",
        "premium_retries",
        "cheap_retries",
        "cold_cache",
        "longer_answers",
    }
    assert Decimal(plan["bound"]["usd"]) > Decimal("0.05")


def test_a_target_is_solved_for():
    (escalation, *_) = document("--target-bill", "150")["solutions"]
    assert escalation["parameter"] == "escalation"
    assert escalation["values"] == [0.274433428]
    assert "27.4 %" in escalation["sentence"]
    assert "A saving of 40 % takes escalation of" in told("--target-saving", "40%")


def test_growth_is_shown_for_the_factors_asked_for():
    grown = document("--growth", "1, 2.5,100")["growth"]
    assert [entry["factor"] for entry in grown] == [1, 2.5, 100]
    assert [entry["naive"]["routed_usd"] for entry in grown] == ["130.2", "325.5", "13020"]


def test_prices_are_those_of_the_day_asked_for():
    cards = CliRunner().invoke(cli, ["plan", "--json", "--at", "2026-03-12"])
    premium = json.loads(cards.stdout)["prices"]["cards"][-1]
    assert premium["id"] == "anthropic/claude-sonnet-4-6@undated"


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--escalation", "1.5"), "--escalation: 1.5 (150 %) is too high. Give a share of 0 to 1."),
        (("--escalation", "nan"), "--escalation: 'NaN' is not a number."),
        (("--escalation", ""), "--escalation: '' is not a number."),
        (("--escalation", "x%"), "--escalation: 'x%' is not a number."),
        (("--escalation=-0.1",), "--escalation: -0.1 (-10 %) is too low."),
        (("--requests-per-day", "0"), "--requests-per-day: 0 is too low."),
        (("--requests-per-day", "1e99"), "--requests-per-day: 1E+99 is too high."),
        (("--days", "many"), "--days: 'many' is not a number."),
        (("--input-tokens=-5",), "--input-tokens: -5 is too low."),
        (("--output-tokens", "inf"), "--output-tokens: Infinity is too high."),
        (("--retry-rate", "110%"), "--retry-rate: 1.1 (110 %) is too high."),
        (("--stable-prefix", "7"), "--stable-prefix: 7 (700 %) is too high."),
        (("--cache-hit-rate", "-1%"), "--cache-hit-rate: -0.01 (-1 %) is too low."),
        (("--overhead-usd", "$5"), "--overhead-usd: '$5' is not a number."),
        (("--premium", "gpt-4o"), "--premium: 'gpt-4o' is not of the form provider/model."),
        (("--growth", "0"), "--growth: '0' is no list of traffic factors."),
        (("--growth", "1,x"), "--growth: '1,x' is no list"),
        (("--growth", "nan"), "--growth: 'nan' is no list"),
        (("--growth", ""), "--growth: '' is no list"),
        (("--growth", "1,1,1,1,1,1,1,1,1"), "Give up to 8 numbers"),
        (("--at", "yesterday"), "--at: 'yesterday' is no date. Write it as 2026-11-20."),
    ],
)
def test_a_wrong_flag_is_named_with_what_is_allowed(flags, says):
    assert says in fault(*flags)


def test_one_wrong_flag_is_one_fault_however_many_tiers_it_holds_for():
    assert fault("--input-tokens", "abc").count("--input-tokens") == 1


def test_all_wrong_flags_are_told_at_once():
    text = fault("--escalation", "2", "--days", "0")
    assert "--escalation" in text
    assert "--days" in text


def test_all_that_cannot_be_used_is_told_at_once_whatever_it_is():
    text = fault(
        "--at", "x", "--growth", "0", "--target-saving", "9", "--target-bill", "-1",
        "--premium", "no/body", "--classifier", "nonsense", "--days", "900",
    )  # fmt: skip
    flags = ("at", "growth", "target-saving", "target-bill", "premium", "classifier", "days")
    assert [line.split(":")[0] for line in text.splitlines() if line.startswith("  --")] == [
        f"  --{flag}" for flag in flags
    ]


def test_a_way_out_of_several_lines_stays_below_its_fault():
    text = fault("--premium", "no/body", "--days", "900")
    assert '\n    [prices."no/body"]\n    input = "1.00"' in text
    assert text.splitlines()[-1].startswith("  --days: 900 is too high.")


def test_a_model_without_a_price_shows_near_names_and_both_ways_out():
    text = fault("--premium", "anthropic/claude-sonet-4-6")
    assert "No price is known for anthropic/claude-sonet-4-6" in text
    assert "Did you mean anthropic/claude-sonnet-4-6" in text
    assert '[prices."anthropic/claude-sonet-4-6"]' in text


def test_from_the_shell_a_wrong_flag_ends_with_2_and_no_traceback(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["plan", "--escalation", "2"])
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("headgate: The scenario cannot be evaluated:")
    assert "Traceback" not in told.err


def test_a_missing_file_is_an_error_and_not_the_example():
    assert "There is no file nowhere.toml" in fault("--config", "nowhere.toml")


def test_a_file_without_a_classifier_is_noted():
    Path("headgate.toml").write_text(
        FILE.replace('kind = "model"\nmodel = "google/gemini-2.5-flash"', "")
    )
    assert "would send every request to hard" in " ".join(told().split())


def test_what_the_settings_warn_of_is_noted():
    Path("headgate.toml").write_text(FILE.replace("rate = 0.5", "rate = 0.5\nbudget = 0.4"))
    note, ends = document()["notes"]
    assert "ends on 2026-12-01" in ends
    assert "escalation.budget" in note
    assert "below the planned rate" in note


def test_a_model_that_ends_within_the_month_of_the_plan_is_noted():
    cheap = ("--cheap", "openai/gpt-5-mini", "--premium", "openai/gpt-6.1-sol")
    notes = document(*cheap, "--classifier", "none", "--at", "2026-11-20")["notes"]
    assert notes[0].startswith("openai/gpt-5-mini ends on 2026-12-11; its successor is openai/gpt-")
    assert " in place of $" in notes[0]
    early = document(*cheap, "--classifier", "none", "--at", "2026-10-20")["notes"]
    assert not any("ends on" in note for note in early)
    said = " ".join(told(*cheap, "--classifier", "none").split())
    assert "Note: openai/gpt-5-mini ends on 2026-12-11;" in said


def test_every_flag_and_its_meaning_is_documented():
    docs = (Path(__file__).parents[2] / "docs" / "plan.md").read_text()
    for parameter in plan_command.params:
        assert f"`{parameter.opts[-1]}" in docs, parameter.opts


def test_own_prices_of_a_file_count_and_say_where_they_stand():
    Path("own.toml").write_text(
        '[prices."anthropic/claude-sonnet-4-6"]\ninput = "6.00"\noutput = "30.00"\n'
    )
    plan = document("--prices", "own.toml")
    assert plan["columns"]["naive"]["singles"][1]["total_usd"] == "540"
    assert {card["source"] for card in plan["prices"]["cards"] if card["overridden"]} == {
        "own.toml"
    }


def test_an_own_price_in_a_wrong_unit_is_pointed_out():
    Path("own.toml").write_text(
        '[prices."anthropic/claude-sonnet-4-6"]\ninput = "0.000003"\noutput = "15"\n'
    )
    note, _ = document("--prices", "own.toml")["notes"]
    assert note.startswith("own.toml:1: ")
    assert "1,000,000 times less than the list" in note


def test_a_plan_for_a_day_far_from_the_lists_is_told_so():
    assert any("days old" in note for note in document("--at", "2028-01-01")["notes"])


def test_the_plan_as_html_is_one_page():
    text = told("--html")
    assert text.startswith("<!doctype html>")
    assert text.rstrip().endswith("</html>")
    assert "$130.20" in text


def test_the_plan_as_markdown_has_its_tables():
    assert "| **routed** | **$130.20** |" in told("--markdown")


def test_the_plan_as_csv_is_exact():
    lines = told("--csv").splitlines()
    assert lines[0] == "section,column,factor,alternative,line,kind,share,card,usd"
    assert "total,naive,1,routed,,,,,130.2" in lines


def test_two_forms_at_once_are_refused():
    result = run("--csv", "--html")
    assert result.exit_code == 2
    assert "Choose one: --csv or --html." in result.output
