"""Prices hundreds of models and usage shapes with LiteLLM and with Headgate, and prints a table.

    python -m benchmarks.prices_oracle [--all]

LiteLLM is installed, at one pinned version, into an environment of its own below `build`. Without
a package index there is nothing to compare with: it says so and ends with 0. The exit code is 1
where a difference is neither one of the lists nor of a named rule.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.prices_oracle.comparison import (
    SHAPES,
    Answer,
    Outcome,
    card_from,
    classify,
    differing_rates,
)
from headgate.prices.book import Book
from headgate.prices.card import Card
from headgate.render.table import Column, Table, aligned
from headgate.values import ModelRef

LITELLM = "1.105.0"
ENVIRONMENT = Path(__file__).parents[2] / "build" / f"litellm-{LITELLM}"

LISTS = {
    "anthropic": "anthropic",
    "openai": "openai",
    "gemini": "google",
    "azure": "azure",
    "openrouter": "openrouter",
    "fireworks_ai": "fireworks",
    "together_ai": "together",
    "novita": "novita",
    "mistral": "mistral",
    "xai": "x-ai",
    "deepseek": "deepseek",
    "perplexity": "perplexity",
    "moonshot": "moonshotai",
    "groq": "groq",
    "cerebras": "cerebras",
    "cohere_chat": "cohere",
}
"""LiteLLM's provider -> our price list."""

SHOWN = 20


class Compared(NamedTuple):
    """One model on both sides."""

    answer: Answer
    ours: Card | None
    outcomes: dict[str, Outcome]


def environment() -> Path | None:
    """The interpreter that has LiteLLM; None where it cannot be installed."""
    python = ENVIRONMENT / "bin" / "python"
    ready = ENVIRONMENT / ".ready"
    if not ready.exists():
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", f"litellm=={LITELLM}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        ready.touch()
    return python


def answers(python: Path) -> Iterator[Answer]:
    """What LiteLLM says of every chat model of the providers."""
    side = Path(__file__).with_name("litellm_side.py")
    done = subprocess.run(
        [str(python), str(side), *LISTS],
        input=json.dumps({label: msgspec.to_builtins(used) for label, used in SHAPES.items()}),
        capture_output=True,
        text=True,
        check=True,
    )
    for line in done.stdout.splitlines():
        yield Answer(**json.loads(line))


def compare(found: Sequence[Answer], book: Book) -> list[Compared]:
    """Every model with its outcomes, as of today."""
    today = datetime.now(UTC).date()
    cards = {one.name: card for one in found if (card := card_from(one)) is not None}
    compared = []
    for one in found:
        name = one.name.removeprefix(f"{one.provider}/")
        ours = book.card(ModelRef(LISTS[one.provider], name), today)
        outcomes = {label: classify(label, one, ours, cards) for label in SHAPES}
        compared.append(Compared(one, ours, outcomes))
    return compared


def report(compared: Sequence[Compared], *, every: bool) -> str:
    """The tables: outcomes by provider, rules, prices on which the lists differ."""
    blocks = [_by_provider(compared), _rules(compared), _lists(compared, every=every)]
    strange = [
        f"unexplained: {one.answer.name}, {label}: {outcome.detail}"
        for one in compared
        for label, outcome in one.outcomes.items()
        if outcome.kind == "unexplained"
    ]
    return "\n".join([*blocks, *strange])


def _by_provider(compared: Sequence[Compared]) -> str:
    kinds = ("equal", "lists", "rule", "formula", "no price", "unexplained")
    rows = []
    for provider in [*LISTS, ""]:
        those = [one for one in compared if provider in (one.answer.provider, "")]
        counts = Counter(outcome.kind for one in those for outcome in one.outcomes.values())
        shared = sum(one.ours is not None for one in those)
        cells = (f"{counts[kind]:,}" for kind in kinds)
        rows.append((provider or "all", f"{len(those):,}", f"{shared:,}", *cells))
    columns = (
        Column("LiteLLM provider"),
        Column("models", right=True),
        Column("on both", right=True),
        *(Column(kind, right=True) for kind in kinds),
    )
    return aligned(Table(columns, tuple(rows)), 100)


def _rules(compared: Sequence[Compared]) -> str:
    counts = Counter(
        outcome.detail
        for one in compared
        for outcome in one.outcomes.values()
        if outcome.kind in ("rule", "no price")
    )
    rows = tuple((name, f"{count:,}") for name, count in counts.most_common())
    return aligned(Table((Column("explained by"), Column("calls", right=True)), rows), 100)


def _lists(compared: Sequence[Compared], *, every: bool) -> str:
    rows = []
    for one in compared:
        theirs = card_from(one.answer)
        differs = any(outcome.kind == "lists" for outcome in one.outcomes.values())
        if differs and one.ours is not None and theirs is not None:
            rows += [(one.answer.name, *row) for row in differing_rates(one.ours, theirs)]
    shown = rows if every else rows[:SHOWN]
    columns = (
        Column("the lists differ"),
        Column("kind"),
        Column("genai-prices", right=True),
        Column("LiteLLM", right=True),
    )
    more = (
        f"… and {len(rows) - len(shown):,} more; --all shows them\n"
        if len(shown) < len(rows)
        else ""
    )
    return aligned(Table(columns, tuple(shown)), 100) + more


def main() -> int:
    """Compare, print, and say whether every difference is explained."""
    python = environment()
    if python is None:
        print(f"Skipped: litellm {LITELLM} cannot be installed from the package index here.")
        return 0
    book = Book.shipped()
    compared = compare(list(answers(python)), book)
    print(f"litellm {LITELLM} against {book.source}; {len(SHAPES)} calls a model\n")
    print(report(compared, every="--all" in sys.argv[1:]))
    return any(
        outcome.kind == "unexplained" for one in compared for outcome in one.outcomes.values()
    )


if __name__ == "__main__":
    sys.exit(main())
