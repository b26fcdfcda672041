"""The shipped price table: its shape on disk, one file for each provider, read when asked for.

`index.json` holds the source and all providers; `PROVIDER.jsonl` one model a line. A model's
`match` is a list of alternatives, the first letter of each saying how it compares with a name in
lower case: `=` equal, `^` begins with, `$` ends with, `*` contains, `~` regular expression. An
alternative that is a list needs all of its parts. No `match` at all means "equal to the id".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TypeAlias

import msgspec

from headgate.prices.card import Rates

__all__ = ["Clause", "Dated", "Hours", "Index", "Model", "Provider", "Table", "matches"]

Clause: TypeAlias = str | tuple[str, ...]


class Hours(msgspec.Struct, frozen=True, omit_defaults=True):
    """Prices for a part of each day: from `start` until before `end`, minutes after 00:00 UTC."""

    start: int
    end: int
    rates: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()


class Dated(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Prices that hold from a day on (None: from the beginning), until the next entry's day."""

    start: date | None = None
    rates: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()
    hours: tuple[Hours, ...] = ()
    left_out: tuple[str, ...] = ()


class Model(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One model of a price list; `prices` and each variant ascend by date."""

    id: str
    name: str = ""
    match: tuple[Clause, ...] = ()
    window: int | None = None
    deprecated: bool = False
    prices: tuple[Dated, ...]
    variants: dict[str, tuple[Dated, ...]] = {}
    """`key=value` of the request (`processing=batch`, `service_tier=flex`) -> its prices."""

    def answers_to(self, name: str) -> bool:
        """Whether a name, in lower case, means this model."""
        if not self.match:
            return name == self.id.lower()
        return matches(self.match, name)


class Provider(msgspec.Struct, frozen=True, omit_defaults=True):
    """A price list: its id, the names it also goes by, and the lists it falls back to."""

    id: str
    name: str
    match: tuple[Clause, ...] = ()
    fallback: tuple[str, ...] = ()
    models: int = 0


class Index(msgspec.Struct, frozen=True):
    """Where the table comes from and whose prices it holds."""

    source: str
    version: str
    compiled: date
    """The day the table was compiled; the source carries no date of its own."""
    left_out: dict[str, int]
    """What the source charges for that the table does not hold -> number of price entries."""
    rounded: dict[str, str]
    """Prices finer than a pico-dollar per token, USD per million as in the source -> as held."""
    providers: tuple[Provider, ...]


_INDICES = msgspec.json.Decoder(Index)
_MODELS = msgspec.json.Decoder(Model)  # made once: see settings/reader.py on threads


class Table:
    """The table of one directory; a provider's models are read when they are first asked for."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._models: dict[str, tuple[Model, ...]] = {}
        self.index = _INDICES.decode((directory / "index.json").read_bytes())
        self._providers = {provider.id: provider for provider in self.index.providers}

    @classmethod
    def shipped(cls) -> Table:
        """The table that comes with Headgate."""
        return cls(Path(__file__).parent / "data")

    def provider(self, name: str) -> Provider | None:
        """The price list of that id, else the first that also goes by that name."""
        name = name.lower().strip()
        return self._providers.get(name) or next(
            (provider for provider in self.index.providers if matches(provider.match, name)), None
        )

    def models(self, provider: str) -> tuple[Model, ...]:
        """All models of one price list, in the order in which they are tried."""
        models = self._models.get(provider)
        if models is None:
            raw = (self._directory / f"{provider}.jsonl").read_bytes()
            models = tuple(_MODELS.decode_lines(raw))
            self._models[provider] = models
        return models

    def find(self, provider: Provider, name: str) -> tuple[str, Model] | None:
        """The list and model that a name means, this provider's own list first."""
        name = name.lower()
        for spelling in dict.fromkeys((name, _COMPACT_DATE.sub(r"-\1-\2-\3", name))):
            for shelf in (provider.id, *provider.fallback):
                for model in self.models(shelf):
                    if model.answers_to(spelling):
                        return shelf, model
        return None

    def all(self) -> Iterator[tuple[str, Model]]:
        """Every model with the id of its price list; reads the whole table."""
        for provider in self.index.providers:
            for model in self.models(provider.id):
                yield provider.id, model


_COMPACT_DATE = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[-:]|$)")
"""LiteLLM and OpenRouter write `gpt-5.2-20251211` for what the lists call `gpt-5.2-2025-12-11`."""


def matches(clauses: Sequence[Clause], name: str) -> bool:
    """Whether any alternative holds for a name in lower case."""
    for clause in clauses:
        if isinstance(clause, str):
            if _holds(clause, name):
                return True
        elif all(_holds(part, name) for part in clause):
            return True
    return False


def _holds(clause: str, name: str) -> bool:
    how, text = clause[0], clause[1:]
    match how:
        case "=":
            return name == text
        case "^":
            return name.startswith(text)
        case "$":
            return name.endswith(text)
        case "*":
            return text in name
        case _:
            return re.search(text, name) is not None
