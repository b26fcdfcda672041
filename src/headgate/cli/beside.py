"""The sidecar of `headgate serve`, as its gateway sees it: its command, and what it says."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from headgate.bootstrap.admin import AdminToken
from headgate.cli.workers import TOKEN
from headgate.gateway.sidecar import Sidecar
from headgate.monitor.gauges import Values
from headgate.monitor.metrics import Metrics
from headgate.settings import Reading
from headgate.settings.schema import Settings

__all__ = ["Gauges", "gauges_of", "has_sidecar", "sidecar_of"]

Gauges = dict[str, list[tuple[tuple[str, ...], float]]]
"""`Values` as a message: its keys are no text."""


def gauges_of(values: Values) -> Gauges:
    """The message that says what the watch's gauges show."""
    return {name: list(labelled.items()) for name, labelled in values.items()}


def has_sidecar(settings: Settings) -> bool:
    """Whether the first process that serves has a sidecar.

    A ledger in memory can be read by nobody else, so its watch and pages stay with the gateway; and
    so they do where a process cannot hand a socket to its child.
    """
    wanted = settings.watch.live or bool(settings.server.admin)
    return wanted and settings.ledger.url != "memory:" and os.name == "posix"


def sidecar_of(
    reading: Reading,
    sets: tuple[str, ...],
    token: AdminToken | None,
    metrics: Metrics,
    env: Mapping[str, str],
) -> Sidecar[Gauges]:
    """The sidecar of a gateway.

    Args:
        token: the admin port's; one that is kept nowhere reaches the sidecar by its environment.
        metrics: what its gauges are shown by.
    """
    settled, env = [*sets], dict(env)
    if token is not None and token.origin == "memory":
        env[TOKEN] = token.value
        settled.append(f"server.admin_token_env={TOKEN}")
    options = [word for value in settled for word in ("--set", value)]

    def command(listening: int) -> list[str]:
        file = str(Path(reading.file)) if reading.file else ""
        at = [sys.executable, "-m", "headgate.cli.sidecar", str(listening), "--config", file]
        return [*at, *options]

    def shown(gauges: Gauges) -> None:
        metrics.show_all({name: dict(labelled) for name, labelled in gauges.items()})

    return Sidecar(command, says=Gauges, heard=shown, env=env)
