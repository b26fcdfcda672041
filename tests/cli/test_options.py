"""Shared options: the same spelling everywhere, and the same way to the settings."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from headgate.cli.options import json_option, open_settings, settings_options
from tests.settings.files import GOOD


@click.command()
@settings_options
@json_option
@click.option("--strict", is_flag=True)
def probe(config: Path | None, sets: tuple[str, ...], *, as_json: bool, strict: bool) -> None:
    """Print what the options came to."""
    reading = open_settings(config, sets, need_file=strict)
    click.echo(f"{reading.file} {reading.settings.traffic.input_tokens} {as_json}")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def invoke(*args: str, **env: str) -> Result:
    return CliRunner().invoke(probe, args, env=env, catch_exceptions=True)


def said(*args: str, **env: str) -> str:
    result = invoke(*args, **env)
    assert result.exit_code == 0, result.exception
    return result.output.strip()


def test_without_a_file_the_example_is_read(here: Path):
    assert said() == "None 1000 False"


def test_where_a_file_is_needed_its_absence_is_said_with_the_next_step(here: Path):
    result = invoke("--strict")
    assert "headgate init" in str(result.exception)


def test_the_file_in_this_directory_is_found_by_its_short_name(here: Path):
    (here / "headgate.toml").write_text(GOOD)
    assert said("--json") == "headgate.toml 1000 True"


def test_a_variable_names_the_file_and_the_option_overrules_it(here: Path):
    (here / "a.toml").write_text(GOOD + "[traffic]\ninput_tokens = 1\n")
    (here / "b.toml").write_text(GOOD + "[traffic]\ninput_tokens = 2\n")
    assert said(HEADGATE_CONFIG="a.toml") == "a.toml 1 False"
    assert said("-c", "b.toml", HEADGATE_CONFIG="a.toml") == "b.toml 2 False"


def test_single_settings_are_set_over_everything(here: Path):
    env = {"HEADGATE_TRAFFIC_INPUT_TOKENS": "5"}
    assert said(**env) == "None 5 False"
    assert said("--set", "traffic.input_tokens=6", **env) == "None 6 False"
