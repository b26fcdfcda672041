"""policy: where a request starts, and what a caller may name."""

from __future__ import annotations

import pytest

from headgate.errors import UnknownModelError
from headgate.routing.policy import SEARCHED_CHARS, Decision, Policy, rule
from headgate.routing.tier import PINNED, Tier
from headgate.values import Ask, ModelRef

CHEAP = Tier(name="cheap", model=ModelRef("anthropic", "claude-haiku-4-5"))
PREMIUM = Tier(name="premium", model=ModelRef("anthropic", "claude-sonnet-4-6"), premium=True)


def policy(*rules, default: str | None = "cheap", **more) -> Policy:
    return Policy(
        [CHEAP, PREMIUM], rules=rules, default=default, providers=["anthropic", "openai"], **more
    )


def ask(model: str = "auto", **more) -> Ask:
    return Ask(model=model, **more)


def test_the_default_answers_where_no_rule_holds():
    assert policy().decide(ask()) == Decision(CHEAP, "default")


def test_without_a_default_the_classifier_is_asked():
    assert policy(default=None).decide(ask()) is None


def test_the_first_rule_that_holds_decides():
    rules = [rule("long", "premium", min_tokens=100), rule("any", "cheap")]
    assert policy(*rules).decide(ask(tokens=100)) == Decision(PREMIUM, "rule:long")
    assert policy(*rules).decide(ask(tokens=99)) == Decision(CHEAP, "rule:any")


@pytest.mark.parametrize(
    ("condition", "held", "not_held"),
    [
        ({"min_tokens": 10}, {"tokens": 10}, {"tokens": 9}),
        ({"max_tokens": 10}, {"tokens": 10}, {"tokens": 11}),
        ({"matches": r"(?i)\bprove\b"}, {"last_user": "Prove it"}, {"last_user": "improved"}),
        ({"system_matches": "legal"}, {"system": "a legal aide"}, {"last_user": "legal"}),
        ({"tools": True}, {"tools": 2}, {"tools": 0}),
        ({"tools": False}, {"tools": 0}, {"tools": 2}),
        ({"images": True}, {"images": 1}, {"images": 0}),
        ({"json_schema": True}, {"json_schema": True}, {"json_schema": False}),
        ({"min_turns": 3}, {"turns": 3}, {"turns": 2}),
        ({"header": "X-Careful"}, {"headers": {"x-careful": ""}}, {"headers": {}}),
        (
            {"header": "X-Team: red"},
            {"headers": {"x-team": "red"}},
            {"headers": {"x-team": "reddish"}},
        ),
    ],
)
def test_each_condition_holds_on_what_it_names_and_nothing_else(condition, held, not_held):
    with_rule = policy(rule("r", "premium", **condition))
    assert with_rule.decide(ask(**held)) == Decision(PREMIUM, "rule:r")
    assert with_rule.decide(ask(**not_held)) == Decision(CHEAP, "default")


def test_all_conditions_of_a_rule_must_hold():
    with_rule = policy(rule("r", "premium", min_tokens=10, tools=True))
    assert with_rule.decide(ask(tokens=10)) == Decision(CHEAP, "default")
    assert with_rule.decide(ask(tokens=10, tools=1)) == Decision(PREMIUM, "rule:r")


def test_an_expression_sees_a_bounded_text_and_its_end():
    with_rule = policy(rule("r", "premium", matches="needle"))
    far = "needle" + "x" * SEARCHED_CHARS
    assert with_rule.decide(ask(last_user=far)) == Decision(CHEAP, "default")
    assert with_rule.decide(ask(last_user=far + "needle")) == Decision(PREMIUM, "rule:r")


def test_an_alias_is_routed_and_a_rule_can_look_at_it():
    careful = policy(rule("careful", "premium", model="auto:careful"), aliases=["auto:careful"])
    assert careful.decide(ask("auto:careful")) == Decision(PREMIUM, "rule:careful")
    assert careful.decide(ask("auto")) == Decision(CHEAP, "default")


@pytest.mark.parametrize("name", ["premium", "anthropic/claude-sonnet-4-6", "claude-sonnet-4-6"])
def test_a_tier_can_be_pinned_by_its_name_or_by_its_model(name):
    assert policy().decide(ask(name)) == Decision(PREMIUM, "pinned", routed=False)


def test_any_model_of_a_configured_provider_can_be_pinned():
    decision = policy().decide(ask("openai/gpt-5"))
    assert decision is not None
    assert decision.tier.name == PINNED
    assert decision.tier.model == ModelRef("openai", "gpt-5")
    assert not decision.routed
    assert not decision.tier.fallback


def test_rules_do_not_overrule_a_pin():
    pinned = policy(rule("all", "premium")).decide(ask("cheap"))
    assert pinned == Decision(CHEAP, "pinned", routed=False)


@pytest.mark.parametrize("name", ["premiun", "claude-haiku-4.5", "gemini/x", "openai/", "x\ny"])
def test_an_unknown_model_is_refused_with_names_that_exist(name):
    with pytest.raises(UnknownModelError) as caught:
        policy().decide(ask(name))
    assert caught.value.status == 404
    assert any(known in str(caught.value) for known in policy().names)


def test_a_near_miss_is_answered_with_what_was_meant():
    with pytest.raises(UnknownModelError, match="Did you mean `premium`"):
        policy().decide(ask("premiun"))


def test_names_list_everything_that_can_be_asked_for():
    assert policy(aliases=["auto:x"]).names == (
        "auto",
        "auto:x",
        "cheap",
        "premium",
        "anthropic/claude-haiku-4-5",
        "anthropic/claude-sonnet-4-6",
    )
