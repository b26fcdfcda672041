"""Delivers alerts in a thread of its own, so that no look at the ledger waits for a mail server."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable, Sequence

from headgate.errors import HeadgateError
from headgate.ledger.event import Event
from headgate.monitor.alerting import Alert
from headgate.monitor.channels import Channel, deliver
from headgate.values import Clock

__all__ = ["AGAIN_SECONDS", "Courier", "sent_event"]

_log = logging.getLogger("headgate.alerts")

AGAIN_SECONDS = 300.0
"""An alert that nobody took is tried again after this time."""


class Courier:
    """Takes alerts, each once while it is under way, and notes what became of them.

    Args:
        channels: all are tried; an alert counts as sent when one of those that reach people took
            it, or where there is none but the log.
        note: keeps an event; may raise `HeadgateError`, and then the alert will come again.
    """

    def __init__(
        self, channels: Sequence[Channel], note: Callable[[Sequence[Event]], object], clock: Clock
    ) -> None:
        self._channels = tuple(channels)
        self._note = note
        self._clock = clock
        self._waiting: queue.SimpleQueue[Alert | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="headgate-courier", daemon=True)
        self._thread.start()

    def take(self, alert: Alert) -> bool:
        """Deliver an alert soon; False if it is under way, or was tried a moment ago."""
        with self._lock:
            if alert.id in self._busy:
                return False
            if self._clock.monotonic() < self._not_before.get(alert.id, float("-inf")):
                return False
            self._busy.add(alert.id)
        self._waiting.put(alert)
        return True

    def close(self, timeout: float = 5.0) -> None:
        """Stop waiting between tries; what is not delivered by then is for the next process."""
        self._closing.set()
        self._waiting.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (alert := self._waiting.get()) is not None:
            self._deliver(alert)

    def _deliver(self, alert: Alert) -> None:
        found = {
            channel.name: deliver(channel, alert, clock=self._clock.time, wait=self._closing.wait)
            for channel in self._channels
        }
        people = [why for name, why in found.items() if name != "log"]
        sent = not people or None in people
        with self._lock:
            self._not_before[alert.id] = self._clock.monotonic() + AGAIN_SECONDS
        at_us = int(self._clock.time() * 1_000_000)
        try:
            self._note([sent_event(alert, found, sent=sent, at_us=at_us)])
        except HeadgateError as error:
            _log.warning("what became of an alert could not be noted: %s", error)
        if not sent:
            failed = "; ".join(f"{name}: {why}" for name, why in found.items() if why)
            _log.error("alert %r was not delivered: %s", alert.title, failed)
        with self._lock:
            self._busy.discard(alert.id)


def sent_event(alert: Alert, found: dict[str, str | None], *, sent: bool, at_us: int) -> Event:
    """What is kept of an alert: what it said, and what each channel did with it."""
    detail = {
        "news": alert.news,
        "level": alert.level,
        "title": alert.title,
        "alarm_us": alert.since_us,
        "channels": {name: "taken" if why is None else why for name, why in found.items()},
    }
    kind = "alert.sent" if sent else "alert.failed"
    return Event(
        id=f"{kind}/{alert.id}" if sent else f"{kind}/{alert.id}/{at_us}",
        at_us=at_us,
        kind=kind,
        subject=alert.subject,
        detail=json.dumps(detail, ensure_ascii=False),
    )
