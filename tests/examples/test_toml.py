"""Settings that the documentation shows can be used as they stand, beside two tiers."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from headgate.settings import read_prices
from tests.examples.blocks import PAGES, Block, blocks
from tests.settings.files import Desk

SHOWN = [block for page in PAGES for block in blocks(page) if block.language == "toml"]
PRICES = [block for block in SHOWN if "[[prices." in block.text]
CODEX = [block for block in SHOWN if "model_provider" in block.text]
"""The settings of a caller, which is another program."""
OURS = [block for block in SHOWN if block not in PRICES and block not in CODEX]

REST = {
    "tiers": {
        "cheap": 'model = "anthropic/claude-haiku-4-5"',
        "premium": 'model = "anthropic/claude-sonnet-4-6"',
    },
    "providers": {"anthropic": "", "google": "", "openai": ""},
}


def whole(block: Block) -> str:
    """The block, and what a file needs besides."""
    given = tomllib.loads(block.text)
    text = block.text
    if "tiers" not in given:
        for name, line in REST["tiers"].items():
            text += f"[tiers.{name}]\n{line}\n"
    for name in REST["providers"].keys() - given.get("providers", {}).keys():
        text += f"[providers.{name}]\n"
    return text


@pytest.mark.parametrize("block", OURS, ids=lambda block: block.name)
def test_settings_that_a_page_shows_can_be_used(block: Block, tmp_path: Path):
    assert Desk(tmp_path).read(whole(block)).warnings == ()


@pytest.mark.parametrize("block", PRICES, ids=lambda block: block.name)
def test_prices_that_a_page_shows_can_be_read(block: Block, tmp_path: Path):
    file = tmp_path / "prices.toml"
    file.write_text(block.text)
    assert len(read_prices(file)) == block.text.count("[[prices.")


def test_what_is_not_ours_is_the_exception():
    assert len(OURS) > 15
    assert len(CODEX) == 1
