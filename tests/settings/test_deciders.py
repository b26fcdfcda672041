"""deciders: further policies with rules of their own, and the routes to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.files import GOOD, TIERS, Desk

CAREFUL = """\
[policies.careful]
kind = "rules"
default = "premium"
[[policies.careful.rules]]
name = "short"
tier = "cheap"
max_tokens = 100
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_policy_has_the_settings_of_the_classifier_and_rules_of_its_own(desk: Desk):
    (policy,) = desk.read(GOOD + CAREFUL).settings.policies
    assert (policy.name, policy.kind, policy.default) == ("careful", "rules", "premium")
    assert [(rule.name, rule.max_tokens) for rule in policy.rules] == [("short", 100)]
    assert desk.read(GOOD + CAREFUL).settings.classifier.rules == ()


def test_two_policies_keep_their_rules_apart(desk: Desk):
    settings = desk.read(GOOD + CAREFUL + CAREFUL.replace("careful", "other")).settings
    assert [(policy.name, len(policy.rules)) for policy in settings.policies] == [
        ("careful", 1),
        ("other", 1),
    ]


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ('kind = "model"', "policies.x.model", "needs a model"),
        ('kind = "learned"', "policies.x.router", "needs a router"),
        ('kind = "rules"', "policies.x.kind", "at least one rule"),
        ('kind = "none"\nmodel = "a/x"', "policies.x.model", "policy x is of kind"),
        ('kind = "none"\ndefault = "chep"', "policies.x.default", "no tier"),
        ('kind = "model"\nmodel = "nobody/x"', "policies.x.model", "no provider"),
        ('kind = "none"\nknd = 1', "policies.x.knd", "no such setting"),
        ('kind = "none"\nrules = 5', "policies.x.rules", "not a list of tables"),
    ],
)
def test_a_faulty_policy_is_told_as_a_faulty_classifier_is(desk: Desk, text, field, message):
    fault = desk.fault(TIERS + f"[policies.x]\n{text}\n")
    assert fault.field == field
    assert message in fault.message


def test_the_rules_of_a_policy_are_checked_at_their_own_lines(desk: Desk):
    fault = desk.fault(GOOD + CAREFUL.replace('"cheap"', '"chep"'))
    assert fault.field == "policies.careful.rules[0].tier"
    assert fault.line == (GOOD + CAREFUL).split("\n").index('tier = "cheap"') + 1


def test_a_policy_cannot_be_called_auto(desk: Desk):
    fault = desk.fault(GOOD + '[policies.auto]\nkind = "none"\n')
    assert fault.field == "policies.auto"


def test_an_alias_that_a_policy_takes_is_told(desk: Desk):
    rule = "[[classifier.rules]]\nname = 'x'\ntier = 'cheap'\nmodel = 'auto:careful'\n"
    fault = desk.fault(GOOD + rule + CAREFUL)
    assert fault.field == "classifier.rules[0].model"
    assert "never holds" in fault.message


def test_the_model_and_the_kind_of_a_policy_can_be_set_from_outside(desk: Desk):
    text = GOOD + '[policies.x]\nkind = "model"\nmodel = "google/a"\n'
    env = {"HEADGATE_POLICIES_X_MODEL": "google/b"}
    assert desk.read(text, env=env).settings.policies[0].model == "google/b"
    assert desk.read(text, "policies.x.model=google/c").settings.policies[0].model == "google/c"
    fault = desk.fault(GOOD, "policies.new.kind=none")
    assert "no such setting" in fault.message


def test_a_policys_router_lies_beside_the_file(desk: Desk):
    text = GOOD + '[policies.x]\nkind = "learned"\nrouter = "r"\n'
    assert desk.read(text).settings.policies[0].router == str(desk.path.parent / "r")


CASCADE = '[classifier]\nkind = "cascade"\n'


def test_a_cascade_needs_nothing_but_its_kind(desk: Desk):
    classifier = desk.read(CASCADE + TIERS).settings.classifier
    assert classifier.checks == ("finish", "empty", "refusal", "repetition", "schema", "tools")
    assert (classifier.judge_fails, classifier.stream) == ("closed", "hold")


def test_the_checks_of_a_cascade_are_a_list_in_the_file_and_words_with_commas_outside(desk: Desk):
    text = CASCADE + 'checks = ["tools", "finish"]\n' + TIERS
    assert desk.read(text).settings.classifier.checks == ("finish", "tools")
    sets = "classifier.checks=empty, schema"
    assert desk.read(text, sets).settings.classifier.checks == ("empty", "schema")
    assert desk.read(text, "classifier.checks=").settings.classifier.checks == ()


@pytest.mark.parametrize(
    ("line", "field", "message"),
    [
        ("threshold = 0.5", "classifier.threshold", "a router's score"),
        ("grey_from = 0.5", "classifier.grey_from", "a router's score"),
        (
            'router = "r"\ngrey_from = 0.5\nthreshold = 0.4',
            "classifier.grey_from",
            "no draft would be judged",
        ),
        ("verifier_threshold = 0.5", "classifier.verifier_threshold", "a verifier's score"),
        ('judge_model = "nobody/x"', "classifier.judge_model", "no provider"),
        ('second_model = "nobody/x"', "classifier.second_model", "no provider"),
        ('checks = ["finsh"]', "classifier.checks", "not a choice"),
        ("min_grade = 6", "classifier.min_grade", "out of range"),
        ('model = "a/x"', "classifier.model", 'of kind "cascade"'),
    ],
)
def test_a_faulty_cascade_is_told(desk: Desk, line: str, field: str, message: str):
    fault = desk.fault(f"{CASCADE}{line}\n{TIERS}")
    assert fault.field == field
    assert message in fault.message


def test_routes_are_read_in_order(desk: Desk):
    routes = '[[routes]]\npolicy = "careful"\npath = "/v1/messages"\n'
    routes += '[[routes]]\npolicy = "auto"\nmodel = "gpt-4o*"\nheader = "x-team: red"\nkey = "k"\n'
    first, second = desk.read(GOOD + CAREFUL + routes).settings.routes
    assert (first.policy, first.path, first.model) == ("careful", "/v1/messages", None)
    assert (second.policy, second.model, second.header, second.key) == (
        "auto",
        "gpt-4o*",
        "x-team: red",
        "k",
    )


@pytest.mark.parametrize(
    ("route", "field", "message"),
    [
        ('policy = "carefull"\nkey = "k"', "routes[0].policy", "no policy"),
        ('policy = "careful"', "routes[0]", "without a condition"),
        ('key = "k"', "routes[0].policy", "missing"),
        ('policy = "careful"\nkeys = "k"', "routes[0].keys", "no such setting"),
        ('policy = "careful"\nheader = ": x"', "routes[0].header", "header"),
    ],
)
def test_a_faulty_route_is_told_with_its_place(desk: Desk, route, field, message):
    fault = desk.fault(GOOD + CAREFUL + f"[[routes]]\n{route}\n")
    assert fault.field == field
    assert message in fault.message


def test_routes_are_a_list(desk: Desk):
    assert "[[routes]]" in desk.fault(GOOD + "[routes]\npolicy = 'auto'\n").fix
    assert desk.fault(GOOD, "routes.policy=auto").message == "There is no such setting."
