"""What sums by the hour say of a ratio: over days, over hours where these are too few, or neither.

Requests of one conversation, one caller or one day are alike. Sums by the hour know no
conversations, but nearly all of one are in few hours and surely in few days: so whole days are
taken as what is drawn, or hours where the days are too few (docs/decisions/0079).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from headgate.ledger.store import RequestTotal
from headgate.stats.blocks import LEAST_DAYS, LEAST_HOURS, Block, equal_blocks, over_blocks
from headgate.stats.intervals import Interval, wilson

__all__ = ["Blocked", "Unit", "blocked", "escalated", "over_time", "share", "unit_text"]

Unit = Literal["day", "hour", "request"]

_NOTHING = Block(0.0, 0.0)


class Blocked(NamedTuple):
    """An interval, and what it takes as independent of each other."""

    interval: Interval | None
    by: Unit
    blocks: int
    """So many days or hours, as if they weighed the same; 0 for requests."""


def blocked(
    alone: Interval | None,
    parts: Iterable[RequestTotal],
    block_of: Callable[[RequestTotal], Block],
    confidence: float = 0.95,
) -> Blocked:
    """The interval of a ratio, no narrower than `alone`, which takes requests as independent.

    Args:
        parts: sums by the hour, that being the first of what they are told apart by; sums that are
            not told apart leave `alone` as it is.
        block_of: what of a part is above the line of the ratio, and below it.
    """
    hourly = [(int(total.of[0]), block_of(total)) for total in parts if total.of]
    return over_time(alone, hourly, confidence)


def over_time(
    alone: Interval | None,
    hourly: Sequence[tuple[int, Block]],
    confidence: float = 0.95,
    *,
    least_hours: float = LEAST_HOURS,
) -> Blocked:
    """As `blocked`, of blocks with the number of their hour; several may be of one hour.

    `least_hours`: hours of equal weight below which requests are what is drawn.
    """
    units: tuple[tuple[Unit, int, float], ...] = (
        ("day", 24, LEAST_DAYS),
        ("hour", 1, least_hours),
    )
    for by, hours, least in units:
        sums: dict[int, Block] = {}
        for hour, block in hourly:
            before = sums.get(hour // hours, _NOTHING)
            sums[hour // hours] = Block(before.x + block.x, before.y + block.y)
        blocks = [block for block in sums.values() if block.y or block.x]
        weight = equal_blocks(blocks)
        if weight >= least:
            return Blocked(_wider(alone, over_blocks(blocks, confidence)), by, round(weight))
    return Blocked(alone, "request", 0)


def escalated(parts: Sequence[RequestTotal]) -> tuple[Interval, Unit, int]:
    """The 95 % interval of the share of served requests that premium answered; as `blocked`."""
    served = sum(total.served for total in parts)
    alone = wilson(sum(total.escalated for total in parts), served)
    found = blocked(alone, parts, lambda total: Block(total.escalated, total.served))
    return share(found.interval or alone), found.by, found.blocks


def share(interval: Interval) -> Interval:
    """An interval of what is never below 0 nor above 1."""
    return Interval(max(0.0, interval.low), min(1.0, interval.high))


def _wider(one: Interval | None, other: Interval | None) -> Interval | None:
    """Of two intervals around the same share; a few blocks that happen to agree narrow nothing."""
    if one is None or other is None:
        return one or other
    return Interval(min(one.low, other.low), max(one.high, other.high))


def unit_text(by: Unit, blocks: int) -> str:
    """What an interval rests on, to be said behind the number of requests."""
    return ", each taken by itself" if by == "request" else f", of {blocks:,} {by}s"
