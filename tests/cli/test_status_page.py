"""status_page: what the screen looks like, at 80 columns whatever it is told."""

from datetime import date
from fractions import Fraction
from typing import Any

import click
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.cli.status_page import line, page
from headgate.ledger.store import Window
from headgate.monitor.assessment import Assessment, Creep, Scope
from headgate.monitor.attribution import Attribution, Part
from headgate.monitor.drift import Drift, Shift
from headgate.monitor.endings import Ending
from headgate.monitor.feedback import by_tier
from headgate.monitor.headroom import Headroom
from headgate.monitor.mishaps import back_event, mishap_event, mishaps
from headgate.monitor.standing import Action
from headgate.monitor.status import Month, RetryReason, Status, status
from headgate.monitor.watched import Burn
from tests.known import known
from tests.ledger.samples import NOON_US
from tests.monitor.plans import EXAMPLE, cheap, classified, premium, requests
from tests.monitor.test_feedback import signal
from tests.monitor.test_quality import compared, fallen, folded

HOUR, DAY = 3_600_000_000, 86_400_000_000


def burn(span_us: int, served: int, escalated: int, budget: float = 0.25) -> Burn:
    rate = escalated / served
    return Burn(
        span_seconds=span_us / 1_000_000,
        served=served,
        escalated=escalated,
        rate=rate,
        low=rate - 0.01,
        high=rate + 0.01,
        burn=rate / budget,
    )


CALM = Assessment(
    budget=0.25,
    first_us=NOON_US - 40 * DAY,
    last_us=NOON_US,
    served=9_000,
    escalated=1_800,
    rate=0.2,
    low=0.19,
    high=0.21,
    evidence=0.11,
    alarm_us=None,
    cleared_us=None,
    creep=None,
    attribution=None,
    fast=burn(6 * HOUR, 50, 10),
    slow=burn(7 * DAY, 1_500, 310),
    scopes=(),
)
CODE = Part(
    name="rule:code",
    share_before=Fraction(1, 10),
    share_after=Fraction(3, 10),
    rate_before=Fraction(1),
    rate_after=Fraction(1),
    rate_shift=Fraction(0),
    mix_shift=Fraction(16, 100),
)
REST = msgspec.structs.replace(
    CODE, name="classifier", rate_after=Fraction(1, 2), mix_shift=Fraction(-2, 100)
)
ALARM = msgspec.structs.replace(
    CALM,
    alarm_us=NOON_US - 2 * DAY,
    evidence=0.05,
    creep=Creep(
        shape="step",
        began_us=NOON_US - 4 * DAY,
        earliest_us=NOON_US - 5 * DAY,
        latest_us=NOON_US - 3 * DAY,
        before=0.18,
        after=0.32,
    ),
    attribution=Attribution(
        served_before=5_000,
        served_after=1_500,
        rate_before=Fraction(18, 100),
        rate_after=Fraction(32, 100),
        dimensions={"route": (), "alias": (), "reason": (CODE, REST), "model": (), "settings": ()},
    ),
    fast=burn(6 * HOUR, 50, 20),
    slow=burn(7 * DAY, 1_500, 450),
)
ROOM = Headroom(
    pays="below",
    crossing=0.977,
    rate=0.2,
    low=0.19,
    high=0.21,
    room=0.777,
    fragile=False,
    assumed=(),
)


def made(escalation: Assessment = CALM, **changes: Any) -> Status:
    found = status(
        looked_us=NOON_US,
        tiers=[
            classified(1000),
            cheap(800),
            premium(200),
            cheap(8, role="retry", cost_nano=20_000_000),
            premium(12, role="retry", cost_nano=60_000_000),
        ],
        requests=[requests(1000, 200)],
        window=Window(NOON_US - 30 * DAY, NOON_US + 1),
        days=[],
        escalation=escalation,
        planned=EXAMPLE,
        headroom=ROOM,
    )
    return msgspec.structs.replace(found, **changes)


def shown(made: Status) -> str:
    return click.unstyle(page(made))


