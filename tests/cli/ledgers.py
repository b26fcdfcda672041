"""A ledger in a directory, and a command run over it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click
from click.testing import CliRunner

from headgate.ledger.sqlite import SqliteStore

URL = "sqlite:///headgate.db"


class Answer(NamedTuple):
    code: int
    out: str
    err: str


def fill(path: Path, entries, prompts=()) -> None:
    store = SqliteStore(path / "headgate.db")
    store.append(list(entries))
    store.keep_prompts(list(prompts))
    store.close()


def run(command: click.Command, *args: str) -> Answer:
    """What the command does with these words and the ledger of the present directory."""
    found = CliRunner().invoke(command, args, standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return Answer(found.return_value or 0, found.stdout, found.stderr)
