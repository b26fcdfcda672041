"""Plant: what the requests of a gateway share stays as it was made."""

import msgspec
import pytest

from headgate.routing.exchange import Limits
from headgate.routing.tier import Tier
from headgate.values import ModelRef
from tests.gateway.plants import CHEAP, PREMIUM, plant


def test_the_baseline_is_the_dearest_tier_however_many_there_are():
    assert plant()[0].premium is PREMIUM
    middle = Tier(name="middle", model=ModelRef("openai", "gpt-5-mini"))
    assert plant(tiers=(CHEAP, middle, PREMIUM))[0].premium is PREMIUM


def test_a_single_tier_is_its_own_baseline():
    assert plant(tiers=(CHEAP,))[0].premium is CHEAP


def test_one_configuration_is_one_plant_and_nothing_of_it_is_set_anew():
    made, _, _ = plant()
    with pytest.raises(AttributeError):
        made.idle_timeout = 1.0  # type: ignore[misc]


def test_conversations_and_embeddings_are_only_there_where_they_are_configured():
    made, _, _ = plant()
    assert made.sessions is None
    assert made.ours == {}


def test_a_policys_exchanges_have_their_terms_from_it_and_a_callers_own_choice_from_the_plant():
    made, _, _ = plant()
    (policy,) = made.policies.policies
    for terms, name in ((made.terms[policy], policy.name), (made.terms[None], "")):
        assert (terms.tiers, terms.safe, terms.policy) == ((CHEAP, PREMIUM), PREMIUM, name)
        assert (terms.limits, terms.gate, terms.jitter) == (made.limits, made.brakes, made.jitter)


def test_a_plant_with_one_thing_changed_has_terms_of_its_own():
    made, _, _ = plant()
    changed = msgspec.structs.replace(made, limits=Limits(request_timeout=1.0))
    assert changed.terms[None].limits == Limits(request_timeout=1.0)
    assert made.terms[None].limits == Limits()
