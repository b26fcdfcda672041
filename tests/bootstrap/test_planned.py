"""planned: the settings' plan arrives at the watch with every price of a call in it."""

from datetime import date
from fractions import Fraction

import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.planned import held_against, planned_of
from headgate.bootstrap.scenario import scenario_of
from headgate.costs.model import evaluate
from headgate.monitor.planned import Planned
from headgate.settings import Settings, read
from headgate.values import Usage

DAY = date(2026, 11, 20)
PLAIN = ("tiers.cheap.retry_rate=0", "tiers.premium.retry_rate=0")


def example(*sets: str) -> Settings:
    return read(None, env={}, sets=(*PLAIN, *sets))


def planned(*sets: str) -> Planned:
    settings = example(*sets)
    return planned_of(settings, book_of(settings), DAY)


def test_the_example_is_the_plan_of_the_formula_sheet():
    plan = planned()
    assert plan.requests_per_month == 30_000
    assert plan.escalation_rate == Fraction(1, 5)
    assert plan.budget == Fraction(1, 4)
    assert plan.all_premium_nano * 30_000 == 270_000_000_000
    monthly = {line.name: line.nano_per_request * 30_000 for line in plan.lines}
    assert monthly == {
        "classifier": 4_200_000_000,
        "easy": 72_000_000_000,
        "hard": 54_000_000_000,
        "retries": 0,
    }
    assert plan.saving == 1 - Fraction(1302, 2700)
    assert "2026-11-20" in plan.basis
    assert "genai-prices" in plan.basis


def test_each_line_knows_its_tier_its_tokens_and_their_rates():
    classifier, easy, hard, retries = planned().lines
    assert (easy.tier, easy.premium, easy.calls) == ("cheap", False, Fraction(4, 5))
    assert (hard.tier, hard.premium, hard.calls) == ("premium", True, Fraction(1, 5))
    assert (hard.input_tokens, hard.output_tokens) == (1000, 400)
    assert (hard.input_rate, hard.output_rate) == (Fraction(3000), Fraction(15_000))
    assert (classifier.role, classifier.tier, classifier.input_tokens) == ("classifier", None, 300)
    assert classifier.at_planned_rates(1, Usage(300, 20)) == 140_000
    assert (retries.role, retries.tier) == ("retry", None)


@pytest.mark.parametrize("tier", ["cheap", "premium"])
def test_a_tier_planned_for_no_request_still_has_its_price(tier):
    plan = planned(f"escalation.rate={0 if tier == 'premium' else 1}", "escalation.budget=1")
    line = plan.answer(tier)
    assert line is not None
    assert line.calls == 0
    assert line.nano_per_call == {"cheap": 3_000_000, "premium": 9_000_000}[tier]


def test_planned_retries_are_a_line_and_no_part_of_the_all_premium_baseline():
    plan = planned("tiers.premium.retry_rate=0.1", "tiers.premium.attempts=2")
    retries = plan.lines[-1]
    assert retries.nano_per_request == Fraction(9_000_000) / 5 / 10
    assert plan.all_premium_nano == 9_000_000


def test_the_lines_are_those_of_the_plans_realistic_column():
    settings = example("tiers.premium.retry_rate=0.08", "traffic.requests_per_day=777")
    breakdown = evaluate(scenario_of(settings, book_of(settings), DAY))
    plan = planned_of(settings, book_of(settings), DAY)
    assert plan.nano_per_request * plan.requests_per_month == breakdown.realistic.routed.total


def test_without_a_classifier_model_there_is_no_classifier_line():
    plan = planned("classifier.kind=none")
    assert [line.name for line in plan.lines] == ["easy", "hard", "retries"]


def test_without_a_budget_none_is_made_up(tmp_path):
    file = tmp_path / "headgate.toml"
    file.write_text(
        """
[tiers.small]
model = "anthropic/claude-haiku-4-5"
share = 0.5
[tiers.middle]
model = "anthropic/claude-haiku-4-5"
share = 0.3
[tiers.large]
model = "anthropic/claude-sonnet-4-6"
share = 0.2
[classifier]
kind = "none"
"""
    )
    settings = read(file, env={}, need_providers=False)
    plan = planned_of(settings, book_of(settings), DAY)
    assert plan.budget is None
    assert [line.name for line in plan.lines] == ["small", "middle", "large", "retries"]
    assert [line.calls for line in plan.lines[:3]] == [
        Fraction(1, 2),
        Fraction(3, 10),
        Fraction(1, 5),
    ]
    assert [line.premium for line in plan.lines[:3]] == [False, False, True]


def test_a_ledger_is_held_against_the_plan_and_the_room_it_leaves():
    settings = example()
    found = held_against(settings, book_of(settings), DAY, [], [])
    assert found.planned == planned()
    assert found.unplanned is None


def test_without_a_price_there_is_no_plan_and_the_reason_says_how_to_mend_it():
    settings = example("tiers.premium.model=anthropic/claude-secret-1")
    found = held_against(settings, book_of(settings), DAY, [], [])
    assert (found.planned, found.headroom) == (None, None)
    assert found.unplanned is not None
    (fault,) = found.unplanned.faults
    assert fault.field == "tiers.premium.model"
    assert "anthropic/claude-secret-1" in fault.message
    assert "[prices." in fault.fix
