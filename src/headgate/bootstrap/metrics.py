"""Builds the metrics of a gateway: who counts, and who answers a scrape on the admin port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from headgate import __version__
from headgate.bootstrap.gateway import models_of_ours
from headgate.bootstrap.policies import embedding_of
from headgate.gateway.caller import Caller, Handler
from headgate.ledger.counts import Counts
from headgate.monitor.metrics import Metrics
from headgate.settings.schema import Settings

__all__ = ["metrics_of", "scrape"]


def metrics_of(settings: Settings) -> Metrics:
    """The metrics of a configuration: its models are counted by name, those of deciders too."""
    named: list[str | None] = [tier.model for tier in settings.tiers]
    for decides in (settings.classifier, *settings.policies):
        embedding = embedding_of(decides)
        named += [decides.model, decides.second_model, decides.judge_model]
        named += [str(embedding) if embedding else None]
    named += [settings.quality.judge, *map(str, models_of_ours(settings).values())]
    metrics = Metrics({model for model in named if model is not None})
    metrics.info(__version__, settings.fingerprint)
    return metrics


def scrape(metrics: Metrics, counts: Callable[[], Counts]) -> Handler:
    """Who answers `/metrics`; `counts` is what the ledger's writer says of itself.

    The text is made in a thread: a group of entries is counted before, and no request shall wait
    for that.
    """

    def text(accept: str) -> tuple[str, bytes]:
        metrics.ledger(counts())
        return metrics.exposition(accept)

    async def answer(caller: Caller) -> None:
        content_type, body = await asyncio.to_thread(text, caller.headers.get("accept", ""))
        caller.respond(200, [("content-type", content_type), ("cache-control", "no-store")], body)

    return answer
