"""Test 13: settings and prices that are damaged while the gateway works, and what becomes of them.

A file of own prices and the settings file are cut off, filled with nonsense, emptied, taken away,
given a price ten times as high; in between they are changed as they may be. Meanwhile requests
come at a rate. Each row has to be of one configuration: the model and the price that this
configuration had, and never one's model at another's price.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.reliability.load import arrivals, served
from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import Place, before
from benchmarks.reliability.upstream import STAGE, Upstream, answer
from headgate.ledger.entry import Entry

__all__ = ["FAULTS", "Fault", "reloads"]

CYCLE = 4.0
"""Seconds: a file is looked at every two, and read once it has been still for one look."""
PATIENCE = 6.0
"""Beyond a cycle, for a machine that has other things to do."""
RATE = 40
MODELS = ("near/gpt-5-mini", "near/gpt-5-nano")
PRICED = (
    STAGE.replace('model = "near/gpt-5-mini"', 'model = "{{model}}"')
    + '[price_list]\nfile = "prices.toml"\n'
)
PRICES = """
[prices."near/gpt-5-mini"]
input = "{0}"
output = "{0}"
[prices."near/gpt-5-nano"]
input = "{0}"
output = "{0}"
"""


class Fault(NamedTuple):
    """One way in which a file goes bad."""

    name: str
    spoil: Callable[[Path, Path], object]
    """Given the settings file and the price file."""


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: len(file.read_bytes()) * 2 // 3].rstrip()[:-1])


FAULTS = (
    Fault("prices cut off", lambda _, prices: _cut(prices)),
    Fault("prices without sense", lambda _, prices: prices.write_bytes(b"\xff\x00[[[")),
    Fault("a price of ten times", lambda _, prices: prices.write_text(PRICES.format("40.00"))),
    Fault("a price of a tenth", lambda _, prices: prices.write_text(PRICES.format("0.10"))),
    Fault("a price below nothing", lambda _, prices: prices.write_text(PRICES.format("-1.00"))),
    Fault("prices gone", lambda _, prices: prices.unlink()),
    Fault("settings cut off", lambda settings, _: _cut(settings)),
    Fault("settings without sense", lambda settings, _: settings.write_bytes(b"\x00\xff= = =")),
    Fault("settings empty", lambda settings, _: settings.write_bytes(b"")),
    Fault("an unknown setting", lambda settings, _: _append(settings, "[server]\nlisten = 7\n")),
    Fault("settings gone", lambda settings, _: settings.unlink()),
)


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


class _Changes:
    """Damages the files and mends them again, in a thread, while requests come."""

    def __init__(self, here: Place, faults: int) -> None:
        self._here = here
        self._faults = FAULTS[:: max(1, len(FAULTS) // faults)][:faults]
        self._prices = here.folder / "prices.toml"
        self._sound = here.file.read_text()
        self.alarms: list[float] = []
        """Seconds from each fault to the line in the log."""
        self.missed: list[str] = []
        self.refused_by: list[str] = []
        """What became a configuration in effect though it was damaged."""
        self.done = 0
        """Sound changes that were taken over."""

    def run(self) -> None:
        """All of it."""
        for turn, fault in enumerate(self._faults, 1):
            told, taken = self._count("is refused"), self._count("is in effect")
            fault.spoil(self._here.file, self._prices)
            took = self._until("is refused", told)
            (self.missed.append(fault.name) if took is None else self.alarms.append(took))
            if self._count("is in effect") != taken:
                self.refused_by.append(fault.name)
            # both change at once: model and price of one of them alone would be a mix
            self._prices.write_text(PRICES.format(_price(turn)))
            self._here.file.write_text(self._sound.replace(MODELS[0], MODELS[turn % 2], 1))
            self.done += self._until("is in effect", taken) is not None

    def _count(self, words: str) -> int:
        return self._here.gateway.log.read_text(errors="replace").count(words)

    def _until(self, words: str, before_it: int) -> float | None:
        began = time.monotonic()
        while time.monotonic() < began + CYCLE + PATIENCE:
            if self._count(words) > before_it:
                return time.monotonic() - began
            time.sleep(0.05)
        return None


def _price(turn: int) -> str:
    """USD per million tokens, of the turn's model alone: of either model two that never meet."""
    return ("4.00", "2.00")[turn % 2]


def reloads(faults: int) -> Outcome:
    """So many of the faults, one after another, under load."""
    with Upstream(answer) as near:
        config = PRICED.replace("{{model}}", MODELS[0])
        addresses = {"near": near.address, "far": near.address}
        with before(addresses, config, beside={"prices.toml": PRICES.format(_price(0))}) as here:
            changes = _Changes(here, faults)
            working = threading.Thread(target=changes.run)
            working.start()
            sent, good, number, others = 0, 0, 0, Counter[str]()
            while working.is_alive():
                answers = asyncio.run(arrivals([here.caller()], RATE, 1.0, first=number))
                number += len(answers)
                sent, good = sent + len(answers), good + len(served(answers))
                bad = (answer for answer in answers if answer.status != 200)
                others.update(f"{answer.status} {answer.body[:80]!r}" for answer in bad)
            working.join()
            rows = here.settled(good)
    mixed = [row for row in rows if not _of_one(row)]
    slowest = max(changes.alarms, default=0.0)
    held = not (changes.missed or changes.refused_by or mixed) and good == sent == len(rows)
    return Outcome(
        f"{len(changes.alarms) + len(changes.missed)} kinds of damage to settings and prices, "
        f"at {RATE} requests a second",
        held and changes.done == len(changes.alarms) and len({row.config for row in rows}) > 1,
        f"the old went on in {len(changes.alarms)} of them, with an alarm after {slowest:.1f} s at "
        f"most{''.join(f'; NOT TOLD: {name}' for name in changes.missed)}"
        f"{''.join(f'; TAKEN OVER: {name}' for name in changes.refused_by)}; {changes.done} sound "
        f"changes taken over; {good:,} of {sent:,} answered"
        f"{''.join(f' ({times} × {what})' for what, times in others.items())}; {len(mixed)} of "
        f"{len(rows):,} rows mix two of {len({row.config for row in rows})} configurations",
        slowest <= CYCLE + 1.0,
    )


def _of_one(row: Entry) -> bool:
    """Whether the row's price is that of its model's configuration."""
    turn = MODELS.index(f"{row.provider}/{row.model_asked}")
    tokens = row.usage.total_input + row.usage.output
    return row.cost_nano == tokens * int(float(_price(turn)) * 1000)
