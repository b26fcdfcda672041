"""verifier: it judges drafts by a router that was trained with them, and is no router itself."""

from __future__ import annotations

import msgspec
import pytest

from headgate.errors import ConfigError
from headgate.routing.artifact import Artifact, dump, load
from headgate.routing.draft import Draft
from headgate.routing.learned import learned
from headgate.routing.verifier import verifier
from headgate.values import Ask
from tests.routing.routers import CERTIFICATE, small_artifact

ASK = Ask(model="auto", last_user="zzz")


def judging() -> Artifact:
    made = small_artifact()
    made.router.traits["draft failed=refusal"] = 0.5
    return msgspec.structs.replace(
        made, training=msgspec.structs.replace(made.training, kind="verifier")
    )


def test_a_draft_that_failed_a_check_is_rejected_and_a_sound_one_is_kept():
    judge = verifier(load(dump(judging())), "v", threshold=None)
    assert judge.threshold == CERTIFICATE.threshold
    assert judge.rejects(ASK, Draft(failed=("refusal",)))
    assert not judge.rejects(ASK, Draft())
    assert judge.score(ASK, Draft(failed=("refusal",))) > judge.score(ASK, Draft())


def test_a_threshold_that_is_given_stands_before_the_certificates():
    assert not verifier(judging(), "v", threshold=0.99).rejects(ASK, Draft(failed=("refusal",)))


def test_a_router_is_no_verifier_and_a_verifier_no_router():
    with pytest.raises(ConfigError, match="never seen a cheap answer"):
        verifier(small_artifact(), "v", threshold=None)
    with pytest.raises(ConfigError, match="cannot choose before there is one"):
        learned(judging(), "v", threshold=None)


def test_without_certificate_and_threshold_it_is_refused():
    bare = msgspec.structs.replace(judging(), certificate=None)
    with pytest.raises(ConfigError, match="has no certificate"):
        verifier(bare, "v", threshold=None)
