"""chart: axes and their ticks."""

import doctest
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

import headgate.render.chart
from headgate.render.chart import Axis, ticks


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.render.chart).failed == 0


@given(
    st.floats(min_value=-1e9, max_value=1e9),
    st.floats(min_value=1e-6, max_value=1e9),
    st.integers(min_value=1, max_value=10),
)
def test_ticks_span_the_range_ascending_and_are_not_too_many(low, length, most):
    assume(length > abs(low) * 1e-6)  # a float has no more digits than that to spare
    found = ticks(low, low + length, most)
    assert len(found) >= 2
    assert all(one < other for one, other in pairwise(found))
    assert found[0] <= low + length * 1e-3 + abs(low) * 1e-6
    assert found[-1] >= low + length * 0.999 - abs(low) * 1e-6
    assert len(found) <= most + 3


def test_a_range_of_one_value_still_has_two_ticks():
    assert len(ticks(0.0, 0.0)) >= 2
    assert len(ticks(5.0, 5.0)) >= 2


def test_values_beyond_an_axis_lie_at_its_end():
    axis = Axis("escalated", ((0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")))
    assert [axis.share(value) for value in (-1, 0.5, 2)] == [0.0, 0.5, 1.0]
