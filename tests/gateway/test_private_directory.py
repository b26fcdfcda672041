"""private_directory: what a killed process has left goes, and what any other one uses stays."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headgate.gateway.private_directory import hold, private_directory

OWNER = """
import sys, time
from pathlib import Path
from headgate.gateway.private_directory import hold, private_directory
if len(sys.argv) > 1:
    hold(Path(sys.argv[1]))
    print("held", flush=True)
    sys.stdin.read()
else:
    with private_directory("test") as folder:
        (folder / "file").write_text("x")
        print(folder, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)  # it is looked up anew
    return tmp_path


@contextmanager
def process(*holds: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process with a directory of its own, or that holds one; and what it says."""
    one = subprocess.Popen(
        [sys.executable, "-c", OWNER, *map(str, holds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert one.stdout is not None
        yield one, one.stdout.readline().strip()
    finally:
        one.kill()
        one.communicate()


def cleared(place: Path) -> set[Path]:
    """What is there after another one has come and gone."""
    with private_directory("test"):
        pass
    return set(place.iterdir())


def test_it_is_for_its_owner_only_and_goes_with_its_end(place: Path):
    with private_directory("test") as folder:
        assert folder.parent == place
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.name.startswith("headgate-test-")
    assert not list(place.iterdir())


def test_what_a_killed_one_has_left_goes_with_the_next_start_and_not_before(place: Path):
    with process() as (owner, left):
        assert cleared(place) == {Path(left)}, "it lives"
        owner.kill()
        owner.wait()
        assert Path(left, "file").exists()
        assert cleared(place) == set()


def test_one_that_another_process_still_uses_stays(place: Path):
    with process() as (owner, left), process(Path(left)) as (user, said):
        assert said == "held"
        owner.kill()
        owner.wait()
        assert cleared(place) == {Path(left)}
        user.kill()
        user.wait()
        assert cleared(place) == set()


def test_a_normal_end_deletes_it_also_while_another_one_uses_it(place: Path):
    with process() as (owner, left), process(Path(left)):
        owner.communicate("")
        assert owner.returncode == 0
        assert list(place.iterdir()) == []


def test_what_is_no_directory_of_ours_stays(place: Path):
    """One without a lock may just begin, or be an older version's; a link leads elsewhere."""
    beginning = place / "headgate-test-begins"
    beginning.mkdir()
    (beginning / "lock.new").touch()
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "lock").touch()
    link = place / "headgate-test-link"
    link.symlink_to(elsewhere)
    other_kind = place / "headgate-other-x"
    other_kind.mkdir()
    (other_kind / "lock").touch()
    file = place / "headgate-test-file"
    file.touch()
    assert cleared(place) == {beginning, elsewhere, link, other_kind, file}


def test_another_users_directory_stays(place: Path):
    foreign = place / "headgate-test-foreign"
    foreign.mkdir()
    (foreign / "lock").touch()
    try:
        os.chown(foreign, 12345, 12345)
    except OSError:
        pytest.skip("only root may give a directory away")
    assert cleared(place) == {foreign}


def test_to_hold_what_is_no_such_directory_does_nothing(tmp_path: Path):
    hold(tmp_path)
    hold(tmp_path / "missing")


def test_where_none_can_be_made_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError), private_directory("test"):
        pass
