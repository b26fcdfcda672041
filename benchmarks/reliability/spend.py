"""Test 1: the ledger's sum equals the providers' own books, to the nano-dollar, whatever was asked.

Calls of three APIs, streamed and not, within a dialect and across, with cache reads and writes of
both lifetimes, long contexts, tools' worth of tokens, explicit zeros, and a model without a price.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import PATHS, Place, body_of, place
from headgate.bootstrap.book import book_of
from headgate.ledger.entry import Entry
from headgate.prices.card import Card
from headgate.settings import read
from headgate.testing.audit import audit
from headgate.values import ModelRef

__all__ = ["spend"]

CALLERS = 16
PRICED = (
    "anthropic/claude-haiku-4-5",
    "anthropic/claude-sonnet-4-5",
    "openai/gpt-5-mini",
    "openai/gpt-5.4",
    "responses/gpt-5-mini",
    "responses/gpt-5.4",
)
UNPRICED = "openai/made-up"


def spend(calls: int) -> Outcome:
    """Make so many mixed calls, and audit."""
    with place() as here:
        failed = asyncio.run(_call(here, calls))
        rows = here.settled(calls)
        unpriced = [row for row in rows if row.model_asked == "made-up"]
        priced = [row for row in rows if row.model_asked != "made-up"]
        books = {name: provider.calls() for name, provider in here.providers.items()}
        expected = len(unpriced) == sum(n for _, n in books["openai"].pop("made-up", []))
        found = audit(priced, books, _cards(here))
    kinds = _kinds(rows)
    held = (
        not failed
        and len(rows) == calls
        and found.equal
        and not found.estimated
        and expected
        and all(row.cost_nano is None for row in unpriced)
        and all(kinds.values())
    )
    return Outcome(
        f"{calls:,} mixed calls",
        held,
        f"{len(rows):,} rows; ledger {found.ledger_nano:,} nano-USD, providers "
        f"{found.provider_nano:,}; {len(unpriced):,} unpriced rows, all NULL; "
        + ", ".join(f"{kind} {count:,}" for kind, count in kinds.items()),
    )


async def _call(here: Place, calls: int) -> int:
    caller, numbers, failed = here.caller(), iter(range(calls)), 0

    async def work() -> None:
        nonlocal failed
        for number in numbers:
            api, body = _request(number)
            status, _, _ = await caller.ask(api, body)
            failed += status != 200

    await asyncio.gather(*(work() for _ in range(CALLERS)))
    return failed


def _request(number: int) -> tuple[str, dict[str, Any]]:
    """One call; the same number gives the same, so that streamed and not can be compared."""
    draw = random.Random(number // 2)
    api = draw.choice(list(PATHS))
    model = UNPRICED if draw.random() < 0.05 else draw.choice(PRICED)
    text = f"case {number // 2}: " + "word " * draw.randrange(1, 60)
    more: dict[str, Any] = {"stream": number % 2 == 1}
    kind = draw.random()
    if kind < 0.15:
        text += f"[[cached:{draw.randrange(0, 5000)}]][[tokens:{draw.randrange(5000, 9000)}/7]]"
    elif kind < 0.25:  # a long context has prices of its own on some models
        text += f"[[tokens:{draw.randrange(190_000, 400_000)}/{draw.randrange(1, 900)}]]"
    elif kind < 0.3:
        text += "[[tokens:0/0]]"
    body = body_of(api, model, text, **more)
    if api == "messages" and 0.3 < kind < 0.7:
        # What is cached is one call's own: who of two comes first must not matter.
        ttl = draw.choice(("5m", "1h"))
        prefix = f"prefix {number if kind < 0.6 else 'shared'} " + "context " * 200
        mark = {"type": "ephemeral", "ttl": ttl}
        body["system"] = [{"type": "text", "text": prefix, "cache_control": mark}]
    return api, body


def _cards(here: Place) -> Any:
    settings = read(here.file, env={"SIM_KEY": "sk-sim"})
    book = book_of(settings, "headgate.toml")
    lists = {entry.name: entry.prices for entry in settings.providers if entry.prices}

    def card(ref: ModelRef) -> Card | None:
        from datetime import UTC, datetime

        return book.card(ref, datetime.now(UTC), prices_of=lists.get(ref.provider))

    return card


def _kinds(rows: list[Entry]) -> dict[str, int]:
    return {
        "streamed": sum(row.streamed for row in rows),
        "translated": sum(row.dialect_in != row.dialect_out for row in rows),
        "cache reads": sum(row.usage.cache_read > 0 for row in rows),
        "5m writes": sum(row.usage.cache_write_5m > 0 for row in rows),
        "1h writes": sum(row.usage.cache_write_1h > 0 for row in rows),
        "long": sum(row.usage.total_input > 200_000 for row in rows),
        "zeros": sum(row.usage.total_input == 0 for row in rows),
    }
