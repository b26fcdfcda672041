"""operating: what each operating point costs, keeps and risks, in words, figures and charts."""

from __future__ import annotations

import pytest

from headgate.render.drawing import svg
from headgate.web.operating import (
    calibration_chart,
    certified,
    curve_chart,
    curves_chart,
    figures,
    nearest,
    promise,
    standing,
    threshold_of,
)
from tests.routing.routers import pointed

CERTIFICATE = pointed()
ALL, _, CHOSEN, LOW, NONE = CERTIFICATE.points


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-0.1", "9" * 41, "0,25"])
def test_what_is_no_threshold_is_none(text: str):
    assert threshold_of(text) is None


def test_the_nearest_point_is_found():
    assert nearest(CERTIFICATE.points, 0.3) is CHOSEN
    assert nearest(CERTIFICATE.points, 99.0) is NONE


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("quality", [True, True, True, False, False]),
        ("escalation", [False, False, True, True, True]),
        ("bill", [False, False, True, True, True]),
    ],
)
def test_all_on_the_harmless_side_of_the_chosen_one_passed(goal: str, expected: list[bool]):
    certificate = pointed(goal=goal)
    found = [certified(certificate, point.threshold) for point in certificate.points]
    assert found == expected


def test_where_none_passed_none_is_certified():
    refused = pointed(threshold=None)
    assert not any(certified(refused, point.threshold) for point in refused.points)


def test_a_point_within_the_certificate_says_its_promise():
    told = standing(CERTIFICATE, CHOSEN)
    assert told == (
        "Certified: 98.0 % of the premium quality is kept, broken with a chance of at most 5.0 %."
    )


def test_a_point_beyond_says_what_it_would_risk():
    told = standing(CERTIFICATE, LOW)
    assert told.startswith("Beyond the certificate")
    assert "86.7 % of it is kept here. That breaks the promise." in told


def test_what_keeps_the_promise_without_having_passed_may_be_luck():
    told = standing(pointed(threshold=0.1), CHOSEN)
    assert "98.7 % of it is kept here" in told
    assert "may be luck" in told


def test_each_goal_is_in_its_own_words():
    escalation = pointed(goal="escalation", target=0.3)
    assert promise(escalation) == "at most 30.0 % of requests go to premium"
    assert "100.0 % go to premium here. That breaks" in standing(escalation, ALL)
    bill = pointed(goal="bill", target=400_000.0)
    assert promise(bill) == "1,000 requests cost at most $0.4000 on average"
    assert "they cost $0.9000 here. That breaks" in standing(bill, ALL)


def test_the_figures_are_those_of_the_point_at_the_planned_traffic():
    shown = {one.label: one for one in figures(CERTIFICATE, CHOSEN, 30_000).figures}
    assert shown["To premium"].value == "25.0 %"
    assert shown["Quality kept"].value == "98.7 %"
    assert shown["Quality kept"].good is True
    assert shown["Answers a month"].value == "$9.00"
    assert shown["Wasted"].value == "20.0 %"
    assert shown["Missed"].value == "10.0 %"


def test_what_is_not_known_is_a_dash():
    certificate = pointed(priced=False, premium_quality=0.0)
    shown = {one.label: one for one in figures(certificate, certificate.points[-1], 10).figures}
    assert shown["Answers a month"].value == "–"
    assert "have no costs" in shown["Answers a month"].note
    assert shown["Quality kept"].value == "–"
    assert shown["Wasted"].value == "–"


def test_the_curve_runs_from_always_premium_to_always_cheap_by_cost():
    drawn = curve_chart(CERTIFICATE, LOW)
    assert drawn.lines[0].points[0] == (0.9, 0.75)
    assert drawn.lines[0].points[-1] == (0.1, 0.5)
    assert drawn.x.title == "USD for 1,000 requests"
    assert [mark.label for mark in drawn.marks] == [
        "always cheap", "always premium", "certified", "here",
    ]  # fmt: skip
    assert (drawn.marks[-1].at, drawn.marks[-1].height) == (0.18, 0.65)
    assert svg(drawn, "x").count("<circle") == 4


def test_without_costs_the_curve_is_by_premium_share():
    certificate = pointed(priced=False)
    drawn = curve_chart(certificate, certificate.points[2])
    assert drawn.x.title == "share that goes to premium"
    assert drawn.lines[0].points[2] == (0.25, 0.74)


def test_where_one_is_at_the_certified_point_or_there_is_none_less_is_marked():
    assert [mark.label for mark in curve_chart(CERTIFICATE, CHOSEN).marks][-1] == "certified"
    labels = [mark.label for mark in curve_chart(pointed(threshold=None), ALL).marks]
    assert "certified" not in labels


def test_two_curves_have_one_axis_and_say_whether_their_rows_are_the_same():
    drawn = curves_chart(("one", CERTIFICATE), ("two", pointed(priced=False)))
    assert [line.name for line in drawn.lines] == ["one", "two"]
    assert drawn.x.title == "share that goes to premium"
    assert "the same rows" in drawn.description
    other = curves_chart(("one", CERTIFICATE), ("two", pointed(sample="x", threshold=None)))
    assert "not the same" in other.description
    assert [mark.label for mark in other.marks] == ["one, certified"]


def test_calibration_is_drawn_beside_the_exact_line():
    drawn = calibration_chart(CERTIFICATE)
    said, exact = drawn.lines
    assert said.points[5] == (0.25, 0.2)
    assert exact.points[0] == (0.0, 0.0)
    assert exact.points[1][0] == exact.points[1][1] >= 0.45


def test_a_curve_without_a_spread_is_drawn():
    flat = pointed(points=CERTIFICATE.points[:1])
    assert "<svg" in svg(curve_chart(flat, ALL), "x")