def flat(made: Status) -> str:
    return " ".join(shown(made).split())


def test_what_ends_is_told_the_soonest_first_and_no_more_than_a_few():
    ends = tuple(
        Ending(model=f"a/m{number}", day=date(2026, 12, number), successor=None)
        for number in range(1, 7)
    )
    text = flat(made(ends=ends))
    assert "Ends a/m1 ends on 2026-12-01; what takes its place is not known. a/m2 ends" in text
    assert "a/m4 ends" in text
    assert "a/m5" not in text
    assert "and 2 more models later" in text
    assert "Ends" not in flat(made())


BEFELL = [
    mishap_event("silent", "it has said nothing for 30 s", NOON_US - HOUR, "a:1"),
    mishap_event("ended", "signal 9", NOON_US - HOUR // 2, "b:2"),
]


def test_what_befell_the_process_beside_and_is_not_over_is_told():
    text = flat(made(beside=mishaps(BEFELL)))
    assert (
        "Beside the process beside the gateway ended at 2026-11-23 11:30: signal 9; nothing was "
        "heard of it since beside the gateway at a:1, b:2; its /healthz says more "
        "within a day it fell silent once and ended once"
    ) in text
    assert "Beside" not in flat(made())


def test_what_is_over_is_told_as_what_was():
    ends = [back_event(BEFELL, NOON_US - HOUR // 4, gateway) for gateway in ("a:1", "b:2")]
    text = flat(made(beside=mishaps([*BEFELL, *filter(None, ends)])))
    assert (
        "Beside well since 2026-11-23 11:45; the process beside the gateway ended at 2026-11-23 "
        "11:30: signal 9 within a day it fell silent once and ended once"
    ) in text
    assert "healthz" not in text


def test_a_forecast_says_what_it_does_not_know():
    held = Month(
        first_day="2026-11-01",
        spent_nano=99_000_000_000,
        unpriced=12,
        days_left=7.5,
        expected_nano=131_000_000_000,
        low_nano=127_000_000_000,
        high_nano=135_000_000_000,
        history_days=20,
        unknown_days=8,
        planned_nano=None,
    )
    text = flat(made(month=held))
    assert "$131.00 by its end (95 %: $127.00 to $135.00) From 20 days: no weekend yet" in text
    assert "no weekend yet, no trend 12 attempts of unknown cost, in" in text
    assert "8 whole days with attempts of unknown cost, left out of the forecast" in text
    least = msgspec.structs.replace(held, expected_nano=None, high_nano=None, history_days=0)
    text = flat(made(month=least))
    assert "$99.00 so far in November, $127.00 or more by its end (95 %)" in text
    assert "8 whole days with attempts of unknown cost, so no forecast" in text


def test_a_quiet_day_reads_like_this():
    forecast = Month(
        first_day="2026-11-01",
        spent_nano=99_000_000_000,
        unpriced=0,
        days_left=7.5,
        expected_nano=131_000_000_000,
        low_nano=127_000_000_000,
        high_nano=135_000_000_000,
        history_days=28,
        weekend=0.2,
        trend=0.012,
        planned_nano=130_200_000_000,
    )
    assert shown(made(month=forecast)) == (
        """\
Headgate status · 2026-11-23 12:00 UTC                               all is well

  Routing      Routing pays: it saved $4.6600, 51.8 % of all-premium (95 %: 50.1
               to 53.4 %).
               1,000 routed requests since 2026-10-24 12:00

  Escalation   20.7 % in the last 7 d (95 %: 19.7 to 21.7 %); budget 25.0 %
               20.0 % since 2026-10-14 (95 % at every look: 19.0 to 21.0 %)
  Alarm        none; the evidence is 11.0 % of the way to one
  Burn         0.80 × the budget over 6 h, 0.83 × over 7 d

  tier                    answers   retries     rate         spent   on retries
  cheap                       800         8    1.0 %       $2.4200      $0.0200
  premium                     200        12    5.7 %       $1.8600      $0.0600
  Premium is 75.0 % of what retries cost.

  Month        $99.00 so far in November, $131.00 by its end (95 %: $127.00 to
               $135.00); planned $130.20
               From 28 days: weekends 20.0 % of other days, trend +1.2 % a day
  Tripwire     routing pays until 97.7 % escalate; now 20.0 % (95 %: 19.0 to
               21.0 %): 77.7 points of headroom
"""
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "routing pays until 97.7 % escalate; now 20.0 % (95 %: 19.0 to 21.0 %): 77.7 points"),
        ({"room": -0.05}, "5.0 points beyond"),
        ({"fragile": True}, "fragile, the interval holds the crossing"),
        ({"pays": "always", "crossing": None, "room": None}, "pays at any escalation rate"),
        ({"pays": "never", "crossing": None, "room": None}, "pays at no escalation rate"),
        ({"pays": "equal", "crossing": None, "room": None}, "cost the same at any rate"),
        ({"assumed": ("premium",)}, "Not measured, and taken from the plan: premium."),
    ],
)
def test_the_tripwire_says_how_far_it_is(changes, words):
    assert words in flat(made(headroom=msgspec.structs.replace(ROOM, **changes)))


def test_without_a_headroom_there_is_no_tripwire():
    assert "Tripwire" not in shown(made(headroom=None))


def test_a_month_too_short_for_a_forecast_says_so():
    assert "$0.00 so far in November; too few whole days for a forecast" in flat(made())


def test_unknown_costs_are_never_hidden():
    month = msgspec.structs.replace(made().month, unpriced=3)
    assert "3 attempts of unknown cost" in flat(made(month=month))
    nothing = msgspec.structs.replace(month, spent_nano=0)
    assert "unknown so far in November, and so is what it comes to" in flat(made(month=nothing))
    assert line(made(month=nothing)).endswith("month unknown")
    retries = made().retries
    cheap, premium = retries.tiers
    unpriced = (
        msgspec.structs.replace(cheap, unpriced=2),
        msgspec.structs.replace(premium, unpriced=2, spent_nano=0),
    )
    rows = shown(made(retries=msgspec.structs.replace(retries, tiers=unpriced))).splitlines()
    assert any("cheap" in row and "*" in row for row in rows)
    assert any("premium" in row and "unknown" in row and "*" not in row for row in rows)


def test_a_line_for_a_log_holds_the_essence():
    assert line(made(ALARM)) == (
        "2026-11-23 12:00 UTC · BUDGET BREACHED · routing yes · escalation 30.0 % over 7 d · "
        "budget 25.0 % · evidence 5.0 % · month $0.00"
    )


names = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=60)


