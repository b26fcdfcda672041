"""Builds the telemetry: OpenTelemetry's SDK, set up by its own standard variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from headgate import __version__
from headgate.errors import ConfigError
from headgate.gateway.caller import Caller
from headgate.gateway.followed import Followed
from headgate.gateway.introduced import Introduced
from headgate.gateway.upstream import Upstream
from headgate.ledger.entry import Entry
from headgate.values import Clock

__all__ = ["Sending", "sending"]


class Sending(NamedTuple):
    """Telemetry at work."""

    follow: Callable[[Caller, str], Followed]
    """See `App.follow`."""
    introduce: Callable[[Upstream], Upstream]
    """A client that tells providers of the trace, those that are to know."""
    take: Callable[[Entry], None]
    fold: Callable[[], None]
    close: Callable[[], None]
    """Sends what has been told, within the SDK's own time-outs."""


def sending(env: Mapping[str, str], clock: Clock) -> Sending:
    """Spans and metrics by OTLP over HTTP; `OTEL_EXPORTER_OTLP_…` and the like say where to.

    Raises:
        ConfigError: the SDK is not installed.
    """
    try:  # an extra, and slow to import: only who asks for it pays for it
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as missing:
        raise ConfigError(
            "Telemetry needs the OpenTelemetry SDK, which is not installed.",
            fix="pip install 'headgate[otel]', or set otel = false below [watch].",
        ) from missing
    from headgate.monitor.span_attributes import names_of
    from headgate.monitor.telemetry import Telemetry

    resource = Resource.create(
        {
            "service.name": env.get("OTEL_SERVICE_NAME", "headgate"),
            "service.version": __version__,
        }
    )
    tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    meters = MeterProvider(
        [PeriodicExportingMetricReader(OTLPMetricExporter())],
        resource=resource,
        shutdown_on_exit=False,
    )
    telemetry = Telemetry(tracers, meters, clock, names_of(env))

    def follow(caller: Caller, route: str) -> Followed:
        return Followed(
            caller, telemetry.begin(caller.method, route, caller.headers), telemetry.end
        )

    def close() -> None:
        telemetry.fold()
        tracers.shutdown()
        meters.shutdown()

    return Sending(
        follow,
        lambda upstream: Introduced(upstream, telemetry.introduce),
        telemetry.take,
        telemetry.fold,
        close,
    )
