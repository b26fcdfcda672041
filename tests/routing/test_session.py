"""Sessions as transcripts: turns go in, tiers and reasons come out, money is counted by hand."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from headgate.routing.policy import PINNED_BY_WATCH, Decision
from headgate.routing.session import (
    BYTES_EACH,
    FURTHER,
    LATCHED,
    STICKY,
    SWITCHED,
    Served,
    Session,
    Sessions,
    Terms,
    weigh,
)
from headgate.routing.tier import Tier
from headgate.values import Ask, ModelRef, Usage

CHEAP = Tier(name="cheap", model=ModelRef("a", "small"))
PREMIUM = Tier(name="premium", model=ModelRef("a", "large"), premium=True)
TIERS = (CHEAP, PREMIUM)
RATES = {  # nano-USD a token: input, output, cache read, cache write
    CHEAP.model: (1000, 5000, 100, 1250),
    PREMIUM.model: (3000, 15000, 300, 3750),
}


def price(model: ModelRef, usage: Usage) -> int | None:
    if model not in RATES:
        return None
    fresh, output, read, write = RATES[model]
    return (
        usage.input * fresh
        + usage.output * output
        + usage.cache_read * read
        + (usage.cache_write_5m + usage.cache_write_1h) * write
    )


def verdict(tier: Tier, reason: str = "router") -> Decision:
    return Decision(tier, reason, 0.5, policy="auto")


class Talk:
    """One conversation: each turn asks for a tier, is decided, and answered with some usage."""

    def __init__(self, sessions: Sessions | None = None, **terms: Any) -> None:
        self.sessions = sessions or Sessions(
            TIERS, Terms(**{"confirmations": 2, "max_switch_cost": 0.25, **terms}), price
        )
        self.at = 1000.0
        self.replies = 0
        self.total = 0

    def ask(self, **more: Any) -> Ask:
        fields = {"model": "auto", "system": "S", "preamble": 1, "opening": "Hi"}
        return Ask(**{**fields, "replies": self.replies, **more})

    def turn(
        self,
        wanted: Decision | None,
        *,
        after: float = 10.0,
        grows: int = 1000,
        cached: bool = True,
        by: Tier | None = None,
        **more: Any,
    ) -> Decision:
        self.at += after
        talk = self.sessions.talk(self.ask(**more), "key auto")
        live = self.sessions.live(talk, self.at)
        if live is None:
            assert wanted is not None
            decision = wanted
        else:
            decision = self.sessions.decide(live, talk, wanted, self.at)
        tier = by or decision.tier
        warm = cached and live is not None and live.model == tier.model
        known, self.total = self.total, self.total + grows
        usage = Usage(
            output=200,
            cache_read=known if warm else 0,
            cache_write_5m=(self.total - known if warm else self.total) if cached else 0,
            input=0 if cached else self.total,
        )
        served = Served(tier, usage, chosen=tier is decision.tier, messages=2 * self.replies + 1)
        self.sessions.note(talk, served, decision.reason, self.at)
        self.replies += 1
        self.talk = talk
        return decision

    @property
    def session(self) -> Session:
        found = self.sessions.live(replace(self.talk, opening=False), self.at)
        assert found is not None
        return found


def told(decision: Decision) -> dict[str, Any]:
    """What the ledger is told of a weighing."""
    assert decision.trace is not None
    found = decision.trace["session"]
    assert isinstance(found, dict)
    return found


def said(decision: Decision) -> tuple[str, str]:
    return decision.tier.name, decision.reason


# ---- recognising


def test_a_conversation_is_found_again_however_long_it_grows():
    sessions = Sessions(TIERS, Terms(), price)
    first = sessions.talk(Ask(model="auto", system="S", opening="Hi", preamble=1), "k")
    assert first.opening
    later = Ask(model="auto", system="S", opening="Hi", preamble=1, replies=40, tokens=9999)
    assert sessions.talk(later, "k") == replace(first, opening=False)


def test_what_is_added_to_the_system_prompt_later_does_not_count():
    sessions = Sessions(TIERS, Terms(), price)
    first = sessions.talk(Ask(model="a", system="S", preamble=1, opening="Hi"), "k")
    later = Ask(model="a", system="S\n\nNow in French.", preamble=1, opening="Hi", replies=3)
    assert sessions.talk(later, "k").key == first.key


@pytest.mark.parametrize(
    "other",
    [
        {"opening": "Ho"},
        {"system": "T"},
        {"conversation": "c2"},
        {"headers": {"x-headgate-session": "s"}},
        {"continues": "resp_1"},
    ],
)
def test_what_tells_conversations_apart(other):
    sessions = Sessions(TIERS, Terms(), price)
    fields = {"model": "auto", "system": "S", "preamble": 1, "opening": "Hi"}
    keys = {sessions.talk(Ask(**one), "k").key for one in (fields, {**fields, **other})}
    assert len(keys) == 2


def test_callers_are_kept_apart():
    sessions = Sessions(TIERS, Terms(), price)
    asked = Ask(model="auto", opening="Hi", headers={"x-headgate-session": "s"})
    assert sessions.talk(asked, "one").key != sessions.talk(asked, "two").key


def test_neighbouring_parts_of_a_key_cannot_be_shifted():
    sessions = Sessions(TIERS, Terms(), price)
    one = Ask(model="a", system="ab", preamble=2, opening="c")
    two = Ask(model="a", system="a", preamble=1, opening="bc")
    assert sessions.talk(one, "k").key != sessions.talk(two, "k").key


def test_the_callers_own_name_finds_it_whatever_the_words():
    talk = Talk()
    named: Any = {"headers": {"x-headgate-session": "s"}}
    talk.turn(verdict(CHEAP), **named)
    assert said(talk.turn(None, **named, opening="other words")) == ("cheap", STICKY)


def test_an_answer_that_a_provider_keeps_is_gone_on_from_where_it_was_given():
    sessions = Sessions(TIERS, Terms(), price)
    first = sessions.talk(Ask(model="auto", opening="Hi"), "k")
    sessions.note(first, Served(PREMIUM, Usage(9, 9), answer_id="resp_1"), "router", 1.0)
    second = sessions.talk(Ask(model="auto", opening="And?", continues="resp_1"), "k")
    assert second.key == first.key
    live = sessions.live(second, 2.0)
    assert live is not None
    for _ in range(5):  # no verdict leads away from what only this provider has
        assert said(sessions.decide(live, second, verdict(CHEAP), 2.0)) == ("premium", STICKY)


def test_a_new_conversation_with_the_same_words_is_decided_anew():
    talk = Talk()
    talk.turn(verdict(PREMIUM))
    talk.replies = 0
    assert said(talk.turn(verdict(CHEAP))) == ("cheap", "router")
    assert talk.session.turns == 1


def test_a_conversation_that_was_quiet_for_too_long_is_decided_anew():
    talk = Talk(idle_timeout=600)
    talk.turn(verdict(PREMIUM))
    assert said(talk.turn(verdict(CHEAP), after=599)) == ("premium", STICKY)
    assert said(talk.turn(verdict(CHEAP), after=601)) == ("cheap", "router")


# ---- staying, latching


def test_it_stays_on_its_tier_and_the_classifier_is_not_asked_again():
    talk = Talk()
    assert said(talk.turn(verdict(CHEAP, "classifier"))) == ("cheap", "classifier")
    assert [said(talk.turn(None)) for _ in range(3)] == [("cheap", STICKY)] * 3


def test_every_further_turn_says_so_in_its_reason_whatever_its_tier():
    draft = Decision(CHEAP, "cascade", policy="auto", draft=True)
    for latch in (True, False):
        talk = Talk(latch=latch)
        assert said(talk.turn(verdict(CHEAP, "rule:easy"))) == ("cheap", "rule:easy")
        found = [
            talk.turn(asked)
            for asked in (
                verdict(CHEAP, "rule:easy"),
                draft,
                None,
                verdict(PREMIUM),
                verdict(PREMIUM),
                verdict(PREMIUM),
                verdict(CHEAP),
                draft,
            )
        ]
        assert {one.tier for one in found} == {CHEAP, PREMIUM}
        assert all(one.reason.startswith(FURTHER) for one in found)
        assert said(found[0]) == ("cheap", "session:rule:easy")
        assert (said(found[1]), found[1].draft) == (("cheap", "session:cascade"), True)


def test_what_the_watch_has_pinned_is_said_in_a_further_turn_too():
    talk = Talk()
    talk.turn(verdict(PREMIUM))
    pinned = verdict(PREMIUM, PINNED_BY_WATCH)
    assert said(talk.turn(pinned)) == ("premium", PINNED_BY_WATCH)


def test_a_dearer_tier_is_taken_once_it_was_asked_for_twice_in_a_row_and_then_latched():
    talk = Talk()
    talk.turn(verdict(CHEAP))
    assert said(talk.turn(verdict(PREMIUM))) == ("cheap", STICKY)
    assert said(talk.turn(verdict(CHEAP))) == ("cheap", "session:router")  # the row is broken
    assert said(talk.turn(verdict(PREMIUM))) == ("cheap", STICKY)
    assert said(talk.turn(verdict(PREMIUM))) == ("premium", LATCHED)
    assert [said(talk.turn(verdict(CHEAP))) for _ in range(9)] == [("premium", LATCHED)] * 9
    assert said(talk.turn(verdict(PREMIUM))) == ("premium", "session:router")
    assert said(talk.turn(None)) == ("premium", LATCHED)


@pytest.mark.parametrize("needed", [1, 2, 5])
def test_as_many_confirmations_as_are_set(needed):
    talk = Talk(confirmations=needed)
    talk.turn(verdict(CHEAP))
    tiers = [talk.turn(verdict(PREMIUM)).tier.name for _ in range(needed)]
    assert tiers == ["cheap"] * (needed - 1) + ["premium"]


def test_a_rule_for_a_dearer_tier_needs_no_confirmation():
    talk = Talk(confirmations=9)
    talk.turn(verdict(CHEAP))
    assert said(talk.turn(verdict(PREMIUM, "rule:hard"))) == ("premium", LATCHED)


def test_what_the_watch_has_pinned_is_pinned_and_does_not_move_the_conversation_for_good():
    talk = Talk()
    talk.turn(verdict(CHEAP))
    assert said(talk.turn(verdict(PREMIUM, PINNED_BY_WATCH))) == ("premium", PINNED_BY_WATCH)
    assert not talk.session.latched


def test_a_fallback_answers_one_turn_only():
    talk = Talk()
    talk.turn(verdict(CHEAP))
    talk.turn(verdict(CHEAP), by=PREMIUM)
    assert talk.session.spent == 0
    assert said(talk.turn(None)) == ("cheap", STICKY)


def test_drafts_rejected_in_a_row_are_verdicts_and_a_good_one_breaks_the_row():
    sessions = Sessions(TIERS, Terms(confirmations=2), price)
    draft = Decision(CHEAP, "cascade", policy="auto", draft=True)
    further = replace(draft, reason="session:cascade")
    asked = sessions.talk(Ask(model="a", opening="Hi", replies=1), "k")

    def answered(tier: Tier, good: bool) -> None:
        served = Served(tier, Usage(900, 90), chosen=good, draft=good)
        sessions.note(asked, served, "cascade", 1.0)

    def decided() -> Decision:
        live = sessions.live(asked, 2.0)
        assert live is not None
        return sessions.decide(live, asked, draft, 2.0)

    answered(CHEAP, True)
    answered(PREMIUM, False)
    assert decided() == further
    answered(CHEAP, True)
    answered(PREMIUM, False)
    assert decided() == further
    answered(PREMIUM, False)
    found = decided()
    assert (said(found), found.draft) == (("premium", LATCHED), False)
    sessions.note(asked, Served(PREMIUM, Usage(900, 90)), found.reason, 3.0)
    assert said(decided()) == ("premium", LATCHED)


# ---- money


def premium_talk(turns: int, **terms: Any) -> Talk:
    talk = Talk(**terms)
    for _ in range(turns):
        talk.turn(verdict(PREMIUM))
    return talk


def test_a_cheaper_tier_is_not_taken_while_the_lost_cache_costs_more_than_is_saved():
    talk = premium_talk(20, horizon=1, max_switch_cost=10)
    decision = [talk.turn(verdict(CHEAP)) for _ in range(4)][-1]
    assert said(decision) == ("premium", STICKY)
    weighed = told(decision)
    assert weighed["verdict"] == "cheap"
    assert weighed["saving_nano"] < weighed["lost_nano"]


def test_a_cheaper_tier_is_taken_when_the_coming_turns_save_more():
    talk = premium_talk(3, horizon=10, max_switch_cost=10)
    assert said(talk.turn(verdict(CHEAP))) == ("premium", STICKY)
    decision = talk.turn(verdict(CHEAP))
    assert said(decision) == ("cheap", SWITCHED)
    weighed = told(decision)
    assert weighed["saving_nano"] > weighed["lost_nano"]
    # 4,000 tokens written to the other cache rather than read from it
    assert weighed["lost_nano"] == 4000 * (1250 - 100) == talk.session.spent


@given(st.tuples(*[st.integers(0, 9)] * 5))
def test_a_first_turn_is_remembered_with_its_tokens_and_what_of_them_is_cached(tokens):
    sessions = Sessions((CHEAP, PREMIUM), Terms(), price)
    usage = Usage(*tokens)
    first, later = (Ask("auto", opening="Hi", replies=replies) for replies in (0, 2))
    sessions.note(sessions.talk(first, "me"), Served(CHEAP, usage), "router", 7.0)
    session = sessions.live(sessions.talk(later, "me"), 8.0)
    assert session is not None
    assert (session.tier, session.home, session.model) == (CHEAP, CHEAP, CHEAP.model)
    assert (session.at, session.turns, session.outputs) == (7.0, 1, usage.output)
    assert session.first_input == session.last_input == session.fresh == usage.total_input
    assert (session.known, session.spent, session.foreign) == (0, 0, 0)
    assert session.growth() == usage.output
    written = usage.cache_write_5m + usage.cache_write_1h
    share = (written + usage.cache_read) / usage.total_input if written else 1.0
    assert (session.share, session.writes) == (share, written > 0)
    assert session.long is (usage.cache_write_1h > 0)


def test_both_sides_are_what_a_hand_reckons():
    session = Session(
        tier=PREMIUM,
        home=PREMIUM,
        at=0.0,
        turns=2,
        first_input=8000,
        last_input=10_000,
        outputs=400,
        writes=True,
        fresh=10_000,
        known=8000,
    )
    found = weigh(session, CHEAP.model, 10.0, price, Terms(horizon=2, max_switch_cost=0.5))
    assert found is not None
    assert session.growth() == 2000

    def turn(rates: tuple[int, int, int, int], known: int) -> int:
        _, output, read, write = rates
        return known * read + 2000 * write + 200 * output

    here, there = RATES[PREMIUM.model], RATES[CHEAP.model]
    each = [turn(here, known) - turn(there, known) for known in (10_000, 12_000)]
    assert found.saving == sum(each)
    assert found.lost == 10_000 * (1250 - 100)
    assert found.back == 10_000 * (3750 - 300)
    mean = 5000 * here[3] + 4000 * here[2] + 200 * here[1]  # the two turns so far, on average
    assert found.limit == (2 * mean + turn(here, 10_000)) // 2
    assert found.pays is (sum(each) > found.lost and found.lost + found.back <= found.limit)


def test_nothing_is_lost_where_nothing_is_cached_or_the_cache_has_gone():
    uncached = premium_talk(0, max_switch_cost=0)
    for _ in range(3):
        uncached.turn(verdict(PREMIUM), cached=False)
    uncached.turn(verdict(CHEAP), cached=False)
    assert said(uncached.turn(verdict(CHEAP), cached=False)) == ("cheap", SWITCHED)
    assert uncached.session.spent == 0

    quiet = premium_talk(20, horizon=1, max_switch_cost=10)
    quiet.turn(verdict(CHEAP))
    assert said(quiet.turn(verdict(CHEAP), after=400)) == ("cheap", SWITCHED)


def test_switching_stays_within_its_share_of_never_switching():
    talk = premium_talk(3, horizon=50, max_switch_cost=0.01)
    for _ in range(20):
        assert talk.turn(verdict(CHEAP)).tier is PREMIUM


def test_an_unknown_price_means_staying():
    other = Tier(name="cheap", model=ModelRef("b", "unpriced"))
    sessions = Sessions(
        (other, PREMIUM), Terms(horizon=99, max_switch_cost=10, confirmations=2), price
    )
    talk = Talk(sessions)
    talk.turn(verdict(PREMIUM))
    decision = [talk.turn(verdict(other)) for _ in range(4)][-1]
    assert said(decision) == ("premium", STICKY)
    assert decision.trace == {"session": {"verdict": "cheap", "because": "router"}}


WANTED = st.lists(st.sampled_from([CHEAP, PREMIUM]), min_size=1, max_size=40)


@given(WANTED, st.booleans(), st.integers(1, 3), st.integers(1, 20), st.floats(0, 2))
def test_whatever_is_asked_for_switching_for_money_stays_within_its_limit(
    wanted, latch, confirmations, horizon, limit
):
    talk = Talk(latch=latch, confirmations=confirmations, horizon=horizon, max_switch_cost=limit)
    before: Tier | None = None
    latched = False
    for tier in wanted:
        decision = talk.turn(verdict(tier))
        if latched:
            assert decision.tier is PREMIUM
        latched = latched or decision.reason == LATCHED
        if before is PREMIUM and decision.tier is CHEAP:
            assert decision.reason == SWITCHED
            weighed = told(decision)
            assert talk.session.spent + weighed["back_nano"] <= weighed["limit_nano"]
        before = decision.tier
    assert latch or not latched


# ---- what other models thought


def test_the_history_before_a_switch_is_known_to_be_foreign():
    talk = Talk(confirmations=1)
    talk.turn(verdict(CHEAP))
    talk.turn(verdict(CHEAP))
    assert talk.session.foreign == 0
    talk.turn(verdict(PREMIUM))
    assert (talk.session.foreign, talk.session.model) == (5, PREMIUM.model)
    talk.turn(verdict(PREMIUM))
    assert talk.session.foreign == 5


# ---- memory


def test_the_conversations_that_were_quiet_for_longest_are_forgotten():
    sessions = Sessions(TIERS, Terms(capacity=3), price)
    talks = [sessions.talk(Ask(model="a", opening=str(n), replies=1), "k") for n in range(5)]
    for number, talk in enumerate(talks):
        served = Served(CHEAP, Usage(1, 1), answer_id=f"resp_{number}")
        sessions.note(talk, served, "router", 1.0)
    assert len(sessions) == 3
    assert [sessions.live(talk, 2.0) is not None for talk in talks] == [False] * 2 + [True] * 3
    late = [sessions.talk(Ask(model="a", continues=f"resp_{n}"), "k").key for n in range(5)]
    assert [key == talk.key for key, talk in zip(late, talks, strict=True)] == (
        [False] * 2 + [True] * 3
    )


def test_a_conversation_takes_as_much_memory_as_is_said():
    count = 5000
    sessions = Sessions(TIERS, Terms(capacity=count), price)
    asks = [Ask(model="a", opening=f"question {number}", replies=1) for number in range(count)]
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number, ask in enumerate(asks):
        served = Served(CHEAP, Usage(900, 100), answer_id=f"resp_{number:048}", messages=3)
        sessions.note(sessions.talk(ask, "k"), served, "router", float(number % 600))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    each = (after - before) / count
    assert BYTES_EACH / 3 < each < BYTES_EACH
