"""Builds the telemetry: OpenTelemetry's SDK, set up by its own standard variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from headgate import __version__
from headgate.ledger.entry import Entry

__all__ = ["Sending", "sending"]


class Sending(NamedTuple):
    """Telemetry at work."""

    take: Callable[[Entry], None]
    fold: Callable[[], None]
    close: Callable[[], None]
    """Sends what has been told, within the SDK's own time-outs."""


def sending(env: Mapping[str, str]) -> Sending:
    """Spans and metrics by OTLP over HTTP; `OTEL_EXPORTER_OTLP_…` and the like say where to.

    Raises:
        ConfigError: the SDK is not installed.
    """
    # an extra, and slow to import: only who asks for it pays for it
    from headgate.monitor.telemetry import RequestIds, Telemetry, latest  # isort: skip
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create(
        {
            "service.name": env.get("OTEL_SERVICE_NAME", "headgate"),
            "service.version": __version__,
        }
    )
    ids = RequestIds()
    tracers = TracerProvider(resource=resource, id_generator=ids, shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    meters = MeterProvider(
        [PeriodicExportingMetricReader(OTLPMetricExporter())],
        resource=resource,
        shutdown_on_exit=False,
    )
    telemetry = Telemetry(tracers, meters, ids, newest=latest(env))

    def close() -> None:
        telemetry.fold()
        tracers.shutdown()
        meters.shutdown()

    return Sending(telemetry.take, telemetry.fold, close)
