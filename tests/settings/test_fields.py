"""The rows of all settings: one for every attribute of the structs, and the other way round."""

from __future__ import annotations

import tomllib

import msgspec
import pytest

from headgate.settings.fields import SECTIONS, Field, Section, default
from headgate.settings.kinds import Refusal
from headgate.settings.schema import Settings

ROWS = [(section, field) for section in SECTIONS for field in section.fields]


def name_of(value: object) -> str:
    return value.name if isinstance(value, Section) else getattr(value, "key", "")


@pytest.mark.parametrize("section", SECTIONS, ids=name_of)
def test_rows_and_struct_have_the_same_settings(section: Section):
    attributes = {known.name for known in msgspec.structs.fields(section.struct)}
    assert {field.key for field in section.fields} == attributes - {section.named_by, "rules"}


def test_every_section_of_the_settings_has_rows():
    attributes = {known.name for known in msgspec.structs.fields(Settings)}
    assert attributes - {"fingerprint"} == {s.name for s in SECTIONS if "." not in s.name}


@pytest.mark.parametrize(("section", "field"), ROWS, ids=name_of)
def test_a_default_passes_its_own_check(section: Section, field: Field):
    value = default(section, field)
    if value is not msgspec.NODEFAULT and value is not None and value != ():
        assert field.kind.check(value) == value


@pytest.mark.parametrize(("section", "field"), ROWS, ids=name_of)
def test_what_has_no_fixed_default_has_an_example_and_says_what_holds(
    section: Section, field: Field
):
    value = default(section, field)
    if value is msgspec.NODEFAULT or value is None or value == ():
        example = tomllib.loads(f"x = {field.example}")["x"]
        assert not isinstance(field.kind.check(example), Refusal)
    if value is None and len(field.kinds) != 1:  # else that kind needs it
        assert field.otherwise


@pytest.mark.parametrize(("section", "field"), ROWS, ids=name_of)
def test_a_meaning_is_one_sentence(section: Section, field: Field):
    assert field.meaning.endswith(".")
    assert field.meaning[0].isupper()
    assert ". " not in field.meaning


def test_an_unknown_row_is_none_and_its_default_an_error():
    assert SECTIONS[0].field("nonsense") is None
    with pytest.raises(KeyError):
        default(SECTIONS[0], SECTIONS[1].fields[0])


def test_headers_are_written_as_in_the_file():
    assert [section.header for section in SECTIONS] == [
        "[traffic]",
        "[classifier]",
        "[[classifier.rules]]",
        "[policies.NAME]",
        "[[policies.NAME.rules]]",
        "[[routes]]",
        "[tiers.NAME]",
        "[escalation]",
        "[escalation_budgets.NAME]",
        "[watch]",
        "[alerts]",
        "[quality]",
        "[providers.NAME]",
        "[egress]",
        '[prices."PROVIDER/MODEL"]',
        '[ends."PROVIDER/MODEL"]',
        "[price_list]",
        "[sessions]",
        "[resilience]",
        "[server]",
        "[keys]",
        "[ledger]",
        "[plan]",
    ]
