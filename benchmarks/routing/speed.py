"""`python -m benchmarks.routing.speed`: how long training and scoring take, on generated rows."""

from __future__ import annotations

import random
import time
import timeit
from datetime import date

import click
import numpy as np

from headgate.analysis.rows import GradedRow
from headgate.analysis.train import train
from headgate.routing.features import Request, words
from headgate.routing.router import Router

__all__ = ["generated", "scoring"]

VOCABULARY = 30_000
WORDS = (20, 200)
"""Words of a generated prompt, at the least and at the most."""
PROMPT_CHARS = 4_000
"""A prompt of about 1,000 tokens."""


def generated(count: int, seed: int = 0) -> list[GradedRow]:
    """Rows whose words are as unevenly frequent as those of a language; one of them tells."""
    rng = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgkqjxz"
    known = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(VOCABULARY)]
    weights = np.cumsum(1 / np.arange(1, VOCABULARY + 1)).tolist()
    rows = []
    for number in range(count):
        said = rng.choices(known, cum_weights=weights, k=rng.randint(*WORDS))
        hard = rng.random() < 0.3
        if hard:
            said.append("prove")
        up = rng.random() < (0.6 if hard else 0.05)
        rows.append(
            GradedRow(
                prompt=" ".join(said) + f" {number}",
                category=f"c{number % 12}",
                cheap=float(not up and rng.random() < 0.9),
                premium=float(up or rng.random() < 0.9),
            )
        )
    return rows


def scoring(router: Router, *, prompts: int = 200, seed: int = 1) -> float:
    """Microseconds for a prompt of about 1,000 tokens, the least of seven rounds over many."""
    texts = [" ".join(row.prompt for row in generated(40, seed + n)) for n in range(prompts // 10)]
    requests = [
        Request(text=text[at : at + PROMPT_CHARS], category="c1", tokens=1000)
        for text in texts
        for at in range(0, PROMPT_CHARS * 10, PROMPT_CHARS)
        if len(words(text[at : at + PROMPT_CHARS])) > 100
    ]

    def run() -> object:
        return [router.score(request) for request in requests]

    return min(timeit.repeat(run, number=1, repeat=7)) / len(requests) * 1e6


@click.command()
@click.option("--rows", default=100_000, type=click.IntRange(1000), show_default=True)
def main(rows: int) -> None:
    """Print the time of training at a tenth of the rows and at all of them, and of scoring."""
    taken = {}
    router = None
    for count in (rows // 10, rows):
        sample = generated(count)
        begun = time.process_time(), time.perf_counter()
        router = train(sample, on=date(2026, 1, 1)).router
        taken[count] = time.process_time() - begun[0]
        wall = time.perf_counter() - begun[1]
        click.echo(f"training on {count:>9,} rows  {taken[count]:6.1f} s CPU  {wall:6.1f} s")
    click.echo(f"ten times the rows take {taken[rows] / taken[rows // 10]:.1f} times as long")
    if router is not None:
        known = len(router.words) + len(router.pairs)
        click.echo(f"scoring 1,000 tokens with {known:,} buckets  {scoring(router):.0f} µs")


if __name__ == "__main__":
    main()
