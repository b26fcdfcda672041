"""breakdowns: a row for each tier, model and part; amounts of a column are alike."""

from typing import Any

import msgspec
import pytest

from headgate.monitor.status import Retries, TierSpend
from headgate.web.breakdowns import groups_table, retries_table, timings_table
from headgate.web.observer import Group, Timing

TIMING = Timing(
    tier="cheap",
    premium=False,
    model="a/small",
    attempts=200,
    failed=6,
    cost_nano=31_850_000_000,
    unpriced=0,
    first_us=(301_000.0, 536_000.0, 680_000.0),
    total_us=(None, None, None),
)
GROUP = Group(
    name="/v1/messages",
    requests=1200,
    served=1000,
    escalated=205,
    paid_nano=17_070_000_000,
    baseline_nano=35_530_000_000,
)


def spend(tier: str, **changes: Any) -> TierSpend:
    made: dict[str, Any] = {
        "tier": tier, "premium": tier == "premium", "answers": 8522, "retries": 256,
        "retry_rate": 0.029, "spent_nano": 31_850_000_000, "retry_nano": 0, "unpriced": 0,
        "retry_unpriced": 0,
    }  # fmt: skip
    return TierSpend(**made | changes)


def test_retries_are_told_by_tier_with_what_they_cost():
    tiers = (spend("cheap"), spend("premium", retries=0, retry_rate=None, retry_nano=40_000_000))
    table = retries_table(
        Retries(tiers=tiers, spent_nano=40_000_000, unpriced=0, premium_share=1.0)
    )
    assert table.rows == (
        ("cheap", "8,522", "256", "2.9 %", "$0.000000", "$31.85"),
        ("premium", "8,522", "0", "–", "$0.040000", "$31.85"),
    )


def test_a_model_is_told_with_its_failures_and_how_long_it_took():
    (row,) = timings_table([TIMING]).rows
    assert row == ("cheap: a/small", "200", "3.0 %", "301 / 536 / 680 ms", "–", "$31.85")


@pytest.mark.parametrize(
    ("newest", "title"),
    [
        (None, "Tiers' health"),
        (1, "Tiers' health; times of the newest answer"),
        (4000, "Tiers' health; times of the 4,000 newest answers"),
    ],
)
def test_times_of_a_part_are_said_to_be(newest: int | None, title: str):
    assert timings_table([TIMING], newest).title == title


def test_calls_without_a_price_are_counted_beside_the_money():
    unpriced = msgspec.structs.replace(TIMING, unpriced=1200, attempts=0)
    (row,) = timings_table([unpriced]).rows
    assert row[5] == "$31.85, 1,200 unpriced"
    assert row[2] == "–"
    (row,) = timings_table([msgspec.structs.replace(unpriced, cost_nano=0)]).rows
    assert row[5] == "unknown, 1,200 unpriced"


def test_parts_are_told_with_what_they_saved_or_lost():
    dear = Group(name="", requests=1, served=0, escalated=0, paid_nano=263_800_000, baseline_nano=0)
    table = groups_table("route", [GROUP, dear])
    assert table.title == "By route"
    assert table.rows == (
        ("/v1/messages", "1,200", "20.5 %", "$17.07", "$18.46", "52.0 %"),
        ("none", "1", "–", "$0.26", "-$0.26", "–"),
    )
    unknown = msgspec.structs.replace(dear, paid_nano=0)
    assert groups_table("route", [unknown]).rows[0][3:] == ("–", "–", "–"), "and not $0.00"
