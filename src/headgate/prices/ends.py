"""The shipped table of models whose end is announced: which, from which day, and what follows.

`ends.jsonl` holds one announcement a line, from the providers' own pages as they stood on the day
that each line says they were read. Nothing here is fetched; a model that is not in the table may
end all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec

__all__ = ["End", "Ends"]


class End(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a provider has announced of some of its models."""

    provider: str
    """As Headgate knows it by name."""
    models: tuple[str, ...]
    """All names that the announcement means, but for dated ones of an undated name here."""
    day: date
    """The first day without them."""
    successor: str | None = None
    """What the provider names in their place, the first where it names several."""
    answers: bool = False
    """From that day on calls are answered by the successor, and cost what it costs."""
    announced: date | None = None
    source: str
    """The provider's page."""
    read: date
    """When it was read."""
    through: str | None = None
    """Who has read it, where that was not us."""


_ENDS = msgspec.json.Decoder(End)  # made once: see settings/reader.py on threads


class Ends:
    """Looks a model's end up by the names that people give it.

    >>> end = Ends.shipped().find("openai", "gpt-5-nano-2025-08-07")
    >>> end.day, end.successor
    (datetime.date(2026, 12, 11), 'gpt-6-luna')
    """

    def __init__(self, ends: Iterable[End]) -> None:
        self.all = tuple(ends)
        self._by_name = {
            (end.provider, _plain(name)): end for end in self.all for name in end.models
        }

    @classmethod
    def shipped(cls) -> Ends:
        """The table that comes with Headgate."""
        raw = Path(__file__).with_name("ends.jsonl").read_bytes()
        return cls(_ENDS.decode_lines(raw))

    @property
    def read(self) -> date:
        """The day on which a page was read last."""
        return max(end.read for end in self.all)

    def find(self, provider: str, model: str) -> End | None:
        """What is announced of a model; None for nothing.

        A dated name ends with its undated one unless it has a day of its own, and a fine-tuned
        model with the one that it was made of. An alias that its provider moves to newer models,
        such as `mistral-small-latest`, ends with none of them.
        """
        name = _plain(model)
        if name.startswith("ft:"):
            name = name.split(":")[1]
        for spelling in (name, _DATED.sub("", name)):
            end = self._by_name.get((provider, spelling))
            if end is not None:
                return end
        return None


_COMPACT = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$")
"""Some write `-20250805` for `-2025-08-05`."""
_DATED = re.compile(r"-20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")


def _plain(name: str) -> str:
    """One spelling for all: lower case, days with dashes, without Google's `models/`."""
    return _COMPACT.sub(r"-\1-\2-\3", name.lower().removeprefix("models/"))
