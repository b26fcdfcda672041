"""A ledger as a busy team leaves it: routes, keys, retries, nights, and escalation that creeps."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.values import Usage
from tests.ledger.samples import entry

DAY_US = 86_400_000_000
ROUTES = ("/v1/chat/completions", "/v1/messages", "/v1/responses")
TEAMS = {"k_search": "search", "k_support": "support", "k_batch": "data"}
CLASSIFIER = {
    "purpose": "classifier", "tier": "classifier", "provider": "google",
    "model_asked": "gemini-2.5-flash", "model_answered": "gemini-2.5-flash", "served": False,
    "premium_nano": None, "card": "google/gemini-2.5-flash@2025-06-17",
}  # fmt: skip


def month(
    end_us: int, *, days: int = 45, requests_a_day: int = 400, seed: int = 7, creep: bool = True
) -> Iterator[Entry]:
    """Entries in the order of time; the last two weeks creep up to some 35 % escalation."""
    chance = random.Random(seed)
    for day in range(days):
        late = max(0.0, day - (days - 14)) if creep else 0.0
        for _ in range(round(requests_a_day * (0.6 if day % 7 in (5, 6) else 1.0))):
            hour = min(max(chance.gauss(13, 4), 0), 23.99)
            at_us = end_us - round((days - day - hour / 24) * DAY_US) + chance.randrange(10**6)
            yield from _request(chance, f"{day:03}{chance.getrandbits(40):010x}", at_us, late)


def _request(chance: random.Random, name: str, at_us: int, late: float) -> Iterator[Entry]:
    key = chance.choices(list(TEAMS), (5, 3, 2))[0]
    base = {
        "request_id": name, "route": chance.choices(ROUTES, (6, 3, 1))[0], "key": key,
        "team": TEAMS[key], "policy": "default", "category": chance.choice(["code", "chat", "sum"]),
    }  # fmt: skip
    rate = 0.18 + 0.02 * late * (key == "k_support")
    premium = chance.random() < rate
    asked_us = round(chance.lognormvariate(math.log(180_000), 0.3))
    yield entry(
        **base | CLASSIFIER,
        at_us=at_us,
        usage=Usage(300, 12),
        cost_nano=120_000,
        score=None,
        queue_us=round(chance.lognormvariate(math.log(400), 0.5)),
        first_token_us=asked_us - 1000,
        total_us=asked_us,
    )
    at_us += asked_us
    tier = {
        "tier": "premium" if premium else "cheap",
        "premium": premium,
        "model_asked": "claude-sonnet-4-6" if premium else "claude-haiku-4-5",
        "model_answered": "claude-sonnet-4-6" if premium else "claude-haiku-4-5-20251001",
        "card": "anthropic/claude-sonnet-4-6@2026-03-13" if premium else None,
    }
    attempt, cause = 1, "first"
    while attempt < 3 and chance.random() < (0.09 if premium else 0.03):
        yield entry(
            **base, **tier, attempt=attempt, at_us=at_us, cause=cause, served=False,
            status=chance.choice([429, 503, 529]), error="status", usage=Usage(),
            usage_source="none", cost_nano=0, premium_nano=None, first_token_us=None,
            total_us=chance.randrange(80_000, 900_000), queue_us=asked_us,
        )  # fmt: skip
        at_us += chance.randrange(300_000, 1_500_000)
        attempt, cause = attempt + 1, "retry"
    reads = round(chance.lognormvariate(math.log(1400), 0.6))
    writes = round(chance.lognormvariate(math.log(320), 0.7))
    dear, cheap = reads * 3_000 + writes * 15_000, reads * 1_000 + writes * 5_000
    first = round(chance.lognormvariate(math.log(600_000 if premium else 300_000), 0.35))
    yield entry(
        **base, **tier, attempt=attempt, at_us=at_us, cause=cause, usage=Usage(reads, writes),
        cost_nano=dear if premium else cheap, premium_nano=dear, queue_us=asked_us + 500,
        first_token_us=first, total_us=first + writes * (12_000 if premium else 6_000),
    )  # fmt: skip


def happenings(end_us: int) -> list[Event]:
    """Events of such a month."""
    told = (
        (9, "key.created", "k_batch", '{"team": "data"}'),
        (6, "reload.done", "headgate.toml", '{"config": "5c0ffee12345"}'),
        (3, "alarm.raised", "escalation", '{"rate": "29.4 %", "budget": "25 %"}'),
        (2, "action.hold", "escalation", '{"threshold": "0.71"}'),
        (0.5, "alarm.cleared", "escalation", '{"rate": "23.1 %"}'),
    )
    return [
        Event(id=f"{kind}/{n}", at_us=end_us - round(days * DAY_US), kind=kind, subject=subject,
              detail=detail)
        for n, (days, kind, subject, detail) in enumerate(told)
    ]  # fmt: skip
