"""Dashboard and alert rules: every metric and label in them exists, and every metric is shown."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from headgate.monitor.dashboard import PANELS, RULES, grafana, prometheus_rules
from headgate.monitor.metric import METRICS

SERIES = {}
for _metric in METRICS:
    if _metric.kind == "histogram":
        SERIES[f"{_metric.name}_bucket"] = {*_metric.labels, "le"}
        SERIES[f"{_metric.name}_sum"] = SERIES[f"{_metric.name}_count"] = set(_metric.labels)
    else:
        SERIES[_metric.name] = set(_metric.labels)

QUERIES = [query for panel in PANELS for query, _ in panel.queries]
EXPRESSIONS = QUERIES + [rule.expression for rule in RULES]


def used(expression: str) -> dict[str, set[str]]:
    """Every series that an expression names, with the labels it is selected by."""
    found = re.findall(r"(headgate_\w+)(?:\{([^}]*)\})?", expression)
    return {name: set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", labels)) for name, labels in found}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_and_label_in_it_exists(expression: str):
    assert used(expression)
    for name, labels in used(expression).items():
        assert name in SERIES, name
        assert labels <= SERIES[name]
    grouped = re.findall(r"by \(([^)]*)\)", expression)
    known = set().union(*(SERIES[name] for name in used(expression)))
    for group in grouped:
        assert {label.strip() for label in group.split(",")} <= known


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_brackets_are_in_pairs(expression: str):
    for opening, closing in ("()", "{}", "[]"):
        assert expression.count(opening) == expression.count(closing)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_counters_are_read_as_rates_and_histograms_as_quantiles(expression: str):
    for name in used(expression):
        if name.endswith("_bucket"):
            assert "histogram_quantile" in expression
        elif name.endswith("_total") and name != "headgate_ledger_lost_rows_total":
            assert re.search(rf"(rate|increase)\({name}", expression)


def test_every_metric_is_on_the_dashboard():
    shown = {name for query in QUERIES for name in used(query)}
    for metric in METRICS:
        assert {metric.name, f"{metric.name}_bucket"} & shown, metric.name


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_legend_names_labels_that_its_query_keeps(panel):
    for query, legend in panel.queries:
        kept = {
            label.strip()
            for group in re.findall(r"by \(([^)]*)\)", query)
            for label in group.split(",")
        }
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= kept


def test_the_dashboard_is_one_that_grafana_imports():
    board = json.loads(grafana())
    assert board["uid"] == "headgate"
    assert len({panel["id"] for panel in board["panels"]}) == len(PANELS)
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]}
    assert len(places) == len(PANELS)
    for panel in board["panels"]:
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        assert panel["datasource"]["uid"] == "${source}"


def test_the_rules_are_yaml_that_prometheus_reads():
    (group,) = yaml.safe_load(prometheus_rules())["groups"]
    assert [rule["alert"] for rule in group["rules"]] == [rule.name for rule in RULES]
    for found, rule in zip(group["rules"], RULES, strict=True):
        assert found["expr"] == rule.expression
        assert re.fullmatch(r"\d+[mh]", found["for"])
        assert found["labels"]["severity"] in {"warning", "critical"}
        for label in re.findall(r"\$labels\.(\w+)", rule.summary):
            assert f"by ({label})" in rule.expression
