"""The documentation's fenced blocks, and what invisible comments say of how to run them.

A comment above a block is for its tests alone; readers do not see it:

    <!-- not run: WHY -->            no line of it is run
    <!-- not run (PART): WHY -->     the commands that hold PART are not
    <!-- run with: PROP, PROP -->    what else lies in the directory; see `stage`
    <!-- output differs: WHY -->     what it shows is not compared
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tests.docs.pages import DOCS, ROOT

__all__ = ["PAGES", "SHELL", "Block", "Command", "blocks", "shell_blocks"]

PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
SHELL = ("console", "sh")
"""`console` has a prompt before each command, and what it prints; `sh` is commands alone."""

_FENCE = re.compile(r"^```(.*)$")
_MARK = re.compile(r"<!-- (?P<word>[a-z ]+?)(?: \((?P<part>[^)]+)\))?: (?P<text>.+?) -->")
WORDS = {"not run", "run with", "output differs"}


class Command(NamedTuple):
    """A line for a shell, and what the page shows of its output."""

    line: str
    shown: str


class Mark(NamedTuple):
    """What a comment says."""

    word: str
    part: str | None
    text: str


class Block(NamedTuple):
    """One fenced block."""

    page: str
    number: int
    """Its line on the page."""
    language: str
    text: str
    marks: tuple[Mark, ...]

    @property
    def name(self) -> str:
        """Where it stands."""
        return f"{self.page}:{self.number}"

    @property
    def props(self) -> tuple[str, ...]:
        """What it is run with besides the files that it names."""
        return tuple(
            name.strip()
            for mark in self.marks
            if mark.word == "run with"
            for name in mark.text.split(",")
        )

    @property
    def compared(self) -> bool:
        """Whether its output must be what the page shows."""
        return all(mark.word != "output differs" for mark in self.marks)

    def commands(self) -> list[Command]:
        """Its commands but for those that are not run."""
        skipped = [mark.part for mark in self.marks if mark.word == "not run"]
        if None in skipped:
            return []
        parts = [part for part in skipped if part is not None]
        return [one for one in _commands(self) if not any(part in one.line for part in parts)]


def _commands(block: Block) -> list[Command]:
    if block.language == "sh":
        return [Command(line, "") for line in block.text.splitlines() if line[:1] not in ("", "#")]
    found: list[Command] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], ""))
        else:
            last = found.pop()
            found.append(Command(last.line, f"{last.shown}{line}\n"))
    return found


def blocks(path: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found: list[Block] = []
    marks: list[Mark] = []
    opened: tuple[int, str] | None = None
    held: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is not None:
            if fence is None:
                held.append(f"{line}\n")
                continue
            name = path.relative_to(ROOT).as_posix()
            found.append(Block(name, opened[0], opened[1], "".join(held), tuple(marks)))
            opened, held, marks = None, [], []
        elif fence is not None:
            opened = number, fence[1]
        elif line.startswith("<!--"):
            mark = _MARK.fullmatch(line)
            assert mark is not None, f"{path.name}:{number} is no mark: {line}"
            assert mark["word"] in WORDS, f"{path.name}:{number} has an unknown mark"
            marks.append(Mark(mark["word"], mark["part"], mark["text"]))
        elif line:
            assert not marks, f"{path.name}:{number}: a mark stands above no block"
    return found


def shell_blocks() -> list[Block]:
    """All blocks for a shell, on all pages."""
    return [block for page in PAGES for block in blocks(page) if block.language in SHELL]
