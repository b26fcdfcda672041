"""`headgate mcp` over PostgreSQL: the answers that a file gives, and nothing is written."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from headgate.cli.mcp_answers import Place, Told
from headgate.cli.mcp_tools import TOOLS
from headgate.ledger.entry import Entry
from headgate.ledger.store import StoreError
from headgate.ledger.url import open_store
from tests.ledger.samples import entry, prompt, traffic
from tests.settings.files import GOOD

FILE = "sqlite:///headgate.db"
OF_THE_LEDGER: dict[str, dict[str, Any]] = {
    "status": {"since": "2026-11-01"},
    "report": {"since": "2026-11-01"},
    "decision": {"request_id": "r1"},
}


def rows() -> list[Entry]:
    return [entry(request_id="r1"), *traffic(random.Random(1), 50)]


@pytest.fixture
def place(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A ledger in PostgreSQL, and one with the same rows in a file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    (tmp_path / "headgate.toml").write_text(GOOD)
    for url in (postgres_url, FILE):
        store = open_store(url)
        store.append(rows())
        store.keep_prompts([prompt(request_id="r1")])
        store.close()
    return Place(url=postgres_url)


def ask(tool: str, place: Place, said: dict[str, Any]) -> Told:
    return TOOLS[tool].answer(place, said)


class Noon(datetime):
    """A clock that stands still, so that two questions are asked at the same moment."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2026, 11, 15, 12, tzinfo=tz)


def rounded(told: object) -> Any:
    """A document, what is summed as floats to a millionth, for order decides there."""
    match told:
        case dict():
            return {name: rounded(value) for name, value in told.items()}
        case list():
            return [rounded(one) for one in told]
        case float():
            return float(f"{told:.6g}")
    return told


@pytest.mark.parametrize("tool", OF_THE_LEDGER)
def test_the_answer_is_that_of_the_same_rows_in_a_file(
    place: Place, tool: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("headgate.cli.mcp_answers.datetime", Noon)
    said = OF_THE_LEDGER[tool]
    there, here = ask(tool, place, said), ask(tool, place._replace(url=FILE), said)
    assert rounded(there.document) == rounded(here.document)
    assert len(rounded(there.document)) > 2


def test_no_tool_writes(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("headgate.monitor.account.LEAST", 10)
    before = counted(place)
    for tool, said in OF_THE_LEDGER.items():
        ask(tool, place, said)
    assert counted(place) == before
    assert before["attempts"] == len(rows())


def counted(place: Place) -> dict[str, int]:
    assert place.url is not None
    with psycopg.connect(place.url) as db:
        names = [
            row[0]
            for row in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'headgate'")
        ]
        return {
            name: db.execute(f"SELECT COUNT(*) FROM headgate.{name}".encode()).fetchone()[0]  # type: ignore[index]
            for name in names
        }


def test_a_ledger_that_is_not_there_is_told_and_not_made(place: Place):
    assert place.url is not None
    nowhere = place.url.replace("/t", "/nowhere", 1)
    with pytest.raises(StoreError, match=r"does not answer: .*does not exist"):
        ask("status", place._replace(url=nowhere), {})


def test_the_sdks_client_asks_and_hears_of_what_is_wrong(place: Place, tmp_path: Path):
    wrong: dict[str, list[dict[str, Any]]] = {
        "decision": [{"request_id": text} for text in ("nobody", "%", "a\0b", "' OR 1=1 --", "")],
        "status": [{"since": "nonsense"}, {"since": 5}],
        "report": [{"since": "2026-01-01", "until": "2025-01-01"}, {"by": "x"}],
    }
    command = ["-m", "headgate", "mcp", "--config", str(tmp_path / "headgate.toml")]
    how = StdioServerParameters(
        command=sys.executable,
        args=[*command, "--ledger", str(place.url)],
        cwd=tmp_path,
        env=dict(os.environ),
    )

    async def session() -> tuple[list[Any], list[Any]]:
        async with Client(how) as client:
            right = [await client.call_tool(name, said) for name, said in OF_THE_LEDGER.items()]
            amiss = [
                await client.call_tool(name, said)
                for name, asked in wrong.items()
                for said in asked
            ]
            return right, amiss

    right, amiss = asyncio.run(session())
    for answer in right:
        assert not answer.is_error, answer.content
        assert answer.structured_content
    kept = prompt(request_id="r1")
    for answer in (*right, *amiss):
        told = answer.content[0].text
        assert "defect" not in told
        assert "Traceback" not in told
        assert kept.request not in told
    assert all(answer.is_error for answer in amiss)
