"""export: what is written reads as the same settings."""

import tomllib

import pytest

from headgate.bootstrap.archetypes import NAMES, archetype
from headgate.settings import read_with_sources
from headgate.settings.export import text_of
from headgate.settings.schema import Settings


def read(path) -> Settings:
    return read_with_sources(path, env={}, need_providers=False).settings


def again(settings: Settings, tmp_path) -> Settings:
    path = tmp_path / "headgate.toml"
    path.write_text(text_of(settings, ("made here",)), encoding="utf-8")
    return read(path)


@pytest.mark.parametrize("name", NAMES)
def test_every_archetype_reads_as_itself(name, tmp_path):
    settings = read(archetype(name).path)
    assert again(settings, tmp_path) == settings


def test_policies_rules_headers_prices_and_odd_names_come_through(tmp_path):
    source = tmp_path / "source.toml"
    source.write_text(
        """
[classifier]
kind = "rules"
default = "cheap"
[[classifier.rules]]
name = "long"
tier = "premium"
min_tokens = 4000
matches = "a\\"b\\\\\\\\d"
[policies.a]
kind = "rules"
[[policies.a.rules]]
name = "short"
tier = "cheap"
max_tokens = 9
[policies.b]
kind = "none"
[[routes]]
policy = "a"
path = "/v1/messages"
[tiers.cheap]
model = "my-own/small"
timeout = "90s"
[tiers.premium]
model = "my-own/large:v2"
[escalation]
window = "24h"
[providers.my-own]
dialect = "openai"
base_url = "http://127.0.0.1:9/v1"
headers = { "x-team" = "a b" }
[prices."my-own/large:v2"]
input = "1.00"
output = "2.00"
[prices."my-own/small"]
input = "0.10"
output = "0.20"
""",
        encoding="utf-8",
    )
    settings = read(source)
    assert again(settings, tmp_path) == settings


def test_only_what_differs_is_written():
    text = text_of(read(archetype("router").path), ("one", "two"))
    assert text.startswith("# one\n# two\n")
    assert "days_per_month" not in text
    assert tomllib.loads(text)["tiers"]["premium"]["model"] == "anthropic/claude-sonnet-4-6"
