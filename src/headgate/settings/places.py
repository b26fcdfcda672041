"""Where settings stand: the tables that there are, and the values in effect in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

import msgspec

from headgate.settings.document import Path
from headgate.settings.draft import Draft
from headgate.settings.fields import SECTIONS, Section, default

__all__ = ["beside", "in_effect", "places"]

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


def beside(draft: Draft, path: Path) -> None:
    """A file that the settings file names is looked for beside it."""
    named = draft.values.get(path)
    source = draft.source_of(path)
    if isinstance(named, str) and source.kind == "file":
        draft.values[path] = str(FilePath(source.name).parent / named)
