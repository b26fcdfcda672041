"""docs/providers.md: every known provider, and snippets that a gateway is built from."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from headgate.bootstrap.book import book_of, prices_of
from headgate.bootstrap.gateway import provider_of, secrets_of
from headgate.prices.book import Book
from headgate.settings.providers import KNOWN
from headgate.settings.schema import Settings
from headgate.values import ModelRef
from headgate.wire.lane import DIALECTS
from tests.docs.pages import page
from tests.settings.files import Desk

SNIPPETS = re.findall(r"```toml\n(.*?)```", page("providers.md"), re.DOTALL)
TODAY = datetime(2026, 11, 28, tzinfo=UTC).date()


def read(snippet: str, folder: Path) -> Settings:
    reading = Desk(folder).read(snippet)
    assert reading.warnings == ()
    return reading.settings


def test_every_known_provider_has_its_row_and_no_other_has():
    listed = {provider.id for provider in Book.shipped().table.index.providers}
    rows = re.findall(r"(?m)^\| `[\w-]+` \| `(?:openai|anthropic).*$", page("providers.md"))
    wanted = []
    for name, known in KNOWN.items():
        key = f"`{known.api_key_env}`" if known.api_key_env else "none"
        prices = "listed" if (known.prices or name) in listed else "yours"
        wanted.append(f"| `{name}` | `{known.dialect}` | `{known.base_url}` | {key} | {prices} |")
    assert rows == wanted


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_snippet_is_valid_and_all_its_tiers_have_a_price(snippet: str, tmp_path: Path):
    settings = read(snippet, tmp_path)
    book = book_of(settings, "headgate.toml", env={})
    for tier in settings.tiers:
        model = ModelRef.parse(tier.model)
        card = book.card(model, TODAY, prices_of=prices_of(settings, model.provider))
        assert card is not None, tier.model


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_snippet_calls_its_providers_with_their_key(snippet: str, tmp_path: Path):
    settings = read(snippet, tmp_path)
    file = tmp_path / "key"
    file.write_text("key-of-None\n")
    entries = tuple(
        replace(entry, api_key_file=str(file)) if entry.api_key_file else entry
        for entry in settings.providers
    )
    settings = replace(settings, providers=entries)
    names = [entry.api_key_env for entry in settings.providers if entry.api_key_env]
    keys = secrets_of(settings, {name: f"key-of-{name}" for name in names})
    for entry in settings.providers:
        provider = provider_of(entry, keys, settings.egress)
        head = provider.endpoint(DIALECTS[entry.dialect].path).head.decode()
        sent = f"key-of-{entry.api_key_env}"
        plain = entry.dialect == "anthropic" and entry.platform is None
        bearer = "x-api-key: " if plain else "authorization: Bearer "
        keyed = entry.api_key_env or entry.api_key_file
        assert (f"\r\n{bearer}{sent}\r\n" in head) == bool(keyed)


def test_azure_is_called_by_its_v1_api(tmp_path: Path):
    """The path has no deployment and no api-version, and the key is a Bearer token."""
    snippet = next(text for text in SNIPPETS if "openai.azure.com" in text)
    settings = read(snippet, tmp_path)
    provider = provider_of(settings.providers[0], {"AZURE_OPENAI_API_KEY": "k"}, settings.egress)
    head = provider.endpoint(DIALECTS["openai"].path).head.decode()
    assert head.startswith(
        "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: RESOURCE.openai.azure.com\r\n"
    )
    assert "\r\nauthorization: Bearer k\r\n" in head
