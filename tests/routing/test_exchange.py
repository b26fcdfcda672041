"""exchange: each order of failure as a transcript of events (>>) and commands (<<)."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import InternalError
from headgate.routing.exchange import (
    Answered,
    Broke,
    Call,
    Classify,
    Command,
    Ended,
    Event,
    Exchange,
    Failed,
    Finish,
    Forward,
    Left,
    Limits,
    Opened,
    Refuse,
    Serve,
    Start,
    Verdict,
    Wait,
    Woke,
)
from headgate.routing.policy import Decision
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

    def __init__(self, *shut: str, retries: int = 1000) -> None:
        self._shut = shut
        self._retries = retries

    def may_call(self, model: ModelRef, _: float) -> bool:
        return model.model not in self._shut

    def may_retry(self, model: ModelRef, at: float) -> bool:
        self._retries -= 1
        return self.may_call(model, at) and self._retries >= 0


class Talk:
    """A conversation with an exchange: `talk >> event << command`, both checked in order."""

    def __init__(
        self,
        *tiers: Tier,
        start: Decision | None = None,
        limits: Limits = LIMITS,
        jitter: Callable[[], float] = lambda: 1.0,
        gate: Shut | None = None,
    ) -> None:
        self.now = 0.0
        self.exchange = Exchange(
            tiers, start, safe=tiers[-1], limits=limits, jitter=jitter, gate=gate or Shut()
        )
        self._command: Command | None = None

    def __rshift__(self, event: Event) -> Talk:
        self._command = self.exchange.step(event, self.now)
        return self

    def __lshift__(self, expected: Command | str) -> Talk:
        if isinstance(expected, str):
            assert isinstance(self._command, Call), self._command
            assert f"{self._command.cause} {self._command.tier.name}" == expected
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
) -> Talk:
    return Talk(
        *(tiers or (start,)),
        start=Decision(start, "default", routed=routed),
        limits=limits,
        gate=gate,
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


@pytest.mark.parametrize("kind", ["timeout", "unsupported"])
def test_a_failure_that_would_only_repeat_goes_to_the_next_tier_without_waiting(kind):
    talk = on(CHEAP, CHEAP, PREMIUM)
    talk >> Start() << "first cheap"
    talk >> Failed(kind) << "fallback premium"


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
    exchange = Exchange(
        ladder,
        Decision(ladder[at % tiers], "default"),
        safe=ladder[-1],
        limits=LIMITS,
        gate=Shut(),
        jitter=lambda: jitter,
    )
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


def barring(start: Tier, *barred: Tier, routed: bool = True) -> Exchange:
    """An exchange over cheap, middle and premium tiers of which some are closed to the caller."""
    return Exchange(
        LADDER,
        Decision(start, "rule:r", routed=routed),
        safe=LADDER[-1],
        limits=LIMITS,
        jitter=lambda: 1.0,
        gate=Shut(),
        barred=frozenset(tier.name for tier in barred),
    )


LADDER = tuple(Tier(name=name, model=ModelRef("p", name), attempts=1) for name in ("a", "b", "c"))


@pytest.mark.parametrize(
    ("start", "closed", "called"),
    [
        (2, (2,), ["b", "a"]),
        (2, (2, 1), ["a"]),
        (0, (0,), ["b", "c"]),
        (1, (1,), ["a", "c"]),
        (1, (0,), ["b", "c"]),
        (1, (), ["b", "c", "a"]),
    ],
)
def test_a_barred_tier_is_called_neither_first_nor_as_a_fallback(start, closed, called):
    exchange = barring(LADDER[start], *(LADDER[index] for index in closed))
    command, found = exchange.step(Start(), 0.0), []
    while isinstance(command, Call):
        found.append(command.tier.name)
        command = exchange.step(Failed("timeout"), 0.0)
    assert found == called
    assert exchange.decision is not None
    assert exchange.decision.reason == ("rule:r, key" if start in closed else "rule:r")


def test_what_a_caller_pins_has_been_permitted_before():
    command = barring(LADDER[2], LADDER[2], routed=False).step(Start(), 0.0)
    assert isinstance(command, Call)
    assert command.tier.name == "c"
