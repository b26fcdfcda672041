"""What the commands over keys share: limits as given, and no ledger before they are read."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from headgate.access.limits import Budget, Limits
from headgate.cli.keys_options import Label, Opened, Wanted, limit_options, over_keys
from headgate.errors import ConfigError

BEFORE = Limits(
    budgets=(Budget("day", 10**9),), tiers=("cheap",), requests_per_minute=60, pin=False
)


def changed(*arguments: str) -> Limits:
    """What options make of the limits before."""
    found: list[Limits] = []

    @click.command()
    @limit_options
    def command(*, wanted: Wanted) -> None:
        found.append(wanted(BEFORE))

    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return found[0]


def test_what_is_not_given_stays_as_it_was():
    assert changed() == BEFORE


def test_what_is_given_takes_the_place_of_what_was():
    limits = changed("--budget", "5/week", "--budget", "1/day", "--tier", "premium", "--pin")
    assert limits.budgets == (Budget("week", 5 * 10**9), Budget("day", 10**9))
    assert (limits.tiers, limits.pin, limits.requests_per_minute) == (("premium",), True, 60)


def test_a_limit_of_nothing_is_a_limit():
    limits = changed("--requests-per-minute", "0", "--budget", "0/day")
    assert limits.requests_per_minute == 0
    assert limits.budgets == (Budget("day", 0),)


def test_every_limit_there_is_can_be_given():
    limits = changed(
        *("--budget", "1/month", "--requests-per-minute", "1", "--tokens-per-minute", "2"),
        *("--model", "a/*", "--model", "b/c", "--tier", "x", "--policy", "auto", "--pin"),
    )
    given = {name for name in Limits.__struct_fields__ if getattr(limits, name) is not None}
    assert given == set(Limits.__struct_fields__)
    assert limits.models == ("a/*", "b/c")
    assert limits.tokens_per_minute == 2


@pytest.mark.parametrize(
    ("text", "found"), [("owner=alice", ("owner", "alice")), (" a = b=c ", ("a", "b=c"))]
)
def test_a_label_is_a_name_and_a_value(text, found):
    assert Label().convert(text, None, None) == found


@pytest.mark.parametrize("text", ["", "=", "a=", "=b", "a", " = "])
def test_anything_else_is_no_label(text):
    with pytest.raises(click.BadParameter, match="write it as --label owner=alice"):
        Label().convert(text, None, None)


def run(folder: Path, *arguments: str) -> Result:
    @click.command()
    @over_keys
    @limit_options
    def command(opened: Opened, *, wanted: Wanted, as_json: bool) -> None:
        click.echo(f"{len(opened.store.keys())} {opened.now_us > 10**15} {as_json}")

    url = f"ledger.url=sqlite:///{folder}/l.db"
    file = folder / "headgate.toml"
    file.write_text('[tiers]\ncheap.model = "sim/a"\npremium.model = "sim/b"\n')
    options = ["--config", str(file), "--set", url, *arguments]
    return CliRunner().invoke(command, options, standalone_mode=False)


def test_the_ledger_is_made_where_there_is_none_for_keys_come_before_traffic(tmp_path: Path):
    found = run(tmp_path, "--json")
    assert found.stdout.strip() == "0 True True", found.exception
    assert (tmp_path / "l.db").exists()


def test_a_wrong_option_is_told_before_a_ledger_is_made(tmp_path: Path):
    result = run(tmp_path, "--budget", "5")
    assert isinstance(result.exception, click.BadParameter)
    assert not (tmp_path / "l.db").exists()


def test_a_ledger_in_memory_holds_no_keys(tmp_path: Path):
    result = run(tmp_path, "--set", "ledger.url=memory:")
    assert isinstance(result.exception, ConfigError)
    assert "in memory holds no keys" in str(result.exception)
