"""Typical applications as settings files: each states where its figures come from."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from headgate.errors import ConfigError

__all__ = ["NAMES", "Archetype", "archetype"]

NAMES = ("router", "chatbot", "rag", "agent", "coding", "extraction", "summary")
"""The first is the one that a plan without a file shows."""


class Archetype(NamedTuple):
    """A settings file that comes with Headgate; it works as a headgate.toml as it is."""

    name: str
    title: str
    """What it is, in a sentence: the file's first line."""
    sources: tuple[str, ...]
    """Where its figures come from, in the file's own words."""
    path: Path
    text: str


def archetype(name: str) -> Archetype:
    """The archetype of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in NAMES:
        raise ConfigError(
            f"There is no archetype {name!r}.", fix=f"Choose among {', '.join(NAMES)}."
        )
    path = Path(__file__).with_name(f"{name}.toml")
    text = path.read_text(encoding="utf-8")
    head = text.partition("\n\n")[0].splitlines()
    notes = [line.removeprefix("#").strip() for line in head]
    return Archetype(name, notes[0], tuple(note for note in notes[1:] if note), path, text)
