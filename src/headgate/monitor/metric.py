"""Every metric as a row: the registry, the documentation and the dashboard all read these."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["METRICS", "Metric"]

_LATENCY = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_OVERHEAD = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)


class Metric(NamedTuple):
    """One metric: its whole name as a query has it, its labels, and what it says."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()
    """Upper bounds, seconds; for histograms."""
    of: Literal["traffic", "process", "watch"] = "traffic"
    """Counted from entries; this process's own; or the watch's findings on the whole ledger."""


METRICS = (
    Metric(
        "headgate_refusals_total",
        "counter",
        ("reason",),
        "Calls of its APIs that the gateway refused by itself, by the code of their error.",
    ),
    Metric(
        "headgate_attempts_total",
        "counter",
        ("purpose", "tier", "model", "outcome"),
        "Calls to providers. Outcome: served, ok (for calls that answer nobody), or the error.",
    ),
    Metric(
        "headgate_answers_total",
        "counter",
        ("route", "policy", "tier", "premium", "routed"),
        "Requests that got an answer. Premium and routed: true or false.",
    ),
    Metric(
        "headgate_tokens_total",
        "counter",
        ("tier", "model", "kind"),
        "Tokens by kind: input, output, cache_read, cache_write_5m, cache_write_1h, reasoning. "
        "Output holds reasoning.",
    ),
    Metric(
        "headgate_cost_usd_total",
        "counter",
        ("purpose", "tier", "model", "routed", "served"),
        "Money of priced calls, US dollars.",
    ),
    Metric(
        "headgate_premium_cost_usd_total",
        "counter",
        ("route",),
        "What the answers to routed requests would have cost on the premium model, US dollars.",
    ),
    Metric(
        "headgate_unpriced_attempts_total",
        "counter",
        ("tier", "model"),
        "Calls whose price is not known; they are in no sum of money.",
    ),
    Metric(
        "headgate_attempt_seconds",
        "histogram",
        ("purpose", "tier"),
        "Time of a call to its end.",
        _LATENCY,
    ),
    Metric(
        "headgate_first_token_seconds",
        "histogram",
        ("tier",),
        "Time of a streamed answer to its first token, or to the first sign that the model thinks.",
        _LATENCY,
    ),
    Metric(
        "headgate_queue_seconds",
        "histogram",
        (),
        "Time from a request's arrival to the sending of its first call.",
        _OVERHEAD,
    ),
    Metric(
        "headgate_info",
        "gauge",
        ("version", "config"),
        "1; the labels are what runs.",
        of="process",
    ),
    Metric(
        "headgate_ledger_pending_rows",
        "gauge",
        (),
        "Entries in the journal that are not in the store yet.",
        of="process",
    ),
    Metric(
        "headgate_ledger_lost_rows_total",
        "counter",
        (),
        "Entries given up: nowhere left to write them.",
        of="process",
    ),
    Metric(
        "headgate_ledger_failures_total",
        "counter",
        (),
        "Times that journal or store failed.",
        of="process",
    ),
    Metric(
        "headgate_ledger_dropped_prompts_total",
        "counter",
        (),
        "Stored prompts given up: no room was left for them, or the store can never hold them.",
        of="process",
    ),
    Metric(
        "headgate_beside_trouble",
        "gauge",
        (),
        "1 while the process beside the gateway, which stores rows, says nothing or has ended.",
        of="process",
    ),
    Metric(
        "headgate_beside_ended_total",
        "counter",
        (),
        "Times that it ended though the gateway went on; one that hangs is ended.",
        of="process",
    ),
    Metric(
        "headgate_keys_unreadable",
        "gauge",
        (),
        "Providers whose key file cannot be read now; the key before it stays in use.",
        of="process",
    ),
    Metric(
        "headgate_escalation_rate",
        "gauge",
        ("scope", "window"),
        "Escalated by served routed requests. Scope: all, or `route NAME`, `key NAME`, "
        "`policy NAME`. Window: fast or slow.",
        of="watch",
    ),
    Metric(
        "headgate_escalation_budget", "gauge", ("scope",), "The budget of each scope.", of="watch"
    ),
    Metric(
        "headgate_escalation_alarm",
        "gauge",
        ("scope",),
        "1 while the alarm of a scope is on, else 0.",
        of="watch",
    ),
    Metric(
        "headgate_escalation_evidence",
        "gauge",
        ("scope",),
        "How far the evidence is on its way to an alarm, or in one to an all-clear: 0 to 1.",
        of="watch",
    ),
    Metric(
        "headgate_retry_rate",
        "gauge",
        ("tier",),
        "Attempts that served nobody, as a share of a tier's attempts of the last 30 days.",
        of="watch",
    ),
    Metric(
        "headgate_month_usd",
        "gauge",
        ("figure",),
        "This month's bill: spent, expected, low and high (95 %), planned, worst (the plan's).",
        of="watch",
    ),
    Metric(
        "headgate_saving_share",
        "gauge",
        ("figure",),
        "Saved by all-premium over 30 days: measured, low and high (95 %).",
        of="watch",
    ),
    Metric(
        "headgate_headroom_points",
        "gauge",
        (),
        "Percentage points of escalation until routing stops paying; below 0 beyond it.",
        of="watch",
    ),
    Metric(
        "headgate_tripwire_alarm",
        "gauge",
        (),
        "1 while the interval of the escalation rate touches the rate at which routing stops "
        "paying, or lies beyond it.",
        of="watch",
    ),
    Metric(
        "headgate_certificate_stale",
        "gauge",
        (),
        "1 while traffic is no longer like the sample that the router was certified on.",
        of="watch",
    ),
    Metric(
        "headgate_quality_kept_share",
        "gauge",
        ("figure",),
        "Share of premium's quality that cheap answers keep: measured, low and high (95 % at every "
        "look), and the floor.",
        of="watch",
    ),
    Metric(
        "headgate_quality_alarm",
        "gauge",
        (),
        "1 while the quality kept is below its floor.",
        of="watch",
    ),
    Metric(
        "headgate_quality_comparisons",
        "gauge",
        ("stage",),
        "Sampled requests by how far they came: sampled, judged, decided; and unpaid.",
        of="watch",
    ),
    Metric(
        "headgate_quality_cost_usd",
        "gauge",
        (),
        "What all comparisons have cost, US dollars.",
        of="watch",
    ),
    Metric(
        "headgate_controls_active",
        "gauge",
        ("action",),
        "1 while the watch holds (hold) or pins (pin) routing, else 0.",
        of="watch",
    ),
    Metric(
        "headgate_watch_looked_timestamp_seconds",
        "gauge",
        (),
        "When the watch last looked at the ledger, seconds since 1970.",
        of="watch",
    ),
)
"""All metrics, in the order of the documentation."""
