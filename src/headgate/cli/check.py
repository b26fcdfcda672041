"""`headgate check`: says what is wrong with the settings, and what is in effect."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from headgate.bootstrap.book import book_of
from headgate.bootstrap.doubts import missing_variables, unpriced_beside_faults, warnings_of
from headgate.bootstrap.egress import missing_authorities
from headgate.bootstrap.ledger import exposed_prompts
from headgate.bootstrap.policies import policies_of
from headgate.cli.files import FilePath
from headgate.cli.options import json_option, open_settings, settings_options
from headgate.errors import ConfigError, ConfigFault, Gathered
from headgate.prices.book import Book
from headgate.settings import Reading, SettingsError, Sourced
from headgate.values import counted

__all__ = [
    "check",
    "checked_book",
    "findings_document",
    "lines_of",
]


@click.command()
@click.argument("path", type=FilePath(), required=False)
@settings_options
@click.option("--show", is_flag=True, help="Print every setting, and where its value comes from.")
@json_option
def check(
    path: Path | None, config: Path | None, sets: tuple[str, ...], *, show: bool, as_json: bool
) -> int:
    """Say what is wrong with the settings, if anything.

    PATH is the file to check, the same as --config. All faults are listed, each with its line, its
    field and what to do. Exit code 0 says that the settings can be used, 2 that they cannot;
    warnings do not count.
    """
    if path and config:
        raise click.UsageError("Name the file once: as PATH or with --config.")
    values: Sequence[Sourced] = ()
    try:
        reading = open_settings(path or config, sets, need_file=True)
        values = reading.values
        book = checked_book(reading)
    except ConfigError as error:
        if isinstance(error, SettingsError):
            values = error.values
        doubts = (
            *unpriced_beside_faults(values, os.environ),
            *missing_variables(values, os.environ),
        )
        _print(error.told, doubts, as_json=as_json)
        return error.exit_code
    warnings = (
        *warnings_of(reading, book, os.environ),
        *missing_variables(values, os.environ),
        *filter(
            None,
            [
                exposed_prompts(reading.settings.ledger),
                missing_authorities(reading.settings, os.environ),
            ],
        ),
    )
    _print((), warnings, as_json=as_json, reading=reading, show=show)
    return 0


def checked_book(reading: Reading) -> Book:
    """The prices of settings whose own prices and policies can be used.

    Raises:
        ConfigError: they cannot; all that is wrong is named.
    """
    gathered = Gathered("The settings cannot be used:")
    gathered.of(lambda: policies_of(reading.settings), None)
    return gathered.finish(lambda: book_of(reading.settings, str(reading.file)))


def _print(
    faults: Sequence[ConfigFault],
    warnings: Sequence[ConfigFault],
    *,
    as_json: bool,
    reading: Reading | None = None,
    show: bool = False,
) -> None:
    if as_json:
        document = findings_document(faults, warnings, reading)
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    if reading and show:
        for line in _values(reading):
            click.echo(line)
        click.echo()
    for line in lines_of(faults, warnings, "The settings" if reading is None else reading.file):
        click.echo(line)


def lines_of(
    faults: Sequence[ConfigFault], warnings: Sequence[ConfigFault], what: object
) -> Iterator[str]:
    """The findings, one a line, and a line that says whether `what` can be used."""
    yield from map(str, faults)
    for warning in warnings:
        yield f"{click.style('warning:', fg='yellow')} {warning}"
    verdict = f"{what} cannot be used" if faults else f"{what} can be used"
    yield f"{verdict}: {_count(faults, 'error')}, {_count(warnings, 'warning')}."


def _count(findings: Sequence[ConfigFault], noun: str) -> str:
    return counted(len(findings), noun) if findings else f"no {noun}s"


def _values(reading: Reading) -> Iterator[str]:
    """Every setting as TOML would have it, with its source; what is not set says what holds."""
    rows = []
    for field, value, source, otherwise in reading.values:
        if value is None or value == ():
            rows.append((f"{field}: {otherwise or 'not set'}", str(source)))
        else:
            rows.append((f"{field} = {_toml(value)}", str(source)))
    width = max(len(setting) for setting, _ in rows)
    return (f"{setting:<{width}}  {source}" for setting, source in rows)


def _toml(value: object) -> str:
    if isinstance(value, tuple) and not isinstance(value[0], str):
        pairs = (f"{json.dumps(name)} = {json.dumps(text)}" for name, text in value)
        return f"{{ {', '.join(pairs)} }}"
    return json.dumps(value, ensure_ascii=False)


def findings_document(
    faults: Sequence[ConfigFault], warnings: Sequence[ConfigFault], reading: Reading | None
) -> dict[str, object]:
    """The findings as JSON has them; with every value in effect where there is a reading."""
    document: dict[str, object] = {
        "ok": not faults,
        "file": str(reading.file) if reading and reading.file else None,
        "errors": [_finding(fault) for fault in faults],
        "warnings": [_finding(warning) for warning in warnings],
    }
    if reading:
        document["fingerprint"] = reading.settings.fingerprint
        document["values"] = [
            {
                "field": field,
                "value": _plain(value),
                "source": {"kind": source.kind, "name": source.name or None, "line": source.line},
            }
            for field, value, source, _ in reading.values
        ]
    return document


def _plain(value: object) -> object:
    """Headers are an object, words a list."""
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return list(value)
    return dict(value) if isinstance(value, tuple) else value


def _finding(fault: ConfigFault) -> dict[str, object]:
    return {
        "file": fault.source,
        "line": fault.line,
        "field": fault.field,
        "message": fault.message,
        "fix": fault.fix,
    }
