"""How often intervals of an evaluation hold the truth where conversations are alike.

Run `python -m benchmarks.routing.drawn 150` from the root of the repository; it takes minutes.
"""

from __future__ import annotations

import sys

import numpy as np

from headgate.analysis.curve import Measure, apgr, bootstrap

CONVERSATIONS = (15, 40, 150)
ALIKE = (0.3, 1.0)
"""Share of the rows whose difficulty, and score, is that of their conversation."""


def sample(
    rng: np.random.Generator, conversations: int, alike: float, *, equal: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Grades of cheap and premium, scores and conversations: five rows each, or four on average."""
    sizes = np.full(conversations, 5) if equal else rng.geometric(1 / 4, size=conversations)
    group = np.repeat(np.arange(conversations), sizes)
    rows = len(group)

    def shared() -> np.ndarray:
        drawn = rng.random(rows) < alike
        return np.where(drawn, rng.random(conversations)[group], rng.random(rows))

    hard = shared()
    score = (hard + shared()) / 2
    return (hard < 0.6).astype(float), (hard < 0.9).astype(float), score, group


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def _holds(measure: Measure, truth: float) -> bool:
    return (
        measure.low is not None
        and measure.high is not None
        and (measure.low <= truth <= measure.high)
    )


def main(times: int) -> None:
    """Print the shares of samples whose interval held the truth."""
    print("rows of a conversation, alike, conversations: mean score and APGR, drawn whole | by row")
    for equal in (True, False):
        for alike in ALIKE:
            cheap, premium, score, _ = sample(np.random.default_rng(99), 60_000, alike, equal=equal)
            truths = _mean(cheap), apgr(cheap, premium, score) or 0.0
            for conversations in CONVERSATIONS:
                held = np.zeros(4)
                for seed in range(times):
                    rng = np.random.default_rng(seed)
                    cheap, premium, score, group = sample(rng, conversations, alike, equal=equal)
                    for place, by in enumerate((group, None)):
                        mean = bootstrap(_mean, cheap, group=by, seed=seed)
                        gap = bootstrap(apgr, cheap, premium, score, group=by, seed=seed)
                        held[2 * place] += _holds(mean, truths[0])
                        held[2 * place + 1] += _holds(gap, truths[1])
                shares = [f"{share:.1%}" for share in held / times]
                print(
                    f"{'five' if equal else 'four on average'}, {alike:.0%}, {conversations}: "
                    f"{shares[0]} {shares[1]} | {shares[2]} {shares[3]}",
                    flush=True,
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150)
