"""limits: periods in UTC, budgets as people write them, what a list of models allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.access.limits import NO_LIMITS, PERIODS, Budget, Limits, budget, span


def us(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("day", (2026, 12, 31), (2027, 1, 1)),
        ("week", (2026, 12, 28), (2027, 1, 4)),
        ("month", (2026, 12, 1), (2027, 1, 1)),
    ],
)
def test_a_period_begins_and_ends_where_the_calendar_says(period, since, until):
    for moment in (us(2026, 12, 31), us(2026, 12, 31, 23, 59, 59) + 999_999):
        assert span(period, moment) == (us(*since), us(*until))
    assert span(period, us(*until)).since_us == us(*until)


@given(st.integers(us(1971, 1, 1), us(2100, 1, 1)), st.sampled_from(PERIODS))
def test_periods_leave_no_gap_and_do_not_overlap(moment, period):
    since, until = span(period, moment)
    assert since <= moment < until
    assert span(period, until).since_us == until
    assert span(period, since) == (since, until)
    assert span(period, since - 1).until_us == since
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=since)
    assert (start.hour, start.minute, start.second, start.microsecond) == (0, 0, 0, 0)
    assert period != "week" or start.weekday() == 0
    assert period != "month" or start.day == 1


def test_budgets_are_dollars_a_period():
    assert budget("20/month") == Budget("month", 20_000_000_000)
    assert budget("$0.05 / day") == Budget("day", 50_000_000)
    assert budget("0/week") == Budget("week", 0)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("20", "say a period"),
        ("20/year", "say a period"),
        ("/day", "amount"),
        ("ten/day", "amount"),
        ("NaN/day", "amount"),
        ("-1/day", "between"),
        ("1e30/day", "between"),
    ],
)
def test_what_is_no_budget_says_why(text, what):
    with pytest.raises(ValueError, match=what):
        budget(text)


def test_an_empty_list_allows_all_and_a_list_only_what_is_in_it():
    assert NO_LIMITS.allows_model("any/thing")
    assert NO_LIMITS.allows_tier("premium")
    assert NO_LIMITS.allows_policy("auto")
    some = Limits(models=("anthropic/*", "openai/gpt-5-mini"), tiers=("cheap",), policies=("auto",))
    assert some.allows_model("anthropic/claude-haiku-4-5")
    assert some.allows_model("openai/gpt-5-mini")
    for other in ("openai/gpt-5", "Anthropic/claude", "xanthropic/a", "openai/gpt-5-mini2"):
        assert not some.allows_model(other)
    assert some.allows_tier("cheap")
    assert not some.allows_tier("premium")
    assert not some.allows_policy("auto:careful")