@given(names, st.floats(0, 1), st.integers(0, 10**15), st.booleans())
def test_no_row_is_wider_than_80_columns(name, rate, nano, alarm):
    part = msgspec.structs.replace(CODE, name=name)
    attribution = known(ALARM.attribution)
    attribution = msgspec.structs.replace(
        attribution, dimensions={**attribution.dimensions, "reason": (part, REST)}
    )
    escalation = msgspec.structs.replace(
        ALARM if alarm else CALM,
        rate=rate,
        attribution=attribution if alarm else None,
        scopes=(
            Scope(
                kind="key",
                name=name,
                budget=0.2,
                own=True,
                fast=burn(6 * HOUR, 10, 3),
                evidence=0.1,
                cleared_us=None,
                served=10**9,
                escalated=5,
                low=0,
                high=1,
                window=burn(7 * DAY, 10**9, 10**8),
                alarm_us=NOON_US,
            ),
        ),
    )
    month = msgspec.structs.replace(
        made().month, spent_nano=nano, expected_nano=nano, low_nano=nano, high_nano=nano
    )
    for row in shown(made(escalation, month=month)).splitlines():
        assert len(row) <= 80, row


DRIFT = Drift(
    router="0f3a",
    rows=1000,
    requests=5000,
    hours=100,
    evidence=0.2,
    stale_us=None,
    shifts=(),
    unwatched=("tokens",),
)
SHIFT = Shift(facet="categories", part="law", share_then=0.1, share_now=0.4, low=0.05, high=0.2)


