"""The Grafana dashboard and the Prometheus alert rules that go with the metrics, as files' text."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["PANELS", "RULES", "Panel", "Rule", "grafana", "prometheus_rules"]


class Panel(NamedTuple):
    """One graph: its queries with their legends."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    note: str = ""


class Rule(NamedTuple):
    """One alert of Prometheus."""

    name: str
    expression: str
    lasting: str
    severity: str
    summary: str


_P95 = "histogram_quantile(0.95, sum by (le, tier)"

PANELS = (
    Panel(
        "Escalation rate",
        "percentunit",
        (
            ('max by (scope) (headgate_escalation_rate{window="slow"})', "{{scope}}, slow window"),
            ('max(headgate_escalation_rate{scope="all",window="fast"})', "all, fast window"),
            ('max(headgate_escalation_budget{scope="all"})', "budget"),
        ),
        "Served routed requests that the premium tier answered.",
    ),
    Panel(
        "Evidence of a breach",
        "percentunit",
        (
            ("max by (scope) (headgate_escalation_evidence)", "{{scope}}"),
            ("max by (scope) (headgate_escalation_alarm)", "alarm {{scope}}"),
        ),
        "At 100 % the alarm is raised, or in an alarm cleared.",
    ),
    Panel(
        "Money a day, at the present rate",
        "currencyUSD",
        (
            ("86400 * sum by (tier) (rate(headgate_cost_usd_total[1h]))", "{{tier}}"),
            ("86400 * sum(rate(headgate_premium_cost_usd_total[1h]))", "all premium"),
        ),
    ),
    Panel(
        "Saved, share of all-premium",
        "percentunit",
        (
            ('max(headgate_saving_share{figure="measured"})', "saved"),
            ('max(headgate_saving_share{figure="low"})', "low, 95 %"),
            ('max(headgate_saving_share{figure="high"})', "high, 95 %"),
        ),
    ),
    Panel(
        "Quality kept by cheap answers",
        "percentunit",
        (
            ('max(headgate_quality_kept_share{figure="measured"})', "kept"),
            ('max(headgate_quality_kept_share{figure="low"})', "low, 95 %"),
            ('max(headgate_quality_kept_share{figure="high"})', "high, 95 %"),
            ('max(headgate_quality_kept_share{figure="floor"})', "floor"),
            ("max(headgate_quality_alarm)", "alarm"),
        ),
        "Of premium's, by a judge that compares a random part, blind and in both orders.",
    ),
    Panel(
        "Comparisons behind it",
        "short",
        (
            ("max by (stage) (headgate_quality_comparisons)", "{{stage}}"),
            ("max(headgate_quality_cost_usd)", "US dollars"),
        ),
    ),
    Panel(
        "The month's bill",
        "currencyUSD",
        (
            ('max by (figure) (headgate_month_usd{figure!="worst"})', "{{figure}}"),
            ('max(headgate_month_usd{figure="worst"})', "the plan's worst case"),
        ),
    ),
    Panel(
        "Headroom until routing stops paying",
        "none",
        (
            ("max(headgate_headroom_points)", "points of escalation"),
            ("max(headgate_tripwire_alarm)", "tripwire alarm"),
        ),
    ),
    Panel(
        "Answers a second, by tier",
        "reqps",
        (("sum by (tier) (rate(headgate_answers_total[5m]))", "{{tier}}"),),
    ),
    Panel(
        "Calls that failed, by error",
        "reqps",
        (
            (
                'sum by (tier, outcome) (rate(headgate_attempts_total{outcome!~"served|ok"}[5m]))',
                "{{tier}} {{outcome}}",
            ),
            ("max by (tier) (headgate_retry_rate)", "retry rate {{tier}}"),
        ),
    ),
    Panel(
        "Time to the first token, 95th percentile",
        "s",
        (
            (
                f"{_P95} (rate(headgate_first_token_seconds_bucket[5m])))",
                "{{tier}}",
            ),
            (
                _P95 + ' (rate(headgate_attempt_seconds_bucket{purpose="answer"}[5m])))',
                "{{tier}}, to the end",
            ),
        ),
    ),
    Panel(
        "Time until the first call is sent",
        "s",
        (
            (
                "histogram_quantile(0.5, sum by (le) (rate(headgate_queue_seconds_bucket[5m])))",
                "median",
            ),
            (
                "histogram_quantile(0.99, sum by (le) (rate(headgate_queue_seconds_bucket[5m])))",
                "99th percentile",
            ),
        ),
        "Admission, rules, router and, where one is asked, the classifier.",
    ),
    Panel(
        "Tokens a second",
        "none",
        (("sum by (tier, kind) (rate(headgate_tokens_total[5m]))", "{{tier}} {{kind}}"),),
    ),
    Panel(
        "Refused requests",
        "reqps",
        (("sum by (reason) (rate(headgate_refusals_total[5m]))", "{{reason}}"),),
    ),
    Panel(
        "Calls of unknown price",
        "reqps",
        (("sum by (model) (rate(headgate_unpriced_attempts_total[5m]))", "{{model}}"),),
    ),
    Panel(
        "The ledger",
        "none",
        (
            ("sum(headgate_ledger_pending_rows)", "rows on their way"),
            ("sum(headgate_ledger_lost_rows_total)", "rows lost"),
            ("sum(increase(headgate_ledger_failures_total[5m]))", "failures in 5 minutes"),
            ("sum(increase(headgate_ledger_dropped_prompts_total[5m]))", "prompts dropped"),
            ("max(headgate_beside_trouble)", "trouble beside"),
            ("sum(increase(headgate_beside_ended_total[1h]))", "ended beside in an hour"),
            ("max(headgate_keys_unreadable)", "key files unreadable"),
        ),
    ),
    Panel(
        "State",
        "none",
        (
            ("max by (action) (headgate_controls_active)", "{{action}}"),
            ("max(headgate_certificate_stale)", "certificate stale"),
            (
                "time() - max(headgate_watch_looked_timestamp_seconds)",
                "seconds since the last look",
            ),
            ("count by (version, config) (headgate_info == 1)", "{{version}} {{config}}"),
        ),
    ),
)

