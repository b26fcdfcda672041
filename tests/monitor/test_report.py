"""report: lines, escalation, saving, and a verdict that does not claim more than it knows."""

from fractions import Fraction

import msgspec
import pytest

from headgate.ledger.store import TierTotal, Window
from headgate.monitor.planned import PlannedLine
from headgate.monitor.report import report
from headgate.monitor.saving import saving_of
from headgate.values import Usage
from tests.monitor.plans import EXAMPLE, RETRIES, cheap, classified, premium, requests

TIERS = [classified(1000), cheap(800), premium(200)]


def lines(made):
    return {
        line.name: (line.attempts, line.planned_nano, line.actual_nano) for line in made.bill.lines
    }


def test_a_bill_as_planned_agrees_line_by_line():
    made = report(TIERS, [requests(1000, 200)], EXAMPLE)
    assert lines(made) == {
        "classifier": (1000, 140_000_000, 140_000_000),
        "easy": (800, 2_400_000_000, 2_400_000_000),
        "hard": (200, 1_800_000_000, 1_800_000_000),
        "retries": (0, 0, 0),
    }
    assert made.bill.planned_nano == made.bill.actual_nano == 4_340_000_000
    assert sum(driver.nano for driver in made.drivers) == 0


def test_the_plan_is_scaled_to_the_routed_requests_there_were():
    made = report(TIERS, [requests(500, 100)], EXAMPLE)
    assert made.bill.planned_nano == 500 * 4_340_000
    assert made.planned_requests_per_month == 30_000


def test_planned_lines_add_up_to_the_planned_total_to_the_nano():
    third = msgspec.structs.replace(EXAMPLE.lines[1], nano_per_call=Fraction(10, 3))
    planned = msgspec.structs.replace(EXAMPLE, lines=(third, third, third))
    made = report([], [requests(7, 0)], planned)
    assert sum(line.planned_nano or 0 for line in made.bill.lines) == made.bill.planned_nano
    assert made.bill.planned_nano == round(7 * planned.nano_per_request)


def test_retries_are_one_line_with_its_parts_by_tier():
    failed = [
        cheap(8, role="retry", cost_nano=10),
        premium(3, role="retry", cost_nano=20),
        premium(2, role="retry", priced=False, cost_nano=0),
    ]
    planned = msgspec.structs.replace(EXAMPLE, lines=(*EXAMPLE.lines, RETRIES))
    made = report([*TIERS, *failed], [requests(1000, 200)], planned)
    retries = made.bill.lines[-1]
    assert (retries.name, retries.attempts, retries.actual_nano) == ("retries", 13, 30)
    assert (retries.planned_nano, retries.unpriced) == (1000 * 100_000, 2)
    assert [(p.tier, p.attempts, p.actual_nano, p.unpriced) for p in retries.parts] == [
        ("cheap", 8, 10, 0),
        ("premium", 5, 20, 2),
    ]
    assert made.bill.unpriced == 2


def test_attempts_with_estimated_tokens_are_counted():
    made = report([cheap(9, estimated=3), premium(1, estimated=1)], [requests(10, 1)], EXAMPLE)
    assert made.bill.estimated == 4


def test_without_a_plan_two_tiers_are_easy_and_hard_and_nothing_is_compared():
    made = report(TIERS, [requests(1000, 200)])
    assert list(lines(made)) == ["classifier", "easy", "hard", "retries"]
    assert made.bill.planned_nano is None
    assert made.drivers == ()
    assert made.escalation.planned is None
    assert made.escalation.state == "none"
    assert made.saving.planned is None
    assert made.verdict.answer == "yes"


def test_without_a_plan_three_tiers_keep_their_names():
    middle = cheap(10, tier="middle")
    made = report([*TIERS, middle], [requests(1010, 200)])
    assert list(lines(made)) == ["classifier", "cheap", "middle", "premium", "retries"]


def test_a_tier_nobody_planned_gets_a_line_of_its_own():
    made = report([*TIERS, premium(5, tier="huge")], [requests(1005, 205)], EXAMPLE)
    assert list(lines(made)) == ["classifier", "easy", "hard", "huge", "retries"]
    assert lines(made)["huge"] == (5, 0, 45_000_000)


def test_a_classifier_nobody_planned_gets_a_line_of_its_own():
    planned = msgspec.structs.replace(EXAMPLE, lines=EXAMPLE.lines[1:])
    made = report(TIERS, [requests(1000, 200)], planned)
    assert next(iter(lines(made))) == "classifier"
    assert lines(made)["classifier"] == (1000, 0, 140_000_000)


def test_the_lines_add_up_to_what_was_paid():
    totals = [*TIERS, cheap(3, role="retry"), premium(4, tier="huge"), cheap(2, tier="middle")]
    for planned in (EXAMPLE, None):
        made = report(totals, [requests(1006, 204)], planned)
        assert made.bill.actual_nano == sum(total.cost_nano for total in totals)
        assert made.bill.actual_nano == sum(line.actual_nano for line in made.bill.lines)


