"""fetch_upstreams: what is locked, when it is installed, and that a failure leaves nothing."""

from __future__ import annotations

import json
import stat

import pytest
from tools.fetch_upstreams import LOCKED, FetchError, directory, fetch, must_have

from tools import fetch_upstreams


def _npm(tmp_path, script: str) -> str:
    npm = tmp_path / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    return str(npm)


def test_every_package_is_locked_to_one_version_and_its_hash_and_no_host():
    wanted = json.loads((LOCKED / "package.json").read_text())["dependencies"]
    locked = json.loads((LOCKED / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert version[0].isdigit()
        assert locked[f"node_modules/{name}"]["version"] == version
    for name, package in locked.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")


def test_the_directory_is_one_for_each_lock(tmp_path, monkeypatch):
    before = directory({"XDG_CACHE_HOME": str(tmp_path)})
    assert before.parent == tmp_path / "headgate"
    for name in fetch_upstreams.FILES:
        (tmp_path / name).write_text("{}")
    monkeypatch.setattr(fetch_upstreams, "LOCKED", tmp_path)
    assert directory({"XDG_CACHE_HOME": str(tmp_path)}) != before


def test_what_is_there_is_not_fetched_again(tmp_path):
    assert not fetch(tmp_path, None)


def test_an_installation_appears_whole(tmp_path):
    npm = _npm(tmp_path, 'echo "$@" > arguments')
    target = tmp_path / "cache" / "upstreams"
    assert fetch(target, npm)
    assert "--ignore-scripts" in (target / "arguments").read_text()
    assert {path.name for path in target.iterdir()} == {*fetch_upstreams.FILES, "arguments"}
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_says_why_and_leaves_nothing(tmp_path):
    target = tmp_path / "cache" / "upstreams"
    with pytest.raises(FetchError, match="not installed"):
        fetch(target, None)
    with pytest.raises(FetchError, match="no such registry"):
        fetch(target, _npm(tmp_path, "echo no such registry >&2; exit 1"))
    with pytest.raises(FetchError, match="did not end"):
        fetch(target, _npm(tmp_path, "exec sleep 60"), timeout=0.1)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("1", 1), ("", 0), ("false", 0)])
def test_only_ci_insists(ci, code, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert must_have() is bool(code)
    assert fetch_upstreams.main() == code
    assert "npm is not installed" in capsys.readouterr().err
