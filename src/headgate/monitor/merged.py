"""Sums over requests that were told apart, put together again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from headgate.ledger.store import RequestTotal

__all__ = ["merged"]


def merged(totals: Iterable[RequestTotal]) -> list[RequestTotal]:
    """At most two: those pinned, then those routed."""
    kinds: dict[bool, list[RequestTotal]] = defaultdict(list)
    for total in totals:
        kinds[total.routed].append(total)
    return [
        RequestTotal(
            routed=routed,
            requests=sum(one.requests for one in own),
            served=sum(one.served for one in own),
            escalated=sum(one.escalated for one in own),
            comparable=sum(one.comparable for one in own),
            paid_nano=sum(one.paid_nano for one in own),
            baseline_nano=sum(one.baseline_nano for one in own),
            paid_squared=sum(one.paid_squared for one in own),
            baseline_squared=sum(one.baseline_squared for one in own),
            paid_baseline=sum(one.paid_baseline for one in own),
            first_us=min(one.first_us for one in own),
            last_us=max(one.last_us for one in own),
        )
        for routed, own in sorted(kinds.items())
    ]
