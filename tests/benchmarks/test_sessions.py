"""The simulation of conversations: its caches and bills by hand, and what it is there to show."""

from __future__ import annotations

import pytest
from benchmarks.sessions.__main__ import PAIRS, Chat, Pair, Talk, Turn, chats, run, threshold_for

from headgate.routing.session import Terms
from headgate.values import Usage

CHEAP, PREMIUM, WRITES = PAIRS["Haiku 4.5 / Sonnet 4.6"]


@pytest.fixture(scope="module")
def pair() -> Pair:
    return Pair(CHEAP, PREMIUM, writes=WRITES)


def test_a_cache_is_read_while_it_lives_and_each_model_has_its_own(pair: Pair):
    turn = Turn(10.0, 500, 100, hard=False, score=0.0)
    talk = Talk(Chat(2000, (turn,)))
    cheap, premium = pair.cheap.model, pair.premium.model
    assert talk.sent(turn, cheap, writes=True) == Usage(output=100, cache_write_5m=2000)
    talk.at, talk.total = 200.0, 2600
    found = talk.sent(turn, cheap, writes=True)
    assert found == Usage(output=100, cache_read=2000, cache_write_5m=600)
    assert talk.sent(turn, premium, writes=False) == Usage(2600, 100)
    talk.at = 501.0
    assert talk.sent(turn, cheap, writes=True).cache_read == 0


def test_a_bill_is_what_a_hand_reckons(pair: Pair):
    turn = Turn(0.0, 1000, 100, hard=True, score=0.0)
    found = run(pair, [Chat(2000, (turn, turn))], "cheap", 0.0)
    # Haiku 4.5 a million: 5 out, 1.25 written, 0.1 read
    wanted = 3000 * 1250 + 100 * 5000 + 3000 * 100 + 1100 * 1250 + 100 * 5000
    assert found == (wanted, 2, 2, 2, 0)


def test_equal_seeds_give_equal_conversations():
    assert list(chats(5, 1)) == list(chats(5, 1)) != list(chats(5, 2))


@pytest.mark.parametrize("name", PAIRS)
def test_at_equal_quality_sessions_cost_less_than_switching_at_will_or_never(name: str):
    cheap, premium, writes = PAIRS[name]
    pair = Pair(cheap, premium, writes=writes)
    talks = list(chats(150, 1))
    costs = {}
    for terms in ("always", "never", Terms()):
        threshold = threshold_for(pair, talks, terms, 0.2)
        costs[str(terms)] = run(pair, talks, terms, threshold).cost
    always, never, sessions = costs.values()
    assert sessions < always
    assert sessions < 1.02 * never
