"""The file that `init` writes: valid, complete, and quiet."""

from __future__ import annotations

import itertools
import re
import tomllib

import pytest

from headgate.settings import read
from headgate.settings.fields import CLASSIFIER, SECTIONS, Field
from headgate.settings.providers import SUGGESTED
from headgate.settings.template import render, shortened
from tests.settings.files import Desk

PAIRS = list(itertools.permutations(SUGGESTED, 2))


@pytest.mark.parametrize("providers", [(name,) for name in SUGGESTED] + PAIRS + [tuple(SUGGESTED)])
def test_every_choice_of_providers_gives_a_valid_file(desk: Desk, providers: tuple[str, ...]):
    reading = desk.read(render(providers))
    assert [provider.name for provider in reading.settings.providers] == list(providers)
    assert reading.settings.premium.model.startswith(f"{providers[0]}/")
    # a provider with one small model only has the classifier on its cheap tier, which is no fault
    assert reading.warnings == ()


@pytest.mark.parametrize("providers", [("anthropic", "google"), ("xai",), tuple(SUGGESTED)])
def test_the_short_file_says_the_same_in_few_lines(desk: Desk, providers: tuple[str, ...]):
    whole = render(providers)
    short = shortened(whole)
    assert desk.read(short).settings == desk.read(whole).settings

    def given(text: str) -> list[str]:
        return [line for line in text.splitlines() if " = " in line and not line.startswith("#")]

    assert given(short) == given(whole)
    assert len(short.splitlines()) < 3 * len(given(whole))
    assert "\n\n\n" not in short
    assert "#[" not in short


def test_the_default_file_is_the_built_in_example(desk: Desk):
    assert desk.read(render()).settings == read(None, env={})


def test_every_setting_is_in_the_file_set_or_commented():
    text = render()
    explained: list[tuple[Field, ...]] = []
    for section in SECTIONS:
        if section.fields in explained:  # the settings of a section before it
            continue
        explained.append(section.fields)
        name = re.escape(section.name)
        block = re.search(rf"^#?\[+{name}[\].](?:.*\n)+?(?=\n|\Z)", text, re.MULTILINE)
        assert block, section.name
        for field in section.fields:
            assert re.search(rf"^#?{field.key} = ", block[0], re.MULTILINE), (
                section.name,
                field.key,
            )


def test_every_commented_setting_is_valid_once_it_is_switched_on(desk: Desk):
    on = re.sub(r"^#(?=[a-z_]+ = |\[)", "", render(), flags=re.MULTILINE)
    tomllib.loads(on)
    # what belongs to another kind of classifier, or to three tiers, or stands in another setting's
    # place, cannot be on at the same time
    others = [
        field.key for field in CLASSIFIER.fields if field.kinds and "model" not in field.kinds
    ]
    on = re.sub(
        rf"^(share|api_key_file|platform|{'|'.join(others)}) = .*\n", "", on, flags=re.MULTILINE
    )
    on = re.sub(r"^\[\[classifier.rules\]\]\n(?:.+\n)+", "", on, flags=re.MULTILINE)
    assert desk.read(on).settings.server.api_key_env == "GATEWAY_KEY"


def test_the_commented_rule_is_valid(desk: Desk):
    text = render()
    found = re.search(r"^#\[\[classifier.rules\]\]\n(?:.+\n)+", text, re.MULTILINE)
    assert found
    rule = re.sub(r"^#(?=[a-z_]+ = |\[)", "", found[0], flags=re.MULTILINE)
    rule = rule.replace("max_tokens = 200", "max_tokens = 9000")
    tiers = text[text.index("[tiers.cheap]") :]
    assert desk.read(f"[classifier]\nkind = 'rules'\n{rule}\n{tiers}").settings.classifier.rules


def test_no_line_is_too_wide_to_read():
    assert max(map(len, render(tuple(SUGGESTED)).splitlines())) <= 100


def test_the_default_of_a_commented_setting_is_the_default(desk: Desk):
    plain = desk.read(render()).settings
    on = re.sub(
        r"^#(?=(days_per_month|timeout|max_chars|attempts|fallback|window|on_breach|(?!judge)\w+_timeout"
        r"|backoff_\w+|max_\w+_\w+|drain_seconds) = )",
        "",
        render(),
        flags=re.MULTILINE,
    )
    assert on.count("\n#") < render().count("\n#") - 15
    assert desk.read(on).settings == plain
