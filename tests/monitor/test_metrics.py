"""Metrics: the sums are the ledger's, labels are bounded, several processes add up."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from headgate.ledger.counts import Counts, PromptCounts
from headgate.monitor.metric import METRICS
from headgate.monitor.metrics import GROUP, MOST_NAMES, MULTIPROCESS, OTHER, Metrics
from headgate.values import NANO_PER_USD
from tests.ledger.samples import entry, traffic

ENTRIES = traffic(random.Random(6), 400)
MODELS = {f"{one.provider}/{one.model_asked}" for one in ENTRIES}


Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(metrics: Metrics) -> Samples:
    return parsed(metrics.exposition()[1].decode())


def parsed(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(metrics: Metrics, name: str, **labels: str) -> float:
    return sum(
        value
        for (found, given), value in read(metrics).items()
        if found == name and labels.items() <= dict(given).items()
    )


@pytest.fixture(scope="module")
def counted() -> Metrics:
    metrics = Metrics(MODELS, env={})
    for one in ENTRIES:
        metrics.take(one)
    return metrics


def test_every_attempt_is_counted_once(counted: Metrics):
    assert total(counted, "headgate_attempts_total") == len(ENTRIES)
    errors = Counter(one.error for one in ENTRIES if one.error)
    for error, times in errors.items():
        assert total(counted, "headgate_attempts_total", outcome=error) == times


def test_money_is_the_ledgers(counted: Metrics):
    spent = sum(one.cost_nano or 0 for one in ENTRIES)
    assert total(counted, "headgate_cost_usd_total") == pytest.approx(spent / NANO_PER_USD)
    retries = [x for x in ENTRIES if x.purpose == "answer" and not x.served and x.routed]
    assert total(
        counted, "headgate_cost_usd_total", purpose="answer", served="false", routed="true"
    ) == pytest.approx(sum(one.cost_nano or 0 for one in retries) / NANO_PER_USD)
    baseline = sum(one.premium_nano or 0 for one in ENTRIES if one.served and one.routed)
    assert total(counted, "headgate_premium_cost_usd_total") == pytest.approx(
        baseline / NANO_PER_USD
    )


def test_a_call_of_unknown_price_is_counted_and_never_costs_nothing(counted: Metrics):
    unpriced = sum(one.cost_nano is None for one in ENTRIES)
    assert unpriced
    assert total(counted, "headgate_unpriced_attempts_total") == unpriced


def test_tokens_are_counted_by_kind(counted: Metrics):
    for kind in ("input", "output", "cache_read", "reasoning"):
        assert total(counted, "headgate_tokens_total", kind=kind) == sum(
            getattr(one.usage, kind) for one in ENTRIES
        )


def test_escalation_can_be_told_from_answers(counted: Metrics):
    served = [one for one in ENTRIES if one.served and one.routed]
    assert total(counted, "headgate_answers_total", routed="true") == len(served)
    assert total(counted, "headgate_answers_total", routed="true", premium="true") == sum(
        one.premium for one in served
    )


def test_times_are_in_seconds():
    metrics = Metrics(env={})
    metrics.take(entry(total_us=2_000_000, first_token_us=300_000, streamed=True, queue_us=700))
    assert total(metrics, "headgate_attempt_seconds_sum") == 2
    assert total(metrics, "headgate_first_token_seconds_sum") == 0.3
    assert total(metrics, "headgate_queue_seconds_bucket", le="0.001") == 1
    assert total(metrics, "headgate_queue_seconds_bucket", le="0.0005") == 0


def test_a_tier_has_times_to_a_first_token_from_its_first_stream_on_even_one_that_never_spoke():
    metrics = Metrics(env={})
    metrics.take(entry(tier="cheap", first_token_us=300_000, streamed=False))
    metrics.take(entry(tier="premium", first_token_us=None, streamed=True, error="connect"))
    counts = {
        dict(labels)["tier"]: value
        for (name, labels), value in read(metrics).items()
        if name == "headgate_first_token_seconds_count"
    }
    assert counts == {"premium": 0}


def test_only_the_first_call_of_a_request_tells_how_long_it_queued():
    metrics = Metrics(env={})
    for attempt in range(3):
        metrics.take(entry(attempt=attempt, queue_us=700))
    assert total(metrics, "headgate_queue_seconds_count") == 1


def test_models_that_are_not_configured_are_one():
    metrics = Metrics({"anthropic/claude-haiku-4-5"}, env={})
    metrics.take(entry())
    for number in range(1000):
        metrics.take(entry(model_asked=f"made-up-{number}"))
    models = Counter(
        dict(labels)["model"] for name, labels in read(metrics) if name == "headgate_attempts_total"
    )
    assert models == {"anthropic/claude-haiku-4-5": 1, OTHER: 1}


def test_names_without_a_list_are_bounded():
    metrics = Metrics(env={})
    for number in range(MOST_NAMES + 30):
        metrics.take(entry(policy=f"policy-{number}"))
    found = [key for key in read(metrics) if key[0] == "headgate_answers_total"]
    assert len(found) == MOST_NAMES + 1
    assert total(metrics, "headgate_answers_total", policy=OTHER) == 30


def test_the_request_that_fills_a_group_counts_it():
    metrics = Metrics(env={})
    for _ in range(GROUP - 1):
        metrics.take(entry())
    assert len(metrics._waiting) == GROUP - 1
    metrics.take(entry())
    assert len(metrics._waiting) == 0


def test_threads_that_count_at_once_lose_nothing():
    metrics = Metrics(env={})

    def work() -> None:
        for number in range(2000):
            metrics.take(entry())
            if number % 100 == 0:
                metrics.fold()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total(metrics, "headgate_attempts_total") == 8000


def test_the_ledgers_own_counts_are_told():
    metrics = Metrics(env={})
    counts = Counts(recorded=9, written=3, pending=4, lost=2, failed=1, recovered=0, damaged=0)
    metrics.ledger(counts)
    metrics.ledger(counts._replace(lost=5, pending=0))
    assert total(metrics, "headgate_ledger_lost_rows_total") == 5
    assert total(metrics, "headgate_ledger_failures_total") == 1
    assert total(metrics, "headgate_ledger_pending_rows") == 0


def test_dropped_prompts_are_counted_once_each():
    metrics = Metrics(env={})
    for dropped in (2, 2, 5):
        metrics.prompts(PromptCounts(taken=9, dropped=dropped))
    assert total(metrics, "headgate_ledger_dropped_prompts_total") == 5


def test_a_gauge_that_is_gone_is_zero_and_its_series_goes_on():
    metrics = Metrics(env={})
    metrics.show("headgate_escalation_alarm", {("all",): 1, ("route /v1/messages",): 1})
    metrics.show("headgate_escalation_alarm", {("all",): 1})
    assert total(metrics, "headgate_escalation_alarm", scope="all") == 1
    found = read(metrics)
    assert found["headgate_escalation_alarm", (("scope", "route /v1/messages"),)] == 0


def test_a_new_configuration_takes_the_place_of_the_old():
    metrics = Metrics(env={})
    metrics.info("1.0", "aaaa")
    metrics.info("1.0", "bbbb")
    assert total(metrics, "headgate_info", config="bbbb") == 1
    assert total(metrics, "headgate_info") == 1


def test_every_row_is_a_metric_of_that_name():
    metrics = Metrics(env={})
    text = metrics.exposition()[1].decode()
    for metric in METRICS:
        assert f"# TYPE {metric.name} {metric.kind}" in text
        assert metric.meaning.endswith(".")


def test_openmetrics_is_spoken_where_it_is_asked_for():
    kind, text = Metrics(env={}).exposition("application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")


def test_processes_that_share_a_directory_answer_for_each_other(tmp_path: Path):
    script = (
        "import sys; from headgate.monitor.metrics import Metrics;"
        "from headgate.ledger.counts import Counts; from tests.ledger.samples import entry;"
        "metrics = Metrics();"
        "[metrics.take(entry()) for _ in range(int(sys.argv[1]))];"
        "metrics.ledger(Counts(0, 0, 7, 0, 0, 0, 0));"
        "metrics.show('headgate_escalation_alarm', {('all',): 1});"
        "print(metrics.exposition()[1].decode());"
        "metrics.close() if sys.argv[2] == 'close' else None"
    )
    env = {**os.environ, MULTIPROCESS: str(tmp_path)}

    def run(times: int, end: str) -> str:
        command = [sys.executable, "-c", script, str(times), end]
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout

    run(30, "leave")
    for text in (run(12, "close"), run(0, "close")):
        found = parsed(text)
        assert sum(v for (name, _), v in found.items() if name == "headgate_attempts_total") == 42
        # of the first process and this one; those that closed are not counted
        assert found["headgate_ledger_pending_rows", ()] == 14
        assert found["headgate_escalation_alarm", (("scope", "all"),)] == 1


def test_refusals_are_counted_by_their_reason():
    metrics = Metrics()
    for reason in ("overloaded", "overloaded", "budget_exhausted"):
        metrics.refused(reason)
    assert total(metrics, "headgate_refusals_total") == 3


def test_no_request_waits_for_a_thread_that_counts():
    metrics = Metrics(MODELS, env={})
    with metrics._waiting._dealing:  # as a thread that is counting has it
        for _ in range(GROUP + 10):
            metrics.take(ENTRIES[0])
    assert len(metrics._waiting) == GROUP + 10
    metrics.take(ENTRIES[0])
    assert len(metrics._waiting) == 0
    assert total(metrics, "headgate_attempts_total") == GROUP + 11
