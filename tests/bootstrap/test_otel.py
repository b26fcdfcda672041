"""otel: spans and metrics really leave the process, to a collector on this machine."""

from __future__ import annotations

import pytest

from headgate.bootstrap.otel import sending
from tests.ledger.samples import entry
from tests.monitor.listeners import hook


def test_what_was_told_arrives_at_the_collector(monkeypatch: pytest.MonkeyPatch):
    with hook(200) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        telemetry = sending({"OTEL_SERVICE_NAME": "gate-7"})
        telemetry.take(entry(session="canary-7f3a"))
        telemetry.fold()
        telemetry.close()
    posts = {path: body for path, _, body in collector.posts}
    assert set(posts) == {"/v1/traces", "/v1/metrics"}
    assert b"chat claude-haiku-4-5" in posts["/v1/traces"]
    assert b"gate-7" in posts["/v1/traces"]
    assert b"gen_ai.client.token.usage" in posts["/v1/metrics"]
    assert not any(b"canary" in body for body in posts.values())
