"""The recorded pairs of models, as graded rows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from headgate.analysis.rows import GradedRow
from headgate.routing.draft import Draft

__all__ = ["PAIRS", "Pair", "available", "load"]

_MIXTRAL, _GPT4 = "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"
_FLASH = "gemini-1.5-flash-002"


class Pair(NamedTuple):
    """A cheap and a premium model on one set; `gsm8k` keeps or drops that category."""

    name: str
    data: str
    cheap: str
    premium: str
    gsm8k: bool | None = None


PAIRS = (
    Pair("RouteLLM MMLU", "routellm_mmlu_gsm8k", _MIXTRAL, _GPT4, gsm8k=False),
    Pair("RouteLLM GSM8K", "routellm_mmlu_gsm8k", _MIXTRAL, _GPT4, gsm8k=True),
    Pair("flash-1.5 → pro-1.5", "mmlu_pro", _FLASH, "gemini-1.5-pro-002"),
    Pair("flash-1.5 → 3.1-pro", "mmlu_pro", _FLASH, "gemini-3.1-pro-preview"),
    Pair("Llama-8B → GPT-4o", "mmlu_pro", "Meta-Llama-3_1-8B-Instruct", "gpt4o-2024-05"),
    Pair(
        "llama-8b → nemotron",
        "ulab_llmrouter",
        "llama-3.1-8b-instruct",
        "llama-3.1-nemotron-51b-instruct",
    ),
)


def available() -> Path | None:
    """The directory with the sets; None where they are not here."""
    root = Path(os.environ.get("HEADGATE_SHARED", Path(__file__).parents[3] / "shared"))
    here = root / "data"
    return here if all((here / f"{p.data}_prompts.parquet").exists() for p in PAIRS) else None


def load(directory: Path, pair: Pair) -> list[GradedRow]:
    """The prompts that both models answered, without those marked as contaminated."""
    outcomes = [
        row
        for row in pq.read_table(
            directory / f"{pair.data}_outcomes.parquet",
            columns=["prompt_id", "model", "score", "out_chars"],
        ).to_pylist()
        if row["model"] in (pair.cheap, pair.premium)
    ]
    scores = {(row["prompt_id"], row["model"]): row["score"] for row in outcomes}
    drafts = {
        row["prompt_id"]: Draft(chars=int(row["out_chars"]))
        for row in outcomes
        if row["model"] == pair.cheap and row["out_chars"] is not None
    }
    rows = []
    for row in pq.read_table(directory / f"{pair.data}_prompts.parquet").to_pylist():
        cheap = scores.get((row["prompt_id"], pair.cheap))
        premium = scores.get((row["prompt_id"], pair.premium))
        if cheap is None or premium is None or row.get("contaminated"):
            continue
        if pair.gsm8k is not None and (row["category"] == "gsm8k") is not pair.gsm8k:
            continue
        rows.append(
            GradedRow(
                id=row["prompt_id"],
                prompt=row["prompt"],
                category=row["category"],
                draft=drafts.get(row["prompt_id"]),
                cheap=cheap,
                premium=premium,
            )
        )
    return rows
