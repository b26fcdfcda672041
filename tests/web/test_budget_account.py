"""budget_account: the evidence in words; in an alarm when it began, and what it comes from."""

import doctest
from collections.abc import Callable

import msgspec
import pytest

from headgate.monitor.assessment import Assessment, ScopeKind
from headgate.monitor.budget import EscalationBudget
from headgate.render.page import Items, Text
from headgate.render.table import Table
from headgate.web import budget_account
from headgate.web.budget_account import budget_blocks, span_text
from tests.ledger.samples import NOON_US
from tests.monitor.test_budget import WEEK, outcomes

OWN: dict[tuple[ScopeKind, str], float] = {("route", "/v1/chat/completions"): 0.3}


def account(
    rate_at: Callable[[float], float],
    share: float | None = 0.25,
    own: dict[tuple[ScopeKind, str], float] | None = None,
) -> Assessment:
    made = EscalationBudget(share, WEEK, own=own or {})
    made.fold(outcomes(3, 21, 200, rate_at))
    return made.assess(NOON_US)


def told(found: Assessment) -> str:
    first, *_ = budget_blocks(found)
    assert isinstance(first, Items)
    return " ".join(first.items)


def test_two_windows_that_are_the_same_are_told_once():
    found = account(lambda _: 0.2)
    assert told(found).count("Last ") == 2
    assert told(msgspec.structs.replace(found, fast=found.slow)).count("Last ") == 1


def test_its_examples_are_true():
    assert doctest.testmod(budget_account).failed == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (0.6, "0.6 seconds"),
        (9, "9 seconds"),
        (0.999, "1 second"),
        (60, "60 seconds"),
        (119.4, "119 seconds"),
        (120, "2 minutes"),
        (7200, "2 hours"),
        (86400, "24 hours"),
        (604800, "7 days"),
    ],
)
def test_a_window_is_told_in_whole_words(seconds: float, words: str):
    assert span_text(seconds) == words


def test_a_budget_that_is_kept_is_told_with_its_evidence():
    text = told(account(lambda day: 0.1))
    assert "Last 6 hours:" in text
    assert "Last 7 days:" in text
    assert "95 % confidence sequence" in text
    assert "No alarm. Evidence for a breach:" in text


def test_a_creep_is_told_with_when_it_began_and_where_it_went():
    text = told(account(lambda day: 0.1 if day < 14 else 0.6))
    assert "Alarm since 2026-11-" in text
    assert "It began 2026-11-16" in text
    assert "as a step: from 9.5 % to 61.4 %" in text


def test_of_a_part_of_the_requests_it_says_that_it_is_of_all():
    (block,) = budget_blocks(account(lambda day: 0.1), narrowed=True)
    assert isinstance(block, Items)
    assert block.items[0] == "Of all requests, whatever is shown."


def test_without_a_budget_that_is_said():
    assert "No budget is set." in told(account(lambda day: 0.1, None))


def test_budgets_of_their_own_have_a_table_and_an_alarm_of_one_names_it():
    calm = list(budget_blocks(account(lambda day: 0.1, own=OWN)))[1]
    assert isinstance(calm, Table)
    ((name, budget, _, evidence),) = calm.rows
    assert (name, budget) == ("route /v1/chat/completions", "30.0 %")
    assert "of what raises it" in evidence
    loud = list(budget_blocks(account(lambda day: 0.6, own=OWN)))[1]
    assert isinstance(loud, Table)
    assert loud.rows[0][3].startswith("alarm since 2026-11-")


def test_scopes_without_a_budget_of_their_own_have_none():
    assert len(list(budget_blocks(account(lambda day: 0.1)))) == 1


def test_while_the_ledger_is_read_that_is_said_and_without_a_request_nothing():
    (reading,) = budget_blocks(None)
    assert isinstance(reading, Text)
    assert list(budget_blocks(EscalationBudget(0.25, WEEK).assess(NOON_US))) == []
