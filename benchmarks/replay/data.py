"""Recorded outcomes: real prompts, and how well two models answered each."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["CHEAP", "PREMIUM", "Recorded", "available", "load", "pick"]

CHEAP, PREMIUM = "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"
SET = "routellm_mmlu_gsm8k"


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt and both answers' marks."""

    prompt_id: str
    prompt: str
    category: str
    cheap_right: bool
    premium_right: bool
    cheap_chars: int | None = None
    """Length of the recorded answer in characters, where the set has it."""
    premium_chars: int | None = None


def available() -> Path | None:
    """The directory with the set; None where it is not here."""
    root = Path(os.environ.get("HEADGATE_SHARED", Path(__file__).parents[3] / "shared"))
    here = root / "data"
    return here if (here / f"{SET}_prompts.parquet").exists() else None


def load(directory: Path) -> list[Recorded]:
    """All prompts that both models answered, in the order of their ids.

    Contaminated prompts are dropped, as the set's authors advise, and of equal prompts all but the
    first, because the replay finds a prompt's marks by its text.
    """
    prompts = _rows(directory / f"{SET}_prompts.parquet")
    marks: dict[tuple[str, str], dict[str, Any]] = {
        (row["prompt_id"], row["model"]): row
        for row in _rows(directory / f"{SET}_outcomes.parquet")
    }
    found: dict[str, Recorded] = {}
    for row in sorted(prompts, key=lambda row: row["prompt_id"]):
        cheap = marks.get((row["prompt_id"], CHEAP))
        premium = marks.get((row["prompt_id"], PREMIUM))
        if row["contaminated"] or cheap is None or premium is None:
            continue
        recorded = Recorded(
            prompt_id=row["prompt_id"],
            prompt=row["prompt"],
            category=row["category"],
            cheap_right=cheap["score"] >= 0.5,
            premium_right=premium["score"] >= 0.5,
            cheap_chars=_whole(cheap["out_chars"]),
            premium_chars=_whole(premium["out_chars"]),
        )
        found.setdefault(recorded.prompt.strip(), recorded)
    return list(found.values())


def pick(rows: Sequence[Recorded], count: int, seed: int) -> list[Recorded]:
    """`count` of them at random, or all where there are fewer."""
    return random.Random(seed).sample(rows, min(count, len(rows)))


def _rows(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
