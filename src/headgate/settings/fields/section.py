"""What a row of the settings is, and a section of rows; how a value is written in the file."""

from __future__ import annotations

import json
from functools import cache
from typing import Literal, NamedTuple

import msgspec

from headgate.settings.durations import lasting
from headgate.settings.kinds import Duration, Kind

__all__ = ["Field", "Section", "default", "written"]


class Field(NamedTuple):
    """One setting.

    `otherwise` says in words what holds without it, where that is not a fixed value. `kinds` are
    the kinds of classifier that it is for; empty means that it always counts.
    `example` is TOML, for what has no fixed default.
    """

    key: str
    kind: Kind
    meaning: str
    unit: str = ""
    otherwise: str = ""
    example: str = ""
    kinds: tuple[str, ...] = ()


class Section(NamedTuple):
    """A table of the file: one (`[traffic]`), one a name (`[tiers.NAME]`), or a list of them."""

    name: str
    meaning: str
    struct: type[msgspec.Struct]
    fields: tuple[Field, ...]
    shape: Literal["table", "named", "list"] = "table"
    named_by: str = ""
    """The attribute of the struct that holds the table's own name."""

    @property
    def header(self) -> str:
        """The section as documentation names it."""
        if self.shape == "list":
            return f"[[{self.name}]]"
        if self.named_by == "model":
            return f'[{self.name}."PROVIDER/MODEL"]'
        return f"[{self.name}.NAME]" if self.shape == "named" else f"[{self.name}]"

    def field(self, key: str) -> Field | None:
        """The row of one key."""
        return next((field for field in self.fields if field.key == key), None)


def default(section: Section, field: Field) -> object:
    """The field's fixed default; msgspec.NODEFAULT where the file must say it."""
    return _defaults(section.struct)[field.key]


def written(field: Field, value: object) -> str:
    """A value as it is written in the file; a duration with its unit.

    JSON writes text, numbers and true or false just as TOML does.
    """
    if isinstance(field.kind, Duration) and isinstance(value, float):
        value = lasting(value)
    return json.dumps(value, ensure_ascii=False)


@cache
def _defaults(struct: type[msgspec.Struct]) -> dict[str, object]:
    return {field.name: field.default for field in msgspec.structs.fields(struct)}
