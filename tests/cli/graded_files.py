"""A graded file and the router trained on it, made by the commands themselves."""

from __future__ import annotations

from pathlib import Path

import msgspec
from click.testing import CliRunner, Result

from headgate.cli.main import cli
from tests.analysis.planted import planted


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, [str(arg) for arg in args], standalone_mode=False)


def graded_file(directory: Path, count: int = 900) -> Path:
    """Planted rows as JSONL, costs in USD."""
    path = directory / "graded.jsonl"
    lines = []
    for row in planted(count):
        fields = msgspec.structs.asdict(row)
        for side in ("cheap", "premium"):
            fields[f"{side}_cost"] = fields.pop(f"{side}_nano") / 1e9
        lines.append(msgspec.json.encode(fields))
    path.write_bytes(b"\n".join(lines))
    return path


def trained_file(directory: Path) -> tuple[Path, Path]:
    """The graded file and the router."""
    graded, router = graded_file(directory), directory / "router.headgate"
    result = run("train", graded, "-o", router)
    assert result.exception is None
    return graded, router
