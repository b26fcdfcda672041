"""`python -m benchmarks.spans`: function calls and microseconds for a request with one call."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from time import process_time
from types import FrameType

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from tests.ledger.samples import entry

from headgate.bootstrap.clock import SystemClock
from headgate.monitor.span_attributes import Names
from headgate.monitor.telemetry import Telemetry

__all__ = ["main"]

REQUESTS = 200


class _Nobody(SpanExporter):
    """A collector that keeps nothing."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:  # noqa: ARG002
        return SpanExportResult.SUCCESS


def _telemetry() -> Telemetry:
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(_Nobody()))
    return Telemetry(tracers, MeterProvider(shutdown_on_exit=False), SystemClock(), Names())


def _calls(work: Callable[[], None]) -> int:
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def main() -> None:
    """Print both; the times are the best of some rounds, taken in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    telemetry, row = _telemetry(), entry()

    def request(*, told: bool) -> None:
        journey = telemetry.begin("POST", "/v1/chat/completions", {})
        telemetry.introduce(told=told)
        telemetry.take(row)
        telemetry.end(journey)

    def noted() -> None:
        request(told=False)

    def told() -> None:
        request(told=True)

    def at_once() -> None:
        request(told=False)
        telemetry.fold()

    works = {"noted": noted, "noted, the provider told": told, "made at once": at_once}
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            began = process_time()
            for _ in range(REQUESTS):
                work()
            best[name] = min(best[name], (process_time() - began) / REQUESTS * 1e6)
            telemetry.fold()
    for name, work in works.items():
        print(f"{name:25} {_calls(work):4} function calls  {best[name]:6.1f} µs")
        telemetry.fold()


if __name__ == "__main__":
    main()