RULES = (
    Rule(
        "HeadgateEscalationBudgetBreached",
        "max by (scope) (headgate_escalation_alarm) == 1",
        "0m",
        "warning",
        "Escalation has gone above its budget ({{ $labels.scope }}): headgate status says since "
        "when, and because of whom.",
    ),
    Rule(
        "HeadgateEscalationBurnsFast",
        '(max(headgate_escalation_rate{scope="all",window="fast"})'
        ' > 2 * max(headgate_escalation_budget{scope="all"}))'
        ' and (max(headgate_escalation_rate{scope="all",window="slow"})'
        ' > max(headgate_escalation_budget{scope="all"}))',
        "15m",
        "warning",
        "Escalation is at more than twice its budget.",
    ),
    Rule(
        "HeadgateRoutingStopsPaying",
        "max(headgate_tripwire_alarm) == 1",
        "0m",
        "critical",
        "The escalation rate may have reached the point where routing costs more than it saves.",
    ),
    Rule(
        "HeadgateQualityBelowFloor",
        "max(headgate_quality_alarm) == 1",
        "0m",
        "critical",
        "Cheap answers no longer keep the floor of the premium quality.",
    ),
    Rule(
        "HeadgateCertificateStale",
        "max(headgate_certificate_stale) == 1",
        "0m",
        "warning",
        "Traffic is no longer like the sample that the router was certified on: certify it again.",
    ),
    Rule(
        "HeadgateRoutingPinned",
        'max(headgate_controls_active{action="pin"}) == 1',
        "0m",
        "warning",
        "The watch sends all routed traffic to the premium tier.",
    ),
    Rule(
        "HeadgateMonthAbovePlan",
        'max(headgate_month_usd{figure="low"}) > max(headgate_month_usd{figure="planned"})',
        "6h",
        "warning",
        "The month will cost more than planned, by the whole of the forecast's interval.",
    ),
    Rule(
        "HeadgateLedgerRowsLost",
        "sum(increase(headgate_ledger_lost_rows_total[10m])) > 0",
        "0m",
        "critical",
        "Rows of the ledger were given up: look at its disk.",
    ),
    Rule(
        "HeadgateLedgerBehind",
        "sum(headgate_ledger_pending_rows) > 10000",
        "10m",
        "warning",
        "Rows wait in the journal: the ledger's store is away or too slow.",
    ),
    Rule(
        "HeadgateBesideTrouble",
        "max(headgate_beside_trouble) == 1",
        "2m",
        "critical",
        "The process beside the gateway does not go on: nobody watches, "
        "and each worker stores its own rows.",
    ),
    Rule(
        "HeadgateKeysUnreadable",
        "max(headgate_keys_unreadable) > 0",
        "5m",
        "warning",
        "The key file of a provider cannot be read: a renewed key is not taken, and the one in use "
        "may expire. The gateway's log says which file, and why.",
    ),
    Rule(
        "HeadgateUnpricedCalls",
        "sum by (model) (increase(headgate_unpriced_attempts_total[1h])) > 0",
        "0m",
        "warning",
        "Calls to {{ $labels.model }} have no known price: state it below [prices].",
    ),
    Rule(
        "HeadgateWatchStopped",
        "time() - max(headgate_watch_looked_timestamp_seconds) > 900",
        "5m",
        "warning",
        "The watch has not looked at the ledger for a quarter of an hour.",
    ),
)

_WIDTH, _HEIGHT = 12, 8


def grafana() -> str:
    """The dashboard as JSON, to be imported; it asks for the Prometheus data source."""
    return json.dumps(
        {
            "title": "Headgate",
            "uid": "headgate",
            "schemaVersion": 39,
            "editable": True,
            "time": {"from": "now-24h", "to": "now"},
            "refresh": "1m",
            "templating": {
                "list": [
                    {
                        "name": "source",
                        "label": "Prometheus",
                        "type": "datasource",
                        "query": "prometheus",
                    }
                ]
            },
            "panels": [_panel(number, panel) for number, panel in enumerate(PANELS)],
        },
        indent=2,
        ensure_ascii=False,
    )


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "id": number + 1,
        "title": panel.title,
        "description": panel.note,
        "type": "timeseries",
        "datasource": source,
        "gridPos": {
            "x": number % 2 * _WIDTH,
            "y": number // 2 * _HEIGHT,
            "w": _WIDTH,
            "h": _HEIGHT,
        },
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"tooltip": {"mode": "multi"}},
        "targets": [
            {
                "refId": chr(ord("A") + letter),
                "datasource": source,
                "expr": query,
                "legendFormat": legend,
            }
            for letter, (query, legend) in enumerate(panel.queries)
        ],
    }


def prometheus_rules() -> str:
    """The alert rules as YAML, for `rule_files`; texts are quoted as JSON, which YAML reads."""
    lines = ["groups:", "  - name: headgate", "    rules:"]
    for rule in RULES:
        lines += [
            f"      - alert: {rule.name}",
            f"        expr: {json.dumps(rule.expression)}",
            f"        for: {rule.lasting}",
            "        labels:",
            f"          severity: {rule.severity}",
            "        annotations:",
            f"          summary: {json.dumps(rule.summary)}",
        ]
    return "\n".join(lines) + "\n"
