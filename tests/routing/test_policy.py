"""policy: rules first, then the learned router, then the default; and the watch above all."""

from __future__ import annotations

import pytest

from headgate.routing.cascade import Cascade
from headgate.routing.controls import Controls
from headgate.routing.learned import learned
from headgate.routing.policy import CASCADE, HELD, PINNED_BY_WATCH, Decision, Policy, Sorter
from headgate.routing.router import Head
from headgate.routing.rules import rule
from headgate.routing.tier import Tier
from headgate.values import Ask, ModelRef
from tests.routing.routers import small_artifact

CHEAP = Tier(name="cheap", model=ModelRef("anthropic", "claude-haiku-4-5"))
MIDDLE = Tier(name="middle", model=ModelRef("openai", "gpt-5"))
PREMIUM = Tier(name="premium", model=ModelRef("anthropic", "claude-sonnet-4-6"), premium=True)
SORTER = Sorter(tier=Tier(name="classifier", model=ModelRef("google", "gemini-2.5-flash")))


def policy(*rules, default: str | None = "cheap", tiers=(CHEAP, PREMIUM), **more) -> Policy:
    return Policy(tiers, rules=rules, default=default, **more)


def ask(model: str = "auto", **more) -> Ask:
    return Ask(model=model, **more)


def decided(tier: Tier, reason: str) -> Decision:
    return Decision(tier, reason, policy="auto")


def trained(threshold: float | None = None, **more) -> Policy:
    router = learned(small_artifact(), "0123456789ab", threshold=threshold)
    return policy(learned=router, **more)


def test_the_default_answers_where_no_rule_holds():
    assert policy().decide(ask()) == decided(CHEAP, "default")


def test_without_a_default_the_classifier_is_asked():
    assert policy(default=None, sorter=SORTER).decide(ask()) is None


def test_the_first_rule_that_holds_decides():
    rules = [rule("long", "premium", min_tokens=100), rule("any", "cheap")]
    assert policy(*rules).decide(ask(tokens=100)) == decided(PREMIUM, "rule:long")
    assert policy(*rules).decide(ask(tokens=99)) == decided(CHEAP, "rule:any")


def test_a_policy_signs_its_decisions_with_its_name():
    decision = policy(name="careful").decide(ask("auto:careful"))
    assert decision is not None
    assert decision.policy == "careful"


def test_when_the_classifier_fails_premium_answers_unless_another_tier_is_named():
    assert policy().safe == PREMIUM
    assert policy(safe="cheap").safe == CHEAP


def test_a_learned_router_sends_what_scores_high_to_premium_and_says_by_what():
    hard = trained().decide(ask(last_user="prove that"))
    assert hard is not None
    assert hard.score is not None
    assert hard.score >= 0.25
    assert hard == Decision(PREMIUM, "router", hard.score, True, "auto", 0.25, "0123456789ab")
    easy = trained().decide(ask(last_user="hello there"))
    assert easy is not None
    assert easy.score is not None
    assert easy.score < 0.25
    assert easy == Decision(CHEAP, "router", easy.score, True, "auto", 0.25, "0123456789ab")


def test_a_score_that_is_just_the_threshold_is_premiums():
    score = trained().learned.score(ask(last_user="prove"))  # type: ignore[union-attr]
    decision = trained(threshold=score).decide(ask(last_user="prove"))
    assert decision is not None
    assert decision.tier is PREMIUM


def test_below_the_threshold_the_default_tier_answers_where_there_are_several():
    several = trained(default="middle", tiers=(CHEAP, MIDDLE, PREMIUM))
    decision = several.decide(ask(last_user="hello"))
    assert decision is not None
    assert decision.tier is MIDDLE


def test_rules_come_before_the_learned_router():
    router = learned(small_artifact(), "0123456789ab", threshold=None)
    both = policy(rule("long", "premium", min_tokens=100), learned=router)
    assert both.decide(ask(last_user="hello", tokens=100)) == decided(PREMIUM, "rule:long")


@pytest.mark.parametrize("default", ["cheap", None])
def test_pinned_by_the_watch_everything_goes_to_premium_whatever_the_rules_say(default):
    pinned = policy(rule("any", "cheap"), default=default, sorter=SORTER)
    assert pinned.decide(ask(), Controls(pinned=True)) == decided(PREMIUM, PINNED_BY_WATCH)


