"""budget: outcomes in, alarm and reasons out; each outcome counts once."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headgate.ledger.store import Outcome
from headgate.monitor.budget import ALARM_AT, MOST_HOURS, EscalationBudget
from headgate.routing.policy import PINNED_BY_WATCH, Decision
from headgate.routing.session import SESSION_HEADER, Served, Sessions, Terms
from headgate.routing.tier import Tier
from headgate.stats.sequential import Detector, DetectorState, confidence_sequence
from headgate.values import Ask, ModelRef, Usage
from tests.known import known
from tests.ledger.samples import NOON_US

HOUR, DAY = 3_600_000_000, 86_400_000_000
WEEK = 7 * DAY


def outcome(sequence: int, at_us: int, premium: bool, **changes: Any) -> Outcome:
    found = Outcome(
        sequence, at_us, "/v1/chat/completions", "auto", "classifier", "a/m", "c1", premium
    )
    return found._replace(**changes)


def outcomes(
    seed: int, days: int, a_day: int, rate_at: Callable[[float], float], **changes: Any
) -> Iterator[Outcome]:
    """Evenly spread over days that end at noon; the rate follows the day, counted from 0."""
    chance = random.Random(seed)
    for number in range(days * a_day):
        day = number / a_day
        at_us = NOON_US - days * DAY + round(day * DAY)
        yield outcome(number + 1, at_us, chance.random() < rate_at(day), **changes)


def budget(found: Iterator[Outcome], share: float | None = 0.15) -> EscalationBudget:
    account = EscalationBudget(share, WEEK)
    account.fold(found)
    return account


def test_within_its_budget_there_is_no_alarm_and_nothing_to_explain():
    found = budget(outcomes(1, 30, 500, lambda _: 0.12)).assess(NOON_US)
    assert not found.breached
    assert (found.alarm_us, found.creep, found.attribution) == (None, None, None)
    assert 0 <= found.evidence < 1
    assert found.served == 15_000
    assert found.low < 0.12 < found.high
    assert (found.low, found.high) == confidence_sequence(found.escalated, found.served)


def test_a_step_raises_the_alarm_and_is_dated():
    found = budget(outcomes(1, 60, 500, lambda day: 0.12 if day < 40 else 0.22)).assess(NOON_US)
    began = NOON_US - 20 * DAY
    assert found.breached
    assert began < known(found.alarm_us) < began + 4 * DAY
    assert known(found.creep).shape == "step"
    assert known(found.creep).earliest_us <= began <= known(found.creep).latest_us
    assert abs(known(found.creep).began_us - began) < DAY
    assert known(found.creep).before == pytest.approx(0.12, abs=0.01)
    assert known(found.creep).after == pytest.approx(0.22, abs=0.015)


def test_a_creep_is_dated_from_where_it_left_its_level():
    def rate(day: float) -> float:
        return 0.12 + max(0.0, day - 60) * 0.001

    found = budget(outcomes(2, 180, 300, rate)).assess(NOON_US)
    began = NOON_US - 120 * DAY
    assert known(found.creep).shape == "ramp"
    assert known(found.creep).earliest_us <= began <= known(found.creep).latest_us
    assert known(found.creep).after == pytest.approx(0.24, abs=0.02)
    assert known(found.alarm_us) > began


def test_the_alarm_is_that_of_the_detector():
    rows = list(outcomes(3, 20, 500, lambda day: 0.12 if day < 10 else 0.25))
    detector = Detector(DetectorState(budget=0.15, threshold=ALARM_AT))
    raised = next(row.at_us for row in rows if detector.update(row.premium) == "raised")
    assert budget(iter(rows)).assess(NOON_US).alarm_us == raised


def test_an_alarm_is_cleared_and_the_next_one_dated_after_it():
    def rate(day: float) -> float:
        return 0.25 if 10 <= day < 20 or day >= 50 else 0.08

    found = budget(outcomes(4, 60, 500, rate)).assess(NOON_US)
    assert NOON_US - 40 * DAY < known(found.cleared_us) < NOON_US - 30 * DAY
    assert known(found.alarm_us) > NOON_US - 10 * DAY
    assert abs(known(found.creep).began_us - (NOON_US - 10 * DAY)) < DAY


def test_folding_again_what_was_folded_changes_nothing():
    rows = list(outcomes(5, 30, 300, lambda day: 0.12 if day < 20 else 0.25))
    once, often = EscalationBudget(0.15, WEEK), EscalationBudget(0.15, WEEK)
    assert once.fold(rows) == len(rows)
    for start in range(0, len(rows), 1_000):
        assert often.fold(rows[: start + 1_000]) == len(rows[start : start + 1_000])
    assert often.fold(rows) == 0
    assert often.cursor == once.cursor == len(rows)
    assert often.assess(NOON_US) == once.assess(NOON_US)


def test_windows_count_what_lies_within_them():
    rows = [outcome(n + 1, NOON_US - n * HOUR, premium=n < 6) for n in range(400)]
    found = budget(iter(rows)).assess(NOON_US)
    assert (found.slow.span_seconds, found.fast.span_seconds) == (7 * 86_400, 6 * 3_600)
    assert (found.slow.served, found.slow.escalated) == (168, 6)
    assert (found.fast.served, found.fast.escalated) == (6, 6)
    assert found.fast.burn == pytest.approx(1 / 0.15)
    assert found.slow.burn == pytest.approx(6 / 168 / 0.15)


def test_short_windows_are_counted_by_the_minute():
    account = EscalationBudget(0.5, HOUR)
    account.fold(outcome(n + 1, NOON_US - n * 60_000_000, premium=n % 2 == 0) for n in range(200))
    found = account.assess(NOON_US)
    assert (found.slow.served, found.slow.escalated) == (60, 30)
    assert found.fast.served in (2, 3)


def test_a_window_that_has_gone_by_is_empty():
    found = budget(outcomes(6, 3, 100, lambda _: 0.1)).assess(NOON_US + 30 * DAY)
    assert (found.slow.served, found.slow.rate, found.slow.burn) == (0, None, None)
    assert found.served == 300


def test_routes_are_watched_apart_from_when_there_are_two():
    one = outcomes(7, 30, 300, lambda _: 0.10)
    other = outcomes(8, 30, 300, lambda day: 0.10 if day < 20 else 0.40, route="/v1/messages")
    rows = sorted([*one, *other], key=lambda row: row.at_us)
    numbered = (row._replace(sequence=number) for number, row in enumerate(rows, start=1))
    found = budget(numbered).assess(NOON_US)
    states = {scope.name: scope for scope in found.scopes}
    assert set(states) == {"/v1/chat/completions", "/v1/messages"}
    assert states["/v1/chat/completions"].alarm_us is None
    assert NOON_US - 10 * DAY < known(states["/v1/messages"].alarm_us) < known(found.alarm_us)
    assert sum(scope.served for scope in found.scopes) == found.served
    dimension, part = known(known(found.attribution).cause)
    assert (dimension, part.name) == ("route", "/v1/messages")
    assert part.rate_shift > 5 * abs(part.mix_shift)


def test_one_route_is_all_there_is_to_say():
    assert budget(outcomes(9, 3, 100, lambda _: 0.1)).assess(NOON_US).scopes == ()


def test_a_route_that_comes_late_does_not_change_what_the_first_has_seen():
    rows = list(outcomes(10, 10, 300, lambda day: 0.1 if day < 5 else 0.3))
    late = outcome(len(rows) + 1, NOON_US, premium=False, route="/v1/messages")
    alone, with_late = budget(iter(rows)), budget(iter([*rows, late]))
    first = next(r for r in with_late.assess(NOON_US).scopes if r.served == len(rows))
    assert first.alarm_us == alone.assess(NOON_US).alarm_us
    assert first.escalated == alone.assess(NOON_US).escalated


def mixed(*parts: Iterator[Outcome]) -> list[Outcome]:
    rows = sorted((row for part in parts for row in part), key=lambda row: row.at_us)
    return [row._replace(sequence=number) for number, row in enumerate(rows, start=1)]


def test_a_budget_of_its_own_is_what_a_route_key_or_policy_is_held_to():
    rows = mixed(
        outcomes(3, 20, 400, lambda _: 0.1, key="key_1"),
        outcomes(4, 20, 200, lambda _: 0.3, route="/v1/messages", key="key_2", policy="careful"),
    )
    account = EscalationBudget(
        0.5,
        WEEK,
        own={("route", "/v1/messages"): 0.4, ("key", "key_2"): 0.2, ("policy", "careful"): 0.35},
    )
    account.fold(rows)
    found = account.assess(NOON_US)
    assert found.alarm_us is None
    states = {scope.title: scope for scope in found.scopes}
    assert set(states) == {
        "route /v1/messages",
        "route /v1/chat/completions",
        "key key_2",
        "policy careful",
    }
    assert states["key key_2"].alarm_us is not None
    assert states["route /v1/messages"].alarm_us is None
    assert states["policy careful"].served == 4_000
    assert [scope.own for scope in found.scopes] == [True, True, True, False]
    assert states["route /v1/chat/completions"].budget == 0.5
    assert found.breached


def test_a_first_route_with_a_budget_of_its_own_is_watched_from_the_first_request():
    account = EscalationBudget(0.5, WEEK, own={("route", "/v1/chat/completions"): 0.15})
    account.fold(outcomes(4, 20, 400, lambda _: 0.3))
    (scope,) = account.assess(NOON_US).scopes
    assert scope.served == 8_000
    assert scope.alarm_us is not None


def test_the_chance_of_a_false_alarm_is_shared_by_the_kinds_of_scope():
    one = EscalationBudget(0.15, WEEK)
    three = EscalationBudget(0.15, WEEK, own={("key", "a"): 0.1, ("policy", "b"): 0.1})
    assert one._scope_at == ALARM_AT
    assert three._scope_at == 3 * ALARM_AT


def test_a_route_alone_above_the_common_budget_does_not_breach_it():
    rows = mixed(
        outcomes(3, 20, 900, lambda _: 0.05),
        outcomes(4, 20, 100, lambda _: 0.5, route="/v1/messages"),
    )
    account = EscalationBudget(0.15, WEEK)
    account.fold(rows)
    found = account.assess(NOON_US)
    assert any(scope.alarm_us for scope in found.scopes)
    assert not found.breached


def test_what_the_watch_has_pinned_says_nothing_of_the_router():
    account = EscalationBudget(0.15, WEEK)
    rows = outcomes(5, 10, 500, lambda _: 0.1)
    pinned = outcomes(5, 1, 500, lambda _: 1.0, reason=PINNED_BY_WATCH)
    account.fold(row._replace(sequence=n) for n, row in enumerate([*rows, *pinned], start=1))
    found = account.assess(NOON_US)
    assert (found.served, found.set_aside) == (5_000, 500)
    assert not found.breached
    assert account.cursor == 5_500


CHEAP = Tier(name="cheap", model=ModelRef("a", "small"))
PREMIUM = Tier(name="premium", model=ModelRef("a", "large"), premium=True)


def talks(
    seed: int, count: int, turns: int, rate: float, alike: float = 0.8, *, latch: bool = True
) -> Iterator[Outcome]:
    """Conversations one after the other, as sessions decide their turns.

    The policy asks for premium at the rate; in a further turn for what it asked for at first, with
    a chance of `alike`, and else at the rate again.
    """
    chance = random.Random(seed)
    sessions = Sessions((CHEAP, PREMIUM), Terms(latch=latch), lambda model, usage: 1)
    usage, first = Usage(1000, 100), CHEAP
    for number in range(count * turns):
        talk, turn = number // turns, number % turns
        if turn == 0 or chance.random() >= alike:
            wanted = PREMIUM if chance.random() < rate else CHEAP
            first = first if turn else wanted
        else:
            wanted = first
        ask = Ask(model="auto", headers={SESSION_HEADER: str(talk)})
        said = sessions.talk(ask, "key")
        session = sessions.live(said, 1.0)
        decision = Decision(wanted, "router")
        if session is not None:
            decision = sessions.decide(session, said, decision, 1.0)
        sessions.note(said, Served(decision.tier, usage), decision.reason, 1.0)
        at_us = NOON_US + number * 1_000_000
        yield outcome(number + 1, at_us, decision.tier.premium, reason=decision.reason)


@pytest.mark.parametrize("latch", [True, False])
@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
def test_the_detector_bets_on_the_first_request_of_each_conversation_alone(
    alike: float, latch: bool
):
    found = list(talks(4, 900, 4, 0.3, alike, latch=latch))
    firsts = found[::4]
    whole, alone = budget(iter(found)), budget(iter(firsts))
    assert whole.assess(NOON_US).alarm_us == known(alone.assess(NOON_US).alarm_us)
    assert known(whole.state.all.detector) == known(alone.state.all.detector)
    assert whole.state.all.n == len(found)


def test_requests_that_go_on_with_a_conversation_are_counted_and_raise_no_alarm():
    rows = list(talks(3, 4_000, 5, 0.14, 1.0))
    followed = budget(iter(rows))
    alone = budget(one._replace(reason="router") for one in rows)
    assert followed.state.all.n == 20_000
    assert followed.state.all.hits == alone.state.all.hits
    assert known(followed.state.all.detector).since == 0
    assert known(alone.state.all.detector).since > 0


def test_a_restart_ends_the_alarm_and_begins_anew_wherever_it_is_read():
    at_us = NOON_US - 5 * DAY

    def rate(day: float) -> float:
        return 0.3 if 5 < day < 15 else 0.1

    rows = list(outcomes(6, 20, 500, rate))
    known_before = EscalationBudget(0.15, WEEK, restarts=[at_us])
    known_before.fold(rows)
    live = EscalationBudget(0.15, WEEK)
    live.fold(row for row in rows if row.at_us < at_us)
    assert live.assess(at_us - 1).alarm_us is not None
    live.restart(at_us)
    live.restart(at_us)
    live.fold(rows)
    assert live.assess(NOON_US) == known_before.assess(NOON_US)
    assert live.assess(NOON_US).alarm_us is None
    assert live.assess(NOON_US).cleared_us == at_us


def test_after_a_restart_the_same_rate_raises_a_new_alarm():
    account = EscalationBudget(0.15, WEEK, restarts=[NOON_US - 10 * DAY])
    account.fold(outcomes(7, 20, 500, lambda _: 0.3))
    assert known(account.assess(NOON_US).alarm_us) > NOON_US - 10 * DAY


@pytest.mark.parametrize("field", ["category", "key", "router", "policy"])
def test_the_category_key_or_router_that_moved_is_named(field: str):
    rows = mixed(
        outcomes(8, 40, 400, lambda _: 0.1, **{field: "calm"}),
        outcomes(9, 40, 100, lambda day: 0.1 if day < 30 else 0.7, **{field: "moved"}),
    )
    account = EscalationBudget(0.15, WEEK)
    account.fold(rows)
    dimension, part = known(known(account.assess(NOON_US).attribution).cause)
    assert (dimension, part.name) == (field, "moved")


def test_the_reason_that_moved_is_named():
    chance = random.Random(11)
    rows = []
    for number in range(30 * 400):
        day = number / 400
        code = chance.random() < (0.1 if day < 20 else 0.35)
        rows.append(
            outcome(
                number + 1,
                NOON_US - 30 * DAY + round(day * DAY),
                premium=code or chance.random() < 0.02,
                reason="rule:code" if code else "classifier",
            )
        )
    found = budget(iter(rows)).assess(NOON_US)
    dimension, part = known(known(found.attribution).cause)
    assert (dimension, part.name) == ("reason", "rule:code")
    assert part.mix_shift > 5 * abs(part.rate_shift)


def test_rows_that_come_in_late_count_where_they_belong():
    rows = list(outcomes(12, 10, 200, lambda _: 0.1))
    late = [row._replace(sequence=5_000 + row.sequence) for row in rows[:100]]
    in_time, out_of_time = budget(iter(rows)), budget(iter([*rows[100:], *late]))
    one, other = in_time.assess(NOON_US), out_of_time.assess(NOON_US)
    assert (one.served, one.escalated, one.slow, one.fast) == (
        other.served,
        other.escalated,
        other.slow,
        other.fast,
    )
    assert (one.first_us, one.last_us) == (other.first_us, other.last_us)


def test_without_a_budget_it_is_counted_and_never_judged():
    found = budget(outcomes(13, 10, 300, lambda _: 0.9), None).assess(NOON_US)
    assert not found.breached
    assert (found.evidence, found.slow.burn) == (0.0, None)
    assert found.slow.rate == pytest.approx(0.9, abs=0.03)


def test_a_budget_of_everything_is_never_breached():
    assert not budget(outcomes(14, 5, 300, lambda _: 1.0), 1.0).assess(NOON_US).breached


def test_a_budget_of_nothing_is_breached_by_the_first_escalation():
    rows = [outcome(1, NOON_US - 9, premium=False), outcome(2, NOON_US - 5, premium=True)]
    assert budget(iter(rows[:1]), 0.0).assess(NOON_US).alarm_us is None
    assert budget(iter(rows), 0.0).assess(NOON_US).alarm_us == NOON_US - 5


def test_nothing_yet_is_no_failure():
    found = EscalationBudget(0.15, WEEK).assess(NOON_US)
    assert (found.served, found.rate, found.low, found.high) == (0, None, 0.0, 1.0)
    assert (found.first_us, found.last_us, found.alarm_us) == (None, None, None)


def test_memory_does_not_grow_with_the_ledger():
    account = EscalationBudget(0.15, WEEK)
    account.fold(outcome(n + 1, NOON_US + n * HOUR, premium=False) for n in range(MOST_HOURS + 500))
    assert len(account._hours) == MOST_HOURS
    assert len(account._all._recent) <= WEEK // HOUR + 1
    assert account.assess(NOON_US + (MOST_HOURS + 500) * HOUR).served == MOST_HOURS + 500
