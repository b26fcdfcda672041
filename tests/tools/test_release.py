"""release: what is built is what is committed, and what is amiss is told and not released."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest
from tools.release import (
    ROOT,
    ReleaseError,
    build,
    complaints,
    export,
    locked,
    main,
    packaged,
)

from tools import release

PACKAGE = {
    "src/headgate/__init__.py": '"""A package."""\n',
    "src/headgate/data.json": "{}",
    "src/headgate/routing/_ngrams.c": "int nothing;\n",
    "pyproject.toml": 'version = "1.2.3"\n',
}


def git(folder: Path, *args: str) -> None:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b"}
    who |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    subprocess.run(["git", "-C", str(folder), *args], check=True, env=os.environ | who)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone in use: something is committed, something else lies about."""
    folder = tmp_path / "clone"
    write(folder, PACKAGE)
    git(folder.parent, "init", "-q", "clone")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "One")
    write(folder, {"build/lib/headgate/old.py": "", "src/headgate/tried.py": ""})
    (folder / "src/headgate/data.json").write_text("changed")
    return folder


@pytest.fixture
def tree(clone: Path, tmp_path: Path) -> Path:
    export("HEAD", tmp_path / "tree", clone)
    return tmp_path / "tree"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def wheel(tmp_path: Path, *names: str) -> Path:
    path = tmp_path / "headgate-1-cp311-abi3-linux_x86_64.whl"
    with ZipFile(path, "w") as packed:
        for name in names:
            packed.writestr(name, "")
    return path


def sdist(tmp_path: Path, *names: str) -> Path:
    path = tmp_path / "headgate-1.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        for name in names:
            packed.addfile(tarfile.TarInfo(f"headgate-1/{name}"), io.BytesIO())
    return path


def test_an_export_has_what_is_committed_as_it_is_committed_and_nothing_else(tree: Path):
    held = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    assert held == set(PACKAGE)
    assert (tree / "src/headgate/data.json").read_text() == "{}"


def test_a_commit_that_is_none_is_told(clone: Path, tmp_path: Path):
    with pytest.raises(ReleaseError, match=r"v9 cannot be exported: .*not a valid object name"):
        export("v9", tmp_path / "tree", clone)


def test_a_wheel_must_hold_every_file_of_the_package_but_what_is_compiled(tree: Path):
    assert packaged(tree) == {"headgate/__init__.py", "headgate/data.json"}


def test_a_wheel_of_the_commit_is_right_with_and_without_the_compiled_form(tree, tmp_path):
    held = ["headgate/__init__.py", "headgate/data.json", "headgate-1.dist-info/METADATA"]
    assert complaints(wheel(tmp_path, *held), tree) == []
    compiled = "headgate/routing/_ngrams.abi3.so"
    assert complaints(wheel(tmp_path, *held, compiled), tree) == []


def test_what_a_wheel_lacks_or_has_of_another_day_is_told(tree: Path, tmp_path: Path):
    made = wheel(tmp_path, "headgate/__init__.py", "headgate/old.py", "headgate/routing/_old.so")
    told = [line.partition(" ")[2] for line in complaints(made, tree)]
    assert told == [
        "lacks headgate/data.json.",
        "holds headgate/old.py, which is not committed.",
        "holds headgate/routing/_old.so, which is not committed.",
    ]


def test_a_source_package_needs_what_is_compiled_too(tree: Path, tmp_path: Path):
    names = ["src/headgate/__init__.py", "src/headgate/data.json", "PKG-INFO"]
    assert complaints(sdist(tmp_path, *names, "src/headgate/routing/_ngrams.c"), tree) == []
    told = complaints(sdist(tmp_path, *names[1:], "src/headgate/old.c"), tree)
    assert [line.partition(" ")[2] for line in told] == [
        "lacks src/headgate/__init__.py.",
        "lacks src/headgate/routing/_ngrams.c.",
        "holds src/headgate/old.c, which is not committed.",
    ]


def test_versions_are_taken_from_a_locked_file_without_hashes_and_extras():
    text = (
        "# made\nclick==8.5.1 \\\n    --hash=sha256:00\nuvloop==1.2 ; sys_platform != 'win32' \\\n"
        "    --hash=sha256:11\npsycopg[binary]==3.2.1\n"
    )
    assert locked(text) == ["click==8.5.1", "uvloop==1.2", "psycopg==3.2.1"]
    assert "openai" in {
        line.partition("==")[0] for line in locked((ROOT / "requirements/dev.txt").read_text())
    }


def test_what_cannot_be_built_is_told_with_what_the_builder_said(tmp_path: Path):
    write(tmp_path / "tree", {"pyproject.toml": "[project]\nname = 'a b'\nversion = '1'\n"})
    with pytest.raises(ReleaseError, match=r"(?s)ended with 1:.*project\.name"):
        build(tmp_path / "tree", "sdist", tmp_path)


def test_nothing_is_put_anywhere_where_something_is_amiss(clone, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(release, "export", lambda rev, into: export(rev, into, clone))
    target = tmp_path / "dist"
    assert main(["--untried", "--to", str(target)]) == 1
    assert "Not released: " in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone, but a source package")
def test_this_package_is_released_whole_with_its_digests_and_says_nothing_of_who_built_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    target = tmp_path / "dist"
    assert main(["--untried", "--to", str(target)]) == 0
    told = capsys.readouterr().out
    made = {path.suffix: path for path in target.iterdir()}
    assert set(made) == {".whl", ".gz"}
    for path in made.values():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert f"{path}  {path.stat().st_size:,} bytes  sha256 {digest}  untried" in told
    with ZipFile(made[".whl"]) as packed:
        for name in packed.namelist():
            held = packed.read(name)
            assert b"headgate-release-" not in held, name
            if name.endswith(".so") and sys.platform.startswith("linux"):
                assert sys.base_prefix.encode() not in held, name


def test_a_source_package_holds_every_folder_that_the_tests_import():
    """Whoever packages it for a distribution runs them."""
    taken = re.findall(r"^graft (\w+)$", (ROOT / "MANIFEST.in").read_text(), re.MULTILINE)
    imported: set[str] = set()
    for file in (ROOT / "tests").rglob("*.py"):
        imported |= set(re.findall(r"^from (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE))
    own = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {"benchmarks", "tests", "tools"} <= own
    assert (own & imported) <= set(taken)
