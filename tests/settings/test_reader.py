"""Reading: the built-in example, files, sources and fingerprints."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.errors import ConfigError
from headgate.settings import Source, find, read, read_text, read_with_sources
from tests.settings.files import GOOD, TIERS, Desk


def test_without_a_file_the_missions_example_is_read():
    settings = read(None, env={})
    assert settings.traffic.requests_per_day == 1000
    assert (settings.traffic.input_tokens, settings.traffic.output_tokens) == (1000, 400)
    assert settings.classifier.model == "google/gemini-2.5-flash"
    assert (settings.classifier.input_tokens, settings.classifier.output_tokens) == (300, 20)
    assert [tier.model for tier in settings.tiers] == [
        "anthropic/claude-haiku-4-5",
        "anthropic/claude-sonnet-4-6",
    ]
    assert (settings.escalation.rate, settings.escalation.budget) == (0.20, 0.25)
    assert [provider.name for provider in settings.providers] == ["anthropic", "google"]


def test_the_example_can_be_changed_by_variable_and_flag():
    env = {"HEADGATE_TIERS_PREMIUM_MODEL": "openai/gpt-5"}
    with pytest.raises(ConfigError, match=r"\[providers\.openai\]"):
        read(None, env=env)
    settings = read(None, env=env, sets=["escalation.rate=0.5"], need_providers=False)
    assert settings.premium.model == "openai/gpt-5"
    assert settings.escalation.rate == 0.5


def test_the_examples_sources_name_no_file():
    reading = read_with_sources(None, env={})
    assert reading.file is None
    assert {str(value.source) for value in reading.values} == {"built-in example", "default"}


def test_every_value_says_where_it_comes_from(desk: Desk):
    reading = desk.read(GOOD, "traffic.input_tokens=7", env={"HEADGATE_TIERS_CHEAP_ATTEMPTS": "5"})
    sources = {value.field: str(value.source) for value in reading.values}
    assert sources["escalation.rate"] == f"{desk.path}:12"
    assert sources["tiers.cheap.model"] == f"{desk.path}:6"
    assert sources["tiers.cheap.attempts"] == "env HEADGATE_TIERS_CHEAP_ATTEMPTS"
    assert sources["traffic.input_tokens"] == "--set traffic.input_tokens"
    assert sources["traffic.output_tokens"] == "default"
    assert sources["providers.google.dialect"] == "known of google"


def test_the_values_shown_are_the_values_in_effect(desk: Desk):
    reading = desk.read(GOOD)
    shown = {value.field: value.value for value in reading.values}
    settings = reading.settings
    assert shown["resilience.idle_timeout"] == settings.resilience.idle_timeout
    assert shown["tiers.premium.model"] == settings.premium.model
    assert shown["providers.google.api_key_env"] == settings.providers[1].api_key_env
    assert "classifier.default" not in shown, "it is for another kind"


def test_a_source_has_its_line_apart(desk: Desk):
    (rate,) = [value for value in desk.read(GOOD).values if value.field == "escalation.rate"]
    assert rate.source == Source("file", str(desk.path), 12)


def test_the_fingerprint_follows_the_values_and_nothing_else(desk: Desk):
    plain = desk.read(GOOD).settings.fingerprint
    assert plain == desk.read("# other text\n" + GOOD.replace("0.2", "0.20")).settings.fingerprint
    assert plain == desk.read(GOOD, "escalation.rate=0.2").settings.fingerprint
    assert plain != desk.read(GOOD, "escalation.rate=0.21").settings.fingerprint
    assert len(plain) == 12
    assert int(plain, 16)


def test_the_order_of_tiers_is_part_of_the_fingerprint(desk: Desk):
    swapped = TIERS.replace("cheap", "x").replace("premium", "cheap").replace("x]", "premium]")
    assert desk.read(TIERS).settings.fingerprint != desk.read(swapped).settings.fingerprint


def test_a_file_that_is_not_there_is_said_with_the_next_step(tmp_path: Path):
    with pytest.raises(ConfigError, match="headgate init") as caught:
        read(tmp_path / "missing.toml", env={})
    assert caught.value.exit_code == 2


def test_what_cannot_be_read_is_said(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path, env={})
    with pytest.raises(ConfigError, match="cannot be read"):
        read(Path("a\0b"), env={})


def test_faults_are_counted_in_the_headline(desk: Desk):
    desk.path.write_text(TIERS + "[traffic]\nx = 1\ny = 2\n")
    with pytest.raises(ConfigError) as caught:
        read(desk.path, env={})
    assert str(caught.value).splitlines()[0] == f"{desk.path} cannot be used; 2 faults:"
    assert len(str(caught.value).splitlines()) == 3


def test_a_good_file_is_not_said_to_be_at_fault(desk: Desk):
    desk.path.write_text(TIERS)
    with pytest.raises(ConfigError) as caught:
        read(desk.path, env={}, sets=("traffic.input_tokens=many",))
    headline, fault = str(caught.value).splitlines()
    assert headline == "The settings cannot be used; 1 fault:"
    assert fault.startswith('  --set traffic.input_tokens: "many" is text')


def test_the_file_is_found_where_one_stands(tmp_path: Path):
    assert find(tmp_path) is None
    (tmp_path / "headgate.toml").mkdir()
    assert find(tmp_path) is None
    (tmp_path / "headgate.toml").rmdir()
    (tmp_path / "headgate.toml").write_text("")
    assert find(tmp_path) == tmp_path / "headgate.toml"


def test_a_variable_names_the_file_even_if_it_is_missing(tmp_path: Path):
    (tmp_path / "headgate.toml").write_text("")
    assert find(tmp_path, {"HEADGATE_CONFIG": "/etc/headgate.toml"}) == Path("/etc/headgate.toml")
    assert find(tmp_path, {"HEADGATE_CONFIG": ""}) == tmp_path / "headgate.toml"


def test_a_text_is_read_as_a_file_would_be_and_its_lines_are_named():
    reading = read_text(GOOD, "settings")
    assert reading.file is None
    assert {str(one.source) for one in reading.values} >= {"settings:12", "default"}
    with pytest.raises(ConfigError) as caught:
        read_text(GOOD + "[traffic]\ninput_tokens = 0\n", "settings")
    assert [(fault.source, fault.line) for fault in caught.value.faults] == [("settings", 17)]


def test_neither_the_environment_nor_a_file_counts_for_a_text(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("HEADGATE_ESCALATION_RATE", "0.9")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "headgate.toml").write_text(GOOD.replace("0.2", "0.7"))
    assert read_text(GOOD).settings.escalation.rate == 0.2


def test_a_text_for_a_plan_may_name_models_of_any_provider():
    with pytest.raises(ConfigError, match=r"\[providers\.b\]"):
        read_text(TIERS.replace('"a/large"', '"b/large"'))
    settings = read_text(TIERS.replace('"a/large"', '"b/large"'), need_providers=False).settings
    assert settings.premium.model == "b/large"


def test_a_text_that_is_no_utf_8_is_told():
    with pytest.raises(ConfigError, match="not valid TOML"):
        read_text("\ud800")
