"""Test 1: the ledger's sum equals the providers' own books, to the nano-dollar, whatever was asked.

Calls of three APIs, streamed and not, within a dialect and across, with cache reads and writes of
both lifetimes, long contexts, tools' worth of tokens, explicit zeros, service tiers with prices of
their own, a tier without one, and a model without a price.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import Any

from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import PATHS, Place, body_of, place
from headgate.bootstrap.book import book_of
from headgate.ledger.entry import Entry
from headgate.prices.card import Card
from headgate.prices.service_tier import served_card
from headgate.settings import read
from headgate.testing.audit import audit
from headgate.testing.meter import Calls
from headgate.values import ModelRef, Usage

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
UNPRICED_TIER = "scale"
"""A service tier that no price list has."""


def spend(calls: int) -> Outcome:
    """Make so many mixed calls, and audit."""
    with place() as here:
        failed = asyncio.run(_call(here, calls))
        rows = here.settled(calls)
        books = {name: provider.calls() for name, provider in here.providers.items()}
        unpriced = [row for row in rows if _unpriced(row.model_asked, row.usage)]
        priced = [row for row in rows if not _unpriced(row.model_asked, row.usage)]
        expected = len(unpriced) == _taken_out(books)
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


def _unpriced(model: str, usage: Usage) -> bool:
    return model == "made-up" or usage.service_tier == UNPRICED_TIER


def _taken_out(books: dict[str, Calls]) -> int:
    """How many calls that have no price the providers count; their books hold the others."""
    taken = 0
    for models in books.values():
        for model, counted in models.items():
            taken += sum(count for usage, count in counted if _unpriced(model, usage))
            models[model] = [line for line in counted if not _unpriced(model, line[0])]
    for models in books.values():
        models.pop("made-up", None)
    return taken


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
    elif kind > 0.7:
        text += f"[[served:{_tier(draw, model)}]]"
    body = body_of(api, model, text, **more)
    if api == "messages" and 0.3 < kind < 0.7:
        # What is cached is one call's own: who of two comes first must not matter.
        ttl = draw.choice(("5m", "1h"))
        prefix = f"prefix {number if kind < 0.6 else 'shared'} " + "context " * 200
        mark = {"type": "ephemeral", "ttl": ttl}
        body["system"] = [{"type": "text", "text": prefix, "cache_control": mark}]
    return api, body


def _tier(draw: random.Random, model: str) -> str:
    """The service tier that serves a call to the model, whatever was asked for."""
    if draw.random() < 0.1:
        return UNPRICED_TIER
    return "batch" if model.startswith("anthropic/") else draw.choice(("flex", "priority"))


def _cards(here: Place) -> Any:
    settings = read(here.file, env={"SIM_KEY": "sk-sim"})
    book = book_of(settings, "headgate.toml")
    lists = {entry.name: entry.prices for entry in settings.providers if entry.prices}

    def card(ref: ModelRef, tier: str | None) -> Card | None:
        shelf = lists.get(ref.provider)
        return served_card(book, ref, datetime.now(UTC), tier, prices_of=shelf)

    return card


def _kinds(rows: list[Entry]) -> dict[str, int]:
    return {
        "streamed": sum(row.streamed for row in rows),
        "translated": sum(row.dialect_in != row.dialect_out for row in rows),
        "cache reads": sum(row.usage.cache_read > 0 for row in rows),
        "5m writes": sum(row.usage.cache_write_5m > 0 for row in rows),
        "1h writes": sum(row.usage.cache_write_1h > 0 for row in rows),
        "long": sum(row.usage.total_input > 200_000 for row in rows),
        "other service tiers": sum(row.usage.service_tier is not None for row in rows),
        "zeros": sum(row.usage.total_input == 0 for row in rows),
    }
