"""prices_data: docs/prices.md has every field of every document, and none that is not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from headgate.cli.main import cli
from tests.docs.pages import page
from tests.prices.feeds import feed, model, provider

OWN = '[prices."deepseek/deepseek-chat"]\ninput = "0.1"\noutput = "0.2"\n'


def fields(value: object, prefix: str = "") -> Iterator[str]:
    """Paths of all leaves; a list's items share one, so do the variants."""
    if isinstance(value, dict):
        for key, item in value.items():
            name = "NAME" if prefix == "variants" else key
            yield from fields(item, f"{prefix}.{name}" if prefix else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from fields(item, f"{prefix}[]")
    else:
        yield prefix


def documents(tmp_path: Path) -> Iterator[dict[str, object]]:
    (tmp_path / "own.toml").write_text(OWN)
    for name, price in (("feed.json", 1), ("later.json", 2)):
        one = model({"input_mtok": price, "output_mtok": 5})
        (tmp_path / name).write_bytes(feed(provider(one)))
    for args in (
        "search sonnet --limit 3",
        "show anthropic/claude-sonnet-4-6 --at 2026-03-01",
        "show deepseek/deepseek-chat",
        "show deepseek/deepseek-chat --prices own.toml",
        "compare anthropic/claude-haiku-4-5",
        "history anthropic/claude-sonnet-4-6",
        f"update --from feed.json --accept --set price_list.directory={tmp_path}/lists",
        f"update --from later.json --accept --set price_list.directory={tmp_path}/lists",
    ):
        result = CliRunner().invoke(cli, ["prices", *args.split(), "--json"])
        assert result.exit_code == 0, result.output
        yield json.loads(result.stdout)


def test_the_documentation_has_every_field_and_none_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    chapter = page("prices.md").partition("\n## JSON\n")[2].partition("\n## ")[0]
    described = set(re.findall(r"^\| `([^`]+)` \|", chapter, re.MULTILINE))
    there = {
        re.sub(r"^models\[\]\.|^model\.(?=.)|^variants\.NAME\.", "CARD.", field)
        for document in documents(tmp_path)
        for field in fields(document)
    }
    there = {
        re.sub(r"long_context\[\]\.usd_per_million\.\w+", "long_context[].usd_per_million", f)
        for f in there
    }
    there = {re.sub(r"usd_per_million\.\w+$", "usd_per_million", field) for field in there}
    assert there - described == set()
    assert described - there <= {"CARD.long_context", "history[].long_context"}
