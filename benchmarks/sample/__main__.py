"""`python -m benchmarks.sample [ROWS]`: rows a second and memory of a pass over JSON lines."""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from headgate.analysis.readers import Reader
from headgate.analysis.sample import Sample
from headgate.bootstrap.recorded import pricer
from headgate.prices.book import Book
from headgate.settings import read_with_sources

START = 1_790_000_000
MODELS = ("openai/gpt-4o-mini", "anthropic/claude-haiku-4-5", "anthropic/claude-sonnet-4-6")
WORDS = ("the", "order", "has", "not", "arrived", "and", "I", "want", "to", "know", "when")


def write(path: Path, rows: int) -> None:
    draw = random.Random(1)
    with path.open("w") as file:
        for number in range(rows):
            row = {
                "id": f"request-{number}",
                "prompt": " ".join(draw.choices(WORDS, k=40)),
                "model": draw.choice(MODELS),
                "time": START + number,
                "input_tokens": int(draw.lognormvariate(7, 1)),
                "output_tokens": int(draw.lognormvariate(6, 1)),
                "category": draw.choice(("order", "refund", "other")),
                "conversation": f"conversation-{number // 4}",
            }
            file.write(json.dumps(row) + "\n")


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 300_000
    settings = read_with_sources(None, env={}, sets=(), need_providers=False).settings
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "rows.jsonl"
        write(path, rows)
        size = path.stat().st_size
        state = Sample(pricer(settings, Book.shipped(), date(2026, 11, 20)))
        started, cpu = time.perf_counter(), time.process_time()
        for record in Reader([str(path)]).records():
            state.add(record)
        wall, used = time.perf_counter() - started, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{state.rows:,} rows of {size / rows:,.0f} bytes")
    print(f"{rows / wall:,.0f} rows/s by the clock, {rows / used:,.0f} rows/s of one core's time")
    print(f"at most {memory:,} MiB of memory")


if __name__ == "__main__":
    main()
