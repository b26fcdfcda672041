"""The settings while they are put together: every value with its source, and all faults found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Literal, NamedTuple

from headgate.errors import ConfigFault
from headgate.settings.document import Document, Path
from headgate.settings.redaction import shown_path

__all__ = ["Draft", "Given", "Source", "did_you_mean"]

_MOST_SUGGESTIONS = 50


class Source(NamedTuple):
    """Where a value comes from; a later kind in this order takes precedence."""

    kind: Literal["default", "example", "file", "env", "flag"]
    name: str = ""
    """The file, the variable, or the flag."""
    line: int | None = None

    @property
    def rank(self) -> int:
        """Its place in the order of precedence; higher wins."""
        return ("default", "example", "file", "env", "flag").index(self.kind)

    def __str__(self) -> str:
        if self.kind == "file":
            return f"{self.name}:{self.line}"
        return {
            "default": self.name or "default",
            "example": "built-in example",
            "env": f"env {self.name}",
            "flag": self.name,
        }[self.kind]


class Given(NamedTuple):
    """A value as it was given, before it is checked."""

    value: object
    source: Source


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The question that helps with a slip of the pen, or nothing."""
    near = difflib.get_close_matches(word[:64], list(known), n=1, cutoff=0.6)
    return f'Did you mean "{near[0]}"? ' if near else ""


class Draft:
    """Values by path, the tables that exist, and what is wrong with them."""

    def __init__(self, document: Document, source: Source) -> None:
        self.document = document
        self.source = source
        self.given: dict[Path, Given] = {}
        self.tables: dict[Path, Source] = {}
        """Every table that was opened, such as ("tiers", "cheap"), in the file's order."""
        self.values: dict[Path, object] = {}
        """The given values that passed their own check."""
        self.unsure: set[Path] = set()
        """Tables with unknown settings: what seems to be missing there may be misspelt."""
        self.faults: list[ConfigFault] = []
        self.warnings: list[ConfigFault] = []

    def names(self, section: str) -> list[str]:
        """The names of a section's tables, in order: the tiers, the providers."""
        return [str(path[1]) for path in self.tables if len(path) == 2 and path[0] == section]

    def source_of(self, path: Path) -> Source:
        """Where the value or the table at a path comes from, with its line."""
        given = self.given.get(path)
        source = given.source if given else self.tables.get(path[:2], self.source)
        return (
            source._replace(line=self.document.lines.at(path)) if source.kind == "file" else source
        )

    def fault(self, path: Path, message: str, fix: str) -> None:
        """Note what is wrong at a path."""
        self.faults.append(self._finding(path, message, fix))

    def warn(self, path: Path, message: str, fix: str) -> None:
        """Note what works and is most likely not meant."""
        self.warnings.append(self._finding(path, message, fix))

    def fault_in(self, source: Source, field: str | None, message: str, fix: str) -> None:
        """Note what is wrong with a variable or a flag that belongs to no path."""
        self.faults.append(ConfigFault(message, fix=fix, field=field, source=str(source)))

    def guess(self, word: str, known: Iterable[str]) -> str:
        """`did_you_mean`, until there have been so many faults that nobody reads them."""
        return did_you_mean(word, known) if len(self.faults) < _MOST_SUGGESTIONS else ""

    def _finding(self, path: Path, message: str, fix: str) -> ConfigFault:
        source = self.source_of(path)
        return ConfigFault(
            message,
            fix=fix,
            field=shown_path(path) or None,
            line=source.line,
            source=source.name if source.kind == "file" else str(source),
        )
