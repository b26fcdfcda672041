"""A directory with what the documentation's commands name: samples, routers, a ledger."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from headgate.ledger.sqlite import SqliteStore
from headgate.routing.artifact import dump
from headgate.testing.provider import DIALECTS, Provider
from tests.analysis.planted import drafted
from tests.bootstrap.panel import Panel, served
from tests.ledger.samples import traffic
from tests.routing.routers import small_artifact

__all__ = ["FILES", "openai", "put"]

ROWS = 400
NANO = 1e9

SETTINGS = """\
[classifier]
kind = "rules"
[[classifier.rules]]
name = "proof"
tier = "premium"
matches = "(?i)prove"
[tiers.cheap]
model = "openai/gpt-5-nano"
[tiers.premium]
model = "openai/gpt-5.2"
[providers.openai]
api_key_env = "OPENAI_API_KEY"
"""


def _jsonl(rows: list[dict[str, object]]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def _graded() -> list[dict[str, object]]:
    """Graded requests with drafts and costs."""
    return [
        {
            "id": row.id,
            "prompt": row.prompt,
            "category": row.category,
            "time": row.time,
            "input_tokens": row.tokens,
            "output_tokens": 10,
            "cheap": row.cheap,
            "premium": row.premium,
            "cheap_cost": (row.cheap_nano or 0) / NANO,
            "premium_cost": (row.premium_nano or 0) / NANO,
            "draft": "x" * ((row.draft and row.draft.chars) or 0),
            "draft_agreement": row.draft and row.draft.agreement,
        }
        for row in drafted(ROWS)
    ]


def _calls() -> list[dict[str, object]]:
    names = ("id", "prompt", "category", "time", "input_tokens", "output_tokens")
    return [{name: row[name] for name in names} for row in _graded()[:40]]


def _graded_csv() -> str:
    rows = [f"{row['id']},{row['cheap']:g},{row['premium']:g}\n" for row in _graded()]
    return "".join(["id,small_ok,large_ok\n", *rows])


ENCODERS = """\
def encode(texts):
    return [[len(text), text.count("e"), 1.0] for text in texts]
"""


def _plan(premium: str) -> str:
    return SETTINGS.replace("openai/gpt-5.2", premium)


FILES: Mapping[str, Callable[[], str | bytes]] = {
    "graded.jsonl": lambda: _jsonl(_graded()),
    "graded.csv": _graded_csv,
    "labels.jsonl": lambda: _jsonl(_graded()),
    "logs/*.jsonl": lambda: _jsonl(_calls()),
    "logs/*.jsonl.gz": lambda: gzip.compress(_jsonl(_calls()).encode()),
    "requests.jsonl": lambda: _jsonl([{"prompt": row["prompt"]} for row in _calls()]),
    "router.headgate": lambda: dump(small_artifact()),
    "today.toml": lambda: _plan("openai/gpt-5.2"),
    "tomorrow.toml": lambda: _plan("openai/gpt-5-mini"),
    "my_encoders:encode": lambda: ENCODERS,
}
"""What a block finds because it names it, by that name."""


def put(directory: Path, text: str, props: tuple[str, ...], base: str) -> None:
    """Lay out what a block with this text needs; OpenAI is at `base`."""
    for name, content in FILES.items():
        if re.search(rf"(?<![\w/]){re.escape(name)}(?![\w.])", text):
            file = directory / name.replace("*", "calls").replace(":encode", ".py")
            file.parent.mkdir(exist_ok=True)
            made = content()
            file.write_bytes(made if isinstance(made, bytes) else made.encode())
    settings = directory / "headgate.toml"
    for prop in props:
        match prop:
            case "settings":
                settings.write_text(f'{SETTINGS}base_url = "{base}"\n')
            case "a ledger":
                store = SqliteStore(directory / "headgate.db")
                store.append(traffic(random.Random(7), 200))
                store.close()
            case _:
                raise AssertionError(f"there is no prop {prop!r}")


@contextmanager
def openai() -> Iterator[str]:
    """Where OpenAI is simulated: a small model, a large one, a judge and an embedder."""
    models = ("gpt-5-nano", "gpt-5.2", "gpt-6.1-sol", "text-embedding-3-small")
    brain = Panel(small="gpt-5-nano", judge="gpt-6.1-sol")
    with served(Provider(DIALECTS["openai"](), models=models, brain=brain)) as base:
        yield f"{base}/v1"
