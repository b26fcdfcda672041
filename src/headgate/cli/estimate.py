"""`headgate estimate`: from graded requests to the bill with its interval, and to a verdict."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click
from msgspec.structs import replace

from headgate.analysis.estimate import Grades
from headgate.analysis.estimate import estimate as carry
from headgate.analysis.readers import UnreadableError
from headgate.analysis.record import Record
from headgate.analysis.sample import Sample
from headgate.bootstrap.book import book_of
from headgate.bootstrap.scenario import caveats, scenario_of
from headgate.cli.estimate_page import Estimated, Measured, document, page, settings_text
from headgate.cli.files import FilePath, write_new
from headgate.cli.flags import bad_flag, day_of
from headgate.cli.graded import good_option, graded_names, names_of
from headgate.cli.numbers import Real
from headgate.cli.options import json_option, open_settings, prices_option, settings_options
from headgate.cli.reading import notes_of, open_reader, reader_options
from headgate.costs.scenario import Scenario
from headgate.errors import ConfigError
from headgate.prices.book import Book
from headgate.settings import Settings
from headgate.values import counted, percent

__all__ = ["estimate"]

STRATA: dict[str, Callable[[Record], str]] = {
    "category": lambda record: record.category,
    "route": lambda record: record.route,
    "none": lambda _: "",
}
WHAT = "The estimate"
FEW = 30
"""Graded requests below which the page says that they are few."""
MOST_REPEATS = 0.05
"""Share of repeated prompts from which on they are spoken of."""


@click.command()
@reader_options
@graded_names
@good_option
@click.option(
    "--by",
    type=click.Choice(tuple(STRATA)),
    default="category",
    show_default=True,
    help="What requests are told apart by.",
)
@click.option(
    "--confidence",
    default=0.95,
    show_default=True,
    type=Real(0.5, 0.9999),
    help="How often the intervals hold the truth.",
)
@click.option(
    "--min-saving",
    default="0",
    show_default=True,
    metavar="SHARE",
    help="Least saving that is worth building for, such as 0.2 or 20%.",
)
@click.option(
    "--write",
    type=FilePath(),
    help="Write [traffic] and [escalation] with the measured values there, a new file.",
)
@click.option("--at", metavar="DATE", help="Prices of that day, as 2026-11-20; default: today.")
@settings_options
@prices_option
@json_option
def estimate(  # one argument a flag
    files: tuple[str, ...],
    form: str | None,
    mapping: tuple[str, ...],
    rejects: Path | None,
    graded_cheap: str | None,
    graded_premium: str | None,
    good: float,
    by: str,
    confidence: float,
    min_saving: str,
    write: Path | None,
    at: str | None,
    config: Path | None,
    sets: tuple[str, ...],
    prices: str | None,
    *,
    as_json: bool,
) -> int:
    """Say from graded requests whether routing will pay.

    The verdict is build, do not build, or grade more. FILES are read as `headgate sample` reads
    them. Their rows need the columns cheap and premium, the scores of both answers, or a row for
    each model with id, model and score. Exit code 0: build; 1: do not build, or not enough
    requests to tell.
    """
    day, least = day_of(at, what="The estimate"), _share(min_saving)
    reading = open_settings(config, sets, prices=prices, need_providers=False)
    book = book_of(reading.settings, reading.file.name if reading.file else "flags")
    grades = Grades(good=good, names=names_of(graded_cheap, graded_premium), stratum=STRATA[by])
    sample = Sample()
    with open_reader(files, form, mapping, rejects) as (reader, records):
        for record in records:
            sample.add(record)
            grades.add(record)
    if not grades.cells.n:
        notes = notes_of(reader, kept=rejects is not None)
        raise _ungraded(sample, graded_cheap, graded_premium, notes)
    measured = _measured(sample, grades, sets)
    settings = _with(reading.settings, measured)
    found = Estimated(
        estimate=carry(
            grades,
            lambda share: _scenario(settings, book, day, share),
            confidence=confidence,
            least_saving=least,
        ),
        measured=measured,
        settings=settings,
        source=str(reading.file) if reading.file else "the built-in example",
        prices=book.source,
        good=good,
        notes=(
            *notes_of(reader, kept=rejects is not None),
            *_judged(grades),
            *_assumed(settings, sample, grades),
            *map(str, reading.warnings),
            *caveats(reading.settings),
        ),
    )
    if write is not None:
        _write(write, settings_text(found))
    if as_json:
        click.echo(json.dumps(document(found), indent=2, ensure_ascii=False))
    else:
        click.echo(page(found))
    return 0 if found.estimate.verdict == "build" else 1


def _scenario(settings: Settings, book: Book, day: date, share: float) -> Scenario:
    plan = replace(settings.plan, hard_share=share)
    return scenario_of(replace(settings, plan=plan), book, day)


def _share(text: str) -> Decimal:
    try:
        number = Decimal(text[:-1]) / 100 if text.endswith("%") else Decimal(text)
        if 0 <= number < 1:
            return number
    except InvalidOperation:
        pass
    raise bad_flag("--min-saving", f"{text!r} is no share.", "Write 0.2 or 20%.", what=WHAT)


def _ungraded(
    sample: Sample, cheap: str | None, premium: str | None, notes: list[str]
) -> UnreadableError:
    if sample.facts["score"]:
        names = [name for name, _ in sample.models.most(8)]
        return UnreadableError(
            f"No request is graded for both {cheap or 'a cheap'} and {premium or 'a premium'} "
            "model, in rows that grade one model each.",
            fix="Name both with --graded-cheap and --graded-premium; the rows have "
            f"{', '.join(names) or 'no model'}.",
        )
    return UnreadableError(
        " ".join(["No row is graded for both models.", *notes]),
        fix="Give the scores in columns `cheap` and `premium` (0 to 1, or true and false), or name "
        "yours with --map cheap=COLUMN,premium=COLUMN.",
    )


def _measured(sample: Sample, grades: Grades, sets: tuple[str, ...]) -> Measured:
    """What the rows say of the traffic, but for what a flag sets.

    The volume counts only where there are rows that nobody graded: graded ones alone are a choice.
    """
    given = {text.partition("=")[0].strip() for text in sets}
    days = sample.days
    chosen = sample.rows <= grades.cells.n
    reads, writes = sample.tokens["input"].mean, sample.tokens["output"].mean
    return Measured(
        requests_per_day=max(1, round(sample.rows / days))
        if days and days >= 1 and not chosen and "traffic.requests_per_day" not in given
        else None,
        input_tokens=max(1, math.ceil(reads))
        if reads is not None and "traffic.input_tokens" not in given
        else None,
        output_tokens=max(1, math.ceil(writes))
        if writes is not None and "traffic.output_tokens" not in given
        else None,
    )


def _with(settings: Settings, measured: Measured) -> Settings:
    values = {name: value for name, value in measured._asdict().items() if value is not None}
    return replace(settings, traffic=replace(settings.traffic, **values))


def _judged(grades: Grades) -> list[str]:
    """Where the grades are a model's, what that means."""
    if not grades.by_model:
        return []
    if not grades.human:
        many = f"{grades.by_model:,} requests were graded by a model and none by a human"
        fix = "`headgate label --sheet` writes some for humans"
        return [f"{many}: its bias is in the split, and in no interval. {fix}."]
    return ["The requests that humans graded must be a random part of those the judge did."]


