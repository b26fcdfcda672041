"""Reads a file of own prices, TOML or JSON lines; every fault with its line.

TOML has the tables of headgate.toml, `[prices."provider/model"]`; several of one model, each with
its `valid_from`, are written `[[prices."provider/model"]]`. JSON lines (a file that ends in .jsonl
or .ndjson) have one object a line, the model under `model`. Money is decimal text in both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path as FilePath
from typing import NamedTuple

import msgspec

from headgate.errors import ConfigError, ConfigFault
from headgate.settings.document import Document, Path, parse
from headgate.settings.draft import did_you_mean
from headgate.settings.fields import PRICES, default
from headgate.settings.forms import Refusal
from headgate.settings.redaction import looks_secret, shown, shown_path
from headgate.settings.schema import PriceSettings
from headgate.values import ModelRef

__all__ = ["OwnPrice", "read_prices"]

LONGEST = 8 * 1024 * 1024
"""Bytes; the list of all models that there are is smaller. TOML has its own, lower limit."""

MOST_FAULTS = 100
JSON_LINES = (".jsonl", ".ndjson")
VALID_FROM = "valid_from"


class OwnPrice(NamedTuple):
    """A price of the file, checked."""

    price: PriceSettings
    valid_from: date | None
    line: int


class _Entry(NamedTuple):
    """An entry as it stands in the file, and the line of each of its values."""

    model: str
    values: Mapping[str, object]
    line: int
    lines: Mapping[str, int]
    field: str
    """What messages call it."""


def read_prices(path: FilePath) -> tuple[OwnPrice, ...]:
    """The prices of a file; of one model the one that begins last comes first.

    Raises:
        ConfigError: the file cannot be read, or entries are wrong; each fault names its line.
    """
    faults: list[ConfigFault] = []
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad path"
        raise ConfigError(
            f"The price file {path} cannot be read: {reason}.",
            fix="Name a readable file: [price_list] file in the settings, or --prices FILE.",
        ) from error
    lines = path.suffix.lower() in JSON_LINES
    entries = _from_lines(data, str(path), faults) if lines else _from_toml(data, str(path), faults)
    found: dict[tuple[str, date | None], OwnPrice] = {}
    for entry in entries:
        if len(faults) >= MOST_FAULTS:
            break
        price = _checked(entry, str(path), faults)
        if price is None:
            continue
        key = (price.price.model, price.valid_from)
        if key in found:
            faults.append(
                ConfigFault(
                    f"{price.price.model} has a price already, in line {found[key].line}.",
                    fix=f"Take one out, or give each a {VALID_FROM} of its own.",
                    field=entry.field,
                    line=entry.line,
                    source=str(path),
                )
            )
        found[key] = price
    if faults:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise ConfigError(
            f"The price file {path} cannot be used; {count}:",
            faults=sorted(faults, key=lambda fault: fault.line or 0),
        )
    return tuple(sorted(found.values(), key=lambda own: own.valid_from or date.min, reverse=True))


def _from_toml(data: bytes, name: str, faults: list[ConfigFault]) -> Iterator[_Entry]:
    document = parse(data, name)
    faults.extend(
        _toml_fault(
            document,
            (key,),
            f"{shown(key)} does not belong into a price file.",
            'Write [prices."provider/model"] and the prices below it.',
        )
        for key in document.tree.keys() - {"prices"}
    )
    tables = document.tree.get("prices", {})
    for model, stated in tables.items() if isinstance(tables, dict) else ():
        path: Path = ("prices", model)
        several = isinstance(stated, list)
        for position, table in enumerate(stated if isinstance(stated, list) else [stated]):
            place = (*path, position) if several else path
            if not isinstance(table, dict):
                faults.append(
                    _toml_fault(
                        document,
                        path,
                        f"{shown(stated)} stands where a table of prices is needed.",
                        'Write [prices."provider/model"] and the prices below it.',
                    )
                )
                break
            lines = {key: document.lines.at((*place, key)) for key in table}
            yield _Entry(model, table, document.lines.at(place), lines, shown_path(path))
    if not (isinstance(tables, dict) and tables) and not faults:
        faults.append(
            _toml_fault(
                document, (), "There is no price in it.", 'Write [prices."provider/model"].'
            )
        )


def _toml_fault(document: Document, path: Path, problem: str, fix: str) -> ConfigFault:
    return ConfigFault(
        problem,
        fix=fix,
        field=shown_path(path) or None,
        line=document.lines.at(path),
        source=document.name,
    )


def _from_lines(data: bytes, name: str, faults: list[ConfigFault]) -> Iterator[_Entry]:
    def fault(line: int, problem: str, fix: str) -> None:
        faults.append(ConfigFault(problem, fix=fix, line=line, source=name))

    example = 'Write {"model": "provider/model", "input": "1.00", "output": "5.00"}.'
    if len(data) > LONGEST:
        fault(1, f"The file is longer than {LONGEST // 1024**2} MiB.", "Shorten it.")
        return
    any_line = False
    for line, raw in enumerate(data.splitlines(), 1):
        if not raw.strip():
            continue
        any_line = True
        try:
            text = raw.decode("utf-8-sig")
            value: object = json.loads(text)
        except (ValueError, RecursionError):
            fault(line, "The line is not JSON.", example)
            continue
        if looks_secret(text):
            fault(line, "The line holds what looks like a secret.", "Take it out.")
        elif not isinstance(value, dict) or not isinstance(value.get("model"), str):
            fault(line, "The line names no model.", example)
        else:
            model = value.pop("model")
            yield _Entry(model, value, line, dict.fromkeys(value, line), f"prices.{shown(model)}")
    if not any_line:
        fault(1, "There is no price in it.", example)


def _checked(entry: _Entry, name: str, faults: list[ConfigFault]) -> OwnPrice | None:
    """One entry by the rows of the settings' own table of prices."""
    before = len(faults)

    def fault(key: str, problem: str, fix: str) -> None:
        field = f"{entry.field}.{key}" if key else entry.field
        line = entry.lines.get(key, entry.line)
        faults.append(ConfigFault(problem, fix=fix, field=field, line=line, source=name))

    try:
        ModelRef.parse(entry.model)
    except ValueError:
        fault(
            "",
            f"{shown(entry.model)} is no model by its full name.",
            'Write "provider/model", in quotes.',
        )
    known = [field.key for field in PRICES.fields]
    values: dict[str, str] = {}
    for key, raw in entry.values.items():
        row = PRICES.field(key)
        if row is not None:
            value = row.kind.check(raw)
            if isinstance(value, Refusal):
                fault(key, value.message, value.fix)
            else:
                values[key] = str(value)
        elif key != VALID_FROM:
            guess = did_you_mean(key, [*known, VALID_FROM])
            fault(key, "There is no such price.", f"{guess}There are {', '.join(known)}.")
    for row in PRICES.fields:
        if row.key not in entry.values and default(PRICES, row) is msgspec.NODEFAULT:
            fault(row.key, "This is missing.", f"Add {row.key} = {row.example}.")
    begins = _day(entry.values.get(VALID_FROM))
    if isinstance(begins, Refusal):
        fault(VALID_FROM, begins.message, begins.fix)
        return None
    if len(faults) > before:
        return None
    price = msgspec.convert({"model": entry.model, **values}, type=PriceSettings)
    return OwnPrice(price, begins, entry.line)


def _day(raw: object) -> date | Refusal | None:
    """A day as TOML has it or as text; None where none is given."""
    if raw is None or (isinstance(raw, date) and not isinstance(raw, datetime)):
        return raw
    try:
        return date.fromisoformat(raw if isinstance(raw, str) else "")
    except ValueError:
        return Refusal(f"{shown(raw)} is no day.", "Write it as 2026-11-20.")
