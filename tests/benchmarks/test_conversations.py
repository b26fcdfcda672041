"""detector.conversations: the streams are at the budget, and the ways of betting differ on them."""

from __future__ import annotations

import random
from itertools import islice

import pytest
from benchmarks.detector.conversations import false_alarms, turns
from benchmarks.detector.simulate import BUDGET


@pytest.mark.parametrize("alike", [0.5, 1.0])
def test_as_many_turns_are_premiums_as_the_budget_allows_first_ones_and_all(alike: float):
    found = list(islice(turns(random.Random(1), alike), 60_000))
    firsts = [turn.premium for turn in found if turn.first]
    assert len(found) / len(firsts) == pytest.approx(3, abs=0.1)
    assert sum(firsts) / len(firsts) == pytest.approx(BUDGET, abs=0.01)
    assert sum(turn.premium for turn in found) / len(found) == pytest.approx(BUDGET, abs=0.01)


def test_bets_on_turns_that_follow_raise_false_alarms_and_bets_on_first_ones_do_not():
    raised = false_alarms(3, 1.0, 20_000)
    assert raised == {"all turns": 3, "turns that the policy agrees with": 3, "first requests": 0}
