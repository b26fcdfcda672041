"""policies: which policy a request is under, and what a caller may name."""

from __future__ import annotations

import pytest

from headgate.errors import UnknownModelError
from headgate.routing.controls import Controls
from headgate.routing.policies import Policies
from headgate.routing.policy import Decision, Policy
from headgate.routing.rules import rule
from headgate.routing.tier import PINNED
from headgate.values import ModelRef
from tests.routing.test_policy import CHEAP, PREMIUM, ask, decided

TIERS = (CHEAP, PREMIUM)


def policies(*rules, aliases=(), named: tuple[Policy, ...] = ()) -> Policies:
    main = Policy(TIERS, rules=rules, default="cheap")
    return Policies(TIERS, [main, *named], aliases=aliases, providers=["anthropic", "openai"])


def test_an_alias_is_routed_and_a_rule_can_look_at_it():
    careful = policies(rule("careful", "premium", model="auto:careful"), aliases=["auto:careful"])
    assert careful.decide(ask("auto:careful")) == decided(PREMIUM, "rule:careful")
    assert careful.decide(ask("auto")) == decided(CHEAP, "default")


def test_a_named_policy_is_asked_for_by_its_name():
    all_premium = Policy(TIERS, name="best", default="premium")
    several = policies(named=(all_premium,))
    assert several.policy(ask("auto:best")) is all_premium
    assert several.decide(ask("auto:best")) == Decision(PREMIUM, "default", policy="best")
    assert several.decide(ask("auto")) == decided(CHEAP, "default")


@pytest.mark.parametrize("name", ["premium", "anthropic/claude-sonnet-4-6", "claude-sonnet-4-6"])
def test_a_tier_can_be_pinned_by_its_name_or_by_its_model(name):
    assert policies().policy(ask(name)) is None
    assert policies().decide(ask(name)) == Decision(PREMIUM, "pinned", routed=False)


def test_any_model_of_a_configured_provider_can_be_pinned():
    decision = policies().decide(ask("openai/gpt-5"))
    assert decision is not None
    assert decision.tier.name == PINNED
    assert decision.tier.model == ModelRef("openai", "gpt-5")
    assert not decision.routed
    assert not decision.tier.fallback


@pytest.mark.parametrize("controls", [Controls(), Controls(pinned=True)])
def test_neither_rules_nor_the_watch_overrule_a_pin(controls):
    pinned = policies(rule("all", "premium")).decide(ask("cheap"), controls)
    assert pinned == Decision(CHEAP, "pinned", routed=False)


@pytest.mark.parametrize("name", ["premiun", "claude-haiku-4.5", "gemini/x", "openai/", "x\ny"])
def test_an_unknown_model_is_refused_with_names_that_exist(name):
    with pytest.raises(UnknownModelError) as caught:
        policies().decide(ask(name))
    assert caught.value.status == 404
    assert any(known in str(caught.value) for known in policies().names)


def test_a_near_miss_is_answered_with_what_was_meant():
    with pytest.raises(UnknownModelError, match="Did you mean `premium`"):
        policies().decide(ask("premiun"))


def test_names_list_everything_that_can_be_asked_for():
    named = Policy(TIERS, name="best", default="premium")
    assert policies(aliases=["auto:x"], named=(named,)).names == (
        "auto",
        "auto:best",
        "auto:x",
        "cheap",
        "premium",
        "anthropic/claude-haiku-4-5",
        "anthropic/claude-sonnet-4-6",
    )
