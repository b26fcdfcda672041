"""learned: which threshold holds, and that the score is the router's own."""

from __future__ import annotations

import msgspec
import pytest

from headgate.errors import ConfigError
from headgate.routing.features import Request
from headgate.routing.learned import learned
from headgate.routing.router import Head
from headgate.values import Ask, ModelRef
from tests.routing.routers import CERTIFICATE, small_artifact, small_router

NOTHING_PASSED = msgspec.structs.replace(CERTIFICATE, threshold=None)


def test_the_threshold_is_the_certificates_unless_one_is_given():
    assert learned(small_artifact(), "v", threshold=None).threshold == CERTIFICATE.threshold
    assert learned(small_artifact(), "v", threshold=0.75).threshold == 0.75


def test_a_certificate_that_no_threshold_passed_sends_everything_to_premium():
    made = learned(small_artifact(NOTHING_PASSED), "v", threshold=None)
    assert made.score(Ask(model="auto", last_user="hello")) >= made.threshold


def test_without_certificate_and_threshold_it_is_refused():
    with pytest.raises(ConfigError, match=r"r\.headgate has no certificate") as caught:
        learned(small_artifact(None), "v", threshold=None, name="r.headgate")
    assert "headgate certify" in (caught.value.fix or "")
    assert learned(small_artifact(None), "v", threshold=0.5).threshold == 0.5


def test_the_score_is_that_of_the_request_as_training_saw_it():
    ask = Ask(model="auto", last_user="prove that", headers={"x-headgate-category": "maths"})
    score = learned(small_artifact(), "v", threshold=None).score(ask)
    assert score == small_router().score(Request(text="prove that", category="maths"))


def test_a_router_with_a_head_names_who_is_asked_for_embeddings():
    made = learned(small_artifact(head=Head("a/b", "endpoint", (0.5,))), "v", threshold=None)
    assert made.embedding == ModelRef("a", "b")
    ask = Ask(model="auto", last_user="hello")
    assert made.score(ask, [2.0]) > made.score(ask, [-2.0])
    assert learned(small_artifact(), "v", threshold=None).embedding is None


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (Head("mine:encode", "local", (0.5,)), "needs embeddings of mine:encode, and the gateway"),
        (Head("nonsense", "endpoint", (0.5,)), "cannot be used"),
    ],
)
def test_embeddings_that_no_endpoint_makes_are_refused(head: Head, why: str):
    with pytest.raises(ConfigError, match=why) as caught:
        learned(small_artifact(head=head), "v", threshold=None, name="r.headgate")
    assert caught.value.fix
