"""permission: what limits say of a request, before it is decided who answers."""

from __future__ import annotations

import pytest

from headgate.access.key import Key, Team
from headgate.access.limits import NO_LIMITS, Limits
from headgate.errors import RequestError, UnknownModelError
from headgate.gateway.gate import NOBODY, Visitor
from headgate.gateway.permission import barred, names_for, permit_choice, permit_model
from headgate.routing.policies import Policies
from headgate.routing.policy import Policy
from headgate.routing.tier import PINNED, Tier
from headgate.values import Ask, ModelRef

TIERS = [
    Tier(name="small", model=ModelRef("a", "s")),
    Tier(name="middle", model=ModelRef("b", "m")),
    Tier(name="large", model=ModelRef("a", "l"), premium=True),
]
POLICIES = Policies(
    TIERS, [Policy(TIERS, default="small")], aliases=["auto:careful"], providers=["a", "b"]
)


def visitor(limits: Limits = NO_LIMITS, team: Limits | None = None) -> Visitor:
    key = Key(id="k", name="k", digest="", limits=limits, created_us=0)
    return Visitor(key, None if team is None else Team(name="t", limits=team))


def ask(model: str = "auto") -> Ask:
    return Ask(model=model)


def test_without_limits_all_is_open():
    for who in (NOBODY, visitor(), visitor(team=NO_LIMITS)):
        for model in ("auto", "auto:careful", "large", "a/other"):
            assert barred(who, POLICIES, ask(model)) == {}


def test_tiers_close_by_their_name_or_by_their_model_for_key_and_team_alike():
    assert barred(visitor(Limits(tiers=("small", "middle"))), POLICIES, ask()) == {"large": "key"}
    assert barred(visitor(Limits(models=("a/*",))), POLICIES, ask()) == {"middle": "key"}
    both = visitor(Limits(tiers=("small", "middle")), Limits(models=("a/*",)))
    assert barred(both, POLICIES, ask()) == {"middle": "key", "large": "key"}


def test_the_tiers_that_are_closed_are_looked_for_once_and_again_under_other_policies():
    who = visitor(Limits(models=("a/*",)))
    first = barred(who, POLICIES, ask())
    assert barred(who, POLICIES, ask("auto")) is first
    others = Policies(TIERS[:2], [Policy(TIERS[:2], default="small")])
    assert barred(visitor(Limits(tiers=("small",))), others, ask()) == {"middle": "key"}
    closed = Tier(name="small", model=ModelRef("c", "s"))
    moved = Policies([closed, *TIERS[1:]], [Policy([closed, *TIERS[1:]], default="large")])
    assert barred(who, moved, ask()) == {"small": "key", "middle": "key"}
    assert barred(who, POLICIES, ask()) == first


def test_a_key_and_a_team_that_leave_nothing_open_together_are_refused():
    neither = visitor(Limits(tiers=("small",)), Limits(tiers=("large",)))
    with pytest.raises(RequestError, match="No tier") as caught:
        barred(neither, POLICIES, ask())
    assert (caught.value.status, caught.value.code) == (403, "tier_not_allowed")


@pytest.mark.parametrize(
    ("limits", "model", "code"),
    [
        (Limits(pin=False), "small", "pin_not_allowed"),
        (Limits(pin=False), "a/other", "pin_not_allowed"),
        (Limits(tiers=("small",)), "large", "tier_not_allowed"),
        (Limits(tiers=("small",)), "a/other", "tier_not_allowed"),
        (Limits(models=("a/s",)), "a/other", "model_not_allowed"),
        (Limits(policies=("auto",)), "auto:careful", "policy_not_allowed"),
    ],
)
def test_what_is_not_open_is_refused_by_name_with_what_is(limits, model, code):
    for who in (visitor(limits), visitor(team=limits)):
        with pytest.raises(RequestError) as caught:
            barred(who, POLICIES, ask(model))
        assert (caught.value.status, caught.value.code) == (403, code)
        assert caught.value.fix


def test_what_is_not_served_is_not_there_rather_than_forbidden():
    with pytest.raises(UnknownModelError):
        barred(visitor(Limits(models=("a/*",))), POLICIES, ask("nothing"))


def test_names_are_those_that_would_be_let_through():
    assert names_for(NOBODY, POLICIES) == list(POLICIES.names)
    few = Limits(tiers=("small",), policies=("auto",))
    assert names_for(visitor(few), POLICIES) == ["auto", "small", "a/s"]
    assert names_for(visitor(Limits(pin=False)), POLICIES) == ["auto", "auto:careful"]


def test_one_model_is_looked_at_by_itself():
    permit_model(NOBODY, ModelRef("x", "y"))
    permit_model(visitor(Limits(models=("x/*",))), ModelRef("x", "y"))
    with pytest.raises(RequestError, match="`z/y` is not open"):
        permit_model(visitor(Limits(models=("x/*",))), ModelRef("z", "y"))


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(pin=False), "pin_not_allowed"),
        (Limits(tiers=("small",)), "tier_not_allowed"),
    ],
)
def test_who_is_confined_to_tiers_names_no_model_beside_them(limits, code):
    model = ModelRef.parse("a/pictures")
    for who in (visitor(limits), visitor(team=limits)):
        with pytest.raises(RequestError) as refused:
            permit_choice(who, model, str(model), PINNED)
        assert (refused.value.status, refused.value.code) == (403, code)
    permit_choice(visitor(), model, str(model), PINNED)