def _assumed(settings: Settings, sample: Sample, grades: Grades) -> list[str]:
    """What the interval does not hold: assumptions that no grade speaks to."""
    plan, notes = settings.plan, []
    if grades.cells.n < FEW:
        notes.append(
            f"Graded are {counted(grades.cells.n, 'request')} only: the interval is exact for a "
            f"random draw, which so few seldom are. Grade {FEW} at least before you build on it."
        )
    if plan.true_positive_rate == 1 and plan.false_positive_rate == 0:
        notes.append(
            "The router is taken to be never wrong; state what yours reaches with "
            "--set plan.true_positive_rate=0.9 --set plan.false_positive_rate=0.1."
        )
    if sample.conversations.repeated:
        notes.append("The intervals hold for conversations drawn at random, with all their rows.")
    else:
        notes.append(
            "The intervals hold for a random sample of the traffic, row by row independent."
        )
    # a row for each model has the same prompt twice, and is one request
    repeats = 0.0 if sample.facts["score"] else sample.prompts.repeated or 0.0
    if repeats > MOST_REPEATS:
        notes.append(
            f"{percent(repeats, 0)} of the rows repeat another one's prompt word for word. Where "
            "these are copies or retries, not callers who ask the same, the true interval is "
            "wider: give such rows the same id or conversation, and they count as one."
        )
    return notes


def _write(path: Path, text: str) -> None:
    try:
        write_new(path, text, "Name another file with --write.")
    except FileExistsError as error:
        raise ConfigError(
            f"{path} is there already, and nothing was written.",
            fix="Name a new file, and take its values over by hand.",
        ) from error
