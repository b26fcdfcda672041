"""The purse: spent and held together never pass the cap, whatever is drawn and settled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.analysis.purse import Purse, SpentError

STEPS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60)))


@given(st.integers(0, 200), STEPS)
def test_the_cap_holds_where_no_call_costs_more_than_its_worst(cap, steps):
    purse = Purse(cap)
    for amount, worst, cost in steps:
        money = purse.allow(amount)
        if money is None:
            continue
        try:
            money.draw(worst)
            assert purse.spent + purse.held <= cap
            money.settle(worst, min(cost, worst))
        except SpentError:
            pass
        money.close()
        assert 0 <= purse.spent <= cap
        assert purse.held == 0


def test_what_was_spent_before_counts():
    assert Purse(10, 8).allow(3) is None
    assert Purse(10, 8).allow(2) is not None


def test_a_call_that_is_dearer_than_laid_aside_draws_on_the_purse():
    purse = Purse(10)
    money = purse.allow(4)
    assert money is not None
    money.draw(7)
    assert purse.left == 3
    with pytest.raises(SpentError):
        money.draw(4)


def test_what_was_not_drawn_comes_back():
    purse = Purse(10)
    money = purse.allow(6)
    assert money is not None
    money.draw(1)
    money.settle(1, 1)
    money.close()
    assert (purse.spent, purse.held, purse.left) == (1, 0, 9)
