"""The plan of the mission's example: 1,000 requests a day, 1,000 in / 400 out, 20 % escalated."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec

from headgate.ledger.store import RequestTotal, TierTotal
from headgate.monitor.planned import Planned, PlannedLine
from headgate.values import Usage

CLASSIFIER = PlannedLine(
    name="classifier",
    role="classifier",
    calls=Fraction(1),
    nano_per_call=Fraction(140_000),
    input_tokens=300,
    output_tokens=20,
    input_rate=Fraction(300),
    output_rate=Fraction(2500),
)
EASY = PlannedLine(
    name="easy",
    role="answer",
    tier="cheap",
    calls=Fraction(4, 5),
    nano_per_call=Fraction(3_000_000),
    input_tokens=1000,
    output_tokens=400,
    input_rate=Fraction(1000),
    output_rate=Fraction(5000),
)
HARD = PlannedLine(
    name="hard",
    role="answer",
    tier="premium",
    premium=True,
    calls=Fraction(1, 5),
    nano_per_call=Fraction(9_000_000),
    input_tokens=1000,
    output_tokens=400,
    input_rate=Fraction(3000),
    output_rate=Fraction(15000),
)
RETRIES = PlannedLine(
    name="retries", role="retry", calls=Fraction(1), nano_per_call=Fraction(100_000)
)
EXAMPLE = Planned(
    requests_per_month=30_000,
    escalation_rate=Fraction(1, 5),
    budget=Fraction(1, 4),
    all_premium_nano=Fraction(9_000_000),
    lines=(CLASSIFIER, EASY, HARD),
)


def classified(count: int, **changes: Any) -> TierTotal:
    total = TierTotal(
        routed=True,
        role="classifier",
        tier="classifier",
        premium=False,
        priced=True,
        attempts=count,
        estimated=0,
        cost_nano=140_000 * count,
        usage=Usage(300 * count, 20 * count),
    )
    return msgspec.structs.replace(total, **changes)


def cheap(count: int, **changes: Any) -> TierTotal:
    total = TierTotal(
        routed=True,
        role="answer",
        tier="cheap",
        premium=False,
        priced=True,
        attempts=count,
        estimated=0,
        cost_nano=3_000_000 * count,
        usage=Usage(1000 * count, 400 * count),
    )
    return msgspec.structs.replace(total, **changes)


def premium(count: int, **changes: Any) -> TierTotal:
    return msgspec.structs.replace(
        cheap(count),
        **{"tier": "premium", "premium": True, "cost_nano": 9_000_000 * count, **changes},
    )


def requests(count: int, escalated: int, **changes: Any) -> RequestTotal:
    """Routed requests exactly as the example plans them, so many of them escalated."""
    easy = count - escalated
    paid = [3_140_000] * easy + [9_140_000] * escalated
    total = RequestTotal(
        routed=True,
        requests=count,
        served=count,
        escalated=escalated,
        comparable=count,
        paid_nano=sum(paid),
        baseline_nano=9_000_000 * count,
        paid_squared=float(sum(p * p for p in paid)),
        baseline_squared=9e6 * 9e6 * count,
        paid_baseline=float(sum(p * 9_000_000 for p in paid)),
        first_us=1_795_435_200_000_000,
        last_us=1_795_435_200_000_000 + count * 1_000_000,
    )
    return msgspec.structs.replace(total, **changes)
