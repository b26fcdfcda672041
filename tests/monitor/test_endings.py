"""endings: what is announced of a model in one sentence that no day makes wrong."""

from __future__ import annotations

from datetime import date

import pytest

from headgate.monitor.endings import NOTICE_DAYS, Ending, ending_words, is_near

DAY = date(2026, 12, 11)
USD = 1_000_000_000


def ending(**more: object) -> Ending:
    return Ending(model="a/old", day=DAY, **({"successor": "a/new"} | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (ending(successor=None), "; what takes its place is not known."),
        (ending(successor=None, month_nano=USD), "; what takes its place is not known."),
        (ending(), "; its successor is a/new."),
        (ending(answers=True), "; from then on a/new answers in its place."),
        (
            ending(answers=True, month_nano=60 * USD, then_nano=60 * USD),
            (
                "; from then on a/new answers in its place, and a month of the plan costs $60.00 "
                "as before."
            ),
        ),
        (
            ending(month_nano=60 * USD, then_nano=90 * USD),
            (
                "; its successor is a/new, with which a month of the plan costs $90.00 in place of "
                "$60.00, +50.0 %."
            ),
        ),
        (
            ending(month_nano=60 * USD, then_nano=45 * USD),
            (
                "; its successor is a/new, with which a month of the plan costs $45.00 in place of "
                "$60.00, -25.0 %."
            ),
        ),
        (
            ending(month_nano=0, then_nano=45 * USD),
            (
                "; its successor is a/new, with which a month of the plan costs $45.00 in place of "
                "$0.000000."
            ),
        ),
        (
            ending(month_nano=60 * USD),
            (
                "; its successor is a/new, with which a month of the plan costs what is not known: "
                "the successor has no price."
            ),
        ),
    ],
)
def test_the_day_the_successor_and_the_bill_are_told_as_far_as_they_are_known(
    found: Ending, said: str
):
    assert ending_words(found) == f"a/old ends on 2026-12-11{said}"


@pytest.mark.parametrize(
    ("left", "near"), [(NOTICE_DAYS + 1, False), (NOTICE_DAYS, True), (0, True), (-400, True)]
)
def test_it_is_near_within_a_month_and_ever_after(left: int, near: bool):
    assert is_near(ending(), date.fromordinal(DAY.toordinal() - left)) is near
