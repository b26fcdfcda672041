"""What the commands over graded files share: few words about many bad rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.cli.graded import need_train, open_graded, open_router
from headgate.routing.artifact import dump, fingerprint
from tests.routing.routers import small_artifact


def test_the_first_bad_rows_are_named_and_the_rest_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "a.jsonl"
    file.write_text("bad\n" * 9 + '{"prompt": "x", "cheap": 0, "premium": 1}\n')
    assert len(open_graded((file,), ()).rows) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "9 rows cannot be used:"
    assert len(lines) == 5


def test_a_router_comes_with_its_version(tmp_path: Path):
    file = tmp_path / "r"
    file.write_bytes(dump(small_artifact()))
    artifact, version = open_router(file)
    assert version == fingerprint(file.read_bytes())
    assert artifact.training.rows == 100


def test_the_extra_is_not_missed_where_it_is_installed():
    need_train()
