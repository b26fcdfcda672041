"""Graded files: JSONL or Parquet, read into rows by a column mapping."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from headgate.analysis.rows import GradedRow
from headgate.errors import ConfigError
from headgate.values import nano_from_usd

__all__ = ["FIELDS", "Graded", "mapping_of", "read_graded"]

FIELDS = {
    **{name: name for name in GradedRow.__struct_fields__ if not name.endswith("_nano")},
    "cheap_cost": "cheap_cost",
    "premium_cost": "premium_cost",
}
"""What a column can be mapped to, and the column's name if it is not mapped. Costs are in USD."""

REQUIRED = ("prompt", "cheap", "premium")
_TEXTS = ("id", "prompt", "system", "category", "route", "conversation")
_COUNTS = ("tokens", "turns", "tools", "images")


class Graded(NamedTuple):
    """The rows of some files, and what was wrong with those left out: (place, reason)."""

    rows: list[GradedRow]
    rejected: list[tuple[str, str]]


def mapping_of(pairs: Sequence[str]) -> dict[str, str]:
    """The column of each field, from `field=column` pairs over the defaults.

    Raises:
        ConfigError: not a pair, or no such field.
    """
    mapping = dict(FIELDS)
    for pair in pairs:
        field, sign, column = pair.partition("=")
        if not sign or not column or field not in mapping:
            raise ConfigError(
                f"{pair!r} maps no column.",
                fix=f"Write FIELD=COLUMN; the fields are {', '.join(FIELDS)}.",
            )
        mapping[field] = column
    return mapping


def read_graded(paths: Sequence[Path], mapping: Mapping[str, str] = FIELDS) -> Graded:
    """Every row of the files; a row that cannot be used is kept with its place and reason.

    Raises:
        ConfigError: a file cannot be read, lacks a required column, or gives no row.
    """
    graded = Graded([], [])
    for path in paths:
        before, wrong = len(graded.rows), len(graded.rejected)
        for number, fields in _records(path, mapping):
            try:
                graded.rows.append(_row(fields, mapping))
            except ValueError as error:
                graded.rejected.append((f"{path}:{number}", str(error)))
        if len(graded.rows) == before:
            reason = graded.rejected[wrong][1] if len(graded.rejected) > wrong else "it is empty"
            raise ConfigError(
                f"{path} holds no graded row: {reason}.",
                fix=f"Each row needs {', '.join(mapping[name] for name in REQUIRED)}; name other "
                "columns with --map FIELD=COLUMN.",
            )
    return graded


def _records(path: Path, mapping: Mapping[str, str]) -> Iterator[tuple[int, object]]:
    """Row numbers from 1, and the row as a mapping, or as the ValueError that says why not."""
    try:
        if path.suffix == ".parquet":
            yield from _parquet(path, mapping)
            return
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _decoded(line)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror or error}.", fix="Name a file that is there."
        ) from error


def _decoded(line: bytes) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _parquet(path: Path, mapping: Mapping[str, str]) -> Iterator[tuple[int, object]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ConfigError(
            "Parquet needs pyarrow, which is not installed.",
            fix="Run `pip install 'headgate[train]'`, or bring JSONL.",
        ) from error
    try:
        file = pq.ParquetFile(path)
        have = set(file.schema_arrow.names)
        wanted = sorted(set(mapping.values()) & have)
        number = 0
        for batch in file.iter_batches(batch_size=4096, columns=wanted):
            for fields in batch.to_pylist():
                number += 1
                yield number, fields
    except pa.ArrowException as error:
        raise ConfigError(
            f"{path} is no Parquet file that can be read.", fix="Write it again, or bring JSONL."
        ) from error


def _row(fields: object, mapping: Mapping[str, str]) -> GradedRow:
    if not isinstance(fields, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - a reason, not a defect

    def given(name: str) -> object:
        return fields.get(mapping[name])

    for name in REQUIRED:
        if given(name) is None:
            raise ValueError(f"it has no {mapping[name]!r}")
    values: dict[str, object] = {
        name: str(given(name)) for name in _TEXTS if given(name) is not None
    }
    for name in _COUNTS:
        if given(name) is not None:
            values[name] = int(_number(given(name), mapping[name], low=0))
    for name in ("cheap", "premium"):
        values[name] = _number(given(name), mapping[name], low=0, high=1)
        cost = given(f"{name}_cost")
        if cost is not None and cost == cost:
            _number(cost, mapping[f"{name}_cost"], low=0)
            values[f"{name}_nano"] = nano_from_usd(str(cost))
    if given("json_schema") is not None:
        values["json_schema"] = bool(given("json_schema"))
    if given("time") is not None:
        values["time"] = _time(given("time"), mapping["time"])
    return GradedRow(**values)  # type: ignore[arg-type]  # each was made of its type above


def _number(value: object, column: str, *, low: float, high: float = math.inf) -> float:
    if not isinstance(value, (int, float)):
        raise ValueError(f"its {column!r} is not a number")  # noqa: TRY004
    if not low <= value <= high or value == math.inf:
        limits = f"between {low} and {high}" if high < math.inf else f"{low} or more"
        raise ValueError(f"its {column!r} is not {limits}")
    return float(value)


def _time(value: object, column: str) -> float:
    """Seconds since 1970, or a date and time in ISO 8601 (UTC where it names no zone)."""
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    raise ValueError(f"its {column!r} is no time")
