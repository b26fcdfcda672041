"""Builds the quality watch of a gateway: who samples and judges, and where feedback goes."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from headgate.gateway.feedback import Feedback
from headgate.gateway.plant import Plant
from headgate.ledger.event import Event
from headgate.ledger.store import DAY_US, Store, Window
from headgate.routing.tier import Tier
from headgate.settings.schema import Settings
from headgate.values import Clock, ModelRef, nano_from_usd

if TYPE_CHECKING:
    from headgate.gateway.shadow import Shadow

__all__ = ["feedback_of", "shadow_of", "spent_today"]

JUDGE = "judge"


def shadow_of(
    settings: Settings,
    plant: Callable[[], Plant],
    store: Store,
    clock: Clock,
    note: Callable[[Event], None],
    *,
    dice: Callable[[], float] | None = None,
) -> Shadow | None:
    """Who samples; None where nothing is to be sampled.

    The day's money is shared out among the workers, so that together they keep the cap; what the
    ledger says was spent today counts.

    Raises:
        StoreError: the ledger does not answer.
    """
    quality = settings.quality
    if not quality.shadow_rate or quality.judge is None:
        return None
    # a gateway that samples nothing starts without what sampling takes
    from headgate.gateway.shadow import Shadow
    from headgate.gateway.trial import DAY_SECONDS, DayPurse

    workers = settings.server.workers
    purse = DayPurse(
        nano_from_usd(quality.daily_cap) // workers,
        spent=-(-spent_today(store, clock.time()) // workers),
        today=int(clock.time()) // DAY_SECONDS,
    )
    return Shadow(
        plant,
        judge=Tier(
            name=JUDGE,
            model=ModelRef.parse(quality.judge),
            attempts=1,
            timeout=settings.premium.timeout,
            fallback=False,
        ),
        rate=quality.shadow_rate,
        purse=purse,
        dice=dice or random.Random().random,  # noqa: S311 - a sample is no secret
        note=note,
    )


def spent_today(store: Store, now: float) -> int:
    """What shadows have cost since midnight (UTC), nano-USD."""
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since_us = int(midnight.timestamp()) * 1_000_000
    totals = store.tiers(Window(since_us, since_us + DAY_US))
    return sum(total.cost_nano for total in totals if total.role == "shadow")


def feedback_of(store: Store, clock: Clock) -> Feedback:
    """Who takes feedback."""
    return Feedback(store.request, lambda event: store.note([event]) > 0, clock)
