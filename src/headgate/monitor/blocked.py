"""What sums by the hour say of a ratio: over days, over hours where these are too few, or neither.

Requests of one conversation, one caller or one day are alike. Sums by the hour know no
conversations, but nearly all of one are in few hours and surely in few days: so whole days are
taken as what is drawn (docs/decisions/0079). Where these are too few, it is hours, and what days
may differ by is taken from elsewhere (docs/decisions/0087).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from headgate.ledger.store import RequestTotal
from headgate.stats.blocks import (
    LEAST_DAYS,
    LEAST_HOURS,
    Block,
    equal_blocks,
    over_blocks,
    widened,
)
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
    stray: float | None = None
    """How far a day was thought to stray, where days are too few to tell; None where it was not."""


def blocked(
    alone: Interval | None,
    parts: Iterable[RequestTotal],
    block_of: Callable[[RequestTotal], Block],
    confidence: float = 0.95,
    stray: float = 0.0,
) -> Blocked:
    """The interval of a ratio, no narrower than `alone`, which takes requests as independent.

    Args:
        parts: sums by the hour, that being the first of what they are told apart by; sums that are
            not told apart leave `alone` as it is.
        block_of: what of a part is above the line of the ratio, and below it.
        stray: how far the ratio of one day is thought to be from that of all days, where too few
            days are there to tell.
    """
    hourly = [(int(total.of[0]), block_of(total)) for total in parts if total.of]
    found = over_time(alone, hourly, confidence)
    if found.by == "day" or found.interval is None or not hourly or not stray:
        return found
    wider = widened(found.interval, _sums(hourly, 24), stray, confidence)
    return found._replace(interval=wider, stray=stray)


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
        blocks = _sums(hourly, hours)
        weight = equal_blocks(blocks)
        if weight >= least:
            return Blocked(_wider(alone, over_blocks(blocks, confidence)), by, round(weight))
    return Blocked(alone, "request", 0)


def _sums(hourly: Sequence[tuple[int, Block]], hours: int) -> list[Block]:
    """Of so many hours each; those of nothing are none."""
    sums: dict[int, Block] = {}
    for hour, block in hourly:
        before = sums.get(hour // hours, _NOTHING)
        sums[hour // hours] = Block(before.x + block.x, before.y + block.y)
    return [block for block in sums.values() if block.y or block.x]


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


def unit_text(by: Unit, blocks: int, stray: float | None = None) -> str:
    """What an interval rests on, to be said behind the number of requests."""
    text = ", each taken by itself" if by == "request" else f", of {blocks:,} {by}s"
    if stray is not None:
        text += f"; too few days to tell how they differ, taken as by {stray * 100:.0f} points"
    return text
