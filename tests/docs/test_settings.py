"""docs/settings.md: every setting with what it takes, its default and its meaning."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from headgate.settings.fields import SECTIONS, Field, Section, default, written
from tests.docs.pages import page
from tests.settings.files import Desk


def default_text(section: Section, field: Field) -> str:
    value = default(section, field)
    if value is msgspec.NODEFAULT or value is None or value == () or field.otherwise:
        if value is msgspec.NODEFAULT or (len(field.kinds) == 1 and not field.otherwise):
            return field.otherwise or "needed"
        return field.otherwise
    return f"`{written(field, value)}`"


def table(section: Section) -> str:
    """A section's settings as the page has them."""
    rows = ["| Setting | Takes | Default | Meaning |", "|---|---|---|---|"]
    for field in section.fields:
        unit = f" ({field.unit})" if field.unit and field.unit not in field.key else ""
        takes = field.kind.words + unit
        rows.append(
            f"| `{field.key}` | {takes} | {default_text(section, field)} | {field.meaning} |"
        )
    return "\n".join(rows)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_every_section_has_its_chapter_and_every_setting_its_row(section: Section):
    chapter = page("settings.md").partition(f"\n## `{section.header}`\n")[2].partition("\n## ")[0]
    assert chapter, f"docs/settings.md needs a chapter ## `{section.header}`"
    first = next(other for other in SECTIONS if other.fields is section.fields)
    if first is not section:
        assert f"the settings of `{first.header}`" in chapter
        return
    assert table(section) in chapter, f"the table should be:\n\n{table(section)}\n"


def test_every_example_on_the_page_is_valid(tmp_path: Path):
    blocks = re.findall(r"```toml\n(.*?)```", page("settings.md"), re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        tomllib.loads(block)
        if "[tiers." in block:
            assert Desk(tmp_path).read(block).warnings == ()
