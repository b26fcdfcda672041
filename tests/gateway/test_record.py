"""Attempt and Pricer: money in the service tier that has served, and its all-premium baseline."""

from hypothesis import given
from hypothesis import strategies as st

from headgate.gateway.record import CARDS_AT_HAND, Attempt, Pricer, estimated
from headgate.prices.book import Book
from headgate.prices.charge import charge
from headgate.routing.tier import Tier
from headgate.values import Ask, ModelRef, Usage

NOON_US = 1_795_435_200_000_000
MINI = ModelRef("openai", "gpt-5-mini")
LARGE = ModelRef("openai", "gpt-5.4")
SONNET = ModelRef("anthropic", "claude-sonnet-4-5")
USAGE = Usage(input=1000, output=400)
FLEX = Usage(input=1000, output=400, service_tier="flex")


def pricer() -> Pricer:
    return Pricer(Book.shipped(), {})


PRICER = pricer()


def money(usage, model=MINI, baseline=LARGE, purpose="answer"):
    tier = Tier(name="cheap", model=model, attempts=1, fallback=False)
    attempt = Attempt(0, purpose, tier, "first", NOON_US, 0.0)
    attempt.measured(usage, Usage())
    return attempt.price(pricer(), baseline)


def test_a_call_costs_what_its_service_tier_costs():
    _, standard, _ = money(USAGE)
    card, cost, _ = money(FLEX)
    assert card is not None
    assert card.endswith("+service_tier=flex")
    assert cost * 2 == standard


def test_the_baseline_is_priced_in_the_same_service_tier_where_its_model_has_it():
    assert money(FLEX)[2] * 2 == money(USAGE)[2]


def test_the_baseline_is_priced_as_standard_where_its_model_has_no_such_tier():
    assert money(FLEX, baseline=SONNET)[2] == money(USAGE, baseline=SONNET)[2] > 0


def test_premium_itself_is_its_own_baseline_in_any_tier():
    _, cost, premium = money(FLEX, model=LARGE)
    assert cost == premium > 0


def test_a_service_tier_without_a_price_is_unpriced_and_not_standard():
    scale = Usage(input=1000, output=400, service_tier="scale")
    card, cost, premium = money(scale)
    assert (card, cost) == (None, None)
    assert premium == money(USAGE)[2], "all-premium would have been billed as standard"
    assert money(scale, model=LARGE) == (None, None, None)


def test_a_classifiers_call_has_a_service_tier_and_no_baseline():
    assert money(FLEX, purpose="classifier") == (money(FLEX)[0], money(FLEX)[1], None)


def test_tokens_are_priced_in_their_service_tier():
    price = pricer().price
    flex = price(MINI, FLEX, NOON_US)
    assert flex is not None
    assert flex * 2 == price(MINI, USAGE, NOON_US)
    assert price(SONNET, FLEX, NOON_US) is None


def test_cards_at_hand_are_bounded_whatever_a_provider_calls_its_tiers():
    own = pricer()
    for number in range(CARDS_AT_HAND + 5):
        assert own.card(MINI, NOON_US, f"tier-{number}") is None
    assert len(own._cards) <= CARDS_AT_HAND
    assert own.card(MINI, NOON_US) is not None


@given(
    st.sampled_from([MINI, LARGE, SONNET, ModelRef("nobody", "x")]),
    st.sampled_from([MINI, LARGE, SONNET, ModelRef("nobody", "x")]),
    st.sampled_from([None, "flex", "scale"]),
    st.sampled_from([NOON_US, NOON_US + 61_000_000]),
)
def test_a_model_and_its_baseline_have_the_cards_that_each_has_alone(model, baseline, tier, at):
    name, own, held = PRICER.beside(model, baseline, at, tier)
    card = PRICER.card(model, at, tier)
    other = PRICER.card(baseline, at, tier) or PRICER.card(baseline, at)
    assert name == (None if card is None else card.id)
    assert (own and own(USAGE)) == (card and charge(card, USAGE))
    if model == baseline:
        assert held is own, "unpriced where the call is"
    else:
        assert (held and held(USAGE)) == (other and charge(other, USAGE))


def test_pairs_at_hand_are_bounded_too():
    own = pricer()
    for number in range(CARDS_AT_HAND + 5):
        assert own.beside(MINI, LARGE, NOON_US, f"tier-{number}")[0] is None
    assert len(own._beside) <= CARDS_AT_HAND


def test_an_estimate_keeps_the_service_tier_that_a_stream_has_said():
    ask = Ask(model="auto", tokens=10)
    assert estimated(ask, 8, None, "flex") == Usage(10, 2, service_tier="flex")
    assert estimated(ask, 40, FLEX, "flex") == FLEX
    assert estimated(ask, 8) == Usage(10, 2)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([(MINI, LARGE), (SONNET,), (MINI,), (ModelRef("nobody", "x"), LARGE)]),
            st.sampled_from([None, "flex", "priority"]),
            st.sampled_from([0, 59_999_999, 60_000_000, -1, 86_400_000_000]),
        ),
        max_size=12,
    )
)
def test_a_ceiling_is_that_of_the_models_the_tier_and_the_time_whatever_was_asked_before(asked):
    for models, tier, later in asked:
        ceiling, others = PRICER.ceiling(models, NOON_US + later, tier)
        alone, without = pricer().ceiling(models, NOON_US + later, tier)
        assert others == without
        assert ceiling.nano(1000, 400, kept=True) == alone.nano(1000, 400, kept=True)
        assert ceiling.nano(1000, 400) == alone.nano(1000, 400)
