"""docs/commands.md: every command, option and argument that there is, and none that is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from headgate.cli.main import COMMANDS, cli
from tests.docs.pages import page


def walk(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group, by its full name; the groups too."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found is not None
            yield from walk(found, f"{name} {sub}")


TREE = dict(walk(cli, "headgate"))


def chapter_of(name: str) -> str:
    return page("commands.md").partition(f"\n## `{name}`\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", [name for name in TREE if name != "headgate"])
def test_every_command_has_its_chapter(name: str):
    assert chapter_of(name), f"docs/commands.md needs a chapter ## `{name}`"


@pytest.mark.parametrize(
    "name", [name for name, found in TREE.items() if isinstance(found, click.Group)]
)
def test_no_groups_help_cuts_a_commands_line_short(name: str):
    context = click.Context(TREE[name], info_name=name, terminal_width=80, max_content_width=80)
    _, told, commands = TREE[name].get_help(context).partition("\nOptions:\n")
    assert told
    assert "..." not in commands


@pytest.mark.parametrize("name", [name for name in TREE if name != "headgate"])
def test_every_option_and_argument_is_in_its_commands_chapter(name: str):
    chapter = chapter_of(name)
    for parameter in TREE[name].params:
        if isinstance(parameter, click.Option):
            for spelling in (*parameter.opts, *parameter.secondary_opts):
                assert re.search(rf"`{re.escape(spelling)}[` ]", chapter), f"{name} {spelling}"
        else:
            assert f"`{(parameter.name or '').upper()}`" in chapter, f"{name} {parameter.name}"


@pytest.mark.parametrize("name", [name for name in TREE if name != "headgate"])
def test_no_option_is_described_that_is_not_there(name: str):
    rows = re.findall(r"^\| (`-[^|]*) \|", chapter_of(name), re.MULTILINE)
    known = {
        opt
        for parameter in TREE[name].params
        for opt in (*parameter.opts, *parameter.secondary_opts)
    }
    for row in rows:
        for spelling in re.findall(r"`(-[\w-]+)", row):
            assert spelling in known, f"{name} {spelling}"


def test_no_command_is_described_that_is_not_there():
    described = re.findall(r"^## `(headgate [^`]+)`$", page("commands.md"), re.MULTILINE)
    assert set(described) <= set(TREE)


def test_the_commands_are_described_in_the_order_of_the_help():
    described = re.findall(r"^## `headgate (\w+)`$", page("commands.md"), re.MULTILINE)
    assert described == [name for name in COMMANDS if name in described]


@pytest.mark.parametrize(
    ("name", "parameter"),
    [(name, parameter) for name, command in TREE.items() for parameter in command.params],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_option_says_what_it_does(name: str, parameter: click.Parameter):
    if isinstance(parameter, click.Option):
        assert parameter.help, f"{name} {parameter.name}"
        assert parameter.help.endswith(".")


@pytest.mark.parametrize("name", TREE)
def test_options_that_commands_share_are_spelt_the_same(name: str):
    spellings = {
        "config": ["-c", "--config"],
        "sets": ["--set"],
        "as_json": ["--json"],
    }
    for parameter in TREE[name].params:
        if parameter.name in spellings:
            assert parameter.opts == spellings[parameter.name]


def test_every_exit_code_is_explained():
    text = page("commands.md")
    for code in (0, 1, 2, 70, 130):
        assert f"| {code} |" in text
