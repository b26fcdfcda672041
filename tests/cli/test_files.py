"""files: a path is what was written; a directory leads to the files in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from headgate.cli.files import FilePath, can_be_written, write_new, write_whole
from headgate.errors import ConfigError


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


def test_what_ends_as_a_directory_does_is_meant_as_one():
    assert "new/ is a directory. Name a file in it: new/…" in run("new/", FilePath()).output


def test_a_whole_file_takes_the_place_of_another_with_its_rights(tmp_path: Path):
    file = tmp_path / "a"
    file.write_bytes(b"before")
    file.chmod(0o640)
    write_whole(file, b"after", "")
    assert file.read_bytes() == b"after"
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_behind_a_link_the_file_is_replaced_and_the_link_stays(tmp_path: Path):
    file, link = tmp_path / "a", tmp_path / "link"
    file.write_bytes(b"before")
    link.symlink_to(file)
    write_whole(link, b"after", "")
    assert link.is_symlink()
    assert file.read_bytes() == b"after"


def out_of_room(call: str, file: Path) -> str:
    """What is told of a call where a file may not grow beyond a hundred bytes."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from headgate.cli.files import write_new, write_whole\n"
        "from headgate.errors import ConfigError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        f"try: {call}\n"
        "except ConfigError as error: print(error)\n"
    )
    words = [sys.executable, "-c", code, str(file)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_a_new_file_that_has_no_room_is_not_there_afterwards(tmp_path: Path):
    file = tmp_path / "a"
    told = out_of_room("write_new(Path(sys.argv[1]), 'x' * 200_000, 'Make room.')", file)
    assert f"{file} cannot be written: File too large. Make room." in told
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_no_new_one(tmp_path: Path):
    file = tmp_path / "a"
    write_new(file, "mine", "")
    with pytest.raises(FileExistsError):
        write_new(file, "other", "")
    assert file.read_text() == "mine"


def test_a_file_stays_as_it_was_where_another_cannot_take_its_place(tmp_path: Path):
    file = tmp_path / "a"
    file.write_bytes(b"before")
    told = out_of_room("write_whole(Path(sys.argv[1]), b'x' * 200_000, 'Make room.')", file)
    assert f"{file} cannot be written: File too large. Make room." in told
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_device_is_written_to_and_stays_one():
    can_be_written(Path("/dev/null"), "")
    write_whole(Path("/dev/null"), b"gone", "")
    assert Path("/dev/null").is_char_device()


def test_a_directory_that_is_not_there_is_told_before_anything_is_made(tmp_path: Path):
    can_be_written(tmp_path / "a", "")
    with pytest.raises(ConfigError, match="No such file or directory") as wrong:
        can_be_written(tmp_path / "nowhere" / "a", "Name another.")
    assert "Name another." in str(wrong.value)
