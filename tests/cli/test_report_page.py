"""report_page: what the report looks like."""

import random

import click
import msgspec
import pytest

from headgate.cli.report_page import page, period
from headgate.ledger.memory import MemoryStore
from headgate.monitor.figures import day_and_time
from headgate.monitor.report import Report, report
from headgate.values import Usage
from tests.ledger.samples import traffic
from tests.monitor.plans import EXAMPLE, cheap, classified, premium, requests

DAY_US = 86_400_000_000
NOV_1 = 1_793_491_200_000_000


def shown(made: Report) -> str:
    return click.unstyle(page(made))


def mixed(seed: int, count: int = 300) -> Report:
    store = MemoryStore()
    store.append(traffic(random.Random(seed), count))
    return report(store.tiers(), store.requests(), EXAMPLE)


def test_a_report_reads_like_this():
    failed = [cheap(8, role="retry", cost_nano=20_000_000), premium(3, role="retry", cost_nano=0)]
    longer = premium(240, usage=Usage(240_000, 120_000), cost_nano=240 * 10_500_000)
    made = report([classified(1000), cheap(760), longer, *failed], [requests(1000, 240)], EXAMPLE)
    assert shown(made) == (
        """\
Headgate report · 1,000 routed requests
2026-11-23 12:00 to 2026-11-23 12:16 UTC
The plan's 30,000 requests a month are scaled to these 1,000.

                               calls          plan        actual    difference
  classifier                   1,000       $0.1400       $0.1400       $0.0000
  easy        cheap              760       $2.4000       $2.2800      -$0.1200
  hard        premium            240       $1.8000       $2.5200      +$0.7200
  retries                         11       $0.0000       $0.0200      +$0.0200
    on cheap                       8                     $0.0200
    on premium                     3                     $0.0000
  total                                    $4.3400       $4.9600      +$0.6200

  all premium, same tokens                 $9.0000       $9.0000       $0.0000
  saving                                    51.8 %        49.1 %      -2.7 pts

  Saving       95 %: 47.3 to 50.9 % of all-premium, over 1,000 requests, each
               taken by itself
  Escalation   24.0 % of 1,000 answers (95 %: 21.5 to 26.7 %), planned 20.0 %
  Budget       25.0 % may escalate: too few requests to say on which side of it
  Counted      unserved requests 0 · unpriced attempts 0 · estimated usage 0

  Why the bill is not the plan                                        +$0.6200
    escalation mix         24.0 % premium, planned 20.0 %             +$0.2400
    tokens per hard answer 1,000 in / 500 out, planned 1,000 / 400    +$0.3600
    retries                11 attempts                                +$0.0200

Routing pays: it saved $4.4200, 49.1 % of all-premium (95 %: 47.3 to 50.9 %).
It rests on 1,000 of 1,000 routed requests.
"""
    )


@pytest.mark.parametrize("seed", range(6))
def test_no_line_is_wider_than_80_columns_or_ends_in_blanks(seed):
    for line in shown(mixed(seed)).splitlines():
        assert len(line) <= 80
        assert line == line.rstrip()


def test_large_numbers_keep_the_page_within_80_columns():
    def scaled(total):
        return msgspec.structs.replace(
            total,
            attempts=total.attempts * 10**6,
            cost_nano=total.cost_nano * 10**6,
            usage=Usage(*(10**6 * n for n in msgspec.structs.astuple(total.usage)[:-1])),
        )

    store = MemoryStore()
    store.append(traffic(random.Random(1), 100))
    totals = [
        msgspec.structs.replace(
            total,
            **{
                name: getattr(total, name) * 10**6
                for name in ("requests", "served", "escalated", "comparable", "paid_nano")
            },
        )
        for total in store.requests()
    ]
    made = report([scaled(total) for total in store.tiers()], totals, EXAMPLE)
    assert max(map(len, shown(made).splitlines())) <= 80


def test_a_long_tier_name_is_cut_and_moves_no_column():
    name = "the-tier-with-the-very-long-name"
    totals = [cheap(100, tier=name), cheap(1, tier=name, role="retry")]
    text = shown(report(totals, [requests(100, 0)], EXAMPLE))
    assert max(map(len, text.splitlines())) <= 80
    assert "the-tier-with-the-very-" in text
    ends = {
        line.index("$") for line in text.splitlines() if line.startswith(("  easy", "  the-tier"))
    }
    assert len(ends) == 1


def test_without_a_plan_there_is_no_difference_and_no_reason_for_one():
    made = report([classified(200), cheap(160), premium(40)], [requests(200, 40)])
    text = shown(made)
    assert "Without a plan" in text
    assert "difference" not in text
    assert "Why the bill" not in text
    assert "planned" not in text
    assert "Routing pays" in text


def test_pinned_unpriced_and_left_out_requests_are_shown():
    text = shown(mixed(3))
    assert "paid for comparable ones" in text
    assert "Pinned  " in text
    assert "unpriced attempts" in text
    assert "unpriced answers" in text


def test_what_is_wholly_unpriced_is_unknown_and_neither_nothing_nor_a_saving():
    dear = premium(40, priced=False, cost_nano=0)
    made = report([classified(200), cheap(160), dear], [requests(160, 0)], EXAMPLE)
    (line,) = [line for line in shown(made).splitlines() if "hard" in line and "premium" in line]
    assert line.split()[2:] == ["40", "$0.2880", "unknown"]
    pinned = premium(2, routed=False, priced=False, cost_nano=0)
    nothing = requests(0, 0, requests=40, served=40)
    whole = report([dear, pinned], [nothing, requests(2, 2, routed=False)])
    text = shown(whole)
    assert "by their callers, unknown, 2 attempts unpriced" in text
    (nil,) = [line for line in text.splitlines() if "$0.0" in line]
    assert nil.split()[:2] == ["retries", "0"]


def test_a_budget_shows_its_side():
    def budget(escalated: int) -> str:
        made = report([cheap(1000)], [requests(1000, escalated)], EXAMPLE)
        (line,) = [line for line in shown(made).splitlines() if "Budget" in line]
        return line

    assert budget(100).endswith("25.0 % may escalate: within it")
    assert budget(400).endswith("25.0 % may escalate: over it")


@pytest.mark.parametrize(("escalated", "colour"), [(20, "32"), (200, "31")])
def test_the_verdict_is_green_or_red(escalated, colour):
    made = report([cheap(200)], [requests(200, escalated)], EXAMPLE)
    assert f"\x1b[{colour}m\x1b[1mRouting" in page(made)


def test_an_empty_report_can_be_shown_too():
    text = shown(report([], [], EXAMPLE))
    assert "0 routed requests" in text
    assert "Too little to tell" in text


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (None, None, "in the whole ledger"),
        (NOV_1, None, "from 2026-11-01"),
        (None, NOV_1 + 30 * DAY_US, "to the end of 2026-11-30"),
        (NOV_1, NOV_1 + DAY_US, "from 2026-11-01 to the end of 2026-11-01"),
        (NOV_1 + 60_000_000, None, "from 2026-11-01 00:01"),
        (NOV_1, NOV_1 + 3_600_000_000, "from 2026-11-01 00:00 until 2026-11-01 01:00"),
    ],
)
def test_a_window_in_words(since, until, words):
    assert period(since, until) == words


def test_moments_are_shown_in_utc():
    assert day_and_time(NOV_1 + 5_400_000_000) == "2026-11-01 01:30"
