"""What a process of the benchmark works off, one stream at a time.

Not in `__main__`: from Python 3.14 on such a process is a new one, which does not load that.
"""

from __future__ import annotations

import random

from benchmarks.detector.simulate import delay, false_alarm

__all__ = ["delay_of", "false_alarm_of"]

RANDOM_UNTIL = 20_000
"""A step at a random time comes anywhere before this request."""


def false_alarm_of(task: tuple[int, int, int]) -> bool:
    """Whether the stream of this seed, number and length raised one."""
    seed, number, requests = task
    return false_alarm(random.Random(f"{seed} false {number}"), requests) is not None


def delay_of(task: tuple[int, int, float, float, int | None]) -> int | None:
    """Requests from a step to its alarm: seed, number, the rates, the quiet requests before it.

    Where these are None, the step comes at a random time.
    """
    seed, number, before, after, quiet = task
    chance = random.Random(f"{seed} {before} {after} {quiet} {number}")
    return delay(chance, before, after, chance.randrange(RANDOM_UNTIL) if quiet is None else quiet)
