"""Six months of a gateway's traffic in a ledger: escalation creeps up from a day on."""

from __future__ import annotations

import random
from collections.abc import Iterator

from headgate.ledger.entry import Entry
from headgate.values import Usage
from tests.ledger.samples import entry

DAY_US = 86_400_000_000
DAYS = 182
CREEP_DAY = 60
RATE, RISE_A_DAY = 0.12, 0.001


def rate_on(day: float) -> float:
    """12 % for sixty days, then a tenth of a point more every day."""
    return RATE + max(0.0, day - CREEP_DAY) * RISE_A_DAY


def six_months(seed: int, end_us: int, requests_a_day: int) -> Iterator[list[Entry]]:
    """The entries day by day: classifier call, now and then a failed attempt, the answer."""
    chance = random.Random(seed)
    for day in range(DAYS):
        rows: list[Entry] = []
        for number in range(requests_a_day):
            since = day + number / requests_a_day
            at_us = end_us - DAYS * DAY_US + round(since * DAY_US)
            rows += _request(chance, f"{day:03}-{number:05}", at_us, rate_on(since))
        yield rows


def _request(chance: random.Random, name: str, at_us: int, rate: float) -> list[Entry]:
    premium = chance.random() < rate
    cost = 9_000_000 if premium else 3_000_000
    tier, model = ("premium", "sonnet") if premium else ("cheap", "haiku")
    rows = [
        entry(
            request_id=name,
            at_us=at_us,
            purpose="classifier",
            tier="classifier",
            served=False,
            usage=Usage(300, 20),
            cost_nano=140_000,
            premium_nano=None,
        )
    ]
    called = {"tier": tier, "premium": premium, "model_asked": model}
    if chance.random() < (0.08 if premium else 0.02):
        rows.append(
            entry(
                request_id=name,
                attempt=1,
                at_us=at_us + 500_000,
                served=False,
                status=503,
                error="status",
                usage=Usage(1000, 100),
                cost_nano=cost // 3,
                premium_nano=None,
                **called,
            )
        )
    rows.append(
        entry(
            request_id=name,
            attempt=len(rows),
            at_us=at_us + 1_000_000,
            cause="first" if len(rows) == 1 else "retry",
            cost_nano=cost,
            **called,
        )
    )
    return rows
