"""The fuzzer: a short run finds nothing, and it would find what it is there to find."""

from __future__ import annotations

import json
import random

import pytest
from benchmarks.reliability import fuzz, fuzz_wire
from benchmarks.reliability.fuzz import CASES, Finding, jobs, run
from click.testing import CliRunner, Result

from headgate.wire.lane import read
from headgate.wire.passthrough import PlainFlow
from tests.wire.agents import AGENTS

COUNT = 1500


def test_a_short_run_over_requests_finds_nothing():
    outcomes, findings = run("body", range(COUNT), seed=1)
    assert findings == []
    assert outcomes.total() == COUNT
    assert {"refused", "yes+yes+yes"} < set(outcomes)


def test_a_short_run_over_streams_finds_nothing():
    outcomes, findings = run("stream", range(COUNT), seed=1)
    assert findings == []
    assert len(outcomes) == 4


def test_the_same_seed_and_number_give_the_same_case():
    assert run("body", range(100, 120), 3) == run("body", range(100, 120), 3)
    assert run("body", range(300), 3) != run("body", range(300), 4)


def test_every_number_is_in_one_job():
    made = list(jobs("config", 12_000, seed=1))
    assert [number for _, numbers, _ in made for number in numbers] == list(range(12_000))
    assert max(len(numbers) for _, numbers, _ in made) == fuzz.BATCH


def fuzzed(*arguments: str) -> Result:
    return CliRunner().invoke(fuzz.main, arguments)


@pytest.mark.parametrize("kind", [*CASES])
def test_one_case_of_each_kind_is_run_again_by_its_number(kind: str):
    (outcome,) = run(kind, [17], seed=5)[0]
    again = fuzzed("--kind", kind, "--only", "17", "--seed", "5")
    assert (again.exit_code, again.stdout) == (0, f"{kind}: {outcome}\n")


def test_without_a_kind_the_number_is_run_of_all():
    told = fuzzed("--only", "3").stdout.splitlines()
    assert [line.partition(":")[0] for line in told] == ["body", "stream", "config"]


def test_a_case_that_broke_a_rule_raises_when_it_is_run_again(monkeypatch: pytest.MonkeyPatch):
    def breaks(chance: random.Random) -> str:
        raise IndexError(f"of {chance.random()}")

    monkeypatch.setitem(CASES, "config", breaks)
    (found,) = run("config", [7], seed=2)[1]
    assert found.again == "--kind config --only 7"
    again = fuzzed(*found.again.split(), "--seed", "2")
    assert isinstance(again.exception, IndexError)
    assert found == Finding("config", 7, f"IndexError: {again.exception}")


def test_a_run_tells_of_each_kind_how_its_cases_ended():
    fine = fuzzed("--bodies", "20", "--streams", "20", "--configs", "20", "--workers", "1")
    assert fine.exit_code == 0, fine.output
    for kind in CASES:
        assert f"{kind}: 20 cases without a fault" in fine.stdout
    assert "0 findings" in fine.stdout


def test_a_number_that_no_float_holds_is_passed_on_and_is_no_finding():
    """Found among a million: the provider is asked, and says what it thinks of 41e308."""
    body = b'{"model":"auto","messages":[{"role":"user","content":"a"}],"logit_bias":{"1":41e308}}'
    inbound = read("openai", body, {})
    assert fuzz_wire._sent(inbound, "openai", random.Random(1)) == "yes"


def test_what_depends_on_a_split_is_found(monkeypatch: pytest.MonkeyPatch):
    feed = PlainFlow.feed
    monkeypatch.setattr(PlainFlow, "feed", lambda flow, chunk: feed(flow, chunk.strip(b"\n")))
    _, findings = run("stream", range(200), seed=1)
    assert any("a split changed" in finding.what for finding in findings)


def test_damage_changes_a_copy_and_leaves_the_original():
    fields = AGENTS[0].body
    before = json.dumps(fields)
    changed = {json.dumps(fuzz_wire.damaged(fields, random.Random(n))) for n in range(50)}
    assert json.dumps(fields) == before
    assert len(changed) > 40
