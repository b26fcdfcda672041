"""exchange: each order of failure as a transcript of events (>>) and commands (<<)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import InternalError
from headgate.routing.exchange import Exchange, Limits, Terms
from headgate.routing.policy import Decision
from headgate.routing.signals import (
    Answered,
    Broke,
    Call,
    Classify,
    Command,
    Ended,
    Event,
    Failed,
    Finish,
    Forward,
    Judge,
    Judged,
    Left,
    Opened,
    Refuse,
    Serve,
    Start,
    Verdict,
    Wait,
    Woke,
)
from headgate.routing.tier import PINNED, Tier
from headgate.values import ModelRef


def tier(name: str, *, attempts: int = 3, fallback: bool = True, premium: bool = False) -> Tier:
    return Tier(
        name=name,
        model=ModelRef("p", name),
        attempts=attempts,
        timeout=60.0,
        fallback=fallback,
        premium=premium,
    )


CHEAP, PREMIUM = tier("cheap"), tier("premium", premium=True)
LIMITS = Limits(
    request_timeout=100,
    backoff_base=0.25,
    backoff_max=8,
    max_retry_after=30,
)
OVERLOADED = Failed("status", status=503)


class Shut:
    """A gate that is shut for some models, and has so many retries left."""

    def __init__(self, *shut: str, retries: int = 1000, opening: str = "") -> None:
        self._shut = shut
        self._opening = opening  # rests by the time a retry has waited
        self._retries = retries

    def may_call(self, model: ModelRef, _: float) -> bool:
        return model.model not in self._shut

    def may_retry(self, model: ModelRef, at: float) -> bool:
        self._retries -= 1
        return self.may_call(model, at) and self._retries >= 0

    def rests(self, model: ModelRef) -> bool:
        return model.model == self._opening


class Talk:
    """A conversation with an exchange: `talk >> event << command`, both checked in order."""

    def __init__(
        self,
        *tiers: Tier,
        start: Decision | None = None,
        limits: Limits = LIMITS,
        jitter: Callable[[], float] = lambda: 1.0,
        gate: Shut | None = None,
        barred: Mapping[str, str] | None = None,
    ) -> None:
        self.now = 0.0
        terms = Terms(
            tiers=tiers,
            safe=tiers[-1],
            limits=limits,
            jitter=jitter,
            gate=gate or Shut(),
            judge_timeout=20,
        )
        self.exchange = Exchange(terms, start, barred or {})
        self._command: Command | None = None

    def __rshift__(self, event: Event) -> Talk:
        self._command = self.exchange.step(event, self.now)
        return self

    def __lshift__(self, expected: Command | str) -> Talk:
        if isinstance(expected, str):
            assert isinstance(self._command, Call), self._command
            held = "held " if self._command.held else ""
            assert f"{held}{self._command.cause} {self._command.tier.name}" == expected
        else:
            assert self._command == expected
        return self

    def after(self, seconds: float) -> Talk:
        self.now += seconds
        return self


def on(
    start: Tier,
    *tiers: Tier,
    routed: bool = True,
    limits: Limits = LIMITS,
    gate: Shut | None = None,
    barred: Mapping[str, str] | None = None,
    draft: bool = False,
) -> Talk:
    return Talk(
        *(tiers or (start,)),
        start=Decision(start, "default", routed=routed, draft=draft),
        limits=limits,
        gate=gate,
        barred=barred,
    )


def test_a_good_answer_takes_one_call():
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> Answered() << Serve()
    talk >> Ended() << Finish()


def test_a_stream_is_forwarded_once_it_has_begun_well():
    talk = on(PREMIUM, CHEAP, PREMIUM)
    talk >> Start() << "first premium"
    talk >> Opened() << Forward()
    talk >> Ended() << Finish()


def test_a_stream_that_breaks_after_the_first_byte_is_neither_retried_nor_escalated():
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> Opened() << Forward()
    talk >> Broke() << Finish()


def test_the_classifier_decides_when_no_decision_is_given():
    talk = Talk(CHEAP, PREMIUM)
    talk >> Start() << Classify(3)
    talk >> Verdict(1) << "first premium"
    assert talk.exchange.decision == Decision(PREMIUM, "classifier", score=1.0)


def test_a_middle_tier_has_a_score_between_the_ends():
    middle = tier("middle")
    talk = Talk(CHEAP, middle, PREMIUM)
    talk >> Start() << Classify(3)
    talk >> Verdict(1) << "first middle"
    assert talk.exchange.decision == Decision(middle, "classifier", score=0.5)


def test_a_classifier_that_fails_leads_to_the_safe_tier():
    talk = Talk(CHEAP, PREMIUM)
    talk >> Start() << Classify(3)
    talk >> Verdict(None) << "first premium"
    assert talk.exchange.decision == Decision(PREMIUM, "classifier-failed")


def test_a_retryable_status_is_retried_after_a_growing_wait_and_then_the_next_tier_answers():
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> OVERLOADED << Wait(0.25)
    talk >> Woke() << "retry cheap"
    talk >> OVERLOADED << Wait(0.5)
    talk >> Woke() << "retry cheap"
    talk >> OVERLOADED << "fallback premium"
    talk >> Answered() << Serve()


def test_a_fallback_tier_gets_one_attempt_and_no_budget_of_its_own():
    talk = on(tier("cheap", attempts=1), tier("cheap", attempts=1), PREMIUM)
    talk >> Start() << "first cheap"
    talk >> OVERLOADED << "fallback premium"
    talk >> OVERLOADED << Refuse(OVERLOADED)
    talk >> Ended() << Finish()


def test_fallbacks_go_up_first_and_then_down_so_that_quality_falls_last():
    low, middle, high = tier("low", attempts=1), tier("middle", attempts=1), tier("high")
    talk = on(middle, low, middle, high)
    talk >> Start() << "first middle"
    talk >> OVERLOADED << "fallback high"
    talk >> OVERLOADED << "fallback low"
    talk >> OVERLOADED << Refuse(OVERLOADED)


def test_the_callers_own_mistake_is_told_at_once():
    bad = Failed("status", status=400)
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> bad << Refuse(bad)


def test_a_time_out_goes_to_the_next_tier_without_waiting():
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> Failed("timeout") << "fallback premium"


def test_a_tier_whose_dialect_cannot_carry_the_request_was_never_its_tier():
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> Failed("unsupported") << "first premium"
    assert talk.exchange.decision == Decision(PREMIUM, "guard:dialect")
    assert talk.exchange.barred == {"cheap": "dialect"}


def test_a_dialect_that_cannot_carry_a_fallback_leaves_it_to_the_next():
    low, middle, high = tier("low"), tier("middle", attempts=1), tier("high")
    talk = on(middle, low, middle, high)
    talk >> Start() << "first middle"
    talk >> OVERLOADED << "fallback high"
    talk >> Failed("unsupported") << "fallback low"


def test_where_no_dialect_carries_the_request_the_caller_is_told_so():
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> Failed("unsupported") << "first premium"
    talk >> Failed("unsupported") << Refuse(Failed("unsupported"))


def test_a_tier_that_cannot_serve_the_request_is_neither_first_nor_a_fallback():
    low, middle, high = tier("low"), tier("middle"), tier("high", attempts=1)
    talk = on(low, low, middle, high, barred={"low": "images", "middle": "images"})
    talk >> Start() << "first high"
    assert talk.exchange.decision == Decision(high, "guard:images")
    talk >> OVERLOADED << Refuse(OVERLOADED)


def test_where_no_tier_can_serve_the_request_nothing_is_called():
    talk = on(CHEAP, CHEAP, PREMIUM, barred={"cheap": "context", "premium": "context"})
    talk >> Start() << Refuse(Failed("unfit"))
    talk >> Ended() << Finish()


def test_the_classifier_is_not_asked_where_one_tier_is_left():
    talk = Talk(CHEAP, PREMIUM, barred={"premium": "tools"})
    talk >> Start() << "first cheap"
    assert talk.exchange.decision == Decision(CHEAP, "guard:tools")


def test_the_classifier_may_choose_a_tier_that_cannot_serve_the_request():
    low, middle, high = tier("low"), tier("middle"), tier("high")
    talk = Talk(low, middle, high, barred={"low": "context"})
    talk >> Start() << Classify(3)
    talk >> Verdict(0) << "first middle"
    assert talk.exchange.decision == Decision(middle, "guard:context", score=0.0)


def test_a_callers_own_choice_is_not_second_guessed():
    talk = on(CHEAP, CHEAP, PREMIUM, routed=False, barred={"cheap": "images"})
    talk >> Start() << "first cheap"


@pytest.mark.parametrize("kind", ["connect", "reset", "unusable", "stream-error"])
def test_a_fast_failure_without_status_is_retried(kind):
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> Failed(kind) << Wait(0.25)
    talk >> Woke() << "retry cheap"


def test_retry_after_is_waited_for_and_not_undercut():
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> Failed("status", status=429, retry_after=7.0) << Wait(7.025)


def test_an_unbearable_retry_after_sends_the_request_to_the_next_tier():
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> Failed("status", status=429, retry_after=31.0) << "fallback premium"


def test_an_unbearable_retry_after_is_passed_on_where_no_other_tier_may_answer():
    limit = Failed("status", status=429, retry_after=3600.0)
    talk = on(CHEAP, CHEAP, PREMIUM, routed=False)
    talk >> Start() << "first cheap"
    talk >> limit << Refuse(limit)


def test_a_pinned_request_is_retried_but_never_answered_by_another_tier():
    talk = on(tier("cheap", attempts=2), tier("cheap", attempts=2), PREMIUM, routed=False)
    talk >> Start() << "first cheap"
    talk >> OVERLOADED << Wait(0.25)
    talk >> Woke() << "retry cheap"
    talk >> OVERLOADED << Refuse(OVERLOADED)


def test_a_model_outside_all_tiers_can_be_pinned():
    outside = tier(PINNED, attempts=1)
    talk = Talk(CHEAP, PREMIUM, start=Decision(outside, "pinned", routed=False))
    talk >> Start() << "first pinned"
    talk >> OVERLOADED << Refuse(OVERLOADED)


def test_a_tier_without_fallback_keeps_its_requests():
    alone = tier("premium", attempts=1, fallback=False)
    talk = on(alone, CHEAP, alone)
    talk >> Start() << "first premium"
    talk >> OVERLOADED << Refuse(OVERLOADED)


def test_no_wait_goes_beyond_the_deadline():
    talk = on(CHEAP, CHEAP, PREMIUM, limits=Limits(request_timeout=10))
    talk >> Start() << "first cheap"
    talk.after(9.9) >> OVERLOADED << "fallback premium"


def test_an_attempt_has_no_more_time_than_the_request():
    talk = on(CHEAP, CHEAP, PREMIUM, limits=Limits(request_timeout=10))
    talk >> Start() << Call(CHEAP, "first", 10)
    talk.after(8) >> Failed("timeout") << Call(PREMIUM, "fallback", 2)
    talk.after(2) >> Failed("timeout") << Refuse(Failed("timeout"))


def test_a_classifier_that_eats_all_the_time_leaves_none_for_an_answer():
    talk = Talk(CHEAP, PREMIUM, limits=Limits(request_timeout=2))
    talk >> Start() << Classify(2)
    talk.after(2) >> Verdict(None) << Refuse(None)


def test_a_tier_whose_breaker_is_open_is_passed_over_without_a_call():
    talk = on(CHEAP, CHEAP, PREMIUM, gate=Shut("cheap"))
    talk >> Start() << "fallback premium"


def test_a_safe_tier_is_found_by_the_classifier_when_the_chosen_one_is_not_called():
    talk = Talk(CHEAP, PREMIUM, gate=Shut("cheap"))
    talk >> Start() << Classify(3)
    talk >> Verdict(0) << "fallback premium"


def test_where_no_tier_may_be_called_the_caller_is_told_so():
    talk = on(CHEAP, CHEAP, PREMIUM, gate=Shut("cheap", "premium"))
    talk >> Start() << Refuse(Failed("breaker"))


def test_a_retry_that_waited_is_not_made_where_the_breaker_has_opened_meanwhile():
    talk = on(CHEAP, CHEAP, PREMIUM, gate=Shut(opening="cheap"))
    talk >> Start() << "first cheap"
    talk >> OVERLOADED << Wait(0.25)
    talk >> Woke() << "fallback premium"


def test_a_pinned_retry_tells_the_failure_where_the_breaker_has_opened_meanwhile():
    talk = on(CHEAP, CHEAP, PREMIUM, routed=False, gate=Shut(opening="cheap"))
    talk >> Start() << "first cheap"
    talk >> OVERLOADED << Wait(0.25)
    talk >> Woke() << Refuse(OVERLOADED)


def test_a_failure_is_told_rather_than_a_breaker_behind_it():
    talk = on(CHEAP, CHEAP, PREMIUM, gate=Shut("premium"))
    talk >> Start() << "first cheap"
    talk >> Failed("timeout") << Refuse(Failed("timeout"))


def test_without_a_retry_left_in_the_budget_the_next_tier_answers():
    talk = on(CHEAP, CHEAP, PREMIUM, gate=Shut(retries=1))
    talk >> Start() << "first cheap"
    talk >> OVERLOADED << Wait(0.25)
    talk >> Woke() << "retry cheap"
    talk >> OVERLOADED << "fallback premium"


def test_a_pinned_request_to_a_tier_that_is_not_called_is_refused():
    talk = on(CHEAP, CHEAP, PREMIUM, routed=False, gate=Shut("cheap"))
    talk >> Start() << Refuse(Failed("breaker"))


def test_a_caller_may_leave_at_any_time():
    orders: list[list[Event]] = [[], [Start()], [Start(), OVERLOADED], [Start(), Opened()]]
    for steps in orders:
        talk = on(CHEAP, CHEAP, PREMIUM)
        for step in steps:
            talk >> step
        talk >> Left() << Finish()


def test_a_draft_that_is_good_is_served():
    talk = on(CHEAP, CHEAP, PREMIUM, draft=True)
    talk >> Start() << "held first cheap"
    talk >> Answered() << Judge(20)
    talk >> Judged(good=True) << Serve()
    talk >> Ended() << Finish()


def test_a_draft_that_is_rejected_never_reaches_the_caller_and_premium_answers():
    talk = on(CHEAP, CHEAP, PREMIUM, draft=True)
    talk >> Start() << "held first cheap"
    talk >> Answered() << Judge(20)
    talk >> Judged(good=False) << "escalation premium"
    talk >> Opened() << Forward()
    talk >> Ended() << Finish()


def test_premium_is_retried_behind_a_rejected_draft_and_then_the_tiers_between_answer_once():
    low, middle, high = tier("low"), tier("middle"), tier("high", attempts=2, premium=True)
    talk = on(low, low, middle, high, draft=True)
    talk >> Start() << "held first low"
    talk >> Answered() << Judge(20)
    talk >> Judged(good=False) << "escalation high"
    talk >> OVERLOADED << Wait(0.25)
    talk >> Woke() << "retry high"
    talk >> OVERLOADED << "fallback middle"
    talk >> OVERLOADED << Refuse(OVERLOADED)


def test_a_rejected_draft_is_not_served_where_premium_fails():
    high = tier("high", attempts=1)
    talk = on(CHEAP, CHEAP, high, draft=True)
    talk >> Start() << "held first cheap"
    talk >> Answered() << Judge(20)
    talk >> Judged(good=False) << "escalation high"
    talk >> Failed("timeout") << Refuse(Failed("timeout"))


def test_a_rejected_draft_is_not_served_where_premium_is_not_called():
    talk = on(CHEAP, CHEAP, PREMIUM, draft=True, gate=Shut("premium"))
    talk >> Start() << "held first cheap"
    talk >> Answered() << Judge(20)
    talk >> Judged(good=False) << Refuse(Failed("breaker"))
    assert talk.exchange.tier is PREMIUM  # whose breaker it is


def test_a_draft_is_retried_as_any_answer_is_and_judged_once():
    talk = on(CHEAP, CHEAP, PREMIUM, draft=True)
    talk >> Start() << "held first cheap"
    talk >> OVERLOADED << Wait(0.25)
    talk >> Woke() << "held retry cheap"
    talk >> Answered() << Judge(20)
    talk >> Judged(good=True) << Serve()


def test_an_answer_in_the_place_of_a_draft_that_failed_is_no_draft():
    talk = on(CHEAP, CHEAP, PREMIUM, draft=True)
    talk >> Start() << "held first cheap"
    talk >> Failed("timeout") << "fallback premium"
    talk >> Answered() << Serve()


def test_without_a_dearer_tier_that_could_answer_there_is_no_draft():
    talk = on(CHEAP, CHEAP, PREMIUM, draft=True, barred={"premium": "images"})
    talk >> Start() << "first cheap"
    talk = on(PREMIUM, CHEAP, PREMIUM, draft=True)
    talk >> Start() << "first premium"


def test_a_judgement_has_no_more_time_than_the_request():
    talk = on(CHEAP, CHEAP, PREMIUM, draft=True, limits=Limits(request_timeout=10))
    talk >> Start() << Call(CHEAP, "first", 10, held=True)
    talk.after(8) >> Answered() << Judge(2)
    talk.after(2) >> Judged(good=False) << Refuse(None)


def test_a_good_draft_is_served_even_after_the_deadline():
    talk = on(CHEAP, CHEAP, PREMIUM, draft=True, limits=Limits(request_timeout=10))
    talk >> Start() << Call(CHEAP, "first", 10, held=True)
    talk.after(8) >> Answered() << Judge(2)
    talk.after(3) >> Judged(good=True) << Serve()


def test_a_caller_may_leave_while_the_draft_is_judged():
    talk = on(CHEAP, CHEAP, PREMIUM, draft=True)
    talk >> Start() << "held first cheap"
    talk >> Answered() << Judge(20)
    talk >> Left() << Finish()


def test_an_event_that_cannot_happen_now_is_a_defect():
    with pytest.raises(InternalError, match="Woke cannot happen while new"):
        on(CHEAP) >> Woke()


FAILURES = st.builds(
    Failed,
    st.sampled_from(["connect", "timeout", "reset", "unusable", "unsupported"]),
) | st.builds(
    lambda status, wait: Failed("status", status=status, retry_after=wait),
    st.sampled_from([400, 401, 404, 408, 429, 500, 503, 529]),
    st.none() | st.floats(0, 100),
)


@given(
    failures=st.lists(FAILURES, min_size=20, max_size=20),
    attempts=st.integers(1, 5),
    tiers=st.integers(1, 4),
    at=st.integers(0, 3),
    jitter=st.floats(0, 1, exclude_max=True),
    seconds=st.floats(0, 40),
)
def test_a_request_never_costs_more_calls_than_the_policy_allows(
    failures, attempts, tiers, at, jitter, seconds
):
    ladder = [tier(f"t{number}", attempts=attempts) for number in range(tiers)]
    terms = Terms(tiers=ladder, safe=ladder[-1], limits=LIMITS, gate=Shut(), jitter=lambda: jitter)
    exchange = Exchange(terms, Decision(ladder[at % tiers], "default"))
    now, calls, waited = 0.0, 0, 0.0
    command = exchange.step(Start(), now)
    for failure in itertools.cycle(failures):
        if isinstance(command, Call):
            calls += 1
            assert 0 < command.timeout <= LIMITS.request_timeout - now
            now += min(seconds, command.timeout)
            command = exchange.step(failure, now)
        elif isinstance(command, Wait):
            waited += command.seconds
            now += command.seconds
            assert now < LIMITS.request_timeout
            command = exchange.step(Woke(), now)
        else:
            break
    assert isinstance(command, Refuse)
    assert calls <= attempts + tiers - 1
    assert waited <= (attempts - 1) * (LIMITS.max_retry_after + LIMITS.backoff_max)


@given(
    attempts=st.integers(1, 5),
    tiers=st.integers(2, 5),
    failed=st.lists(st.booleans(), min_size=40, max_size=40),
)
def test_a_cascade_never_costs_more_calls_than_both_tiers_attempts_and_one_for_each_between(
    attempts, tiers, failed
):
    ladder = [tier(f"t{number}", attempts=attempts) for number in range(tiers)]
    terms = Terms(tiers=ladder, safe=ladder[-1], limits=Limits(), gate=Shut(), jitter=lambda: 0.0)
    exchange = Exchange(terms, Decision(ladder[0], "cascade", draft=True))
    calls = judged = 0
    command = exchange.step(Start(), 0.0)
    for bad in itertools.cycle(failed):
        if isinstance(command, Call):
            calls += 1
            command = exchange.step(OVERLOADED if bad else Answered(), 0.0)
        elif isinstance(command, Judge):
            judged += 1
            command = exchange.step(Judged(good=False), 0.0)
        elif isinstance(command, Wait):
            command = exchange.step(Woke(), 0.0)
        else:
            break
    assert isinstance(command, Serve | Refuse)
    assert judged <= 1
    assert calls <= (2 * attempts + tiers - 2 if judged else attempts + tiers - 1)


def test_a_verdict_may_bring_a_routers_own_decision():
    talk = Talk(CHEAP, PREMIUM)
    made = Decision(PREMIUM, "router", 0.75, policy="auto", threshold=0.5)
    talk >> Start() << Classify(3.0)
    talk >> Verdict(None, made) << "first premium"
    assert talk.exchange.decision == made
