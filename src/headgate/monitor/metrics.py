"""What the gateway tells Prometheus: the registry that entries are counted in.

A request pays for one `append` to a queue. Entries are counted in groups: by the request that fills
one, when somebody scrapes, or when the watch's thread comes by. Money and tokens here are for
graphs and alerts; the ledger is exact.

Where several processes serve, each is scraped at its own admin port, and sums are Prometheus's. If
`PROMETHEUS_MULTIPROC_DIR` names a directory that they share, each answers for all of them instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from headgate.ledger.counts import Counts, PromptCounts
from headgate.ledger.entry import Entry
from headgate.monitor.grouped import Grouped
from headgate.monitor.metric import METRICS, Metric
from headgate.monitor.sums import KIND, TOKENS, Sums
from headgate.values import NANO_PER_USD

__all__ = ["MULTIPROCESS", "OTHER", "Metrics"]

OTHER = "other"
"""What a label says in place of names that are not configured or too many: callers choose some of
them, and must not be able to fill Prometheus's memory."""
MOST_NAMES = 50
"""Names that a label with no configured list takes."""
GROUP = 50
"""Entries that are counted together, for those of one kind are added up first: more would save
little (2.9 µs an entry so, 2.6 at best, 4.6 in eights), and other requests wait for it, 0.15 ms."""
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """The numbers of one process.

    Args:
        models: `provider/model` of all that are configured; others are counted as `other`.
        env: where the directory that processes share is named.
    """

    def __init__(
        self, models: Collection[str] = (), *, env: Mapping[str, str] = os.environ
    ) -> None:
        self._models = frozenset(models)
        self._shared = env.get(MULTIPROCESS)
        self._registry = CollectorRegistry()
        self._made = {metric.name: _made(metric, self._registry) for metric in METRICS}
        self._children: dict[tuple[str, tuple[str, ...]], Counter | Gauge | Histogram] = {}
        self._waiting = Grouped(GROUP, self._fold)
        self._names: dict[str, set[str]] = {}
        self._shown: dict[str, set[tuple[str, ...]]] = {}
        self._counts: Counts | None = None
        self._dropped_prompts = 0

    def take(self, entry: Entry) -> None:
        """Count an entry soon; see `Grouped.put`."""
        self._waiting.put(entry)

    def fold(self) -> None:
        """Count what waits."""
        self._waiting.empty()

    def _fold(self, entries: Iterator[Entry]) -> None:
        sums: dict[tuple[Any, ...], Sums] = {}
        for entry in entries:
            kind = KIND(entry)
            found = sums.get(kind)
            if found is None:
                found = sums[kind] = self._sums(entry)
            found.add(entry)
        for found in sums.values():
            self._count(found)

    def _sums(self, entry: Entry) -> Sums:
        """For entries of the same kind as this one."""
        tier = entry.tier
        return Sums(
            entry,
            self.histogram("headgate_attempt_seconds", entry.purpose, tier),
            self.histogram("headgate_first_token_seconds", tier) if entry.streamed else None,
            self.histogram("headgate_queue_seconds"),
        )

    def _count(self, sums: Sums) -> None:
        entry = sums.first
        model = f"{entry.provider}/{entry.model_asked}"
        if model not in self._models:
            model = OTHER
        tier, purpose = entry.tier, entry.purpose
        routed, served = _flag(entry.routed), _flag(entry.served)
        outcome = self._name("outcome", entry.error or ("served" if entry.served else "ok"))
        self.counter("headgate_attempts_total", purpose, tier, model, outcome).inc(sums.entries)
        route = self._name("route", entry.route)
        if entry.served:
            premium, policy = _flag(entry.premium), self._name("policy", entry.policy)
            answers = (route, policy, tier, premium, routed)
            self.counter("headgate_answers_total", *answers).inc(sums.entries)
            if entry.routed and sums.compared:
                baseline = sums.premium_nano / NANO_PER_USD
                self.counter("headgate_premium_cost_usd_total", route).inc(baseline)
        for kind, tokens in zip(TOKENS, sums.tokens, strict=True):
            if tokens:
                self.counter("headgate_tokens_total", tier, model, kind).inc(tokens)
        if sums.unpriced:
            self.counter("headgate_unpriced_attempts_total", tier, model).inc(sums.unpriced)
        if sums.unpriced < sums.entries:
            labels = (purpose, tier, model, routed, served)
            self.counter("headgate_cost_usd_total", *labels).inc(sums.cost_nano / NANO_PER_USD)

    def _name(self, label: str, name: str) -> str:
        """The name, or `other` once a label has all it may have."""
        names = self._names.setdefault(label, set())
        if name in names:
            return name
        if len(names) >= MOST_NAMES:
            return OTHER
        names.add(name)
        return name

    def refused(self, reason: str) -> None:
        """Count a request that the gateway refused by itself; `reason` is its error's code."""
        self.counter("headgate_refusals_total", self._name("reason", reason)).inc()

    def info(self, version: str, config: str) -> None:
        """Say what runs; a reload replaces the configuration of before."""
        self.show("headgate_info", {(version, config): 1})

    def show(self, name: str, values: Mapping[tuple[str, ...], float]) -> None:
        """Set a gauge; labels that it had before and that are not among these are 0 from now on.

        They are not removed, so that an alert sees its alarm end, and not its series go missing.
        """
        shown = self._shown.setdefault(name, set())
        for labels in shown.difference(values):
            self.gauge(name, *labels).set(0)
        for labels, value in values.items():
            self.gauge(name, *labels).set(value)
        shown.update(values)

    def show_all(self, values: Mapping[str, Mapping[tuple[str, ...], float]]) -> None:
        """Set the gauges of these names; see `show`."""
        for name, labelled in values.items():
            self.show(name, labelled)

    def ledger(self, counts: Counts) -> None:
        """Take over what the ledger's writer counts of itself."""
        before = self._counts
        self._counts = counts
        self.gauge("headgate_ledger_pending_rows").set(counts.pending)
        for name, field in (("lost_rows", "lost"), ("failures", "failed")):
            new = getattr(counts, field) - (0 if before is None else getattr(before, field))
            self.counter(f"headgate_ledger_{name}_total").inc(max(0, new))

    def prompts(self, counts: PromptCounts) -> None:
        """Take over what the ledger's writer counts of the prompts."""
        new = counts.dropped - self._dropped_prompts
        self._dropped_prompts = counts.dropped
        self.counter("headgate_ledger_dropped_prompts_total").inc(max(0, new))

    def counter(self, name: str, *labels: str) -> Counter:
        """The counter of that name and those labels."""
        made = self._labelled(name, labels)
        assert isinstance(made, Counter)  # noqa: S101 - a slip in the table of metrics
        return made

    def gauge(self, name: str, *labels: str) -> Gauge:
        """The gauge of that name and those labels."""
        made = self._labelled(name, labels)
        assert isinstance(made, Gauge)  # noqa: S101 - a slip in the table of metrics
        return made

    def histogram(self, name: str, *labels: str) -> Histogram:
        """The histogram of that name and those labels."""
        made = self._labelled(name, labels)
        assert isinstance(made, Histogram)  # noqa: S101 - a slip in the table of metrics
        return made

    def _labelled(self, name: str, labels: tuple[str, ...]) -> Counter | Gauge | Histogram:
        """Looked up once: prometheus-client takes a lock and a microsecond each time."""
        found = self._children.get((name, labels))
        if found is None:
            made = self._made[name]
            found = self._children[name, labels] = made.labels(*labels) if labels else made
        return found

    def exposition(self, accept: str = "") -> tuple[str, bytes]:
        """Content type and text for a scrape that accepts such types."""
        self.fold()
        encode: Callable[[CollectorRegistry], bytes]
        encode, content_type = choose_encoder(accept)
        if self._shared is None:
            return content_type, encode(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=self._shared)  # type: ignore[no-untyped-call]
        return content_type, encode(registry)

    def close(self) -> None:
        """The process ends: its gauges no longer count, its counters stay."""
        self.fold()
        if self._shared is not None:
            mark_process_dead(os.getpid(), path=self._shared)  # type: ignore[no-untyped-call]


def _made(metric: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    if metric.kind == "counter":
        return Counter(
            metric.name.removesuffix("_total"), metric.meaning, metric.labels, registry=registry
        )
    if metric.kind == "histogram":
        return Histogram(
            metric.name, metric.meaning, metric.labels, registry=registry, buckets=metric.buckets
        )
    mode: Literal["livesum", "livemostrecent"] = (
        "livemostrecent" if metric.of == "watch" else "livesum"
    )
    return Gauge(
        metric.name, metric.meaning, metric.labels, registry=registry, multiprocess_mode=mode
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"
