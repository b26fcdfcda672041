"""drift: an oracle in closed form, the promise by simulation, and what a shift is called."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator

import pytest

from headgate.ledger.store import Outcome
from headgate.monitor.drift import ALARM_AT, HOUR_US, LEAST_HOURS, ODDS_RATIOS, Drift, DriftWatch
from headgate.routing.reference import OTHER, Histogram, Reference
from tests.known import known
from tests.monitor.test_budget import outcome

ROUTER = "0f3a"
ROWS = 4_000
KINDS = ("code", "chat", "maths")


def sample(seed: int = 1) -> Reference:
    dice = random.Random(seed)
    return Reference.of(
        [dice.random() for _ in range(ROWS)],
        [1 + int(dice.expovariate(1 / 800)) for _ in range(ROWS)],
        [dice.choice(KINDS) for _ in range(ROWS)],
    )


REFERENCE = sample()


def traffic(
    seed: int,
    hours: int,
    an_hour: int,
    *,
    score: Callable[[random.Random, int], float] = lambda dice, _: dice.random(),
    tokens: Callable[[random.Random, int], int] = lambda dice, _: (
        1 + int(dice.expovariate(1 / 800))
    ),
    category: Callable[[random.Random, int], str] = lambda dice, _: dice.choice(KINDS),
) -> Iterator[Outcome]:
    dice = random.Random(seed)
    for number in range(hours * an_hour):
        hour = number // an_hour
        yield outcome(
            number + 1,
            hour * HOUR_US + number % an_hour,
            premium=False,
            router=ROUTER,
            score=score(dice, hour),
            tokens=tokens(dice, hour),
            category=category(dice, hour),
        )


def drift(rows: Iterator[Outcome], reference: Reference = REFERENCE, factor: float = 1.5) -> Drift:
    watch = DriftWatch(ROUTER, reference, factor)
    watch.fold(rows)
    return watch.assess(10**18)


def test_traffic_like_the_sample_leaves_the_certificate_as_it_is():
    found = drift(traffic(2, 500, 40))
    assert found.stale_us is None
    assert found.shifts == ()
    assert found.unwatched == ()
    assert (found.requests, found.hours) == (20_000, 500)


def effect(hours: list[tuple[int, int]], place: int) -> float:
    """The variance of a part's counts by the hour, over a binomial's."""
    rows, hits = sum(map(sum, hours)), sum(pair[place] for pair in hours)
    share, k = hits / rows, len(hours)
    squares = sum((pair[place] - share * sum(pair)) ** 2 for pair in hours) * k / (k - 1)
    return max(1.0, squares / (rows * share * (1 - share)))


def strayed(shifted: float) -> int | None:
    """When it is stale where each hour has two conversations of ten requests of one score."""
    dice, sequence = random.Random(3), 0
    reference = Reference.of([dice.random() for _ in range(2_000)])
    watch = DriftWatch(ROUTER, reference, 1.5)
    for hour in range(1_000):
        for _ in range(2):
            score = 0.05 if dice.random() < shifted else dice.random()
            for _ in range(10):
                sequence += 1
                one = outcome(sequence, hour * HOUR_US, False, router=ROUTER, score=score)
                watch.fold([one])
    return watch.assess(1_001 * HOUR_US).stale_us


def test_conversations_whose_scores_are_alike_do_not_make_a_certificate_stale():
    assert strayed(0.0) is None


def test_a_shift_is_found_though_requests_come_in_conversations():
    assert known(strayed(0.4)) < 500 * HOUR_US


def test_the_evidence_is_that_of_the_formula():
    reference = Reference(rows=100, scores=Histogram((0.5,), (50, 50)))
    watch = DriftWatch(ROUTER, reference, 1.5)
    parts = watch._facets[0].parts
    hours = [(7, 3), (1, 9), (10, 0)] * 9
    rows, sequence = [], 0
    for hour, (low, high) in enumerate(hours):
        for score in [0.1] * low + [0.9] * high:
            sequence += 1
            rows.append(outcome(sequence, hour * HOUR_US, False, router=ROUTER, score=score))
    watch.fold(rows)
    found = watch.assess(len(hours) * HOUR_US)
    total, bets = 0.0, 2 * 2 * len(ODDS_RATIOS)
    for place, part in enumerate(parts):
        for bound, sign in ((part.high, 1), (part.low, -1)):
            for ratio in ODDS_RATIOS:
                worth = 0.0
                for at, pair in enumerate(hours):
                    if at < LEAST_HOURS:
                        continue
                    n, h = sum(pair), pair[place]
                    odds = bound / (1 - bound) * ratio**sign
                    q = odds / (1 + odds)
                    gain = (q / bound) ** h * ((1 - q) / (1 - bound)) ** (n - h)
                    worth = (worth + 1 / bets) * gain ** (1 / effect(hours[:at], place))
                total += worth if 0 < bound < 1 else 0.0
    assert found.evidence == pytest.approx(max(0.0, math.log(total) / math.log(ALARM_AT)))


@pytest.mark.parametrize(
    ("facet", "changes"),
    [
        ("scores", {"score": lambda dice, hour: dice.random() ** (1 if hour < 100 else 0.2)}),
        ("tokens", {"tokens": lambda dice, hour: int(dice.expovariate(1 / 800)) + 1 if hour < 100
                    else int(dice.expovariate(1 / 4000)) + 1}),
        ("categories", {"category": lambda dice, hour: dice.choice(KINDS) if hour < 100
                        else dice.choice(("code", "code", "code", "code", "chat"))}),
    ],
)  # fmt: skip
def test_a_shift_makes_the_certificate_stale_and_is_named(facet, changes):
    found = drift(traffic(3, 300, 40, **changes))
    stale = known(found.stale_us) // HOUR_US
    assert 100 < stale < 200
    assert found.evidence > 1
    assert {shift.facet for shift in found.shifts} == {facet}
    for shift in found.shifts:
        assert not shift.low <= shift.share_now <= shift.high


def test_a_kind_of_task_that_the_sample_did_not_have_is_found():
    found = drift(
        traffic(
            4,
            200,
            40,
            category=lambda dice, hour: "law" if hour > 50 and dice.random() < 0.2
            else dice.choice(KINDS),
        )
    )  # fmt: skip
    assert found.stale_us is not None
    (shift,) = (shift for shift in found.shifts if shift.part == OTHER)
    assert shift.share_then == 0
    assert shift.share_now == pytest.approx(0.2, abs=0.05)


def test_a_shift_within_the_factor_is_allowed():
    def score(dice: random.Random, _: int) -> float:
        return dice.random() * 0.5 if dice.random() < 0.15 else dice.random()  # bins: 0.85 to 1.15

    assert drift(traffic(5, 500, 40, score=score)).stale_us is None


def test_it_stays_stale_when_traffic_comes_back():
    def score(dice: random.Random, hour: int) -> float:
        return dice.random() ** (0.2 if 100 <= hour < 200 else 1)

    found = drift(traffic(6, 600, 40, score=score))
    assert found.stale_us is not None
    assert found.shifts == ()


def test_outcomes_of_other_routers_and_without_a_score_do_not_count():
    rows = [row._replace(router="ffff") for row in traffic(7, 50, 20)]
    rows += [row._replace(sequence=row.sequence + 1000, score=None) for row in traffic(7, 50, 20)]
    assert drift(iter(rows)).requests == 0


def test_what_traffic_or_sample_does_not_say_is_named_as_unwatched():
    rows = [row._replace(tokens=0, category=None) for row in traffic(8, 50, 20)]
    assert drift(iter(rows)).unwatched == ("tokens", "categories")
    assert drift(traffic(8, 5, 5), Reference.of([0.5] * 100)).unwatched == ("tokens", "categories")


def test_folding_again_changes_nothing():
    rows = list(traffic(9, 100, 20))
    watch = DriftWatch(ROUTER, REFERENCE, 1.5)
    for end in (500, 1500, 1200, len(rows)):
        watch.fold(rows[:end])
    assert watch.assess(10**18) == drift(iter(rows))


def test_an_hour_under_way_is_not_judged():
    watch = DriftWatch(ROUTER, REFERENCE, 1.5)
    watch.fold(traffic(10, 3, 20))
    assert watch.assess(2 * HOUR_US + 5).hours == 2
    assert watch.assess(3 * HOUR_US).hours == 3
    assert watch.assess(4 * HOUR_US).hours == 3


def test_a_small_sample_allows_more():
    small = Reference.of([n / 60 for n in range(60)])
    (low, high) = DriftWatch(ROUTER, small, 1.5)._facets[0].parts[0][2:]
    (full_low, full_high) = (
        DriftWatch(ROUTER, Reference.of([n / 6000 for n in range(6000)]), 1.5)
        ._facets[0]
        .parts[0][2:]
    )
    assert low < 0.5 / 1.5
    assert high > full_high
    assert full_low == pytest.approx(0.1 / 1.5, rel=0.15)


@pytest.mark.parametrize("hour", [1, 40])
def test_of_years_with_one_bin_at_the_bound_few_are_called_stale(hour: int):
    """Every bin at the worst that is allowed at once is no distribution; one bin is pushed."""
    stale = 0
    for seed in range(25):
        dice = random.Random(seed)
        reference = sample(1000 + seed)

        def score(_: random.Random, __: int, dice: random.Random = dice) -> float:
            # the lowest true decile gets 1.5 times its share, the others lose alike
            return dice.random() * 0.1 if dice.random() < 0.05 / 0.9 else dice.random()

        stale += drift(traffic(seed, 250, hour, score=score), reference).stale_us is not None
    assert stale <= 2
