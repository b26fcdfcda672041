"""Compiles the installed genai-prices package into the price table that Headgate ships.

The package's objects are put into the shape of its public feed, and go through the same compiler as
a feed that `headgate prices update` fetches.

    make prices          # or: python tools/compile_prices.py [DIRECTORY]
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
from genai_prices import types
from genai_prices.data import providers

from headgate.prices.compiler import Compilation
from headgate.prices.feed import FeedProvider, check_feed

TARGET = Path(__file__).parents[1] / "src" / "headgate" / "prices" / "data"

LEFT_ASIDE = {"extractors"}
"""How usage is read from answers: nothing for the table, and not of plain values."""


def feed_of(source: Iterable[types.Provider]) -> tuple[FeedProvider, ...]:
    """The package's providers as its public feed would have them."""
    plain = [_plain(provider) for provider in source]
    feed = msgspec.convert(plain, type=tuple[FeedProvider, ...])
    check_feed(feed)
    return feed


def compiled(source: Iterable[types.Provider], at: date) -> Compilation:
    """The table of the package's providers."""
    return Compilation(
        feed_of(source), source="genai-prices", version=version("genai-prices"), at=at
    )


def _plain(value: object) -> object:
    """Dataclasses and prices as dicts, without what is not given; everything else as it is."""
    if isinstance(value, types.ModelPrice):
        return _plain(vars(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (field.name for field in dataclasses.fields(value))
        return _plain({name.rstrip("_"): getattr(value, name) for name in fields})
    if isinstance(value, Mapping):
        return {
            key: _plain(item)
            for key, item in value.items()
            if item is not None and key not in LEFT_ASIDE
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def main() -> None:
    """Write the table, and say what it does not hold."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.mkdir(parents=True, exist_ok=True)
    compilation = compiled(providers, datetime.now(UTC).date())
    for stale in set(target.glob("*.json*")) - {target / name for name in compilation.files}:
        stale.unlink()
    for name, content in compilation.files.items():
        (target / name).write_bytes(content)
    count = sum(len(provider.models) for provider in providers)
    print(f"{count} models of {len(providers)} providers, genai-prices {version('genai-prices')}")
    for key, entries in sorted(compilation.left_out.items()):
        print(f"  left out: {key}, {entries} price entries")
    for exact, held in sorted(compilation.rounded.items()):
        print(f"  rounded: {exact} -> {held}")


if __name__ == "__main__":
    main()
