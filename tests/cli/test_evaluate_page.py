"""The evaluation for the terminal: what cannot be had is a dash, and who leads is told apart."""

from __future__ import annotations

import msgspec
import pytest

from headgate.analysis.curve import Measure
from headgate.analysis.evaluate import Evaluation, evaluate
from headgate.cli.evaluate_page import cost_of, leads, measure_of, page, share_of
from tests.analysis.conftest import Trained, trained

__all__ = ["trained"]

NONE = Measure(None, None, None)


@pytest.fixture(scope="module")
def found(trained: Trained) -> Evaluation:
    artifact, fit, test = trained
    return evaluate(artifact.router, fit, test, times=20)


def test_a_router_leads_only_where_no_simple_policy_is_better(found: Evaluation):
    best = msgspec.structs.replace(found.policies["router"], apgr=Measure(0.99, 0.9, 1.0))
    assert leads(msgspec.structs.replace(found, policies={**found.policies, "router": best}))
    ours = msgspec.structs.replace(found.policies["router"], apgr=Measure(0.5, 0.4, 0.6))
    assert not leads(msgspec.structs.replace(found, policies={**found.policies, "router": ours}))
    gone = msgspec.structs.replace(ours, apgr=NONE)
    assert not leads(msgspec.structs.replace(found, policies={**found.policies, "router": gone}))


def test_what_cannot_be_had_is_a_dash(found: Evaluation):
    assert {measure_of(NONE), share_of(NONE), cost_of(NONE, found)} == {"-"}


def test_costs_are_dollars_where_rows_have_them_and_else_shares(found: Evaluation):
    cost = Measure(0.25, None, None)
    assert cost_of(Measure(2_000_000.0, None, None), found) == "0.002000"
    assert cost_of(cost, msgspec.structs.replace(found, priced=False)) == "25.0 %"


def test_the_page_says_which_rows_were_held_out(found: Evaluation):
    assert "held-out rows, the latest;" in page(found, "v")
    assert "latest" not in page(msgspec.structs.replace(found, later=False), "v")
