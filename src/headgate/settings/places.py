"""Where settings stand: the tables that there are, and the values in effect or known in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

import msgspec

from headgate.settings.document import Path
from headgate.settings.draft import Draft
from headgate.settings.fields import SECTIONS, Section, default
from headgate.settings.providers import known_value

__all__ = ["beside", "in_effect", "known_of", "places"]

ANY = "NAME"
"""In a section's name: the name of the table around it."""


def places(draft: Draft) -> Iterator[tuple[Section, Path]]:
    """Every table that there is or that defaults stand for, in the order of the sections."""
    for section in SECTIONS:
        if section.shape == "table":
            yield section, (section.name,)
        else:
            prefix = section.name.split(".")
            for path in draft.tables:
                if len(path) == len(prefix) + 1 and all(
                    want in (ANY, part) for want, part in zip(prefix, path, strict=False)
                ):
                    yield section, path


def in_effect(draft: Draft, section: Section, table: Path, key: str) -> object:
    """The value in effect: given or the default; NODEFAULT where it is missing or at fault."""
    path = (*table, key)
    if path in draft.given:
        return draft.values.get(path, msgspec.NODEFAULT)
    field = section.field(key)
    assert field is not None  # noqa: S101 - the callers name fields of the table
    return default(section, field)


def known_of(draft: Draft, table: Path, key: str) -> str | None:
    """What is known of a provider by its name and not given in its table.

    The variable of the key goes with the known URL: no provider's key is ever sent to another host
    because nobody said otherwise. Nor is it looked for where a file holds the key.
    """
    known = known_value(str(table[1]), key)
    if key == "api_key_env" and (*table, "api_key_file") in draft.given:
        return None
    moved = draft.values.get((*table, "base_url"), "") != known_value(str(table[1]), "base_url")
    if key == "api_key_env" and moved and (*table, "base_url") in draft.given:
        return None
    return known


def beside(draft: Draft, path: Path) -> None:
    """A file that the settings file names is looked for beside it."""
    named = draft.values.get(path)
    source = draft.source_of(path)
    if isinstance(named, str) and source.kind == "file":
        draft.values[path] = str(FilePath(source.name).parent / named)
