"""gauges: every metric of the watch has its value, and the values are the status'."""

from __future__ import annotations

import math

import msgspec

from headgate.monitor.budget import EscalationBudget
from headgate.monitor.gauges import gauges, silence
from headgate.monitor.metric import METRICS
from headgate.monitor.metrics import Metrics
from headgate.monitor.standing import Action
from tests.cli.test_status_page import ALARM, CALM, made
from tests.monitor.test_budget import outcomes
from tests.monitor.test_conditions import STALE
from tests.monitor.test_metrics import total
from tests.monitor.test_quality import fallen

OF_WATCH = {metric.name: metric for metric in METRICS if metric.of == "watch"}


def test_every_gauge_of_the_watch_has_a_value_with_its_labels():
    found = gauges(made(ALARM))
    assert set(found) == set(OF_WATCH)
    for name, values in found.items():
        assert all(len(labels) == len(OF_WATCH[name].labels) for labels in values)


def test_the_values_are_those_of_the_status():
    status = msgspec.structs.replace(
        made(ALARM), drift=(STALE,), action=Action(kind="hold", since_us=1, threshold=0.7)
    )
    metrics = Metrics(env={})
    for name, values in gauges(status).items():
        metrics.show(name, values)
    assert total(metrics, "headgate_escalation_alarm", scope="all") == 1
    assert total(metrics, "headgate_escalation_rate", scope="all", window="slow") == 0.3
    assert total(metrics, "headgate_certificate_stale") == 1
    assert total(metrics, "headgate_controls_active", action="hold") == 1
    assert total(metrics, "headgate_controls_active", action="pin") == 0


def test_scopes_have_series_of_their_own():
    account = EscalationBudget(0.9, 7 * 86_400_000_000, own={("key", "hg_1"): 0.1})
    account.fold(outcomes(1, 10, 200, lambda _: 0.5, key="hg_1"))
    found = gauges(made(account.assess(10**18)))
    assert found["headgate_escalation_alarm"]["key hg_1",] == 1
    assert found["headgate_escalation_budget"]["key hg_1",] == 0.1


def test_what_is_not_known_is_not_zero():
    status = made(CALM, headroom=None)
    found = gauges(status)
    assert math.isnan(found["headgate_headroom_points"][()])
    no_budget = msgspec.structs.replace(CALM, budget=None)
    assert math.isnan(gauges(made(no_budget))["headgate_escalation_budget"]["all",])
    month = msgspec.structs.replace(status.month, spent_nano=0, unpriced=3)
    assert math.isnan(gauges(made(month=month))["headgate_month_usd"]["spent",])
    nothing = msgspec.structs.replace(month, unpriced=0)
    assert gauges(made(month=nothing))["headgate_month_usd"]["spent",] == 0


def test_who_does_not_look_tells_nothing():
    metrics = Metrics(env={})
    for name, values in silence().items():
        metrics.show(name, values)
    text = metrics.exposition()[1].decode()
    assert "headgate_headroom_points NaN" in text
    assert "headgate_watch_looked_timestamp_seconds NaN" in text


def test_the_quality_has_its_figures_and_without_comparisons_none():
    found = gauges(msgspec.structs.replace(made(CALM), quality=fallen()))
    shares = found["headgate_quality_kept_share"]
    assert shares["low",] < shares["measured",] < shares["high",] < shares["floor",]
    assert found["headgate_quality_alarm"][()] == 1
    assert found["headgate_quality_comparisons"]["decided",] == 600
    assert found["headgate_quality_cost_usd"][()] == 600 * 1000 / 1e9
    none = gauges(made(CALM))
    assert all(math.isnan(value) for value in none["headgate_quality_kept_share"].values())
    assert none["headgate_quality_alarm"][()] == 0
