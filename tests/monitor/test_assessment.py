"""assessment: it is breached by all requests, or by a scope that has a budget of its own."""

import pytest
from msgspec.structs import replace

from headgate.monitor.assessment import Scope
from headgate.monitor.budget import EscalationBudget

NOTHING = EscalationBudget(0.15, 7 * 86_400_000_000).assess(0)


def scope(*, own: bool, alarm_us: int | None) -> Scope:
    return Scope(
        kind="key",
        name="k1",
        budget=0.1,
        own=own,
        served=9,
        escalated=3,
        low=0.1,
        high=0.6,
        fast=NOTHING.fast,
        window=NOTHING.slow,
        evidence=0.0,
        alarm_us=alarm_us,
        cleared_us=None,
    )


def test_a_scope_is_called_by_its_kind_and_name():
    assert scope(own=True, alarm_us=None).title == "key k1"


@pytest.mark.parametrize(
    ("alarm_us", "scopes", "breached"),
    [
        (None, (), False),
        (5, (), True),
        (None, (scope(own=True, alarm_us=None),), False),
        (None, (scope(own=True, alarm_us=7),), True),
        (None, (scope(own=False, alarm_us=7),), False),
        (None, (scope(own=False, alarm_us=7), scope(own=True, alarm_us=7)), True),
    ],
)
def test_an_alarm_of_all_or_of_a_budget_of_its_own_is_a_breach(alarm_us, scopes, breached):
    assert replace(NOTHING, alarm_us=alarm_us, scopes=scopes).breached is breached
