"""Graded rows with a planted truth: which requests need premium is known."""

from __future__ import annotations

import random

import msgspec

from headgate.analysis.rows import GradedRow
from headgate.routing.draft import Draft
from headgate.testing.brain import uniform
from headgate.testing.embeddings import DIMENSIONS

HARD = ("prove", "derive", "integral", "theorem")
EASY = ("hello", "translate", "summarise", "rhyme")
FILLER = ("please", "the", "of", "about", "some", "thing", "and", "with", "here", "now")
CHANCE = {"hard": 0.6, "easy": 0.05}
"""P(premium right and cheap wrong) by kind of request."""


def planted(count: int, seed: int = 0, *, shuffled: bool = False) -> list[GradedRow]:
    """Rows of two kinds told apart by one word; `shuffled` cuts the tie between text and grades."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        hard = rng.random() < 0.3
        word = rng.choice(HARD if hard else EASY)
        words = [*rng.choices(FILLER, k=8), word]
        rng.shuffle(words)
        kind = rng.choice(["hard", "easy"]) if shuffled else "hard" if hard else "easy"
        draw = rng.random()
        up = draw < CHANCE[kind]
        down = not up and draw > 0.97
        both = rng.random() < 0.8
        rows.append(
            GradedRow(
                id=str(number),
                prompt=" ".join(words) + f" {number}",
                category=rng.choice(["a", "b", "c"]),
                conversation=f"c{number // 2}",
                time=1_790_000_000.0 + number,
                tokens=10 + number % 50,
                cheap=1.0 if down or (both and not up) else 0.0,
                premium=1.0 if up or (both and not down) else 0.0,
                cheap_nano=1_000 + 10 * (10 + number % 50),
                premium_nano=20_000 + 100 * (10 + number % 50),
            )
        )
    return rows


def drafted(count: int, seed: int = 0) -> list[GradedRow]:
    """Planted rows with drafts: where cheap is wrong, a second model seldom agrees with it."""
    rng = random.Random(seed + 1)
    return [
        msgspec.structs.replace(
            row,
            draft=Draft(
                chars=rng.choice([200, 400, 800]),
                agreement=float(rng.random() < (0.9 if row.cheap else 0.3)),
            ),
        )
        for row in planted(count, seed)
    ]


def opaque(count: int, *, signal: bool = True) -> list[GradedRow]:
    """Planted rows that only an embedding (`numbers`) tells apart: their words are all alike."""
    rows = []
    for number in range(count):
        text = f"request {number}"
        hard = uniform(text, 0 if signal else "nothing") > 0.7
        up = uniform(text, "grade") < CHANCE["hard" if hard else "easy"]
        rows.append(
            GradedRow(
                id=str(number),
                prompt=text,
                time=1_790_000_000.0 + number,
                cheap=0.0 if up else 1.0,
                premium=1.0,
                cheap_nano=1_000,
                premium_nano=20_000,
            )
        )
    return rows


def numbers(text: str) -> list[float]:
    """The embedding of a text by the simulated provider."""
    return [uniform(text, index) for index in range(DIMENSIONS)]
