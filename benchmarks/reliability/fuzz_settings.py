"""Damaged settings files: each is read, or refused with what is wrong and where."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.reliability.fuzz_wire import scratched
from headgate.errors import ConfigError
from headgate.settings import read_with_sources
from headgate.settings.template import render

__all__ = ["WHOLE", "settings_case"]

WHOLE = f"""{render()}
[[classifier.rules]]
name = "hard"
tier = "premium"
matches = "(?i)prove|explain"
[escalation_budgets.search]
kind = "key"
match = "hg_search"
budget = 0.1
[prices."openai/of-ours"]
input = "1.25"
output = "10.00"
"""
"""What `headgate init` writes, every setting in a comment, and tables that it does not have."""

JUNK = (
    "", "0", "-1", "1e400", "inf", "nan", "true", '""', '"\\u0000"', "[]", "{}", "[[]]", "'''",
    "1979-05-27",
    '"a"', '"openai"', '"9999999d"', '"-1s"', '"(?i"', '"(a+)+$"', '"http://"', '"sqlite:///"',
    '"10000000000000000000000000000"', "0x7fffffffffffffffffffffffffffffff", '"' + "x" * 5000 + '"',
    "[" * 500, '{ a = "b" }', '"\\ud800"', '"$HOME"', '"../../../etc/passwd"', "1_000", "٣", '"٣"',
)  # fmt: skip


def settings_case(chance: random.Random) -> str:
    """One damaged file; what became of it.

    Raises:
        Exception: of any kind but the one that a bad file is to raise.
    """
    lines = WHOLE.splitlines()
    for _ in range(chance.randint(1, 2)):
        _damage(lines, chance)
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    if chance.random() < 0.2:
        data = scratched(data, chance)
    with TemporaryDirectory(prefix="headgate-fuzz-") as folder:
        file = Path(folder) / "headgate.toml"
        file.write_bytes(data)
        try:
            read_with_sources(file, env={})
        except ConfigError as refusal:
            fixes = [refusal.fix, *(fault.fix for fault in refusal.faults)]
            if not refusal.message.strip() or not any(fixes):
                raise AssertionError(f"no way out of it: {refusal}") from refusal
            return "refused"
    return "read"


def _damage(lines: list[str], chance: random.Random) -> None:
    """A line goes, comes twice, moves, or has another key, value or table."""
    place = chance.randrange(len(lines))
    key, equals, value = lines[place].partition("=")
    match chance.randrange(7):
        case 0:
            del lines[place]
        case 1:
            lines.insert(chance.randrange(len(lines)), lines[place])
        case 2:
            lines[place] = f"{key}= {chance.choice(JUNK)}"
        case 3:
            lines[place] = f"{key.strip()}{chance.choice('_. x')}{equals}{value}"
        case 4:
            lines[place] = (
                f"[{chance.choice(('x', 'tiers', 'tiers.cheap', 'a.b.c.d', '[server]'))}]"
            )
        case 5:
            lines[place] = lines[place].removeprefix("# ")
        case _:
            del lines[place:]
    if not lines:
        lines.append("")
