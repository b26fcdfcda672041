"""docs/mcp.md: every tool and argument has its place, and each example says what it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from headgate.cli.mcp_answers import Place
from headgate.cli.mcp_tools import TOOLS
from headgate.cli.what_if import CHANGES
from tests.cli.ledgers import fill
from tests.docs.pages import page
from tests.ledger.samples import entry
from tests.settings.files import GOOD


def chapter(tool: str) -> str:
    return page("mcp.md").partition(f"\n## `{tool}`\n")[2].partition("\n## ")[0]


def test_the_tools_are_described_in_their_order_and_no_other():
    assert re.findall(r"^## `(\w+)`$", page("mcp.md"), re.MULTILINE) == list(TOOLS)


@pytest.mark.parametrize("tool", TOOLS)
def test_every_argument_is_in_its_tools_chapter(tool: str):
    shared = CHANGES if tool == "tripwire" else {}  # which says that it takes what `plan` takes
    for argument in TOOLS[tool].schema["properties"]:
        assert f"`{argument}`" in chapter(tool) or argument in shared, argument


@pytest.mark.parametrize("tool", TOOLS)
def test_every_example_says_what_the_page_says(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    (tmp_path / "headgate.toml").write_text(GOOD)
    fill(tmp_path, [entry(request_id="r1")])
    (example,) = re.findall(r"```json\n(.*?)\n```\n```text\n(.*?)\n```", chapter(tool), re.DOTALL)
    said = TOOLS[tool].answer(Place(), json.loads(example[0])).text
    for line in example[1].splitlines():
        assert line in said, f"{line}\n\n{said}"
