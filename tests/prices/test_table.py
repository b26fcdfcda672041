"""table: the shipped files are whole, and a name finds the model that genai-prices finds."""

from datetime import date

import msgspec
import pytest
from genai_prices.data import providers
from genai_prices.data_snapshot import DataSnapshot, find_provider_by_id

from headgate.prices.table import Table, matches


@pytest.fixture(scope="module")
def table():
    return Table.shipped()


def test_the_index_counts_the_models_that_the_files_hold(table):
    for provider in table.index.providers:
        assert len(table.models(provider.id)) == provider.models


def test_prices_and_variants_ascend_by_date(table):
    for _, model in table.all():
        for entries in (model.prices, *model.variants.values()):
            begins = [entry.start or date.min for entry in entries]
            assert begins == sorted(set(begins))
            assert entries


def test_context_tiers_ascend_and_hours_stay_within_a_day(table):
    for _, model in table.all():
        for entry in model.prices:
            starts = [start for start, _ in entry.tiers]
            assert starts == sorted(set(starts))
            for hours in entry.hours:
                assert 0 <= hours.start < hours.end <= 24 * 60


def test_a_provider_is_read_only_when_it_is_asked_for(tmp_path):
    source = Table.shipped()
    (tmp_path / "index.json").write_bytes(msgspec.json.encode(source.index))
    lazy = Table(tmp_path)
    assert lazy.provider("anthropic") is not None
    with pytest.raises(FileNotFoundError):
        lazy.models("anthropic")


@pytest.mark.parametrize(
    ("clause", "name", "holds"),
    [
        ("=gpt-4o", "gpt-4o", True),
        ("=gpt-4o", "gpt-4o-mini", False),
        ("^gpt-4", "gpt-4o", True),
        ("^gpt-4", "my-gpt-4", False),
        ("$-latest", "grok-latest", True),
        ("$-latest", "latest-grok", False),
        ("*claude", "anthropic.claude-3", True),
        ("*claude", "gemini", False),
        (r"~^opus-\d{8}$", "opus-20251101", True),
        (r"~^opus-\d{8}$", "opus-2025", False),
        (("^a", "$z"), "a-to-z", True),
        (("^a", "$z"), "a-to-y", False),
    ],
)
def test_each_kind_of_clause_compares_as_it_says(clause, name, holds):
    assert matches([clause], name) is holds


def test_any_alternative_is_enough():
    assert matches(["=a", "=b"], "b")
    assert not matches([], "b")


SPELLINGS = [
    "claude-haiku-4-5-20251001",
    "claude-sonnet-4-6",
    "CLAUDE-SONNET-4.6",
    "gpt-4o-2024-08-06",
    "gpt-5.2-20251211",
    "gpt-4o-mini",
    "gemini-2.5-flash",
    "gemini-2.5-flash-preview-09-2025",
    "mistral-large-latest",
    "deepseek-r1",
    "grok-4",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "no-such-model",
]


def test_a_name_finds_the_same_model_as_in_genai_prices(table):
    names = SPELLINGS + [model.id for provider in providers for model in provider.models]
    snapshot = DataSnapshot(providers=providers, from_auto_update=False)
    for theirs in snapshot.providers:
        ours = table.provider(theirs.id)
        assert ours is not None
        own = {model.id for model in theirs.models}
        for name in [*SPELLINGS, *(name for name in names if name in own)]:
            wanted = theirs.find_model(name, all_providers=providers)
            found = table.find(ours, name)
            assert (found and found[1].id) == (wanted and wanted.id), (theirs.id, name)


@pytest.mark.parametrize(
    "name", ["anthropic", "Anthropic ", "bedrock", "vertex", "gemini", "xai", "my-openai", "acme"]
)
def test_a_provider_goes_by_the_names_that_genai_prices_knows(table, name):
    wanted, found = find_provider_by_id(providers, name), table.provider(name)
    assert (found and found.id) == (wanted and wanted.id)
