"""`headgate tripwire`: where two alternatives cost the same, and how far away that is."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

import click

from headgate.bootstrap.alternatives import alternative_of
from headgate.bootstrap.book import aged, book_of, doubts_about_prices
from headgate.bootstrap.scenario import caveats, scenario_of
from headgate.cli.flags import bad_flag, day_of
from headgate.cli.numbers import SEED
from headgate.cli.options import (
    document_options,
    json_option,
    one_format,
    open_settings,
    prices_option,
    settings_options,
)
from headgate.cli.tripwire_page import Wires, document, page
from headgate.cli.what_if import (
    Origin,
    archetype_option,
    naming_flags,
    open_origin,
    unpercent,
    what_if,
    what_if_options,
)
from headgate.costs.columns import ColumnName
from headgate.costs.sensitivity import (
    Map,
    Shape,
    Simulation,
    joint_shift,
    ranges,
    saving_map,
    simulate,
    tornado,
)
from headgate.costs.tripwire import Alternative, Interval, Tripwire, tripwire, tripwires
from headgate.errors import ConfigError, Gathered
from headgate.prices.book import Book
from headgate.settings import Reading

__all__ = ["COLUMN_FLAGS", "Extras", "Question", "tripwire_command", "wires_of"]

COLUMN_FLAGS: dict[str, ColumnName] = {
    "naive": "naive",
    "realistic": "realistic",
    "worst-case": "worst case",
}
WHAT = "The tripwire"


@click.command("tripwire")
@settings_options
@prices_option
@archetype_option
@what_if_options
@click.option(
    "--a",
    "first",
    default="routed",
    show_default=True,
    metavar="ALTERNATIVE",
    help="The one that is asked about: routed, cascade, routed-cascade, single:TIER, single:MODEL "
    "or a settings file.",
)
@click.option(
    "--b",
    "second",
    metavar="ALTERNATIVE",
    help="The one to compare it with; default: the premium tier's model for everything.",
)
@click.option(
    "--over",
    multiple=True,
    metavar="PARAMETER",
    help="Move only this parameter, such as escalation or retry_rate.premium; repeatable. "
    "Default: all, one at a time.",
)
@click.option(
    "--interval",
    "intervals",
    multiple=True,
    metavar="PARAMETER=LOW:HIGH",
    help="Where a parameter lies by measurement, such as escalation=0.15:0.3; repeatable.",
)
@click.option(
    "--column",
    type=click.Choice(tuple(COLUMN_FLAGS)),
    default="realistic",
    show_default=True,
    help="The assumptions to compare under.",
)
@click.option(
    "--tornado", "with_tornado", is_flag=True, help="Show what each range does to the saving."
)
@click.option(
    "--map",
    "axes",
    nargs=2,
    metavar="ACROSS DOWN",
    help="Show who is cheaper over two parameters.",
)
@click.option("--joint", is_flag=True, help="Find the smallest joint shift that flips the ranking.")
@click.option("--draws", type=int, help="Draw all parameters from their ranges so many times.")
@click.option("--seed", type=SEED, default=1, show_default=True, help="Seed of the draws.")
@click.option(
    "--shape",
    type=click.Choice(get_args(Shape)),
    default="triangular",
    show_default=True,
    help="Distribution that is drawn from.",
)
@click.option("--at", metavar="DATE", help="Prices of that day, as 2026-11-20; default: today.")
@json_option
@document_options
def tripwire_command(  # one argument a flag
    config: Path | None,
    sets: tuple[str, ...],
    name_of_archetype: str | None,
    prices: str | None,
    first: str,
    second: str | None,
    over: tuple[str, ...],
    intervals: tuple[str, ...],
    column: str,
    axes: tuple[str, str] | None,
    draws: int | None,
    seed: int,
    shape: str,
    at: str | None,
    *,
    with_tornado: bool,
    joint: bool,
    as_json: bool,
    as_csv: bool,
    as_markdown: bool,
    as_html: bool,
    **changes: str | None,
) -> None:
    """Say where routing stops paying, and how far away that is.

    Or where any two alternatives cost the same, as one parameter moves; by default routing is held
    against the premium model for everything. Reads headgate.toml, or
    takes the built-in example; flags try changes out, nothing is written and nothing is sent.
    """
    one_format(json=as_json, csv=as_csv, markdown=as_markdown, html=as_html)
    gathered = Gathered("The tripwire cannot be made:")
    day = gathered.of(lambda: day_of(at, what=WHAT), day_of(None))
    origin = open_origin(config, sets, prices=prices, archetype_name=name_of_archetype)
    question = Question(first, second, over, intervals, COLUMN_FLAGS[column])
    extras = Extras(with_tornado, axes, joint, draws, seed, cast("Shape", shape))
    found = gathered.finish(lambda: wires_of(origin, day, changes, question, extras))
    if as_json:
        click.echo(json.dumps(document(found), indent=2, ensure_ascii=False))
    elif as_csv or as_markdown or as_html:
        form = "csv" if as_csv else "html" if as_html else "markdown"
        click.echo(_in_form(found, form), nl=False)
    else:
        click.echo(page(found, width=shutil.get_terminal_size().columns))


class Question(NamedTuple):
    """Which two alternatives are compared, and as which parameters move."""

    a: str = "routed"
    b: str | None = None
    """None: the premium tier's model for everything."""
    over: tuple[str, ...] = ()
    """Empty: every parameter, one at a time."""
    intervals: tuple[str, ...] = ()
    """`PARAMETER=LOW:HIGH` each."""
    column: ColumnName = "realistic"


