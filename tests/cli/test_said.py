"""said: what the sidecar tells arrives as it was sent."""

from __future__ import annotations

import asyncio
import math

from headgate.cli.said import Gauges, Said, gauges_of
from headgate.gateway.relay import framed, received
from headgate.monitor.gauges import Values, silence


def sent(gauges: Gauges) -> Gauges:
    async def read() -> Gauges:
        reader = asyncio.StreamReader()
        reader.feed_data(framed(Said(gauges)))
        return (await received(reader, Said)).gauges

    return asyncio.run(read())


def test_gauges_arrive_as_they_were_sent_unknown_numbers_too():
    values: Values = {
        "headgate_escalation_rate": {("all", "slow"): 0.25, ("all", "fast"): math.nan}
    }
    arrived = sent(gauges_of(values))
    ((first, rate), (second, unknown)) = arrived["headgate_escalation_rate"]
    assert (first, rate, second) == (("all", "slow"), 0.25, ("all", "fast"))
    assert math.isnan(unknown)
    assert set(sent(gauges_of(silence()))) == set(silence())
