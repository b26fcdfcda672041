"""planner: the calculator's plans are those of the command, and go back into a file."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from headgate.bootstrap.measured import Measurement
from headgate.bootstrap.scenario import scenario_of
from headgate.costs.model import evaluate
from headgate.errors import ConfigError
from headgate.settings import read_with_sources
from headgate.web.question import Question
from tests.web.houses import DAY, planner

CHANGES = {
    "escalation": "40%",
    "premium": "openai/gpt-5",
    "cheap": "mistral/mistral-small-latest",
    "classifier": "openai/gpt-5-nano",
    "requests_per_day": "5000",
    "days": "31",
    "input_tokens": "2000",
    "output_tokens": "100",
    "cheap_retry_rate": "5%",
    "premium_retry_rate": "10%",
    "stable_prefix": "50%",
    "cache_hit_rate": "80%",
    "overhead_usd": "12.5",
}


def test_the_example_is_planned_as_the_mission_says():
    made = planner().plan(Question())
    assert made.plan.breakdown.naive.routed.total == 130_200_000_000
    assert made.plan.example
    assert (made.a.name, made.b.name) == ("routed", "all premium")


def test_every_field_changes_the_plan():
    plans = planner()
    before = plans.plan(Question()).plan.breakdown.realistic.routed.total
    cached = {"stable_prefix": "50%"}
    warm = plans.plan(Question(changes=cached)).plan.breakdown.realistic.routed.total
    for name, value in CHANGES.items():
        changes = {name: value} if name != "cache_hit_rate" else {name: value, **cached}
        after = plans.plan(Question(changes=changes)).plan.breakdown.realistic.routed.total
        assert after != (warm if name == "cache_hit_rate" else before), name


def test_the_fields_hold_what_was_planned_with():
    values = planner().plan(Question(changes=CHANGES)).values
    assert values["escalation"] == "40%"
    assert values["premium"] == "openai/gpt-5"
    assert values["cheap_retry_rate"] == "5%"
    assert set(values) == set(CHANGES)


def test_the_file_plans_the_same(tmp_path):
    plans = planner()
    asked = Question(changes=CHANGES)
    path = tmp_path / "headgate.toml"
    path.write_text(plans.toml(asked), encoding="utf-8")
    settings = read_with_sources(path, env={}).settings
    _, book = plans._origin("")
    there = evaluate(scenario_of(settings, book, DAY))
    here = plans.plan(asked).plan.breakdown
    for one, other in zip(here.columns[:2], there.columns[:2], strict=True):
        assert one.routed == other.routed
        assert one.all_premium == other.all_premium


@pytest.mark.parametrize(
    "name", ["router", "chatbot", "rag", "agent", "coding", "extraction", "summary"]
)
def test_every_archetype_can_be_asked_about_and_saved(name, tmp_path):
    plans = planner()
    asked = Question(origin=name, changes={"escalation": "30%"})
    assert plans.plan(asked).plan.source == f"archetype {name}"
    path = tmp_path / "headgate.toml"
    path.write_text(plans.toml(asked), encoding="utf-8")
    settings = read_with_sources(path, env={}).settings
    _, book = plans._origin(name)
    assert (
        evaluate(scenario_of(settings, book, DAY)).realistic.routed
        == plans.plan(asked).plan.breakdown.realistic.routed
    )


def test_a_cascade_and_any_model_can_be_compared():
    made = planner().plan(Question(strategy="cascade", against="anthropic/claude-opus-4-6"))
    assert (made.a.name, made.b.name) == ("cascade", "all Claude Opus 4.6")


def test_measured_values_stand_below_changes():
    def measure(settings, book, day):
        assert day == DAY
        traffic = type(settings.traffic)(requests_per_day=77)
        changed = msgspec.structs.replace(settings, traffic=traffic)
        return Measurement(changed, (Decimal("0.1"), Decimal("0.3")), "Measured.")

    plans = planner(measures={"ledger": measure})
    made = plans.plan(Question(measured="ledger"))
    assert made.plan.breakdown.requests == 77 * 30
    assert made.interval == (Decimal("0.1"), Decimal("0.3"))
    assert made.measured == "Measured."
    changed = plans.plan(Question(measured="ledger", changes={"requests_per_day": "10"}))
    assert changed.plan.breakdown.requests == 300
    assert "Measured." in plans.toml(Question(measured="ledger"))


def test_a_source_that_is_not_there_is_named():
    with pytest.raises(ConfigError) as error:
        planner().plan(Question(measured="sample"))
    assert error.value.faults[0].field == "measured"


def test_the_day_decides_the_prices():
    old = planner().plan(Question(at=date(2026, 1, 5), changes={"premium": "openai/gpt-5"}))
    assert old.plan.breakdown.naive.routed.total > 0


def test_models_are_searched_and_likely_ones_offered():
    plans = planner()
    assert plans.models("opus 4.6")[0] == "anthropic/claude-opus-4-6"
    assert len(plans.models("")) > 20
