"""`headgate init`: a file to start from, and nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli.main import cli
from headgate.errors import ConfigError
from headgate.settings import read
from headgate.settings.template import render


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*args: str, **env: str) -> Result:
    return CliRunner().invoke(cli, ["init", *args], env=env)


def test_it_writes_the_built_in_example(here: Path):
    assert init().exit_code == 0
    assert (here / "headgate.toml").read_text() == render()
    assert list(here.iterdir()) == [here / "headgate.toml"]


def test_it_says_what_to_do_next_and_which_keys_are_missing():
    output = init(ANTHROPIC_API_KEY="x", GEMINI_API_KEY="").output
    assert "headgate plan" in output
    assert "export GEMINI_API_KEY=" in output
    assert "ANTHROPIC" not in output


def test_the_next_steps_name_a_file_of_another_name():
    assert "headgate check --config my.toml" in init("my.toml").output


def test_a_short_file_plans_the_same(here: Path):
    init("long.toml")
    init("--short")
    assert len((here / "headgate.toml").read_text().splitlines()) < 60
    assert read(here / "headgate.toml", env={}) == read(here / "long.toml", env={})


def test_a_file_that_is_there_is_kept(here: Path):
    (here / "headgate.toml").write_text("mine")
    result = init()
    assert isinstance(result.exception, ConfigError)
    assert "--force" in str(result.exception)
    assert (here / "headgate.toml").read_text() == "mine"


def test_force_overwrites_and_leaves_nothing_beside(here: Path):
    (here / "headgate.toml").write_text("mine")
    assert init("--force").exit_code == 0
    assert (here / "headgate.toml").read_text() == render()
    assert list(here.iterdir()) == [here / "headgate.toml"]


def test_providers_are_chosen_by_name_in_any_case_and_once(here: Path):
    assert init("--providers", "OpenAI, mistral,openai").exit_code == 0
    settings = read(here / "headgate.toml", env={})
    assert [provider.name for provider in settings.providers] == ["openai", "mistral"]
    assert settings.premium.model.startswith("openai/")


@pytest.mark.parametrize("names", ["nonsense", "", ",", "openai,nonsense"])
def test_an_unknown_provider_is_refused_with_the_list(here: Path, names: str):
    result = init("--providers", names)
    assert result.exit_code == 2
    assert "anthropic" in result.output or "at least one" in result.output
    assert not list(here.iterdir())


def test_a_known_provider_without_suggested_models_is_told_apart(here: Path):
    result = init("--providers", "together")
    assert result.exit_code == 2
    words = " ".join(result.output.replace("│", " ").split())
    assert "together is known, but no model of its is suggested" in words
    assert "[providers.together]" in words


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_place_that_cannot_be_written_is_said(force: list[str]):
    result = init("missing/headgate.toml", *force)
    assert isinstance(result.exception, ConfigError)
    assert "cannot be written: No such file or directory" in str(result.exception)
