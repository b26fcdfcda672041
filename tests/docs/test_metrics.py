"""docs/metrics.md: every metric that there is, in its words, and none that is not."""

from __future__ import annotations

import re

import pytest

from headgate.monitor.metric import METRICS, Metric
from tests.docs.pages import page

TEXT = page("metrics.md")


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_described_as_the_registry_has_it(metric: Metric):
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    assert f"| `{metric.name}` ({metric.kind}) | {labels} | {metric.meaning} |" in TEXT


def test_no_metric_is_described_that_is_not_there():
    rows = re.findall(r"^\| `(headgate_\w+)`", TEXT, re.MULTILINE)
    assert rows == [metric.name for metric in METRICS]
