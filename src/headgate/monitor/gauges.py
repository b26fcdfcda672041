"""A status as the numbers that Prometheus gets of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from headgate.monitor.figures import is_known
from headgate.monitor.metric import METRICS
from headgate.values import NANO_PER_USD

if TYPE_CHECKING:  # a gateway shows gauges, and makes no status
    from headgate.monitor.quality import Quality
    from headgate.monitor.status import Status

__all__ = ["Values", "gauges", "silence"]

Values = Mapping[str, Mapping[tuple[str, ...], float]]
"""Metric -> labels -> value."""

_Labelled = dict[tuple[str, ...], float]


def gauges(status: Status) -> Values:
    """Every gauge of the watch, labels in the order of their metric."""
    escalation, headroom, month = status.escalation, status.headroom, status.month
    saving = status.report.saving
    pin = status.action is not None and status.action.kind == "pin"
    hold = status.action is not None and status.action.kind == "hold"
    rates: _Labelled = {
        ("all", "slow"): _or_nan(escalation.slow.rate),
        ("all", "fast"): _or_nan(escalation.fast.rate),
    }
    budgets: _Labelled = {("all",): _or_nan(escalation.budget)}
    alarms: _Labelled = {("all",): float(escalation.alarm_us is not None)}
    evidence: _Labelled = {("all",): escalation.evidence}
    for scope in escalation.scopes:
        rates[scope.title, "slow"] = _or_nan(scope.window.rate)
        rates[scope.title, "fast"] = _or_nan(scope.fast.rate)
        budgets[scope.title,] = _or_nan(scope.budget)
        alarms[scope.title,] = float(scope.own and scope.alarm_us is not None)
        evidence[scope.title,] = scope.evidence
    touched = headroom is not None and headroom.touched
    return {
        "headgate_escalation_rate": rates,
        "headgate_escalation_budget": budgets,
        "headgate_escalation_alarm": alarms,
        "headgate_escalation_evidence": evidence,
        "headgate_retry_rate": {
            (tier.tier,): _or_nan(tier.retry_rate) for tier in status.retries.tiers
        },
        "headgate_month_usd": {
            ("spent",): _paid(month.spent_nano, month.unpriced),
            ("expected",): _usd(month.expected_nano),
            ("low",): _usd(month.low_nano),
            ("high",): _usd(month.high_nano),
            ("planned",): _usd(month.planned_nano),
            ("worst",): _usd(month.worst_nano),
        },
        "headgate_saving_share": {
            ("measured",): _or_nan(saving.share),
            ("low",): _or_nan(saving.low),
            ("high",): _or_nan(saving.high),
        },
        "headgate_headroom_points": {
            (): _or_nan(None if headroom is None or headroom.room is None else headroom.room * 100)
        },
        "headgate_tripwire_alarm": {(): float(touched)},
        "headgate_certificate_stale": {(): float(status.stale)},
        "headgate_controls_active": {("pin",): float(pin), ("hold",): float(hold)},
        **_quality(status.quality),
        "headgate_watch_looked_timestamp_seconds": {(): status.looked_us / 1e6},
    }


_STAGES = ("sampled", "judged", "decided", "unpaid")


def _quality(quality: Quality | None) -> Values:
    if quality is None:
        unknown: _Labelled = {
            (figure,): math.nan for figure in ("measured", "low", "high", "floor")
        }
        return {
            "headgate_quality_kept_share": unknown,
            "headgate_quality_alarm": {(): 0.0},
            "headgate_quality_comparisons": {(stage,): 0.0 for stage in _STAGES},
            "headgate_quality_cost_usd": {(): 0.0},
        }
    all_, funnel = quality.all, quality.funnel
    return {
        "headgate_quality_kept_share": {
            ("measured",): _or_nan(all_.kept),
            ("low",): all_.low,
            ("high",): all_.high,
            ("floor",): _or_nan(quality.floor),
        },
        "headgate_quality_alarm": {(): float(quality.alarm_us is not None)},
        "headgate_quality_comparisons": {
            (stage,): float(getattr(funnel, stage)) for stage in _STAGES
        },
        "headgate_quality_cost_usd": {(): _paid(funnel.cost_nano, funnel.unpriced)},
    }


def silence() -> Values:
    """What a process tells that does not look: nothing, for another one does."""
    return {
        metric.name: {(): math.nan}
        for metric in METRICS
        if metric.of == "watch" and not metric.labels
    }


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _paid(nano: int, unpriced: int) -> float:
    return _usd(nano if is_known(nano, unpriced) else None)


def _usd(nano: int | None) -> float:
    return math.nan if nano is None else nano / NANO_PER_USD
