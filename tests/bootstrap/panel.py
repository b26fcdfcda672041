"""Two tiers and a judge, simulated on a socket in a thread, with a planted bias of the judge's."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from headgate.testing.brain import Answer, Prompt
from headgate.testing.faults import FaultPlan, Pace
from headgate.testing.provider import DIALECTS, Provider
from headgate.testing.server import Server

KEYS = {"PANEL_KEY": "panel-canary"}
MODELS = ("small", "large", "judge")

SETTINGS = """
[traffic]
[classifier]
kind = "none"
[tiers.cheap]
model = "panel/small"
timeout = 20
[tiers.premium]
model = "panel/large"
timeout = 20
[providers.panel]
dialect = "openai"
base_url = "{base}/v1"
api_key_env = "PANEL_KEY"
[resilience]
backoff_base = 0.01
backoff_max = 0.02
{prices}
"""
PRICE = '[prices."panel/{model}"]\ninput = "{input}"\noutput = "{output}"\n'
USD = {"small": (1, 5), "large": (3, 15), "judge": (2, 8)}

PARTS = re.compile(r"--- (?P<name>[A-Z ]+) [0-9a-f]{12} ---\n(?P<text>.*?)\n--- END", re.DOTALL)


class Panel:
    """The tiers say RIGHT or WRONG as the request orders; the judge errs as it is told to.

    A request with `hard` is WRONG by the small model. The judge gives 4 for RIGHT and 0 for WRONG,
    but where the request has `lenient` it takes WRONG for RIGHT, and with `first` it gives whatever
    is shown as A the better mark.
    """

    def __init__(self, small: str = "small", judge: str = "judge") -> None:
        self._small = small
        self._judge = judge

    def answer(self, prompt: Prompt) -> Answer:
        asked = prompt.last_user
        if prompt.model != self._judge:
            wrong = prompt.model == self._small and "hard" in asked
            return Answer(text=f"{'WRONG' if wrong else 'RIGHT'}: {asked[:20]}")
        parts = {found["name"]: found["text"] for found in PARTS.finditer(asked)}
        lenient = "lenient" in parts["REQUEST"]
        marks = {
            side: 4 if lenient or parts[f"ANSWER {side}"].startswith("RIGHT") else 0
            for side in "AB"
        }
        if "first" in parts["REQUEST"]:
            marks = {"A": 4, "B": 1}
        if "mute" in parts["REQUEST"]:
            return Answer(text="I would rather not say.")
        return Answer(text=f"By the request. {json.dumps(marks)}")


@contextmanager
def panel(
    directory: Path, faults: FaultPlan | None = None, pace: Pace | None = None
) -> Iterator[tuple[Path, Provider]]:
    """A settings file, and the provider that its models are at."""
    provider = Provider(
        DIALECTS["openai"](), models=MODELS, brain=Panel(), faults=faults, pace=pace
    )
    prices = "".join(
        PRICE.format(model=name, input=read, output=write) for name, (read, write) in USD.items()
    )
    with served(provider) as base:
        file = directory / "headgate.toml"
        file.write_text(SETTINGS.format(base=base, prices=prices))
        yield file, provider


@contextmanager
def served(provider: Provider) -> Iterator[str]:
    """The URL of a provider that is served in a thread."""
    server = Server(provider)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        started = server.start("127.0.0.1", 0)
        port = asyncio.run_coroutine_threadsafe(started, loop).result(60)
        yield f"http://127.0.0.1:{port}"
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


def requests(directory: Path, count: int, hard_every: int = 4, **extra: str) -> Path:
    """A sample of traffic: every fourth request is hard, categories in turn."""
    file = directory / "calls.jsonl"
    lines = []
    for number in range(count):
        kind = "hard" if number % hard_every == 0 else "easy"
        row = {
            "id": f"r{number}",
            "prompt": f"{number} {kind} {extra.get(kind, '')}".strip(),
            "category": "ab"[number % 2],
            "output_tokens": 10,
        }
        lines.append(msgspec.json.encode(row))
    file.write_bytes(b"\n".join(lines))
    return file
