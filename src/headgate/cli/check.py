"""`headgate check`: says what is wrong with the settings, and what is in effect."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click

from headgate.bootstrap.book import book_of, doubts_about_prices, table_of
from headgate.bootstrap.egress import missing_authorities, unread_proxy
from headgate.bootstrap.ledger import exposed_prompts
from headgate.bootstrap.policies import policies_of
from headgate.cli.files import FilePath
from headgate.cli.options import json_option, open_settings, settings_options
from headgate.errors import ConfigError, ConfigFault, Gathered
from headgate.prices.book import Book
from headgate.prices.table import Table
from headgate.settings import Reading, SettingsError, Source, Sourced
from headgate.settings.redaction import shown_path
from headgate.settings.schema import PriceListSettings
from headgate.values import ModelRef

__all__ = [
    "check",
    "checked_book",
    "doubtful_prices",
    "findings_document",
    "lines_of",
    "missing_prices",
    "missing_variables",
    "nobody_decides",
    "unpriced_beside_faults",
    "warnings_of",
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
        *warnings_of(reading, book),
        *missing_variables(values, os.environ),
        *filter(
            None,
            [
                exposed_prompts(reading.settings.ledger),
                unread_proxy(reading.settings, os.environ),
                missing_authorities(reading.settings, os.environ),
            ],
        ),
    )
    _print((), warnings, as_json=as_json, reading=reading, show=show)
    return 0


def unpriced_beside_faults(
    values: Sequence[Sourced], env: Mapping[str, str]
) -> Iterator[ConfigFault]:
    """The models without a price in settings that cannot be used, so that one look mends it all.

    Nothing where the list, or the file of one's own prices, is not certain to be read.

    Args:
        values: what can be read of the settings.
        env: says where a fetched list lies, as for `book_of`.
    """
    told = {one.field: one.value for one in values}
    if told.get("price_list.file", "at fault") is None and "price_list.directory" in told:
        book = Book(_list_of(told, env))
        for ref, finding in _unpriced(values, book, datetime.now(UTC).date(), told.get):
            listed, own = _list_field(ref.provider), shown_path(("prices", str(ref)))
            if listed in told and not any(field.startswith(own) for field in told):
                yield finding


def checked_book(reading: Reading) -> Book:
    """The prices of settings whose own prices and policies can be used.

    Raises:
        ConfigError: they cannot; all that is wrong is named.
    """
    gathered = Gathered("The settings cannot be used:")
    gathered.of(lambda: policies_of(reading.settings), None)
    return gathered.finish(lambda: book_of(reading.settings, str(reading.file)))


def warnings_of(reading: Reading, book: Book) -> tuple[ConfigFault, ...]:
    """What works and is most likely not meant, in the settings and in their prices of today."""
    today = datetime.now(UTC).date()
    return (
        *reading.warnings,
        *nobody_decides(reading),
        *missing_prices(reading, book, today),
        *doubtful_prices(reading, book, today),
    )


def nobody_decides(reading: Reading) -> Iterator[ConfigFault]:
    """A finding where all requests go to one tier, and the settings do not say that they should."""
    settings = reading.settings
    decider = next(one for one in reading.values if one.field == "classifier.kind")
    if decider.source.kind == "default" and decider.value == "none" and not settings.policies:
        tier = settings.classifier.default or settings.premium.name
        yield ConfigFault(
            f"Nobody decides: the gateway would send every request for `auto` to {tier}.",
            fix='Say who decides below [classifier]; write kind = "none" there if this is meant.',
            field="classifier",
        )


def doubtful_prices(reading: Reading, book: Book, on: date) -> Iterator[ConfigFault]:
    """A finding for every own price that is likely in another unit, at its line."""
    sources = {field: source for field, _, source, _ in reading.values}
    for doubt in doubts_about_prices(reading.settings, book, on):
        source = sources.get(doubt.field or "")
        if doubt.line is None and source is not None:
            yield _at(source, doubt.field or "", doubt.message, doubt.fix)
        else:
            yield doubt


def missing_variables(values: Sequence[Sourced], env: Mapping[str, str]) -> Iterator[ConfigFault]:
    """A finding for every environment variable that the settings name and that is not set."""
    for field, value, source, _ in values:
        if field.endswith("_env") and value and not env.get(str(value)):
            yield _at(
                source,
                field,
                f"The environment variable {value} is not set.",
                f"`headgate serve` needs it: export {value}=...",
            )


def missing_prices(reading: Reading, book: Book, on: date) -> Iterator[ConfigFault]:
    """A finding for every tier's or classifier's model whose price on that day is not known."""
    told = {one.field: one.value for one in reading.values}
    return (finding for _, finding in _unpriced(reading.values, book, on, told.get))


def _unpriced(
    values: Sequence[Sourced], book: Book, on: date, told: Callable[[str], object]
) -> Iterator[tuple[ModelRef, ConfigFault]]:
    for field, value, source, _ in values:
        if not value or not _MODEL_FIELD.fullmatch(field):
            continue
        ref = ModelRef.parse(str(value))
        named = told(_list_field(ref.provider))
        listed = None if named is None else str(named)
        if book.card(ref, on, prices_of=listed) is None:
            near = book.near(ref, prices_of=listed)
            yield (
                ref,
                _at(
                    source,
                    field,
                    f"No price is known for {ref} ({book.source}).",
                    f"{f'Did you mean {near[0]}? ' if near else ''}Correct the name, or state "
                    f'input and output below [prices."{ref}"].',
                ),
            )


def _list_field(provider: str) -> str:
    """The setting that says whose price list a provider's models are looked up in."""
    return shown_path(("providers", provider, "prices"))


def _list_of(told: Mapping[str, object], env: Mapping[str, str]) -> Table:
    directory = told.get("price_list.directory")
    return table_of(
        PriceListSettings(
            directory=None if directory is None else str(directory),
            shipped=told.get("price_list.shipped") is True,
        ),
        env,
    )


_MODEL_FIELD = re.compile(r"(?:(?:tiers|policies)\..*|classifier)\.(?:second_|judge_)?model")


def _at(source: Source, field: str, message: str, fix: str) -> ConfigFault:
    places = {"file": source.name, "default": None}
    place = places.get(source.kind, str(source))
    return ConfigFault(message, fix=fix, field=field, line=source.line, source=place)


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
    return f"{len(findings) or 'no'} {noun}{'' if len(findings) == 1 else 's'}"


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
