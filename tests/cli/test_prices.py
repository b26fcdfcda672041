"""prices: the command from the door: search, show, compare, history, update, every wrong flag."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli.main import cli
from headgate.errors import ConfigError
from tests.prices.feeds import feed, model, provider

AT = ("--at", "2026-11-20")
OWN = '[prices."anthropic/claude-haiku-4-5"]\ninput = "0.90"\noutput = "4.50"\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory without a settings file, and an empty data directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, ["prices", *args], standalone_mode=False)


def told(*args: str) -> str:
    result = run(*args)
    assert result.exception is None, result.output
    return str(result.stdout)


def document(*args: str):
    return json.loads(told(*args, *AT, "--json"))


def rows(*args: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(told(*args, *AT, "--csv"))))


def fault(*args: str) -> str:
    error = run(*args).exception
    assert isinstance(error, ConfigError), error
    return str(error)


def test_a_search_shows_the_model_its_prices_and_since_when():
    text = told("search", "sonnet", "4.6", *AT)
    assert "anthropic/claude-sonnet-4-6" in text.splitlines()[1]
    assert text.splitlines()[1].split()[1:] == [
        "3.00",
        "15.00",
        "0.30",
        "6.429",
        "1M",
        "2026-03-13",
    ]
    assert max(map(len, text.splitlines())) <= 80


def test_what_belongs_to_the_table_and_is_none_of_it_goes_to_stderr():
    talk = run("search", "claude", *AT, "--limit", "3").stderr
    assert "blend: 1,000 tokens in, 400 out" in talk
    assert "more; --limit shows them." in talk
    assert "Prices: genai-prices" in talk


def test_a_search_without_a_hit_ends_with_1():
    result = run("search", "zzzzqqqq", *AT)
    assert result.return_value == 1
    assert "No model fits" in result.output


def test_filters_mix_and_order_are_taken():
    found = document(
        "search", "claude", "--provider", "anthropic", "--max-price", "2.5", "--min-context",
        "200000", "--mix", "3:1", "--sort", "price",
    )  # fmt: skip
    prices = [float(one["blended_usd_per_million"]) for one in found["models"]]
    assert prices == sorted(prices)
    assert 0 < max(prices) <= 2.5
    assert {one["provider"] for one in found["models"]} == {"anthropic"}
    assert found["mix"] == {"input": 3, "output": 1}
    assert found["total"] == len(prices)


def test_deprecated_models_are_left_out_when_asked():
    every = document("search", "--provider", "avian", "--limit", "500")["models"]
    current = document("search", "--provider", "avian", "--limit", "500", "--no-deprecated")
    assert {one["deprecated"] for one in every} == {True, False}
    assert {one["deprecated"] for one in current["models"]} == {False}


def test_csv_has_exact_numbers_and_no_marks():
    Path("own.toml").write_text(OWN)
    (row,) = rows("search", "anthropic/claude-haiku-4-5", "--prices", "own.toml", "--limit", "1")
    assert row["model"] == "anthropic/claude-haiku-4-5"
    assert (row["input"], row["output"], row["source"]) == ("0.90", "4.50", "own.toml")


def test_show_has_every_rate_and_every_kind_of_request():
    text = told("show", "anthropic/claude-haiku-4-5", *AT)
    for part in (
        "Claude Haiku 4.5 (anthropic/claude-haiku-4-5)",
        "genai-prices",
        "the source gives no date",
        "200,000 tokens",
        "anthropic/claude-haiku-4-5@undated",
        "processing=batch",
        "web_searches_kcount",
    ):
        assert part in text
    assert ["standard", "1.00", "5.00", "0.10", "1.25", "2.00"] in [
        line.split() for line in text.splitlines()
    ]


def test_show_has_long_contexts_and_hours():
    text = told("show", "anthropic/claude-sonnet-4-6", "--at", "2026-03-01")
    assert "calls that read more than 200,000 tokens" in text
    hours = told("show", "deepseek/deepseek-chat", *AT)
    assert "00:30 to 16:30 UTC" in hours
    assert "the rest of the day" in hours
    found = document("show", "deepseek/deepseek-chat")
    assert found["hours"][0]["from_minute"] == 30


def test_a_rate_that_is_missing_is_said_to_be():
    assert "No rate of its own: write 5m, write 1h" in told("show", "openai/gpt-4o", *AT)


def test_sources_that_disagree_are_shown_with_both_numbers():
    Path("own.toml").write_text(OWN)
    text = told("show", "anthropic/claude-haiku-4-5", "--prices", "own.toml", *AT)
    assert "anthropic/claude-haiku-4-5 *" in text
    assert "your own file" in text
    assert "Sources disagree: input is $0.90 in own.toml, $1.00 in genai-prices" in text
    found = document("show", "anthropic/claude-haiku-4-5", "--prices", "own.toml")
    assert [one["kind"] for one in found["disagreements"]] == ["input", "output"]
    assert found["disagreements"][0]["factor"] == 0.9
    assert found["disagreements"][0]["wrong_unit_likely"] is False


def test_a_price_in_a_wrong_unit_is_pointed_out_wherever_prices_are_read():
    Path("own.toml").write_text(OWN.replace("0.90", "0.000001"))
    for command in (("search", "haiku"), ("show", "anthropic/claude-haiku-4-5")):
        result = run(*command, "--prices", "own.toml", *AT)
        assert "Note: own.toml:1: " in result.stderr
        assert "It looks like US dollars per token" in result.stderr
    (note,) = document("search", "haiku", "--prices", "own.toml")["notes"]
    assert "1,000,000 times less than the list" in note


def test_a_comparison_has_a_call_and_a_month_the_cheapest_first():
    found = document(
        "compare", "anthropic/claude-sonnet-4-6", "anthropic/claude-haiku-4-5",
        "--input-tokens", "1000", "--output-tokens", "400", "--requests-per-day", "1000",
    )  # fmt: skip
    assert found["requests_per_month"] == 30_000
    assert [(one["model"], one["call_usd"], one["month_usd"], one["times"])
            for one in found["models"]] == [
        ("claude-haiku-4-5", "0.003", "90", 1.0),
        ("claude-sonnet-4-6", "0.009", "270", 3.0),
    ]  # fmt: skip
    text = told("compare", "anthropic/claude-sonnet-4-6", "anthropic/claude-haiku-4-5", *AT)
    assert text.splitlines()[2].split()[-3:] == ["$0.009", "$270.00", "3.00"]


def test_a_comparison_takes_its_traffic_from_the_settings():
    found = document("compare", "openai/gpt-4o", "--set", "traffic.requests_per_day=10")
    assert found["requests_per_month"] == 300


def test_a_comparison_as_csv_is_exact():
    (row,) = rows("compare", "anthropic/claude-haiku-4-5")
    assert (row["call_usd"], row["month_usd"]) == ("0.003", "90")


def test_a_model_that_lacks_a_needed_price_is_last_and_said_to_have_none():
    found = rows("compare", "openai/text-embedding-3-small", "anthropic/claude-haiku-4-5")
    assert [row["call_usd"] for row in found] == ["0.003", ""]
    assert "no price" in told("compare", "openai/text-embedding-3-small", *AT)


def test_a_history_says_when_each_price_held():
    found = document("history", "anthropic/claude-sonnet-4-6")
    assert [(one["from"], one["to"]) for one in found["history"]] == [
        (None, "2026-03-12"),
        ("2026-03-13", None),
    ]
    lines = told("history", "anthropic/claude-sonnet-4-6", *AT).splitlines()
    (now,) = [line for line in lines if line.startswith(">")]
    assert now.split()[1:3] == ["2026-03-13", "now"]
    exact = rows("history", "anthropic/claude-sonnet-4-6")
    assert [(row["current"], row["above_tokens"]) for row in exact] == [
        ("no", ""),
        ("no", "200,000"),
        ("yes", ""),
    ]


def test_a_model_of_ones_own_file_has_no_history():
    Path("own.toml").write_text(OWN.replace("anthropic/claude-haiku-4-5", "acme/llama"))
    result = run("history", "acme/llama", "--prices", "own.toml", *AT)
    assert result.return_value == 1
    assert "only your own file prices it" in result.output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("show", "claude-sonnet-4-6"), "Did you mean anthropic/claude-sonnet-4-6"),
        (("show", "zzzz"), "names no provider. Write provider/model"),
        (("show", "anthropic/claude-haiku-45"), "Did you mean anthropic/claude-haiku-4-5"),
        (("history", "anthropic/claude-haiku-45"), "Did you mean anthropic/claude-haiku-4-5"),
        (("compare", "acme/nothing"), "No price is known"),
        (("search", "x", "--at", "soon"), "--at: 'soon' is no date"),
        (("search", "x", "--mix", "1000"), "--mix: '1000' is no mix"),
        (("search", "x", "--mix", "0:0"), "is no mix"),
        (("search", "x", "--mix", "-1:2"), "is no mix"),
        (("search", "x", "--max-price", "cheap"), "--max-price: 'cheap' is not a price"),
        (("search", "x", "--provider", "acme"), "There is no price list 'acme'. There are "),
        (("compare", "openai/gpt-4o", "--days", "0"), "--days: '0' is out of range"),
        (("compare", "openai/gpt-4o", "--days", "1.5"), "Give a whole number, 1 to 366"),
        (("compare", "openai/gpt-4o", "--input-tokens", "NaN"), "is out of range"),
        (("search", "x", "--prices", "nowhere.toml"), "cannot be read"),
    ],
)
def test_wrong_use_is_named_with_what_to_do(args, said):
    assert said in fault(*args)


def test_a_list_that_has_aged_is_pointed_out():
    assert "days old" in run("search", "haiku", "--at", "2028-01-01").stderr
    aged = ("--at", "2028-01-01", "--set", "price_list.warn_after=3660d")
    assert "days old" not in run("search", "haiku", *aged).stderr


# ---- update


def priced(price: float, *more):
    return feed(provider(model({"input_mtok": price, "output_mtok": 5}), *more))


def update(data: bytes, *args: str) -> Result:
    Path("feed.json").write_bytes(data)
    return run("update", "--from", "feed.json", *args)


@pytest.fixture
def taken(here: Path) -> Path:
    """A directory in which a small list has been put into use, against all doubts."""
    assert update(priced(1), "--accept").exception is None
    return here


def test_a_list_that_has_lost_most_models_is_refused_with_1_and_the_old_one_stays():
    result = update(priced(1))
    assert result.exception is not None
    assert getattr(result.exception, "exit_code", 0) == 1
    assert "models are gone, more than 10 %" in str(result.exception)
    assert "anthropic/claude-haiku-4-5" in told("search", "haiku", *AT)


def test_a_list_that_was_taken_is_what_the_commands_use(taken: Path):
    assert told("search", "--csv").splitlines()[1].startswith("p/m,1.00,5.00")
    assert "genai-prices feed " in run("search").stderr
    assert list((taken / "data" / "headgate" / "prices").iterdir())


def test_the_shipped_list_can_be_asked_for_all_the_same(taken: Path):
    assert "anthropic/claude-haiku-4-5" in told("search", "haiku", "--shipped", *AT)
    assert run("search", "haiku").return_value == 1


def test_an_update_says_what_it_changed(taken: Path):
    result = update(priced(2, model(id="new")))
    assert "1 changed prices, 1 new models, 0 gone" in result.stdout
    assert "changed  p/m: input $1.00 -> $2.00 per million tokens" in result.stdout
    assert "new      p/new" in result.stdout
    assert "No price has changed." in update(priced(2, model(id="new"))).stdout


def test_an_update_as_json_says_the_same(taken: Path):
    found = json.loads(update(priced(2), "--json").stdout)
    assert found["taken"] is True
    assert found["changes"] == [
        {
            "model": "p/m",
            "kind": "input",
            "before_usd_per_million": "1.00",
            "after_usd_per_million": "2.00",
        }
    ]


def test_a_trial_changes_nothing(taken: Path):
    result = update(priced(2), "--dry-run")
    assert result.stdout.startswith("Checked only:")
    assert told("search", "--csv").splitlines()[1].startswith("p/m,1.00,")


def test_a_damaged_list_is_passed_over_and_said_to_be(taken: Path):
    (path,) = (taken / "data" / "headgate" / "prices").iterdir()
    (path / "p.jsonl").write_bytes(b"")
    result = run("search", "haiku", *AT)
    assert result.return_value == 0
    assert f"The fetched list {path} is damaged and was passed over." in result.stderr


def test_a_directory_of_the_settings_is_used(here: Path):
    place = ("--set", f"price_list.directory={here / 'lists'}")
    assert update(priced(1), "--accept", *place).exception is None
    assert len(list((here / "lists").iterdir())) == 1
    assert told("search", "--csv", *place).splitlines()[1].startswith("p/m,")


def test_without_a_place_for_the_list_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch):
    for name in ("XDG_DATA_HOME", "HOME", "USERPROFILE"):
        monkeypatch.delenv(name, raising=False)
    assert "There is no place for the list" in fault("update")


def test_a_list_that_nobody_would_use_is_not_fetched():
    assert "no command would use a fetched list" in fault(
        "update", "--set", "price_list.shipped=true"
    )


def test_an_address_of_the_settings_is_fetched():
    from tests.bootstrap.test_price_update import server

    with server(200, priced(1)) as url:
        result = run("update", "--accept", "--set", f"price_list.feed={url}")
    assert result.exception is None
    assert f"Fetching {url}" in result.stderr
    assert result.stdout.startswith("In use now: genai-prices feed ")
