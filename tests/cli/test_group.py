"""group: a word that is no command is told, a command is found, and help stays what it was."""

from __future__ import annotations

import click
from click.testing import CliRunner, Result

from headgate.cli.group import Group


@click.group(cls=Group)
def keys() -> None:
    """Keys."""


@keys.command()
def create() -> None:
    """Make one."""
    click.echo("made")


@click.group(cls=Group)
def front() -> None:
    """All."""


front.add_command(keys)


def run(*args: str) -> Result:
    return CliRunner().invoke(front, args)


def test_a_command_is_found():
    assert run("keys", "create").output == "made\n"


def test_a_word_that_is_none_is_told_with_where_it_stood():
    wrong = run("keys", "creat")
    assert wrong.exit_code == 2
    assert "There is no command 'keys creat'. Did you mean `headgate keys create`?" in wrong.output
    wrong = run("zzzz")
    assert "There is no command 'zzzz'. There are: keys." in wrong.output


def test_without_a_command_there_is_help():
    assert "create  Make one." in run("keys").output
    assert "create  Make one." in run("keys", "--help").output
