"""`python -m benchmarks.detector.conversations [STREAMS]`: false alarms, by what is bet on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import click

from benchmarks.detector.simulate import BUDGET, fresh
from headgate.monitor.budget import FALSE_ALARM_REQUESTS
from headgate.stats.intervals import clopper_pearson

__all__ = ["WAYS", "Turn", "false_alarms", "turns"]

GOES_ON = 2 / 3
"""The chance of a further turn: three on average."""
ALIKE = (0.5, 1.0)
"""The chances that the policy wants for a further turn what it wanted for the first."""


class Turn(NamedTuple):
    """A request of a conversation that stays where its first one went."""

    premium: bool
    first: bool
    agreed: bool
    """The policy wanted the tier that the conversation is on."""


WAYS: dict[str, Callable[[Turn], bool]] = {
    "all turns": lambda _: True,
    "turns that the policy agrees with": lambda turn: turn.agreed,
    "first requests": lambda turn: turn.first,
}
"""Ways to choose what is bet on; the last one is the watch's."""


def turns(chance: random.Random, alike: float) -> Iterator[Turn]:
    """Conversations one after the other, of which a part as large as the budget is premium's."""
    while True:
        premium = chance.random() < BUDGET
        yield Turn(premium, first=True, agreed=True)
        while chance.random() < GOES_ON:
            wanted = premium if chance.random() < alike else chance.random() < BUDGET
            yield Turn(premium, first=False, agreed=wanted == premium)


def false_alarms(
    streams: int, alike: float, requests: int = FALSE_ALARM_REQUESTS
) -> dict[str, int]:
    """How many streams of so many requests raise an alarm, by the way of betting."""
    raised = dict.fromkeys(WAYS, 0)
    for seed in range(streams):
        detectors = {name: fresh() for name in WAYS}
        said = dict.fromkeys(WAYS, False)
        for turn in islice(turns(random.Random(seed), alike), requests):
            for name, bets in WAYS.items():
                if bets(turn) and detectors[name].update(turn.premium) == "raised":
                    said[name] = True
        for name in WAYS:
            raised[name] += said[name]
    return raised


@click.command()
@click.argument("streams", type=click.IntRange(1), default=100)
def main(streams: int) -> None:
    """Run so many streams a case."""
    for alike in ALIKE:
        print(f"{alike:.0%} of further turns alike, {FALSE_ALARM_REQUESTS:,} requests a stream")
        for name, raised in false_alarms(streams, alike).items():
            low, high = clopper_pearson(raised, streams)
            print(f"  bets on {name:<34} {raised:4} of {streams} alarm ({low:.1%} to {high:.1%})")


if __name__ == "__main__":
    main()