def with_drift(**changes: Any) -> str:
    drift = msgspec.structs.replace(DRIFT, **changes)
    return flat(msgspec.structs.replace(made(), drift=(drift,)))


def test_a_sound_certificate_says_how_far_the_evidence_is():
    text = with_drift()
    assert "Drift none; the evidence is 20.0 % of the way to a stale certificate" in text
    assert "5,000 requests of router 0f3a, sample of 1,000 rows; not watched: tokens" in text
    assert "STALE" not in text


def test_a_stale_certificate_is_in_the_first_line_and_says_what_moved():
    text = with_drift(stale_us=NOON_US, shifts=(SHIFT,))
    assert "CERTIFICATE STALE" in text
    assert "is stale since 2026-11-23" in text
    assert "categories law: 10.0 % then, 40.0 % now" in text


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Action(kind="pin", since_us=NOON_US), "pinned to the premium tier since"),
        (
            Action(kind="hold", since_us=NOON_US, threshold=0.7, by="command"),
            "held at a threshold of 0.7 since 2026-11-23 12:00 by command",
        ),
    ],
)
def test_an_action_in_force_is_shown_with_what_ends_it(action: Action, words: str):
    text = flat(msgspec.structs.replace(made(), action=action))
    assert words in text
    assert "headgate escalation release" in text


def test_retries_are_told_by_what_they_failed_by():
    status = made()
    tier = msgspec.structs.replace(
        status.retries.tiers[0],
        reasons=(
            RetryReason(reason="timeout", retries=7, nano=10_000_000, unpriced=2),
            RetryReason(reason="status", retries=1, nano=0, unpriced=1),
        ),
    )
    retries = msgspec.structs.replace(status.retries, tiers=(tier,))
    text = flat(msgspec.structs.replace(status, retries=retries))
    assert "cheap failed by timeout 7 ($0.0100), status 1 (unknown)" in text


def test_the_plans_worst_case_stands_beside_the_month():
    status = made()
    month = msgspec.structs.replace(status.month, worst_nano=500_000_000_000)
    assert "$500.00 at worst" in flat(msgspec.structs.replace(status, month=month))


def test_the_quality_is_shown_with_its_interval_and_where_requests_were_lost():
    found = [compared(1, 0.5), compared(2, swung=True), compared(3, None, None, outcome="unpaid")]
    text = page(msgspec.structs.replace(made(CALM), quality=folded(0.9, found)))
    shown = " ".join(click.unstyle(text).split())
    assert "Quality cheap keeps 75.0 % of premium's (95 % at every look: " in shown
    assert "the floor of 90.0 % is not yet known" in shown
    assert "premium was better 1 times, cheap 0, neither 1" in shown
    assert "3 sampled, 2 judged, 2 decided, 1 beyond the day's money" in shown
    assert max(map(len, click.unstyle(text).splitlines())) <= 80


def test_a_rate_surely_above_its_budget_is_not_all_is_well_before_the_alarm():
    over = msgspec.structs.replace(CALM, slow=burn(86_400, 1000, 400))
    (first, *_) = shown(made(over)).splitlines()
    assert first.endswith("over its budget, no alarm yet")


def test_a_fall_is_told_in_the_first_line():
    text = click.unstyle(page(msgspec.structs.replace(made(CALM), quality=fallen())))
    assert "QUALITY BELOW ITS FLOOR" in text.splitlines()[0]
    assert "below the floor since" in text
    assert "is not kept" in " ".join(text.split())


def test_before_any_comparison_that_is_what_it_says():
    text = page(msgspec.structs.replace(made(CALM), quality=folded(None, [])))
    assert "no cheap answer has been compared with premium's yet" in " ".join(text.split())


def test_what_users_say_is_shown_by_tier():
    found = by_tier([signal(1, 1.0, tier="cheap"), signal(2, 0.0, tier="cheap")])
    text = click.unstyle(page(msgspec.structs.replace(made(CALM), feedback=tuple(found))))
    assert "Users" in text
    assert "50.0 % good of 2" in text
