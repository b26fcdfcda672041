"""The fuzzer: a short run finds nothing, and it would find what it is there to find."""

from __future__ import annotations

import json
import random

import pytest
from benchmarks.reliability import fuzz

from headgate.wire.lane import read
from headgate.wire.passthrough import PlainFlow
from tests.wire.agents import AGENTS

COUNT = 1500


def test_a_short_run_over_requests_finds_nothing():
    outcomes, findings = fuzz.bodies(COUNT, seed=1)
    assert findings == []
    assert outcomes.total() == COUNT
    assert {"refused", "yes+yes+yes"} < set(outcomes)


def test_a_short_run_over_streams_finds_nothing():
    outcomes, findings = fuzz.streams(COUNT, seed=1)
    assert findings == []
    assert len(outcomes) == 4


def test_the_same_seed_and_number_give_the_same_case():
    assert fuzz.bodies(20, seed=3, first=100) == fuzz.bodies(20, seed=3, first=100)
    assert fuzz.bodies(300, seed=3) != fuzz.bodies(300, seed=4)


def test_a_number_that_no_float_holds_is_passed_on_and_is_no_finding():
    """Found among a million: the provider is asked, and says what it thinks of 41e308."""
    body = b'{"model":"auto","messages":[{"role":"user","content":"a"}],"logit_bias":{"1":41e308}}'
    inbound = read("openai", body, {})
    assert fuzz._sent(inbound, "openai", random.Random(1)) == "yes"


def test_what_depends_on_a_split_is_found(monkeypatch: pytest.MonkeyPatch):
    feed = PlainFlow.feed
    monkeypatch.setattr(PlainFlow, "feed", lambda flow, chunk: feed(flow, chunk.strip(b"\n")))
    _, findings = fuzz.streams(200, seed=1)
    assert any("a split changed" in finding.what for finding in findings)


def test_damage_changes_a_copy_and_leaves_the_original():
    fields = AGENTS[0].body
    before = json.dumps(fields)
    changed = {json.dumps(fuzz.damaged(fields, random.Random(n))) for n in range(50)}
    assert json.dumps(fields) == before
    assert len(changed) > 40
