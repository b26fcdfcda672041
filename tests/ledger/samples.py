"""Entries to test with: one plain answer, changed where a test says so, and random mixed ones."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from headgate.ledger.entry import Entry
from headgate.ledger.prompt import Prompt
from headgate.values import Usage

NOON_US = 1_795_435_200_000_000
"""2026-11-23 12:00 UTC."""

ANSWER = Entry(
    request_id="r0",
    attempt=0,
    at_us=NOON_US,
    purpose="answer",
    dialect_in="openai",
    dialect_out="anthropic",
    route="/v1/chat/completions",
    asked="auto",
    routed=True,
    tier="cheap",
    premium=False,
    provider="anthropic",
    model_asked="claude-haiku-4-5",
    model_answered="claude-haiku-4-5-20251001",
    reason="classifier",
    cause="first",
    served=True,
    status=200,
    usage=Usage(input=1000, output=400),
    usage_source="measured",
    card="anthropic/claude-haiku-4-5@2025-10-15",
    cost_nano=3_000_000,
    premium_nano=9_000_000,
    first_token_us=210_000,
    total_us=1_900_000,
    config="0123456789ab",
)


def entry(**changes: Any) -> Entry:
    return msgspec.structs.replace(ANSWER, **changes)


def answers(count: int) -> list[Entry]:
    return [entry(request_id=f"r{number}", at_us=NOON_US + number) for number in range(count)]


def traffic(chance: random.Random, requests: int, *, start_us: int = NOON_US) -> list[Entry]:
    """Requests as a gateway leaves them: pinned and routed, failed, retried, unpriced, unserved."""
    entries: list[Entry] = []
    for number in range(requests):
        routed = chance.random() < 0.8
        at_us = start_us + number * 1_000_000 + chance.randrange(900_000)
        calls = ["classifier"] if routed else []
        calls += ["answer"] * chance.choice([1, 1, 1, 2, 3])
        served = chance.random() < 0.9
        for attempt, purpose in enumerate(calls):
            entries.append(
                _attempt(
                    chance,
                    request_id=f"{number:06x}",
                    attempt=attempt,
                    at_us=at_us + attempt * chance.randrange(1, 900_000),
                    purpose=purpose,
                    routed=routed,
                    served=served and attempt == len(calls) - 1,
                )
            )
    return entries


def shadowed(chance: random.Random, requests: int, *, start_us: int = NOON_US) -> list[Entry]:
    """Traffic with all else there is: drafts that were rejected, checks of them, shadows, keys."""
    entries: list[Entry] = []
    for plain in traffic(chance, requests, start_us=start_us):
        kind = chance.random()
        changes: dict[str, Any] = {
            "key": plain.request_id[-1:],
            "reason": chance.choice(["classifier", "rule:code"]),
            "total_us": chance.randrange(1, 1 << 31),
        }
        if plain.purpose == "answer" and not plain.served and kind < 0.5:
            changes["error"] = "rejected"
        elif plain.purpose == "classifier" and kind < 0.3:
            changes["purpose"] = chance.choice(["verifier", "judge"])
        row = msgspec.structs.replace(plain, **changes)
        entries.append(row)
        if row.served and kind < 0.3:
            later = row.at_us + chance.randrange(1, 2_000_000_000)
            changes = {"purpose": chance.choice(["shadow", "judge"]), "cause": "shadow"}
            changes |= {"at_us": later, "served": False, "attempt": row.attempt + 1}
            entries.append(msgspec.structs.replace(row, **changes))
    return entries


def _attempt(chance: random.Random, *, purpose: str, served: bool, **fields: Any) -> Entry:
    premium = purpose == "answer" and chance.random() < 0.3
    tier = "classifier" if purpose == "classifier" else "premium" if premium else "cheap"
    cost = None if chance.random() < 0.03 else chance.randrange(1, 20_000_000)
    return entry(
        **fields,
        purpose=purpose,
        served=served,
        tier=tier,
        premium=premium,
        status=200 if served else chance.choice([None, 429, 503]),
        error=None if served else chance.choice(["timeout", "status"]),
        score=chance.choice([None, chance.random()]),
        usage=Usage(
            input=chance.randrange(2000),
            output=chance.randrange(2000),
            cache_read=chance.randrange(2000),
            cache_write_5m=chance.randrange(2000),
            cache_write_1h=chance.randrange(2000),
            reasoning=chance.randrange(2000),
            service_tier=chance.choice([None, None, "flex"]),
        ),
        usage_source=chance.choice(["measured", "estimated", "none"]),
        card=None if cost is None else "card",
        cost_nano=cost,
        premium_nano=None if not served or chance.random() < 0.02 else chance.randrange(20_000_000),
        first_token_us=chance.choice([None, 1000]),
        session=chance.choice([None, "s"]),
        tags=chance.choice([None, '{"team":"söl"}']),
        model_answered=chance.choice([None, "m"]),
        streamed=chance.random() < 0.5,
        aborted=chance.random() < 0.1,
        queue_us=chance.choice([None, 900]),
        key=chance.choice([None, "key_1", "key_2"]),
        team=chance.choice([None, "search"]),
        policy=chance.choice(["", "auto"]),
        router=chance.choice([None, "0f3a"]),
        category=chance.choice([None, "code"]),
        trace=chance.choice([None, '{"ruled_out":[]}']),
    )


PROMPT = Prompt(
    request_id="r0",
    at_us=NOON_US,
    dialect="openai",
    request='{"model":"auto","messages":[{"role":"user","content":"Grüße?"}]}',
    request_bytes=67,
    answer='{"choices":[]}',
    answer_bytes=14,
)


def prompt(**changes: Any) -> Prompt:
    return msgspec.structs.replace(PROMPT, **changes)


def questions(count: int) -> list[Prompt]:
    return [prompt(request_id=f"r{number}", at_us=NOON_US + number) for number in range(count)]