def test_escalation_has_its_interval_and_its_plan():
    escalation = report(TIERS, [requests(1000, 200)], EXAMPLE).escalation
    assert (escalation.rate, escalation.planned, escalation.budget) == (0.2, 0.2, 0.25)
    assert (escalation.low, escalation.high) == pytest.approx((0.1764, 0.2259), abs=1e-4)
    assert escalation.state == "within"


@pytest.mark.parametrize(
    ("escalated", "state"), [(200, "within"), (240, "unclear"), (260, "unclear"), (300, "over")]
)
def test_a_budget_is_judged_by_the_whole_interval(escalated, state):
    assert report(TIERS, [requests(1000, escalated)], EXAMPLE).escalation.state == state


def test_without_an_answer_there_is_no_rate():
    escalation = report([], [requests(10, 0, served=0)], EXAMPLE).escalation
    assert escalation.rate is None
    assert (escalation.low, escalation.high) == (0.0, 1.0)


def test_the_verdict_rests_on_the_saving_that_is_told():
    made = report(TIERS, [requests(1000, 200, requests=1030, served=1010)], EXAMPLE)
    assert (made.unserved, made.saving.left_out) == (20, 30)
    assert made.saving == saving_of(requests(1000, 200, requests=1030, served=1010), EXAMPLE)
    assert made.verdict.answer == "yes"
    assert made.verdict.rests_on.startswith("1,000 of 1,030 routed requests; 30 left out")


def test_pinned_requests_stand_apart_from_every_other_figure():
    pinned_tiers = [
        premium(50, routed=False, cost_nano=10**12),
        cheap(2, routed=False, priced=False, cost_nano=0),
    ]
    pinned = requests(52, 50, routed=False, first_us=1)
    alone = report(TIERS, [requests(1000, 200)], EXAMPLE)
    made = report([*pinned_tiers, *TIERS], [pinned, requests(1000, 200)], EXAMPLE)
    assert made.pinned.requests == 52
    assert (made.pinned.actual_nano, made.pinned.unpriced) == (10**12, 2)
    assert made.first_us == 1
    blank = {"pinned": None, "first_us": None, "last_us": None}
    assert msgspec.structs.replace(made, **blank) == msgspec.structs.replace(alone, **blank)


def test_an_empty_period_is_a_report_too():
    made = report([], [], EXAMPLE, Window(5, 9))
    assert (made.requests, made.first_us, made.verdict.answer) == (0, None, "too little")
    assert (made.since_us, made.until_us) == (5, 9)
    assert made.drivers == ()
    assert made.bill.planned_nano == made.bill.actual_nano == 0


def test_a_report_survives_json():
    made = report(
        [*TIERS, TierTotal(routed=False, role="answer", tier="premium", premium=True, priced=True,
                           attempts=1, estimated=0, cost_nano=1, usage=Usage())],
        [requests(1000, 200)],
        EXAMPLE,
    )  # fmt: skip
    assert msgspec.json.decode(msgspec.json.encode(made), type=type(made)) == made


def test_drafts_and_checks_are_lines_of_their_own_and_shadows_are_in_no_line():
    more = [
        cheap(300, role="draft"),
        classified(1000, role="check", tier="judge", cost_nano=10),
        premium(50, role="shadow", cost_nano=7, estimated=50),
        premium(5, role="shadow", priced=False, cost_nano=0),
        premium(2, role="shadow", cost_nano=1, routed=False),
    ]
    made = report([*TIERS, *more], [requests(1000, 200)], EXAMPLE)
    assert list(lines(made)) == ["classifier", "easy", "hard", "drafts", "checks", "retries"]
    assert lines(made)["drafts"] == (300, 0, 900_000_000)
    assert lines(made)["checks"] == (1000, 0, 10)
    assert made.bill.actual_nano == 4_340_000_000 + 900_000_000 + 10
    assert made.bill.estimated == 0
    assert (made.shadows.attempts, made.shadows.actual_nano, made.shadows.unpriced) == (57, 8, 5)
    assert (made.pinned.actual_nano, made.pinned.unpriced) == (0, 0)
    assert sum(driver.nano for driver in made.drivers) == 900_000_010


def test_planned_drafts_have_their_line_even_where_there_were_none():
    draft = PlannedLine(
        name="drafts", role="draft", calls=Fraction(1, 5), nano_per_call=Fraction(3_000_000)
    )
    planned = msgspec.structs.replace(EXAMPLE, lines=(*EXAMPLE.lines, draft))
    made = report(TIERS, [requests(1000, 200)], planned)
    assert lines(made)["drafts"] == (0, 600_000_000, 0)
    assert {driver.name: driver.nano for driver in made.drivers if driver.nano} == {
        "drafts": -600_000_000
    }
