"""files: a path is what was written; a directory leads to the files in it."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from headgate.cli.files import FilePath


def run(word: str, kind: FilePath) -> Result:
    @click.command()
    @click.argument("file", type=kind)
    def show(file: Path) -> None:
        click.echo(f"{type(file).__name__ != 'str'} {file}")

    return CliRunner().invoke(show, [word])


def test_a_file_is_a_path_whether_it_is_there_or_not(tmp_path: Path):
    (tmp_path / "a.toml").touch()
    for name in ("a.toml", "b.toml"):
        assert run(str(tmp_path / name), FilePath()).output == f"True {tmp_path / name}\n"


@pytest.mark.parametrize("end", ["", "/"])
def test_a_directory_is_told_with_what_to_write_instead(tmp_path: Path, end: str):
    wrong = run(f"{tmp_path}{end}", FilePath())
    assert wrong.exit_code == 2
    assert f"is a directory. Name a file in it: {tmp_path}/…" in wrong.output


def test_what_must_be_there_and_is_not_is_told():
    wrong = run("nowhere.jsonl", FilePath(exists=True))
    assert wrong.exit_code == 2
    assert "'nowhere.jsonl' does not exist" in wrong.output


def test_a_dash_stands_for_a_stream_where_that_is_allowed():
    assert run("-", FilePath(exists=True, allow_dash=True)).output == "True -\n"
    assert run("-", FilePath(exists=True)).exit_code == 2


def test_the_root_is_a_directory_too():
    assert "Name a file in it: /…" in run("/", FilePath()).output
