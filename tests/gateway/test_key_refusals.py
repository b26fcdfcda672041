"""key_refusals: each says whose key it is about, by a status and a code, and what to do."""

from __future__ import annotations

import math

import pytest

from headgate.access.limits import budget
from headgate.access.purse import Account
from headgate.errors import RequestError
from headgate.gateway.key_refusals import (
    invalid,
    no_choice,
    no_longer_good,
    not_open,
    nothing_open,
    too_dear,
    too_fast,
    unpriced,
    unread,
)
from headgate.gateway.till import Shortage
from headgate.values import ModelRef

BUDGETS = (
    ("key:hg_a", budget("1/day")),
    ("team:search", budget("20/month")),
    ("key:hg_a", budget("7/month")),
)


def short(kind, scope: str = "key:hg_a", period="day") -> Shortage:
    return Shortage(Account(scope, period, 0), kind, left=250_000_000, retry_after=3.0)


@pytest.mark.parametrize(
    ("error", "status", "code", "word"),
    [
        (invalid(), 401, "invalid_api_key", "missing or not valid"),
        (no_longer_good("hg_a", "expired"), 401, "key_expired", "`hg_a` is expired"),
        (no_longer_good("hg_a", "revoked"), 401, "key_revoked", "`hg_a` is revoked"),
        (unread(), 503, "keys_unavailable", "cannot be read"),
        (not_open("policy_not_allowed", "auto:x", ["auto"]), 403, "policy_not_allowed", "auto:x"),
        (nothing_open(), 403, "tier_not_allowed", "No tier"),
        (no_choice(), 403, "pin_not_allowed", "may not choose"),
        (unpriced(ModelRef("openai", "x")), 403, "unpriced_model", "openai/x"),
        (too_fast("team:search", "tokens", 9_000, 2.0), 429, "rate_limit_exceeded", "9,000 tokens"),
        (too_dear(short("unavailable"), 1, BUDGETS), 503, "budget_unavailable", "budgets"),
        (too_dear(short("reserved"), 1, BUDGETS), 429, "budget_reserved", "under way"),
        (too_dear(short("exhausted"), 1, BUDGETS), 429, "budget_exhausted", "$0.25 is left"),
    ],
)
def test_each_has_its_status_its_code_and_a_way_out(
    error: RequestError, status: int, code: str, word: str
):
    assert (error.status, error.code) == (status, code)
    assert word in error.message
    assert error.fix


def test_what_may_be_asked_for_instead_is_named():
    assert not_open("model_not_allowed", "a/b", ["a/c", "d/e"]).fix == "It may use `a/c`, `d/e`."


def test_of_a_name_that_a_caller_made_up_only_the_beginning_is_repeated():
    assert "x" * 101 not in not_open("model_not_allowed", "x" * 5_000, ["a/b"]).message


def test_who_goes_too_fast_is_told_when_to_come_back_if_waiting_helps():
    assert too_fast("key:hg_a", "requests", 1, 2.5).retry_after == 2.5
    assert too_fast("key:hg_a", "tokens", 1, math.inf).retry_after is None
    assert too_fast("team:a:b", "tokens", 1, 1.0).message.startswith("The team `a:b`")


@pytest.mark.parametrize(
    ("scope", "period", "limit"),
    [
        ("key:hg_a", "day", "$1 a day"),
        ("key:hg_a", "month", "$7 a month"),
        ("team:search", "month", "$20 a month"),
    ],
)
def test_the_budget_that_falls_short_is_the_one_that_is_told(scope: str, period: str, limit: str):
    told = too_dear(short("exhausted", scope, period), 300_000_000, BUDGETS)
    assert f"`{scope.partition(':')[2]}` may spend {limit}" in told.message
    assert "may cost up to $0.3" in told.message
    assert told.fix is not None
    assert f"next {period} (UTC)" in told.fix
    assert told.retry_after == 3.0
