"""policies: which policy a request is under, and what a caller may name."""

from __future__ import annotations

import pytest

from headgate.errors import UnknownModelError
from headgate.routing.controls import STEADY, Controls
from headgate.routing.policies import Origin, Policies, Route
from headgate.routing.policy import Decision, Policy
from headgate.routing.rules import header_condition, rule
from headgate.routing.tier import PINNED
from headgate.values import Ask, ModelRef
from tests.routing.test_policy import CHEAP, PREMIUM, ask, decided

TIERS = (CHEAP, PREMIUM)


BEST = Policy(TIERS, name="best", default="premium")


def policies(*rules, aliases=(), named: tuple[Policy, ...] = (), routes=()) -> Policies:
    main = Policy(TIERS, rules=rules, default="cheap")
    return Policies(
        TIERS,
        [main, *named],
        routes=routes,
        aliases=aliases,
        providers=["anthropic", "openai"],
    )


def taken(found: Policies, asked: Ask, controls: Controls = STEADY) -> Decision | None:
    """The decision that can be taken without asking anybody."""
    policy = found.policy(asked)
    return found.pinned(asked.model) if policy is None else policy.decide(asked, controls)


MESSAGES = Origin("/v1/messages")


def leads(route: Route, name: str = "auto", origin: Origin = MESSAGES, **more):
    """Whether a route takes a request."""
    return policies(named=(BEST,), routes=[route]).policy(ask(name, **more), origin) is BEST


def test_an_alias_is_routed_and_a_rule_can_look_at_it():
    careful = policies(rule("careful", "premium", model="auto:careful"), aliases=["auto:careful"])
    assert taken(careful, ask("auto:careful")) == decided(PREMIUM, "rule:careful")
    assert taken(careful, ask("auto")) == decided(CHEAP, "default")


def test_a_named_policy_is_asked_for_by_its_name():
    several = policies(named=(BEST,))
    assert several.policy(ask("auto:best")) is BEST
    assert taken(several, ask("auto:best")) == Decision(PREMIUM, "default", policy="best")
    assert taken(several, ask("auto")) == decided(CHEAP, "default")


@pytest.mark.parametrize("name", ["premium", "anthropic/claude-sonnet-4-6", "claude-sonnet-4-6"])
def test_a_tier_can_be_pinned_by_its_name_or_by_its_model(name):
    assert policies().policy(ask(name)) is None
    assert taken(policies(), ask(name)) == Decision(PREMIUM, "pinned", routed=False)


def test_any_model_of_a_configured_provider_can_be_pinned():
    decision = taken(policies(), ask("openai/gpt-5"))
    assert decision is not None
    assert decision.tier.name == PINNED
    assert decision.tier.model == ModelRef("openai", "gpt-5")
    assert not decision.routed
    assert not decision.tier.fallback


@pytest.mark.parametrize("controls", [Controls(), Controls(pinned=True)])
def test_neither_rules_nor_the_watch_overrule_a_pin(controls):
    pinned = taken(policies(rule("all", "premium")), ask("cheap"), controls)
    assert pinned == Decision(CHEAP, "pinned", routed=False)


@pytest.mark.parametrize("name", ["premiun", "claude-haiku-4.5", "gemini/x", "openai/", "x\ny"])
def test_an_unknown_model_is_refused_with_names_that_exist(name):
    with pytest.raises(UnknownModelError) as caught:
        taken(policies(), ask(name))
    assert caught.value.status == 404
    assert any(known in str(caught.value) for known in policies().names)


def test_a_near_miss_is_answered_with_what_was_meant():
    with pytest.raises(UnknownModelError, match="Did you mean `premium`"):
        taken(policies(), ask("premiun"))


def test_every_policy_that_a_request_can_be_under_is_there_once():
    routed = Policy(TIERS, name="routed", default="cheap")
    found = policies(named=(BEST,), routes=[Route(BEST), Route(routed), Route(routed)]).all
    assert [policy.name for policy in found] == ["auto", "best", "routed"]
    assert found[2] is routed


def test_names_list_everything_that_can_be_asked_for():
    routes = [Route(BEST, model="gpt-4o"), Route(BEST, model="gpt-5*")]
    assert policies(aliases=["auto:x"], named=(BEST,), routes=routes).names == (
        "auto",
        "auto:best",
        "auto:x",
        "cheap",
        "premium",
        "anthropic/claude-haiku-4-5",
        "anthropic/claude-sonnet-4-6",
        "gpt-4o",
    )


@pytest.mark.parametrize(
    ("route", "held", "not_held"),
    [
        (Route(BEST, path="/v1/messages"), {}, {"origin": Origin("/v1/responses")}),
        (Route(BEST, key="k"), {"origin": Origin("", "k")}, {"origin": Origin("", "l")}),
        (
            Route(BEST, header=header_condition("x-team: red")),
            {"headers": {"x-team": "red"}},
            {"headers": {"x-team": "blue"}},
        ),
        (Route(BEST, model="gpt-4o"), {"name": "gpt-4o"}, {"name": "auto"}),
        (Route(BEST, model="gpt-4o*"), {"name": "gpt-4o-mini"}, {"name": "auto"}),
    ],
)
def test_each_condition_of_a_route_holds_on_what_it_names(route, held, not_held):
    assert leads(route, **held)
    assert not leads(route, **not_held)


def test_all_conditions_of_a_route_must_hold():
    both = Route(BEST, path="/v1/messages", key="k")
    assert leads(both, origin=Origin("/v1/messages", "k"))
    assert not leads(both)


def test_the_first_route_that_holds_counts():
    main = Policy(TIERS, default="cheap")
    routes = [Route(main, key="k"), Route(BEST, path="/v1/messages")]
    several = Policies(TIERS, [main, BEST], routes=routes)
    assert several.policy(ask(), Origin("/v1/messages", "k")) is main
    assert several.policy(ask(), Origin("/v1/messages")) is BEST


@pytest.mark.parametrize("name", ["cheap", "anthropic/claude-sonnet-4-6"])
def test_a_route_without_a_model_leaves_alone_what_the_caller_chose(name):
    assert not leads(Route(BEST, path="/v1/messages"), name)


def test_a_route_with_a_model_routes_what_would_be_a_pin():
    assert leads(Route(BEST, model="claude-sonnet-4-6"), "claude-sonnet-4-6")
