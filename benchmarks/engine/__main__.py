"""Times the engine against its bars: `python -m benchmarks.engine`.

Each figure is the best of several rounds, for other work on the machine only ever adds. Beside ours
stands what pricing the same calls one by one takes with genai-prices' own calculator, in the same
process, where it is installed. Exit code 1 says that a bar is missed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from headgate import (
    Classifier,
    Scenario,
    Tier,
    evaluate,
    evaluate_many,
    gap,
    price,
    tripwires,
)

DAY = "2026-11-20"
ROUNDS = 7


class Timing(NamedTuple):
    """One figure, its unit, and the bar that it must keep."""

    what: str
    value: float
    unit: str
    bar: float | None = None
    at_least: bool = False

    @property
    def kept(self) -> bool:
        if self.bar is None:
            return True
        return self.value >= self.bar if self.at_least else self.value <= self.bar


def scenarios() -> tuple[Scenario, Scenario]:
    """The example of the plan, and one in which everything plays a part."""
    plain = Scenario(
        [
            Tier("cheap", price("anthropic/claude-haiku-4-5", DAY)),
            Tier("premium", price("anthropic/claude-sonnet-4-6", DAY), retry_rate=0.08),
        ],
        escalation=0.2,
        classifier=Classifier(price("google/gemini-2.5-flash", DAY)),
    )
    cheap, premium = plain.tiers
    full = Scenario(
        [
            Tier("cheap", cheap.card, retry_rate=0.05, cache_hit_rate=0.4),
            Tier("premium", premium.card, retry_rate=0.08, cache_hit_rate=0.4),
        ],
        escalation=0.2,
        classifier=plain.classifier,
        stable_prefix=0.5,
        split_loss=1,
        overhead_usd=30,
    )
    return plain, full


def best(call: Callable[[], object], times: int) -> float:
    """Seconds of one call: the best of several rounds of so many."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(times):
            call()
        rounds.append((time.perf_counter() - start) / times)
    return min(rounds)


def over_arrays(scenario: Scenario, count: int = 1_000_000) -> tuple[float, float]:
    """Millions of scenarios a second, and how far the farthest is from the exact path, in nano."""
    import numpy as np

    dice = np.random.default_rng(1)
    values = {
        "escalation": dice.random(count).round(4),
        "retry_rate.premium": (0.5 * dice.random(count)).round(4),
        "input_tokens": dice.integers(1, 8000, count),
        "output_tokens": dice.integers(1, 2000, count),
        "requests_per_day": dice.integers(1, 20_000, count),
    }
    seconds = best(lambda: evaluate_many(scenario, values), 1)
    many = evaluate_many(scenario, values)
    worst = 0.0
    for place in range(0, count, count // 200):
        reads, writes = (
            Decimal(int(values[name][place])) for name in ("input_tokens", "output_tokens")
        )
        failing = Decimal(repr(float(values["retry_rate.premium"][place])))
        cheap, premium = (
            replace(tier, input_tokens=reads, output_tokens=writes) for tier in scenario.tiers
        )
        one = replace(
            scenario,
            tiers=(cheap, replace(premium, retry_rate=failing)),
            escalation=Decimal(repr(float(values["escalation"][place]))),
            requests_per_day=Decimal(int(values["requests_per_day"][place])),
        )
        bill = evaluate(one).realistic.routed
        # the exact bill is a sum of rounded lines: each may be half a nano-dollar off
        off = abs(float(many.routed[place]) - bill.total) - len(bill.lines) / 2
        worst = max(worst, off)
    return count / seconds / 1e6, worst


def calculator() -> Timing | None:
    """One call priced by genai-prices: what a bill would be made of without a model of it."""
    try:
        from genai_prices import Usage, calc_price
    except ImportError:
        return None
    usage = Usage(input_tokens=1000, output_tokens=400)
    seconds = best(lambda: calc_price(usage, "claude-sonnet-4-6", provider_id="anthropic"), 300)
    return Timing("genai-prices, one call (for scale)", seconds * 1e6, "µs")


def shell() -> float:
    """Seconds of `headgate plan` from the shell."""
    command = [str(Path(sys.executable).with_name("headgate")), "plan", "--at", DAY]
    return best(lambda: subprocess.run(command, check=True, capture_output=True), 1)


def main() -> int:
    plain, full = scenarios()
    wires = tripwires(full)
    rate, off = over_arrays(full)
    timings = [
        Timing("evaluate, the example", best(lambda: evaluate(plain), 2000) * 1e6, "µs", 50),
        Timing("evaluate, everything in play", best(lambda: evaluate(full), 2000) * 1e6, "µs"),
        Timing(
            f"all break-evens, {len(wires)} parameters",
            best(lambda: tripwires(full), 3) * 1e3,
            "ms",
            20,
        ),
        Timing("the gap by driver", best(lambda: gap(full), 30) * 1e3, "ms"),
        Timing("over arrays, five parameters", rate, "million a second", 5, at_least=True),
        Timing("over arrays, beyond the exact bill's rounding", max(off, 0), "nano-dollars", 1),
        Timing("headgate plan from the shell", shell(), "s", 0.3),
    ]
    priced = calculator()
    for timing in [*timings, *([priced] if priced else [])]:
        bar = ""
        if timing.bar is not None:
            sign = "at least" if timing.at_least else "at most"
            bar = f"{sign} {timing.bar:g}  {'kept' if timing.kept else 'MISSED'}"
        print(f"{timing.what:<46} {timing.value:>9.3f} {timing.unit:<17} {bar}".rstrip())
    return 0 if all(timing.kept for timing in timings) else 1


if __name__ == "__main__":
    sys.exit(main())
