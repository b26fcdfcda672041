"""cascade: what its settings mean."""

from __future__ import annotations

from headgate.routing.cascade import Cascade
from headgate.routing.checks import Checks


def test_log_probabilities_are_asked_for_only_where_they_are_held_against_something():
    assert not Cascade().logprobs
    assert Cascade(checks=Checks(min_logprob=-1.0)).logprobs


def test_by_default_nobody_else_is_asked_and_a_failure_rejects():
    cascade = Cascade()
    assert (cascade.second, cascade.judge, cascade.open, cascade.hold) == (None, None, False, True)
