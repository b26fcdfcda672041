"""stopping: what the signals of one stop ask for, in whatever order they come."""

from __future__ import annotations

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.gateway.stopping import AT_ONCE, Stopping

T, I = signal.SIGTERM, signal.SIGINT  # noqa: E741 - as they are spelled below


@pytest.mark.parametrize(
    ("signals", "means"),
    [
        ((T,), ["drain"]),
        ((I,), ["drain"]),
        ((T, T), ["drain", None]),
        ((T, T, T), ["drain", None, "at once"]),
        ((T, I), ["drain", "at once"]),
        ((I, I), ["drain", "at once"]),
        ((I, T), ["drain", None]),
        ((I, T, T), ["drain", None, None]),
    ],
)
def test_one_stop_may_be_told_twice_and_whoever_insists_is_heeded(signals, means):
    stopping = Stopping()
    assert [stopping.hear(name) for name in signals] == means


@given(st.lists(st.sampled_from([T, I]), min_size=1))
def test_only_the_first_one_drains_and_enough_of_them_always_end_it(signals):
    stopping = Stopping()
    means = [stopping.hear(name) for name in signals]
    assert means[0] == "drain"
    assert "drain" not in means[1:]
    if signals.count(T) >= AT_ONCE or I in signals[1:]:
        assert "at once" in means
    else:
        assert set(means[1:]) <= {None}


def test_a_stop_that_began_without_a_signal_is_hastened_by_one():
    stopping = Stopping()
    stopping.begin()
    assert [stopping.hear(name) for name in (T, I)] == [None, "at once"]
