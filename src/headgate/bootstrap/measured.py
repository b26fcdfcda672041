"""Settings with what was measured in the place of what was planned."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from headgate.bootstrap.scenario import scenario_of
from headgate.errors import ConfigError
from headgate.ledger.store import DAY_US, RequestTotal, TierTotal
from headgate.monitor.blocked import escalated
from headgate.monitor.headroom import LEAST_SERVED, measured
from headgate.monitor.merged import merged
from headgate.prices.book import Book
from headgate.settings.schema import Settings, TierSettings

__all__ = ["Measurement", "estimated_settings", "measured_settings"]


class Measurement(NamedTuple):
    """Settings that hold measured values, and where those come from."""

    settings: Settings
    interval: tuple[Decimal, Decimal]
    """Of the escalation rate, 95 %."""
    sentence: str


def measured_settings(
    settings: Settings,
    book: Book,
    at: date,
    tiers: Sequence[TierTotal],
    requests: Sequence[RequestTotal],
) -> Measurement:
    """What a store's `tiers` and `requests`, these by the hour, say, as settings.

    Tokens are means, rounded to whole ones; what was not measured stays as it was planned.

    Raises:
        ConfigError: fewer than `LEAST_SERVED` routed requests were served, or a model has no price.
    """
    parts = [total for total in requests if total.routed]
    routed = next(iter(merged(parts)), None)
    if routed is None or routed.served < LEAST_SERVED:
        served = 0 if routed is None else routed.served
        raise ConfigError(
            f"The ledger has {served:,} served routed requests in this time.",
            fix=f"With {LEAST_SERVED} and more their means are worth planning with.",
        )
    ours = [total for total in tiers if total.routed]
    rate = Decimal(routed.escalated) / routed.served
    found = measured(scenario_of(settings, book, at), ours, rate)
    interval, _, _ = escalated(parts)
    days = max((routed.last_us - routed.first_us) / DAY_US, 1.0)
    first = found.tiers[0]
    classifier = settings.classifier
    if found.classifier is not None:
        classifier = replace(
            classifier,
            input_tokens=max(round(found.classifier.input_tokens), 1),
            output_tokens=max(round(found.classifier.output_tokens), 1),
        )
    changed = replace(
        settings,
        traffic=replace(
            settings.traffic,
            requests_per_day=max(round(routed.requests / days), 1),
            calls_per_request=1.0,
            input_tokens=max(round(first.input_tokens), 1),
            output_tokens=max(round(first.output_tokens), 1),
            stable_prefix=round(float(found.stable_prefix), 4),
        ),
        classifier=classifier,
        tiers=tuple(
            replace(
                planned,
                input_tokens=max(round(tier.input_tokens), 1),
                output_tokens=max(round(tier.output_tokens), 1),
                retry_rate=round(float(tier.retry_rate), 4),
                cache_hit_rate=round(float(tier.cache_hit_rate), 4),
                share=_share(planned, ours, routed),
            )
            for planned, tier in zip(settings.tiers, found.tiers, strict=True)
        ),
        escalation=replace(
            settings.escalation,
            rate=round(float(rate), 6),
            low=round(interval.low, 6),
            high=round(interval.high, 6),
        ),
        plan=replace(settings.plan, hard_share=None),
    )
    span = f"{days:,.0f} days" if days >= 2 else "a day"
    return Measurement(
        changed,
        (Decimal(repr(round(interval.low, 6))), Decimal(repr(round(interval.high, 6)))),
        f"Measured: {routed.requests:,} routed requests of {span} in the ledger; means of what was "
        "served.",
    )


def _share(planned: TierSettings, tiers: Sequence[TierTotal], routed: RequestTotal) -> float | None:
    """A tier's share of the answers, where the plan states one."""
    if planned.share is None:
        return None
    answers = sum(
        total.attempts for total in tiers if total.tier == planned.name and total.role == "answer"
    )
    return answers / routed.served


def estimated_settings(path: Path) -> Callable[[Settings, Book, date], Measurement]:
    """What a sample says, as `headgate estimate --write` has written it.

    Raises:
        ConfigError: the file cannot be read, or holds no escalation rate with its interval.
    """
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(
            f"{path} cannot be read: {told}.", fix="Name what `headgate estimate --write` wrote."
        ) from error
    traffic, escalation = held.get("traffic", {}), held.get("escalation", {})
    rates = [escalation.get(name) for name in ("low", "rate", "high")]
    if not all(isinstance(rate, float) and 0 <= rate <= 1 for rate in rates):
        raise ConfigError(
            f"{path} holds no escalation rate with its interval.",
            fix="Name what `headgate estimate --write` wrote.",
        )
    known = {
        name: value
        for name in ("requests_per_day", "input_tokens", "output_tokens")
        if isinstance(value := traffic.get(name), int) and value > 0
    }

    def measure(settings: Settings, book: Book, at: date) -> Measurement:  # noqa: ARG001 - the seam
        low, rate, high = rates
        changed = replace(
            settings,
            traffic=replace(settings.traffic, **known),
            escalation=replace(settings.escalation, rate=rate, low=low, high=high),
            plan=replace(settings.plan, hard_share=None),
        )
        interval = Decimal(repr(low)), Decimal(repr(high))
        return Measurement(changed, interval, f"Measured: the sample that {path.name} is of.")

    return measure
