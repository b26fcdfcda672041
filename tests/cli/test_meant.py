"""meant: what is called otherwise elsewhere, or stands in the wrong place, leads to the right."""

from __future__ import annotations

import doctest

import click
import pytest

from headgate.cli import meant
from headgate.cli.main import COMMANDS, cli, main
from headgate.cli.meant import CALLED_HERE, no_such_command


def command_of(words: str) -> click.Command | None:
    """The command that stands behind `headgate`; None where there is none."""
    found: click.Command | None = cli
    for word in words.split():
        assert isinstance(found, click.Group)
        found = found.get_command(click.Context(found), word)
    return found


def told(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    """The last line of what wrong use is told."""
    with pytest.raises(SystemExit) as ended:
        main(list(args))
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err.strip().splitlines()[-1]


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(meant).failed == 0


@pytest.mark.parametrize("called", CALLED_HERE)
def test_what_others_call_so_is_no_command_here_and_what_is_offered_is(called: str):
    assert command_of(called) is None
    for one in CALLED_HERE[called]:
        assert one in ("--help", "--version") or command_of(one) is not None


def test_the_names_of_the_ledgers_query_are_offered(capsys: pytest.CaptureFixture[str]):
    assert told(capsys, "ledger", "query") == (
        "Error: There is no command 'ledger query'. Did you mean `headgate ledger rows` or "
        "`headgate ledger sums`?"
    )


@pytest.mark.parametrize("group", ["alerts", "escalation", "keys", "ledger", "prices"])
def test_a_group_names_its_commands_where_none_is_like_it(group: str, capsys):
    line = told(capsys, group, "zzzz")
    assert line.startswith(f"Error: There is no command '{group} zzzz'. There are: ")
    within = command_of(group)
    assert isinstance(within, click.Group)
    assert all(name in line for name in within.commands)


def test_a_slip_within_a_group_is_guessed_with_the_groups_name(capsys):
    assert told(capsys, "keys", "crate").endswith("Did you mean `headgate keys create`?")


def test_what_is_like_a_command_is_offered_before_all_are_named():
    assert no_such_command("reprot", COMMANDS).endswith("Did you mean `headgate report`?")
    assert no_such_command("zzzz", COMMANDS).endswith(f"There are: {', '.join(COMMANDS)}.")


@pytest.mark.parametrize("command", ["plan", "serve", "status"])
def test_a_settings_file_behind_a_command_is_named_with_its_option(command: str, capsys):
    assert told(capsys, command, "my.toml").endswith(
        "The settings file is named by an option: --config my.toml."
    )


def test_another_word_too_many_is_told_without_advice(capsys):
    assert told(capsys, "plan", "more") == "Error: Got unexpected extra argument (more)"
    assert "--config" not in told(capsys, "metrics", "my.toml")


@pytest.mark.parametrize("option", ["-c", "--config", "--json", "--set"])
def test_an_option_of_a_command_stands_behind_it(option: str, capsys):
    line = told(capsys, option, "x", "plan")
    assert line.endswith(f"It stands behind the command, as in `headgate plan {option} …`.")


def test_an_option_that_no_command_has_is_told_without_advice(capsys):
    assert told(capsys, "--nonsense", "plan") == "Error: No such option '--nonsense'."
