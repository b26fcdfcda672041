"""examination: which checks run, in which order, and where they stop."""

from __future__ import annotations

import pytest

from headgate.routing.checks import PLAIN, Checks, Finding, examine
from headgate.values import Ask, Draft, ToolUse, Wanted

ASK = Ask(model="auto")
GOOD = Draft(text="The answer is 42.", finish="stop")
SCHEMA: dict[str, object] = {"type": "object", "required": ["a"]}


def rejected_by(draft: Draft, wanted: Wanted = Wanted(), ask: Ask = ASK, **more) -> str | None:  # noqa: B008
    last = examine(Checks(**more), ask, wanted, draft)[-1]
    return None if last.good else last.check


def test_a_good_draft_passes_every_check_that_applies_in_order():
    found = examine(Checks(), ASK, Wanted(), GOOD)
    assert [finding.check for finding in found] == ["finish", "empty", "refusal", "repetition"]
    assert all(finding.good for finding in found)


@pytest.mark.parametrize(
    ("draft", "wanted", "check"),
    [
        (Draft(text="The answer", finish="length"), Wanted(), "finish"),
        (Draft(text="x", finish="context_window"), Wanted(), "finish"),
        (Draft(text=" \n", finish="stop"), Wanted(), "empty"),
        (Draft(text="I cannot help with that.", finish="stop"), Wanted(), "refusal"),
        (Draft(text="no", finish="stop", refused=True), Wanted(), "refusal"),
        (Draft(text="again and again " * 50, finish="stop"), Wanted(), "repetition"),
        (Draft(text="{}", finish="stop"), Wanted(json=True, schema=SCHEMA), "schema"),
        (Draft(text="hello", finish="stop"), Wanted(json=True), "schema"),
        (
            Draft(calls=(ToolUse("f", "{}"),), finish="tool_calls"),
            Wanted(tools={"g": None}),
            "tools",
        ),
    ],
)
def test_each_check_rejects_what_it_looks_for_and_can_be_switched_off(draft, wanted, check):
    assert rejected_by(draft, wanted) == check
    assert rejected_by(draft, wanted, plain=frozenset(PLAIN) - {check}) is None


def test_nothing_is_looked_at_behind_the_first_bad_finding():
    found = examine(Checks(), ASK, Wanted(json=True), Draft(text="", finish="stop"))
    assert [finding.check for finding in found] == ["finish", "empty"]


def test_an_answer_cut_at_the_length_that_the_caller_set_is_what_was_asked_for():
    cut = Draft(text="The answer", finish="length")
    assert rejected_by(cut, ask=Ask(model="auto", max_output=10)) is None


def test_a_tool_call_is_no_empty_answer_and_owes_no_json():
    draft = Draft(calls=(ToolUse("f", "{}"),), finish="tool_calls")
    assert rejected_by(draft, Wanted(json=True, schema=SCHEMA, tools={"f": None})) is None


def test_log_probabilities_count_where_a_bound_is_set_and_the_provider_tells_them():
    sure = Draft(text="x", finish="stop", logprob=-0.1)
    unsure = Draft(text="x", finish="stop", logprob=-1.5)
    assert rejected_by(unsure) is None
    assert rejected_by(unsure, min_logprob=-1.0) == "logprob"
    assert rejected_by(sure, min_logprob=-1.0) is None
    assert rejected_by(GOOD, min_logprob=-1.0) is None


def test_a_finding_says_what_and_how_much_and_never_quotes():
    text = "again and again " * 50
    found = examine(Checks(), ASK, Wanted(), Draft(text=text, finish="stop"))
    assert found[-1] == Finding("repetition", False, found[-1].value)
    assert found[0] == Finding("finish", True, kind="stop")
