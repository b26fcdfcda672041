"""`headgate check`: findings that a person and a program can follow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli.main import cli
from headgate.settings.template import render
from tests.settings.files import GOOD, QUIET, TIERS

KEYS = {"ANTHROPIC_API_KEY": "x", "GEMINI_API_KEY": "x"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a valid file to stand in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "headgate.toml").write_text(render() + QUIET)
    return tmp_path


def check(*args: str, **env: str) -> Result:
    return CliRunner().invoke(cli, ["check", *args], env=KEYS | env, standalone_mode=False)


def test_a_valid_file_is_said_to_be_usable():
    result = check()
    assert result.return_value == 0
    assert result.output == "headgate.toml can be used: no errors, no warnings.\n"


def test_a_model_whose_end_is_announced_is_a_warning_at_its_line(here: Path):
    """The words are as true after that day as before it: no clock is asked."""
    (here / "x.toml").write_text(GOOD)
    result = check("x.toml")
    assert result.return_value == 0
    (warning,) = [line for line in result.output.splitlines() if line.startswith("warning:")]
    assert warning.startswith(
        "warning: x.toml:3: classifier.model: google/gemini-2.5-flash ends on 2026-12-01; from "
        "then on google/gemini-3.5-flash-lite answers in its place, and a month of the plan costs "
        "$130.20 as before."
    )
    assert "as before." in warning
    assert '[ends."google/gemini-2.5-flash"] with warn = false silences this.' in warning
    (here / "x.toml").write_text(GOOD + QUIET)
    assert "no warnings" in check("x.toml").output


def test_an_end_that_only_the_file_knows_is_told_and_a_wrong_day_is_refused(here: Path):
    text = GOOD + QUIET + '[ends."anthropic/claude-haiku-4-5"]\n'
    (here / "x.toml").write_text(text + "on = 2027-03-01\n")
    (warning,) = [line for line in check("x.toml").output.splitlines() if "warning:" in line]
    assert "tiers.cheap.model: anthropic/claude-haiku-4-5 ends on 2027-03-01; what takes" in warning
    for wrong in ('"1 March"', "2027", '"2027-02-30"', "2027-03-01T00:00:00"):
        (here / "x.toml").write_text(f"{text}on = {wrong}\n")
        result = check("x.toml")
        assert result.return_value == 2, wrong
        assert 'ends."anthropic/claude-haiku-4-5".on: ' in result.output


def test_every_fault_has_file_line_and_field_as_compilers_write_them(here: Path):
    (here / "x.toml").write_text(GOOD + "[traffic]\nrequest_per_day = 5\ninput_tokens = 0\n")
    result = check("x.toml")
    assert result.return_value == 2
    lines = result.output.splitlines()
    assert lines[0].startswith("x.toml:17: traffic.request_per_day: There is no such setting. Did")
    assert lines[1].startswith("x.toml:18: traffic.input_tokens: 0 is out of range.")
    assert lines[2] == "The settings cannot be used: 2 errors, no warnings."


def test_a_missing_key_is_a_warning_at_the_line_that_names_it():
    result = check(GEMINI_API_KEY="")
    assert result.return_value == 0
    number = render().splitlines().index('api_key_env = "GEMINI_API_KEY"') + 1
    (warning,) = [line for line in result.output.splitlines() if line.startswith("warning:")]
    assert warning.startswith(f"warning: headgate.toml:{number}: providers.google.api_key_env:")
    assert "export GEMINI_API_KEY=..." in warning


def test_a_missing_key_that_no_line_names_is_a_warning_all_the_same(here: Path):
    (here / "x.toml").write_text(GOOD + QUIET)
    output = check("x.toml", GEMINI_API_KEY="").output
    assert output.startswith("warning: providers.google.api_key_env: The environment variable")


def test_a_key_file_that_cannot_be_used_is_a_warning(here: Path):
    text = GOOD.replace("[providers.google]\n", "[providers.google]\napi_key_file = 'g.key'\n")
    (here / "x.toml").write_text(text + QUIET)
    output = check("x.toml", GEMINI_API_KEY="").output
    assert output.startswith("warning: ")
    assert "providers.google.api_key_file: The file g.key, which is to hold the key, is" in output
    (here / "g.key").write_text("key-of-google\n")
    assert "no warnings" in check("x.toml", GEMINI_API_KEY="").output


@pytest.mark.parametrize(
    ("section", "field"),
    [("keys", "pepper_env"), ("server", "admin_token_env"), ("alerts", "slack_url_env")],
)
def test_every_variable_that_the_file_names_is_looked_for(here: Path, section: str, field: str):
    (here / "x.toml").write_text(f'{GOOD}{QUIET}[{section}]\n{field} = "THE_SECRET"\n')
    (warning,) = [line for line in check("x.toml").output.splitlines() if "warning:" in line]
    assert f"{section}.{field}: The environment variable THE_SECRET is not set." in warning
    assert "warning:" not in check("x.toml", THE_SECRET="0123456789abcdef").output


def test_a_proxy_of_the_environment_is_a_warning_for_it_is_not_read(here: Path):
    (here / "x.toml").write_text(GOOD + QUIET)
    output = check("x.toml", HTTPS_PROXY="http://proxy.example:3128").output
    (warning,) = [line for line in output.splitlines() if "warning:" in line]
    assert "HTTPS_PROXY is set, and is not read" in warning
    (here / "x.toml").write_text(GOOD + QUIET + "[egress]\nproxy = 'http://proxy.example:3128'\n")
    assert "warning:" not in check("x.toml", HTTPS_PROXY="http://proxy.example:3128").output


def test_a_model_without_a_price_is_a_warning_with_a_guess(here: Path):
    text = render() + QUIET
    (here / "x.toml").write_text(text.replace("claude-haiku-4-5", "claude-haiko-4-5"))
    result = check("x.toml")
    assert result.return_value == 0
    number = text.splitlines().index('model = "anthropic/claude-haiku-4-5"') + 1
    assert f"warning: x.toml:{number}: tiers.cheap.model: No price is known" in result.output
    assert "Did you mean anthropic/claude-haiku-4-5?" in result.output
    assert len(result.output.splitlines()) == 2


@pytest.mark.parametrize(
    ("section", "field"),
    [("server", "embedding_model"), ("server", "image_model"), ("quality", "judge")],
)
def test_a_model_beside_the_tiers_wants_a_price_too(here: Path, section: str, field: str):
    text = GOOD + f'[{section}]\n{field} = "google/no-such-1"\n'
    (here / "x.toml").write_text(text)
    (warning,) = [line for line in check("x.toml").output.splitlines() if "No price" in line]
    number = text.splitlines().index(f'{field} = "google/no-such-1"') + 1
    assert f"x.toml:{number}: {section}.{field}: No price is known for google/no" in warning
    own = '[prices."google/no-such-1"]\ninput = "1"\noutput = "2"\n'
    (here / "x.toml").write_text(text + own)
    assert "No price" not in check("x.toml").output


CLOUD = """
[tiers.cheap]
model = "cloud/{model}"
[tiers.premium]
model = "openai/gpt-6.1-sol"
[escalation]
rate = 0.2
[classifier]
kind = "none"
[providers.openai]
[providers.cloud]
api_key_file = "headgate.toml"
dialect = "anthropic"
{more}
"""


@pytest.mark.parametrize(
    ("model", "more", "prices"),
    [
        (
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            'platform = "bedrock"\nbase_url = "https://bedrock-runtime.us-east-1.amazonaws.com"',
            "aws",
        ),
        (
            "claude-haiku-4-5@20251001",
            (
                'platform = "vertex"\n'
                'base_url = "https://aiplatform.googleapis.com/v1/projects/P/locations/global"'
            ),
            "google",
        ),
        ("mistral-medium-latest", 'base_url = "https://x.example"', "mistral"),
    ],
)
def test_the_list_that_would_price_a_model_is_named_and_does(
    here: Path, model: str, more: str, prices: str
):
    (here / "headgate.toml").write_text(CLOUD.format(model=model, more=more))
    (warning,) = [line for line in check().output.splitlines() if "No price" in line]
    assert f'add a line prices = "{prices}"' in warning
    assert "below [providers.cloud]; else correct the name" in warning
    (here / "headgate.toml").write_text(
        CLOUD.format(model=model, more=f'{more}\nprices = "{prices}"')
    )
    assert "No price" not in check().output


def test_a_model_that_several_sell_names_some_of_their_lists(here: Path):
    (here / "headgate.toml").write_text(
        CLOUD.format(model="gpt-5-mini", more='base_url = "https://x.example"')
    )
    (warning,) = [line for line in check().output.splitlines() if "No price" in line]
    assert '"openai"' in warning
    assert "If it bills what such a list says" in warning
    assert warning.count('", "') <= 1


def test_a_price_of_ones_own_is_a_price(here: Path):
    prices = "".join(
        f'[prices."a/{name}"]\ninput = "1"\noutput = "2"\n' for name in ("small", "large")
    )
    (here / "x.toml").write_text(f"{TIERS}{prices}[classifier]\nkind = 'none'\n")
    assert check("x.toml").output == "x.toml can be used: no errors, no warnings.\n"
    (here / "y.toml").write_text(TIERS)
    assert check("y.toml").output.count("No price is known") == 2


def test_where_nobody_decides_and_nobody_says_so_it_is_a_warning(here: Path):
    priced = TIERS.replace("a/small", "openai/gpt-5-mini").replace("a/large", "openai/gpt-5")
    priced += "[providers.openai]\n"
    policy = '[policies.best]\nkind = "none"\n'
    for more, said in (
        ("", "every request for `auto` to premium"),
        ('[classifier]\ndefault = "cheap"\n', "every request for `auto` to cheap"),
        ('[classifier]\nkind = "none"\n', ""),
        (policy, ""),
    ):
        (here / "x.toml").write_text(priced + more)
        output = check("x.toml", OPENAI_API_KEY="x").output
        assert ("warning: classifier: Nobody decides" in output) == bool(said), more
        assert said in output


def test_a_known_key_that_is_not_sent_to_another_url_is_a_warning(here: Path):
    priced = TIERS.replace("a/small", "openai/gpt-5-mini").replace("a/large", "openai/gpt-5")
    priced += '[classifier]\nkind = "none"\n[providers.openai]\n'
    moved = priced + 'base_url = "https://eu.example/v1"\n'
    for text, key, said in (
        (moved, "sk", True),
        (moved, "", False),  # nobody would think that it is sent
        (moved + 'api_key_env = "OPENAI_API_KEY"\n', "sk", False),
        (priced, "sk", False),
    ):
        (here / "x.toml").write_text(text)
        output = check("x.toml", OPENAI_API_KEY=key).output
        warned = (
            "providers.openai.base_url: No key is sent there: OPENAI_API_KEY is for https://api."
        )
        assert (warned in output) == said, output


def beside_faults(here: Path, text: str, *args: str, **env: str) -> list[str]:
    """What is said of a file beside its faults: the fields, and what stands for each."""
    (here / "x.toml").write_text(text)
    result = check("x.toml", "--json", *args, **env)
    assert result.return_value == 2
    return [f"{one['field']}: {one['message']}" for one in json.loads(result.stdout)["warnings"]]


def test_a_fault_hides_neither_a_missing_key_nor_a_model_without_a_price(here: Path):
    text = GOOD.replace("claude-haiku-4-5", "claude-haiko") + "[traffic]\ninput_tokens = 0\n"
    (price, key) = beside_faults(here, text, GEMINI_API_KEY="")
    assert price.startswith("tiers.cheap.model: No price is known for anthropic/claude-haiko")
    assert key.startswith("providers.google.api_key_env: The environment variable GEMINI_API_KEY")


def test_a_router_that_is_not_there_hides_no_missing_key(here: Path):
    text = GOOD.replace('"model"\nmodel = "google/gemini-2.5-flash"', '"learned"\nrouter = "none"')
    (key,) = beside_faults(here, text, ANTHROPIC_API_KEY="")
    assert "ANTHROPIC_API_KEY is not set" in key


@pytest.mark.parametrize(
    ("more", "silent"),
    [
        ('[prices."a/small"]\ninput = "x"\noutput = "2"\n', "a/small"),
        ('[price_list]\nfile = "own.toml"\n[traffic]\ninput_tokens = 0\n', "a/"),
        ("[price_list]\nfile = 3\n", "a/"),
        ("[price_list]\ndirectory = 3\n", "a/"),
        ("prices = 7\n", "a/"),  # of the provider a, with which TIERS end
    ],
)
def test_beside_faults_nothing_is_said_of_prices_that_may_be_known(
    here: Path, more: str, silent: str
):
    assert not [one for one in beside_faults(here, TIERS + more) if silent in one]


def test_what_is_left_out_beside_faults_is_told_without_them(here: Path):
    told = beside_faults(here, TIERS + "[traffic]\ninput_tokens = 0\n")
    assert [one.partition(":")[0] for one in told] == ["tiers.cheap.model", "tiers.premium.model"]


def test_show_prints_every_value_with_its_source():
    result = check(
        "--show", "--set", "escalation.rate=0.3", "--set", "escalation.budget=0.4",
        HEADGATE_TIERS_CHEAP_TIMEOUT="30s",
    )  # fmt: skip
    assert result.return_value == 0
    rows = dict(line.split("  ", 1) for line in result.output.splitlines() if "  " in line)
    assert rows["escalation.rate = 0.3"].strip() == "--set escalation.rate"
    assert rows["tiers.cheap.timeout = 30.0"].strip() == "env HEADGATE_TIERS_CHEAP_TIMEOUT"
    assert rows['classifier.kind = "model"'].strip().startswith("headgate.toml:")
    assert rows["traffic.days_per_month = 30"].strip() == "default"
    assert rows["server.api_key_env: no key is asked"].strip() == "default"


def test_show_prints_no_key(here: Path):
    output = check("--show", ANTHROPIC_API_KEY="hunter22").output
    assert "ANTHROPIC_API_KEY" in output
    assert "hunter22" not in output


def test_show_prints_headers_as_a_table(here: Path):
    (here / "x.toml").write_text(TIERS + 'headers = { "x-team" = "search" }\n')
    assert 'providers.a.headers = { "x-team" = "search" }' in check("x.toml", "--show").output


def test_json_has_everything_for_a_program():
    document = json.loads(check("--json", GEMINI_API_KEY="").output)
    assert document["ok"] is True
    assert document["file"] == "headgate.toml"
    assert document["errors"] == []
    (warning,) = document["warnings"]
    assert warning["field"] == "providers.google.api_key_env"
    assert isinstance(warning["line"], int)
    values = {value["field"]: value for value in document["values"]}
    assert values["traffic.input_tokens"]["value"] == 1000
    assert values["traffic.input_tokens"]["source"]["kind"] == "file"
    assert values["traffic.days_per_month"]["source"] == {
        "kind": "default",
        "name": None,
        "line": None,
    }
    assert values["providers.google.headers"]["value"] == {}
    assert len(document["fingerprint"]) == 12


def test_json_of_faults(here: Path):
    (here / "x.toml").write_text("a = \n")
    result = check("x.toml", "--json")
    assert result.return_value == 2
    (error,) = json.loads(result.output)["errors"]
    assert (error["file"], error["line"], error["field"]) == ("x.toml", 1, None)


def test_the_file_is_named_once(here: Path):
    assert isinstance(check("x.toml", "-c", "y.toml").exception, Exception)
    assert check("--config", "headgate.toml").return_value == 0


def test_no_file_at_all_is_wrong_use(here: Path):
    (here / "headgate.toml").unlink()
    result = check()
    assert result.return_value == 2
    assert "headgate init" in result.output


def test_an_own_price_in_a_wrong_unit_is_a_warning_with_both_numbers(here: Path):
    (here / "own.toml").write_text(
        '[prices."anthropic/claude-haiku-4-5"]\ninput = "0.000001"\noutput = "5"\n'
    )
    result = check("--set", "price_list.file=own.toml")
    assert result.return_value == 0
    (warning,) = [line for line in result.output.splitlines() if line.startswith("warning:")]
    assert warning.startswith('warning: own.toml:1: prices."anthropic/claude-haiku-4-5".input:')
    assert "1,000,000 times less than the list" in warning
    assert "It looks like US dollars per token" in warning


def test_a_price_file_that_cannot_be_used_is_an_error_with_its_line(here: Path):
    (here / "own.jsonl").write_text('{"model": "a/b", "input": 3}\n')
    result = check("--set", "price_list.file=own.jsonl", "--json")
    assert result.return_value == 2
    found = json.loads(result.output)
    assert {(error["file"], error["line"]) for error in found["errors"]} == {("own.jsonl", 1)}


def test_one_file_that_is_not_there_hides_no_other(here: Path):
    decides = '[classifier]\nkind = "learned"\nrouter = "one"\n'
    policy = '[policies.fast]\nkind = "learned"\nrouter = "two"\n'
    tiers = (
        '[tiers.a]\nmodel = "anthropic/claude-haiku-4-5"\n'
        '[tiers.b]\nmodel = "anthropic/claude-sonnet-4-6"\n[providers.anthropic]\n'
    )
    (here / "x.toml").write_text(f'{tiers}{decides}{policy}[price_list]\nfile = "three"\n')
    result = check("x.toml")
    assert result.return_value == 2
    assert "classifier.router: one cannot be read" in result.output
    assert "policies.fast.router: two cannot be read" in result.output
    assert "The price file three cannot be read" in result.output
    assert "3 errors" in result.output


def test_a_price_file_is_looked_for_beside_the_settings_that_name_it(here: Path):
    (here / "deep").mkdir()
    (here / "deep" / "headgate.toml").write_text(
        render().replace('#file = "prices.toml"', 'file = "own.toml"')
    )
    assert "deep/own.toml cannot be read" in check("deep/headgate.toml").output
    (here / "deep" / "own.toml").write_text(
        '[prices."anthropic/claude-haiku-4-5"]\ninput = "1"\noutput = "5"\n'
    )
    assert check("deep/headgate.toml").return_value == 0


def test_a_doubtful_price_of_the_settings_file_is_told_at_its_line(here: Path):
    text = render() + '\n[prices."anthropic/claude-haiku-4-5"]\ninput = "5000"\noutput = "5"\n'
    (here / "x.toml").write_text(text)
    (warning,) = [line for line in check("x.toml").output.splitlines() if "times" in line]
    number = text.splitlines().index('input = "5000"') + 1
    assert warning.startswith(f"warning: x.toml:{number}: prices.")
    assert "5,000 times the list's price" in warning
    assert "another unit or currency" in warning
