"""Builds what is released, of what is committed and nothing else, and tries it as a stranger would.

A clone that is in use holds files of another day: built ones, ones that were moved, ones that are
tried out. So both packages are made of an export of the commit, in a folder of their own: the
source package first, and the wheel of that. Then each is installed in an empty environment, with
the locked versions of what it needs, and used from an empty folder.

    make release         # or: python tools/release.py --rev v0.2.0 --to dist
    make release ARGS=--untried    # built and looked through only: needs no network
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

__all__ = ["ReleaseError", "build", "complaints", "export", "main", "packaged", "tried"]

ROOT = Path(__file__).parents[1]
SOURCE = "src/headgate/"
COMPILED = re.compile(r"headgate/routing/_ngrams\.[\w.-]*(?:so|pyd)")
UNPACKED = (".c",)
"""Kinds of files of the package that a wheel leaves out: they have been compiled."""
HOOK = "import sys; from setuptools import build_meta; build_meta.build_{}(sys.argv[1])"
FORM = "import headgate.routing.ngrams as n; print('compiled' if n.COMPILED else 'Python')"
LOCKED = re.compile(r"^[a-z0-9][\w.-]*(?:\[[\w,-]+\])?==[^\s;\\]+", re.MULTILINE)
TIMEOUT_SECONDS = 900.0


class ReleaseError(Exception):
    """It cannot be released, and why."""


def export(rev: str, into: Path, repository: Path = ROOT) -> None:
    """Write the files of a commit into a folder: what is not committed is not there.

    Raises:
        ReleaseError: there is no such commit.
    """
    command = ["git", "-C", str(repository), "archive", "--format=tar", rev]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        raise ReleaseError(f"{rev} cannot be exported: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as packed:
        unpack(packed, into)


def unpack(packed: tarfile.TarFile, into: Path) -> None:
    """All its files; as data only, where Python can (3.11.4): we have packed both ourselves."""
    if hasattr(tarfile, "data_filter"):
        packed.extractall(into, filter="data")
    else:
        packed.extractall(into)


def packaged(tree: Path) -> set[str]:
    """The files below `src` that a wheel of this tree must hold."""
    return {name for name in _files(tree) if not name.endswith(UNPACKED)}


def _files(tree: Path) -> set[str]:
    found = (tree / SOURCE).rglob("*")
    return {path.relative_to(tree / "src").as_posix() for path in found if path.is_file()}


def build(tree: Path, kind: str, into: Path) -> Path:
    """Build the `sdist` or the `wheel` of a tree.

    Raises:
        ReleaseError: it could not be built.
    """
    made = into / kind
    made.mkdir(parents=True)
    _run([sys.executable, "-c", HOOK.format(kind), str(made)], tree, _building(os.environ))
    (artifact,) = made.iterdir()
    return artifact


def _building(env: Mapping[str, str]) -> dict[str, str]:
    """An environment to build in."""
    if not sys.platform.startswith("linux") or "LDSHARED" in env:
        return dict(env)
    # else the paths of the Python that happens to build, and of this folder, stand in the library
    return {**env, "LDSHARED": f"{env.get('CC', 'cc')} -shared -Wl,--strip-debug"}


def complaints(artifact: Path, tree: Path) -> list[str]:
    """What a package of this tree lacks, or has too much; a sentence each."""
    if artifact.suffix == ".whl":
        with ZipFile(artifact) as packed:
            held = {name for name in packed.namelist() if ".dist-info/" not in name}
        must, may = packaged(tree), {name for name in held if COMPILED.fullmatch(name)}
    else:
        with tarfile.open(artifact) as packed_source:
            names = [PurePosixPath(one.name) for one in packed_source if one.isfile()]
        held = {PurePosixPath(*name.parts[1:]).as_posix() for name in names}
        held = {name for name in held if name.startswith(SOURCE)}
        must, may = {f"src/{name}" for name in _files(tree)}, set()
    lacking = (f"{artifact.name} lacks {name}." for name in sorted(must - held))
    foreign = sorted(held - must - may)
    return [
        *lacking,
        *(f"{artifact.name} holds {name}, which is not committed." for name in foreign),
    ]


def tried(artifact: Path, tree: Path, version: str, *, whole: bool) -> str:
    """Install a package where nothing else is, and use it; which form of the score it has.

    Args:
        artifact: it.
        tree: tells the locked versions of what it needs.
        version: that it must say it is.
        whole: run `headgate demo` too, with what that needs besides.

    Raises:
        ReleaseError: it cannot be installed, or does not do what it should.
    """
    with tempfile.TemporaryDirectory(prefix="headgate-trial-") as name:
        folder = Path(name)
        bare, empty = folder / "environment", folder / "empty"
        venv.create(bare, with_pip=True)
        empty.mkdir()
        env = {key: value for key, value in os.environ.items() if not key.startswith("HEADGATE_")}
        env.pop("PYTHONPATH", None)
        python, headgate = str(bare / "bin/python"), str(bare / "bin/headgate")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--require-hashes", "-r", str(tree / "requirements/core.txt")], empty, env)
        _run([*pip, "--no-deps", str(artifact)], empty, env)
        said = _run([headgate, "--version"], empty, env).strip()
        if said.split()[-1] != version:
            raise ReleaseError(f"{artifact.name} says {said!r} of itself, not {version}.")
        form = _run([python, "-c", FORM], empty, env).strip()
        for command in (["plan"], ["init"], ["check"], ["plan", "--json"], ["archetypes"]):
            _run([headgate, *command], empty, env)
        if whole:
            held = folder / "constraints.txt"
            held.write_text("\n".join(locked((tree / "requirements/dev.txt").read_text())))
            _run([*pip, "-c", str(held), f"headgate[demo] @ {artifact.as_uri()}"], empty, env)
            _run([headgate, "demo", "--requests", "60"], empty, env)
    return form


def locked(requirements: str) -> list[str]:
    """`name==version` of each line of a locked file, without hashes and extras."""
    return [re.sub(r"\[.*\]", "", line) for line in LOCKED.findall(requirements)]


def _run(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    if done.returncode:
        told = (done.stderr or done.stdout).strip()[-2000:]
        what = " ".join(Path(part).name if "/" in part else part for part in command[:6])
        raise ReleaseError(f"`{what}` ended with {done.returncode}:\n{told}")
    return done.stdout


def _version(tree: Path) -> str:
    found = re.search(r'^version = "([^"]+)"$', (tree / "pyproject.toml").read_text(), re.MULTILINE)
    if found is None:
        raise ReleaseError("pyproject.toml states no version.")
    return found[1]


def _released(rev: str, into: Path, *, untried: bool) -> Iterable[str]:
    """Build, look through and try; lines that say what came of it."""
    with tempfile.TemporaryDirectory(prefix="headgate-release-") as name:
        folder = Path(name)
        tree, unpacked = folder / "tree", folder / "unpacked"
        export(rev, tree)
        version = _version(tree)
        _say(f"headgate {version} of {rev}: building")
        sdist = build(tree, "sdist", folder / "made")
        with tarfile.open(sdist) as packed:
            unpack(packed, unpacked)
        (source,) = unpacked.iterdir()
        wheel = build(source, "wheel", folder / "made")
        wrong = [line for artifact in (sdist, wheel) for line in complaints(artifact, tree)]
        if wrong:
            raise ReleaseError("\n".join(wrong))
        forms = dict.fromkeys((wheel, sdist), "untried")
        for artifact in () if untried else forms:
            _say(f"trying {artifact.name}")
            form = tried(artifact, tree, version, whole=artifact is wheel)
            forms[artifact] = f"tried, score in {form}"
        into.mkdir(parents=True, exist_ok=True)  # only now: nothing that fails is left there
        for artifact, form in forms.items():
            data = Path(shutil.copy(artifact, into)).read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            yield f"{into / artifact.name}  {len(data):,} bytes  sha256 {digest}  {form}"
        if "-linux_" in wheel.name:
            yield "The wheel is called after this machine; docs/release.md makes it manylinux."


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Release, and say what came of it; 1 where it cannot be released."""
    parser = argparse.ArgumentParser(description="Build and try the packages of a commit.")
    parser.add_argument("--rev", default="HEAD", help="the commit, HEAD by default")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="where they go, dist/")
    parser.add_argument("--untried", action="store_true", help="do not install them")
    asked = parser.parse_args(argv)
    changed = subprocess.run(
        ["git", "-C", str(ROOT), "status", "--porcelain"], check=False, capture_output=True
    )
    if changed.stdout:
        _say(f"What is not committed is not in it: {len(changed.stdout.splitlines())} files.")
    try:
        for line in _released(asked.rev, asked.to, untried=asked.untried):
            print(line, flush=True)
    except ReleaseError as error:
        _say(f"Not released: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
