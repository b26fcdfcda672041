"""The rows of the metrics: names as Prometheus wants them."""

from __future__ import annotations

import pytest

from headgate.monitor.metric import METRICS, Metric


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_name_says_its_unit_and_kind(metric: Metric):
    assert metric.name.startswith("headgate_")
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    if metric.kind == "histogram":
        assert metric.name.endswith("_seconds")
        assert list(metric.buckets) == sorted(metric.buckets)
    else:
        assert not metric.buckets


def test_no_name_stands_twice():
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_no_label_holds_what_callers_may_choose_freely():
    labels = {label for metric in METRICS for label in metric.labels}
    assert not labels & {"key", "team", "session", "request_id", "category", "tags"}
