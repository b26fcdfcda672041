"""policies: what a file says of who decides, made into policies."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from headgate.bootstrap.book import book_of
from headgate.bootstrap.policies import embedding_of, policies_of
from headgate.errors import ConfigError
from headgate.routing.artifact import dump
from headgate.routing.checks import Checks
from headgate.routing.policies import Policies
from headgate.routing.policy import Decision
from headgate.routing.router import Head
from headgate.values import Ask, ModelRef
from tests.routing.routers import CERTIFICATE, small_artifact
from tests.settings.files import GOOD, TIERS, Desk

LEARNED = '[classifier]\nkind = "learned"\nrouter = "r.headgate"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "r.headgate").write_bytes(dump(small_artifact()))
    return Desk(tmp_path)


def decided_by(policies: Policies, ask: Ask) -> Decision | None:
    policy = policies.policy(ask)
    assert policy is not None
    return policy.decide(ask)


def decided(desk: Desk, text: str, **ask) -> Decision | None:
    policies = policies_of(desk.read(text + TIERS).settings)
    return decided_by(policies, Ask(model="auto", **ask))


def tier_of(desk: Desk, text: str, **ask) -> str:
    decision = decided(desk, text, **ask)
    assert decision is not None
    return decision.tier.name


def test_a_learned_router_is_loaded_from_beside_the_file(desk: Desk):
    assert tier_of(desk, LEARNED, last_user="prove that") == "premium"
    assert tier_of(desk, LEARNED, last_user="hello") == "cheap"


def test_below_the_threshold_default_answers(desk: Desk):
    assert tier_of(desk, LEARNED + 'default = "premium"\n', last_user="hello") == "premium"


def test_rules_may_come_before_the_router(desk: Desk):
    rule = "[[classifier.rules]]\nname = 'long'\ntier = 'premium'\nmin_tokens = 10\n"
    decision = decided(desk, LEARNED + rule, last_user="hello", tokens=10)
    assert decision is not None
    assert decision.reason == "rule:long"


def test_what_each_kind_answers_when_nothing_else_decides(desk: Desk):
    assert tier_of(desk, '[classifier]\nkind = "none"\n') == "premium"
    rules = "[[classifier.rules]]\nname = 'x'\ntier = 'premium'\ntools = true\n"
    assert tier_of(desk, '[classifier]\nkind = "rules"\n' + rules) == "cheap"
    assert decided(desk, '[classifier]\nkind = "model"\nmodel = "a/x"\n') is None


@pytest.mark.parametrize(
    ("data", "problem", "fix"),
    [
        (None, "No such file", "headgate train"),
        (b"hello", "is no router", "headgate train"),
        (dump(small_artifact(None)), "has no certificate", "headgate certify"),
        (dump(small_artifact())[:-1], "is damaged", "Copy it again"),
    ],
)
def test_a_router_that_cannot_be_used_is_told_with_its_field_and_the_fix(
    desk: Desk, data: bytes | None, problem: str, fix: str
):
    file = desk.path.parent / "r.headgate"
    file.unlink()
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        decided(desk, LEARNED)
    (fault,) = caught.value.faults
    assert fault.field == "classifier.router"
    assert problem in fault.message
    assert str(file) in fault.message
    assert fix in fault.fix


def test_a_threshold_stands_in_for_a_certificate(desk: Desk):
    (desk.path.parent / "r.headgate").write_bytes(dump(small_artifact(None)))
    assert tier_of(desk, LEARNED + "threshold = 0.9\n", last_user="prove that") == "cheap"
    assert CERTIFICATE.threshold is not None


def test_further_policies_and_routes_are_built(desk: Desk):
    text = '[policies.best]\nkind = "none"\n[[routes]]\npolicy = "best"\nheader = "x-team: red"\n'
    rules = "[classifier]\nkind = 'none'\ndefault = 'cheap'\n"
    policies = policies_of(desk.read(rules + text + TIERS).settings)
    assert [policy.name for policy in policies.policies] == ["auto", "best"]
    asks = [Ask(model="auto"), Ask(model="auto:best"), Ask(model="auto", headers={"x-team": "red"})]
    decisions = [decided_by(policies, ask) for ask in asks]
    assert [(made.policy, made.tier.name) for made in decisions if made] == [
        ("auto", "cheap"),
        ("best", "premium"),
        ("best", "premium"),
    ]


def test_a_context_window_comes_from_the_file_or_else_from_the_price_list(desk: Desk):
    settings = desk.read(GOOD, "tiers.cheap.context=1234").settings
    cheap, premium = policies_of(settings, book_of(settings), date(2026, 11, 1)).tiers
    assert cheap.context == 1234
    assert premium.context == 1_000_000
    assert policies_of(settings).tiers[1].context is None


def test_what_a_tier_can_serve_comes_from_the_file(desk: Desk):
    sets = ("tiers.cheap.images=false", "tiers.cheap.tools=false", "tiers.cheap.json_schema=false")
    cheap, premium = policies_of(desk.read(GOOD, *sets).settings).tiers
    assert (cheap.images, cheap.tools, cheap.json_schema) == (False, False, False)
    assert (premium.images, premium.tools, premium.json_schema) == (True, True, True)


def test_a_cascade_is_built_as_the_file_has_it(desk: Desk):
    text = (
        '[classifier]\nkind = "cascade"\nchecks = ["finish", "tools"]\nmax_repetition = 0.3\n'
        'min_logprob = -0.7\nsecond_model = "a/x"\nmin_agreement = 0.6\njudge_model = "a/y"\n'
        'min_grade = 3\njudge_timeout = "9s"\njudge_fails = "open"\nstream = "route"\n'
    )
    policies = policies_of(desk.read(text + TIERS).settings)
    cascade = policies.policies[0].cascade
    assert cascade is not None
    assert cascade.checks == Checks(
        plain=frozenset({"finish", "tools"}), max_repetition=0.3, min_logprob=-0.7
    )
    assert cascade.second is not None
    assert cascade.judge is not None
    assert (str(cascade.second.model), str(cascade.judge.model)) == ("a/x", "a/y")
    assert (cascade.min_agreement, cascade.min_grade, cascade.timeout) == (0.6, 3, 9.0)
    assert (cascade.open, cascade.hold) == (True, False)


def test_a_cascade_may_have_a_router_before_it(desk: Desk):
    text = LEARNED.replace('"learned"', '"cascade"')
    decision = decided(desk, text, last_user="hello")
    assert decision is not None
    assert (decision.reason, decision.draft) == ("cascade", True)
    assert decision.score is not None


VERIFIED = '[classifier]\nkind = "cascade"\nverifier = "v.headgate"\n'


def test_a_learned_verifier_is_loaded_from_beside_the_file(desk: Desk):
    made = small_artifact()
    seen = replace(made, training=replace(made.training, kind="verifier"))
    (desk.path.parent / "v.headgate").write_bytes(dump(seen))
    cascade = policies_of(desk.read(VERIFIED + TIERS).settings).policies[0].cascade
    assert cascade is not None
    assert cascade.verifier is not None
    assert cascade.verifier.threshold == CERTIFICATE.threshold
    text = VERIFIED + "verifier_threshold = 0.75\n" + TIERS
    cascade = policies_of(desk.read(text).settings).policies[0].cascade
    assert cascade is not None
    assert cascade.verifier is not None
    assert cascade.verifier.threshold == 0.75


def test_a_router_is_no_verifier(desk: Desk):
    (desk.path.parent / "v.headgate").write_bytes(dump(small_artifact()))
    with pytest.raises(ConfigError) as caught:
        policies_of(desk.read(VERIFIED + TIERS).settings)
    (fault,) = caught.value.faults
    assert fault.field == "classifier.verifier"
    assert "train --verifier" in fault.fix


def embedding(desk: Desk, model: str, source: str = "endpoint") -> None:
    head = Head(model, source, (1.0, -1.0))  # type: ignore[arg-type]
    file = desk.path.parent / "r.headgate"
    file.write_bytes(dump(small_artifact(head=head)))


def test_a_router_with_embeddings_has_its_model_asked_as_a_classifier_is(desk: Desk):
    embedding(desk, "google/embedder")
    lines = 'kind = "learned"\nrouter = "r.headgate"\ntimeout = "1s"\non_failure = "cheap"'
    old = 'kind = "model"\nmodel = "google/gemini-2.5-flash"'
    settings = desk.read(GOOD.replace(old, lines)).settings
    policy = policies_of(settings).policies[0]
    assert policy.decide(Ask(model="auto", last_user="hello")) is None
    assert policy.sorter is not None
    assert policy.sorter.tier.model == ModelRef("google", "embedder")
    assert (policy.sorter.timeout, policy.sorter.max_answer_tokens) == (1.0, 0)
    assert policy.safe.name == "cheap"
    assert embedding_of(settings.classifier) == ModelRef("google", "embedder")


@pytest.mark.parametrize(
    ("model", "source", "kind", "why"),
    [
        ("nobody/e", "endpoint", "learned", 'no provider "nobody" that speaks OpenAI'),
        ("anthropic/e", "endpoint", "learned", 'no provider "anthropic" that speaks OpenAI'),
        ("mine:encode", "local", "learned", "the gateway does not run such code"),
        ("google/embedder", "endpoint", "cascade", "a cascade does not ask for them"),
    ],
)
def test_a_router_whose_embeddings_the_gateway_cannot_get_is_refused(
    desk: Desk, model: str, source: str, kind: str, why: str
):
    embedding(desk, model, source)
    text = f'[classifier]\nkind = "{kind}"\nrouter = "r.headgate"\n' + TIERS
    with pytest.raises(ConfigError) as caught:
        policies_of(desk.read(text).settings)
    (fault,) = caught.value.faults
    assert why in fault.message
    assert fault.field == "classifier.router"
    assert fault.fix


def test_who_is_asked_for_embeddings_is_nobody_where_none_are_needed(desk: Desk):
    learned = desk.read(LEARNED + TIERS).settings.classifier
    assert embedding_of(learned) is None
    assert embedding_of(replace(learned, kind="none")) is None
    assert embedding_of(replace(learned, router="no-such-file")) is None
    embedding(desk, "google/embedder")
    assert embedding_of(learned) == ModelRef("google", "embedder")  # the file has changed
    embedding(desk, "mine:encode", "local")
    assert embedding_of(learned) is None
