"""Settings that name files of this machine: each is found, and none is left."""

from __future__ import annotations

import msgspec

from headgate.settings import files_named, read_text, without_files
from headgate.settings.fields import SECTIONS
from tests.settings.files import GOOD

EVERY = """\
[classifier]
kind = "cascade"
router = "a.headgate"
verifier = "/etc/b.headgate"

[policies.own]
kind = "learned"
router = "c.headgate"

[tiers.cheap]
model = "anthropic/claude-haiku-4-5"
[tiers.premium]
model = "anthropic/claude-sonnet-4-6"
[escalation]
rate = 0.2
[price_list]
file = "p.toml"
directory = "/var/lib/prices"
[providers.anthropic]
api_key_file = "a.key"
"""


def test_every_setting_that_names_a_file_is_told():
    assert files_named(read_text(EVERY).settings) == (
        "price_list.file",
        "price_list.directory",
        "classifier.router",
        "policies.own.router",
        "classifier.verifier",
        "providers.anthropic.api_key_file",
    )


def test_without_files_there_is_none_and_all_else_is_as_it_was():
    settings = read_text(EVERY).settings
    bare = without_files(settings)
    assert files_named(bare) == ()
    assert bare.classifier.kind == "cascade"
    assert [policy.name for policy in bare.policies] == ["own"]
    assert (bare.tiers, bare.escalation) == (settings.tiers, settings.escalation)


def test_settings_that_name_none_are_left_alone():
    settings = read_text(GOOD).settings
    assert files_named(settings) == ()
    assert msgspec.json.encode(without_files(settings)) == msgspec.json.encode(settings)


def test_no_other_setting_says_that_it_is_a_file():
    known = {"router", "verifier", "file", "directory", "api_key_file"}
    told = {
        field.key
        for section in SECTIONS
        for field in section.fields
        if "file" in field.meaning and "path begins" in field.meaning
    }
    assert told <= known
