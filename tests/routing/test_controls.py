"""controls: nothing is taken over until somebody does, and then at once."""

from __future__ import annotations

from headgate.routing.controls import STEADY, Controls, Helm


def test_at_first_nobody_has_taken_over():
    assert Helm().controls is STEADY
    assert Controls() == STEADY
    assert (STEADY.pinned, STEADY.threshold) == (False, None)


def test_whoever_holds_the_helm_sees_the_change():
    helm = Helm()
    seen_by_another = helm
    helm.controls = Controls(pinned=True)
    assert seen_by_another.controls.pinned