def test_a_held_threshold_decides_and_is_named_only_where_it_makes_the_difference():
    """The score of the question lies between the router's threshold and the watch's."""
    question, held = ask(last_user="prove that"), Controls(threshold=0.9)
    score = trained().learned.score(question)  # type: ignore[union-attr]
    assert 0.25 < score < 0.9
    decision = trained().decide(question, held)
    assert decision == Decision(CHEAP, HELD, score, True, "auto", 0.9, "0123456789ab")
    easy = trained().decide(ask(last_user="hello"), held)
    assert easy is not None
    assert (easy.tier, easy.reason) == (CHEAP, "router")


def drafting(*rules, hold: bool = True, **more) -> Policy:
    return policy(*rules, cascade=Cascade(hold=hold), **more)


def test_a_cascade_makes_the_defaults_answer_a_draft():
    assert drafting().decide(ask()) == Decision(CHEAP, CASCADE, policy="auto", draft=True)


def test_rules_and_the_watch_come_before_a_cascade():
    always = drafting(rule("any", "cheap"))
    assert always.decide(ask()) == decided(CHEAP, "rule:any")
    assert always.decide(ask(), Controls(pinned=True)) == decided(PREMIUM, PINNED_BY_WATCH)


def test_a_streamed_request_is_drafted_only_where_it_may_be_held():
    streamed = ask(stream=True)
    held, routed = drafting().decide(streamed), drafting(hold=False).decide(streamed)
    assert held == Decision(CHEAP, CASCADE, policy="auto", draft=True)
    assert routed == decided(CHEAP, "default")


def test_a_router_leaves_only_the_grey_zone_to_the_cascade():
    """`hello` scores below the zone, `prove` in it and `prove that` above."""
    router = learned(small_artifact(), "v", threshold=None)
    words = ("hello", "prove", "prove that")
    low, middle, high = (router.score(ask(last_user=word)) for word in words)
    assert low < middle < high
    zone = drafting(learned=learned(small_artifact(), "v", threshold=high), grey_from=middle)
    found = [zone.decide(ask(last_user=word)) for word in words]
    assert [(made.tier, made.reason, made.draft) for made in found if made] == [
        (CHEAP, "router", False),
        (CHEAP, CASCADE, True),
        (PREMIUM, "router", False),
    ]


def test_a_threshold_that_the_watch_has_moved_keeps_its_reason_in_the_grey_zone():
    question = ask(last_user="prove that")
    router = learned(small_artifact(), "v", threshold=None)
    decision = drafting(learned=router).decide(question, Controls(threshold=0.9))
    assert decision is not None
    assert (decision.tier, decision.reason, decision.draft) == (CHEAP, HELD, True)


def embedding(**more) -> Policy:
    head = Head("google/embedder", "endpoint", (2.0,))
    router = learned(small_artifact(head=head), "0123456789ab", threshold=0.25)
    return policy(learned=router, sorter=SORTER, **more)


def test_a_router_that_needs_an_embedding_has_it_asked_for_after_the_rules():
    assert embedding().decide(ask(last_user="hello")) is None
    ruled = embedding().decide(ask(last_user="hello"), Controls(pinned=True))
    assert ruled is not None
    assert ruled.reason == PINNED_BY_WATCH
    by_rule = policy(rule("all", "premium"), learned=embedding().learned, sorter=SORTER).decide(
        ask(tokens=10)
    )
    assert by_rule == decided(PREMIUM, "rule:all")


def test_with_the_embedding_it_decides_as_any_router_does():
    low, high = (embedding().scored(ask(last_user="x"), vector=[side]) for side in (-1.0, 1.0))
    assert (low.tier, high.tier) == (CHEAP, PREMIUM)
    assert low.reason == high.reason == "router"
    assert (low.threshold, low.router) == (0.25, "0123456789ab")
    held = embedding().scored(ask(last_user="x"), Controls(threshold=1.01), [1.0])
    assert (held.tier, held.reason) == (CHEAP, HELD)