class Extras(NamedTuple):
    """What is asked beside the break-evens; nothing, where nothing is said."""

    tornado: bool = False
    axes: tuple[str, str] | None = None
    joint: bool = False
    draws: int | None = None
    seed: int = 1
    shape: Shape = "triangular"


def wires_of(
    origin: Origin,
    day: date,
    changes: Mapping[str, str | None],
    question: Question,
    extras: Extras | None = None,
) -> Wires:
    """Where two alternatives of these settings cost the same, at the prices of a day.

    Raises:
        ConfigError: no such alternative or parameter, a model has no price, or a number is out of
            range; faults name flags.
    """
    reading, extras = origin.reading, extras or Extras()
    book = book_of(reading.settings, origin.named)
    gathered, nowhere = Gathered("The tripwire cannot be made:"), dict[str, Interval]()
    intervals = gathered.of(lambda: _intervals(reading, question.intervals), nowhere)
    try:
        sides = gathered.finish(
            lambda: _alternatives(reading, book, day, (question.a, question.b), changes)
        )
        asked = _Asked(*sides, question.column, intervals)
        scenario = asked.a.scenario
        ranges(scenario, asked.intervals)  # an interval of nothing is told, not ignored
        return Wires(
            source=origin.source,
            prices=book.source,
            wires=asked.wires(question.over),
            swings=tornado(scenario, **asked.rest) if extras.tornado else (),
            map=asked.map(extras.axes) if extras.axes else None,
            joint=joint_shift(scenario, **asked.rest) if extras.joint else None,
            joint_asked=extras.joint,
            simulation=_drawn(asked, extras),
            seed=None if extras.draws is None else extras.seed,
            notes=(
                *map(str, reading.warnings),
                *map(str, doubts_about_prices(reading.settings, book, day)),
                *map(str, aged(reading.settings, book, day)),
                *caveats(reading.settings, what_if(changes)),
                *scenario.notes(),
            ),
        )
    except ConfigError as error:
        raise naming_flags(error, changes) from error


def _drawn(asked: _Asked, extras: Extras) -> Simulation | None:
    if extras.draws is None:
        return None
    return simulate(
        asked.a.scenario,
        random.Random(extras.seed),  # noqa: S311 - a simulation, no secret
        draws=extras.draws,
        shape=extras.shape,
        **asked.rest,
    )


def _in_form(found: Wires, form: str) -> str:
    # nobody who asks for the page or for JSON waits for these
    from headgate.cli.tripwire_document import tripwire_document, tripwire_rows
    from headgate.render.page import html, markdown
    from headgate.render.table import csv_text

    if form == "csv":
        return csv_text(tripwire_rows(found))
    made = tripwire_document(found)
    return html(made) if form == "html" else markdown(made)


class _Asked(NamedTuple):
    """What the flags ask for."""

    a: Alternative
    b: Alternative
    column: ColumnName
    intervals: dict[str, Interval]

    @property
    def rest(self) -> dict[str, Any]:
        """What every question of sensitivity needs."""
        return {"a": self.a, "b": self.b, "column": self.column, "stated": self.intervals}

    def map(self, axes: tuple[str, str]) -> Map:
        """Over two parameters."""
        return saving_map(self.a.scenario, *axes, a=self.a, b=self.b, column=self.column)

    def wires(self, over: tuple[str, ...]) -> tuple[Tripwire, ...]:
        """Of the parameters asked for, or of all."""
        if not over:
            return tripwires(
                self.a.scenario, a=self.a, b=self.b, column=self.column, intervals=self.intervals
            )
        return tuple(
            tripwire(
                self.a.scenario,
                name,
                a=self.a,
                b=self.b,
                column=self.column,
                interval=self.intervals.get(name),
            )
            for name in over
        )


def _alternatives(
    reading: Reading,
    book: Book,
    day: date,
    names: tuple[str, str | None],
    changes: Mapping[str, str | None],
) -> tuple[Alternative, Alternative]:
    """Both; one that is a file is what that file routes, with the same changes tried out on it."""
    scenario = scenario_of(reading.settings, book, day, what_if(changes))

    def made(name: str | None) -> Alternative:
        if name is not None and name.endswith(".toml"):
            other = open_settings(Path(name), (), need_providers=False).settings
            theirs = scenario_of(other, book_of(other, name), day, what_if(changes))
            return Alternative(f"routed by {Path(name).name}", theirs, "routed")
        asked = f"single:{reading.settings.premium.name}" if name is None else name
        return alternative_of(reading.settings, book, day, scenario, asked)

    gathered = Gathered("The alternatives cannot be compared:")
    first = gathered.of(lambda: made(names[0]), None)
    second = gathered.finish(lambda: made(names[1]))
    return first or second, second  # without the first, `finish` has raised


def _intervals(reading: Reading, texts: tuple[str, ...]) -> dict[str, Interval]:
    """The file's interval of the escalation rate, and those of the flags."""
    found: dict[str, Interval] = {}
    escalation = reading.settings.escalation
    if escalation.low is not None and escalation.high is not None:
        found["escalation"] = (escalation.low, escalation.high)
    for text in texts:
        name, equals, ends = text.partition("=")
        low, colon, high = ends.partition(":")
        values = [unpercent("escalation", end) or "" for end in (low, high)]
        try:
            bounds = [Decimal(value) for value in values]
        except InvalidOperation:
            bounds = []
        finite = all(bound.is_finite() for bound in bounds)
        if not (equals and colon and bounds and finite and bounds[0] <= bounds[1]):
            raise bad_flag(
                "--interval",
                f"{text!r} is no interval.",
                "Write it as escalation=0.15:0.3, the lower end first.",
                what=WHAT,
            )
        found[name] = (bounds[0], bounds[1])
    return found
