"""Settings back as the text of a headgate.toml: all that differs from its default, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from operator import attrgetter

import msgspec

from headgate.settings.fields import (
    POLICIES,
    POLICY_RULES,
    SECTIONS,
    Field,
    Section,
    default,
    written,
)
from headgate.settings.schema import Settings

__all__ = ["text_of"]


def text_of(settings: Settings, comments: Sequence[str] = ()) -> str:
    """The settings as a file that reads as the same settings; `comments` stand at its top."""
    blocks = ["\n".join(f"# {line}" for line in comments)] if comments else []
    for section in SECTIONS:
        if section is POLICY_RULES:
            continue  # written with their policies
        # the same name is the path of the section's table and of the attribute that holds it
        held = attrgetter(section.name)(settings)
        if section.shape == "table":
            blocks += _block(section, section.header, held)
        else:
            for entry in held:
                blocks += _block(section, _header(section, entry), entry, always=True)
                if section is POLICIES:
                    header = f"[[{section.name}.{_key(entry.name)}.rules]]"
                    for rule in entry.rules:
                        blocks += _block(POLICY_RULES, header, rule, always=True)
    return "\n\n".join(blocks) + "\n"


def _header(section: Section, entry: msgspec.Struct) -> str:
    if section.shape == "list":
        return section.header
    return f"[{section.name}.{_key(getattr(entry, section.named_by))}]"


def _block(
    section: Section, header: str, struct: msgspec.Struct, *, always: bool = False
) -> Iterator[str]:
    lines = []
    for field in section.fields:
        value = getattr(struct, field.key)
        if value is not None and value != default(section, field):
            lines.append(f"{field.key} = {_value(field, value)}")
    if lines or always:
        yield "\n".join([header, *lines])


def _value(field: Field, value: object) -> str:
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        pairs = ", ".join(f"{_key(name)} = {json.dumps(text)}" for name, text in value)
        return f"{{ {pairs} }}"
    return written(field, value)


def _key(name: str) -> str:
    bare = name.replace("-", "").replace("_", "")
    return name if bare.isascii() and bare.isalnum() else json.dumps(name)
