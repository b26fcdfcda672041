"""The answers to an agent: each is a command that only reads, its page and its document."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, cast

import click

from headgate.bootstrap.archetypes import NAMES, archetype
from headgate.bootstrap.book import book_of
from headgate.bootstrap.doubts import unpriced_beside_faults, warnings_of
from headgate.bootstrap.forecast import Forecaster
from headgate.bootstrap.policies import policies_of
from headgate.bootstrap.watch import Watch
from headgate.cli import archetypes, check, decision, plan, report, route, tripwire
from headgate.cli import prices_desk as prices
from headgate.cli.flags import day_of
from headgate.cli.open_ledger import no_plan, open_ledger
from headgate.cli.options import open_settings
from headgate.cli.period import window
from headgate.cli.plan_page import page as plan_page
from headgate.cli.prices_data import comparison_json, found_json, sheet_json
from headgate.cli.prices_page import comparison_table, found_table, sheet_page
from headgate.cli.report_data import document as report_document
from headgate.cli.report_page import page as report_page
from headgate.cli.status import BILL
from headgate.cli.status_data import document as status_document
from headgate.cli.status_page import page as status_page
from headgate.cli.tripwire_page import document as tripwire_document
from headgate.cli.tripwire_page import page as tripwire_page
from headgate.cli.what_if import CHANGES, Origin, open_origin
from headgate.costs.plan_json import document as plan_document
from headgate.errors import ConfigError, ConfigFault
from headgate.prices.catalogue import Mix, Order, search
from headgate.render.table import aligned
from headgate.settings import Reading, SettingsError, files_named, read_text, without_files

__all__ = [
    "Place",
    "Said",
    "Told",
    "told_archetypes",
    "told_check",
    "told_compare_prices",
    "told_decision",
    "told_model_price",
    "told_plan",
    "told_report",
    "told_route",
    "told_search_prices",
    "told_status",
    "told_tripwire",
]

WIDTH = 100
FEW = 10


class Place(NamedTuple):
    """What the server was started with: nothing else of this machine is read."""

    config: Path | None = None
    sets: tuple[str, ...] = ()
    url: str | None = None
    """The ledger, where it is not the settings'."""


class Told(NamedTuple):
    """An answer, twice: as a person reads it, and as data."""

    text: str
    document: dict[str, Any]


Said: TypeAlias = Mapping[str, Any]
"""Arguments that have passed their schema."""


# ---- the cost model


def told_plan(place: Place, said: Said) -> Told:
    """A plan: the page of `headgate plan`, and its document."""
    growth = ",".join(map(_written, said["growth"])) if "growth" in said else plan.GROWTH
    made = plan.asked_plan(
        _origin(place, said),
        day_of(said.get("at")),
        _changes(said),
        growth=plan.factors(growth),
        saving=_given(said, "target_saving"),
        bill=_given(said, "target_bill"),
    )
    return Told(plan_page(made, width=WIDTH), plan_document(made))


def told_tripwire(place: Place, said: Said) -> Told:
    """Where two alternatives cost the same, as `headgate tripwire` says it."""
    question = tripwire.Question(
        a=_alternative(said, "a") or "routed",
        b=_alternative(said, "b"),
        over=tuple(said.get("over", ())),
        intervals=tuple(
            f"{name}={_written(low)}:{_written(high)}"
            for name, (low, high) in said.get("intervals", {}).items()
        ),
        column=tripwire.COLUMN_FLAGS[said.get("column", "realistic")],
    )
    found = tripwire.wires_of(
        _origin(place, said), day_of(said.get("at")), _changes(said), question
    )
    return Told(tripwire_page(found, width=WIDTH), tripwire_document(found))


def told_archetypes(_: Place, said: Said) -> Told:
    """All archetypes, or one with its settings file as text."""
    day = day_of(said.get("at"))
    if "name" in said:
        found = archetype(said["name"])
        return Told(found.text, archetypes.document(found, day) | {"toml": found.text})
    every = [archetype(name) for name in NAMES]
    documents = [archetypes.document(one, day) for one in every]
    return Told(archetypes.listing(every, day), {"archetypes": documents})


# ---- prices


def _desk(place: Place, said: Said) -> prices.Desk:
    return prices.open_desk(place.config, place.sets, None, said.get("at"), shipped=False)


def told_search_prices(place: Place, said: Said) -> Told:
    """The models that a search finds."""
    desk = _desk(place, said)
    filters = prices.filters_of(
        desk,
        provider=said.get("provider", ""),
        max_price=_given(said, "max_price"),
        min_context=said.get("min_context"),
        deprecated=said.get("deprecated", True),
    )
    order = cast("Order", said.get("sort", "match"))
    found = search(desk.book, said.get("text", ""), desk.day, filters=filters, order=order)
    shown = found[: said.get("limit", FEW)]
    document = found_json(shown, len(found), Mix(), desk.book.source)
    text = aligned(found_table(shown), WIDTH) if found else "No model fits.\n"
    hidden = len(found) - len(shown)
    more = [f"{hidden:,} more; a higher limit shows them."] if hidden else []
    talk = prices.talk_of(desk, [prices.legend_of(Mix()), *more])
    return Told(f"{text}\n{talk}", prices.noted(document, desk))


def told_model_price(place: Place, said: Said) -> Told:
    """All prices of one model."""
    desk = _desk(place, said)
    sheet = prices.sheet_of(desk, said["model"])
    text = f"{sheet_page(sheet, WIDTH)}\n{prices.talk_of(desk)}"
    return Told(text, prices.noted(sheet_json(sheet), desk))


def told_compare_prices(place: Place, said: Said) -> Told:
    """What one call and a month of them cost on several models."""
    desk = _desk(place, said)
    asked = prices.Traffic(*(_given(said, name) for name in prices.Traffic._fields))
    rows, usage, monthly = prices.comparison(desk, said["models"], asked)
    document = comparison_json(rows, usage, monthly, desk.book.source)
    talk = prices.talk_of(desk, [prices.terms_of(usage, monthly)])
    text = f"{aligned(comparison_table(rows), WIDTH)}\n{talk}"
    return Told(text, prices.noted(document, desk))


# ---- settings


def told_check(place: Place, said: Said) -> Told:
    """What is wrong with settings: an answer, whether or not they can be used."""
    reading: Reading | None = None
    warnings: tuple[ConfigFault, ...] = ()
    faults: tuple[ConfigFault, ...] = ()
    try:
        if "toml" in said:
            reading, warnings = _checked_text(said["toml"])
        else:
            reading = open_settings(place.config, place.sets, need_file=True)
            warnings = warnings_of(reading, check.checked_book(reading), os.environ)
    except ConfigError as error:
        reading = None
        faults = error.told
        if isinstance(error, SettingsError):
            warnings = _doubts_beside(error, text="toml" in said)
    document = check.findings_document(faults, warnings, reading)
    if not said.get("values"):
        document.pop("values", None)
    what = "The settings" if reading is None or reading.file is None else reading.file
    text = "\n".join(check.lines_of(faults, warnings, what))
    return Told(click.unstyle(text), document)


def _doubts_beside(error: SettingsError, *, text: bool) -> tuple[ConfigFault, ...]:
    """Models without a price; a text cannot choose a directory of this machine to look in."""
    values = [
        one._replace(value=None) if text and one.field == "price_list.directory" else one
        for one in error.values
    ]
    return tuple(unpriced_beside_faults(values, os.environ))


def _checked_text(toml: str) -> tuple[Reading, tuple[ConfigFault, ...]]:
    """The settings of a text, and what is doubtful in them; files that it names are not read."""
    reading = read_text(toml, "toml")
    named = files_named(reading.settings)
    bare = reading._replace(settings=without_files(reading.settings))
    book = book_of(bare.settings, "toml")
    if not named:
        policies_of(bare.settings)
    unread = (
        ConfigFault(
            "The file that it names was not looked at.",
            fix="`headgate check` on the machine that has it reads it.",
            field=field,
        )
        for field in named
    )
    return reading, (*warnings_of(bare, book, {}), *unread)


def told_route(place: Place, said: Said) -> Told:
    """What would become of a prompt."""
    reading = open_settings(place.config, place.sets, need_file=True)
    book = book_of(reading.settings, str(reading.file))
    forecaster = Forecaster(reading.settings, book, datetime.now(UTC))
    common = route.Common(model=said.get("model", "auto"), max_tokens=said.get("max_tokens"))
    told = route.forecast(forecaster, common, {"prompt": said["prompt"]})
    return Told(route.block(told), route.forecast_document(told))


# ---- the ledger


def told_status(place: Place, said: Said) -> Told:
    """Whether routing pays and the budget holds, at this moment."""
    now = datetime.now(UTC)
    asked = window(said.get("since", BILL), None, now)
    with open_ledger(*place, take_in=False) as opened:
        watch = Watch(*opened, keeps=False)
        found = watch.look(now, asked)
    return Told(
        click.unstyle(status_page(found)) + _unplanned(watch.unplanned),
        json.loads(status_document(found)),
    )


def told_report(place: Place, said: Said) -> Told:
    """A period of the ledger against the plan."""
    now = datetime.now(UTC)
    asked = window(said.get("since"), said.get("until"), now)
    with open_ledger(*place, take_in=False) as opened:
        held, missing = report.held_report(opened, asked, now)
        nothing = report.nothing(opened.store, asked) if held.first_us is None else None
    text = nothing
    if text is None:
        text = click.unstyle(report_page(held, reason_told=missing is not None))
    return Told(text + _unplanned(missing), json.loads(report_document(held)))


def _unplanned(why: ConfigError | None) -> str:
    return "" if why is None else f"\n{no_plan(why)}"


def told_decision(place: Place, said: Said) -> Told:
    """What became of one request."""
    with open_ledger(*place, take_in=False) as opened:
        found = decision.found_decision(opened, said["request_id"])
    return Told(decision.page(found), found)


# ---- from arguments to what the commands take


def _origin(place: Place, said: Said) -> Origin:
    """The settings that are planned with: the text given, an archetype, or the server's own."""
    toml, name = said.get("toml"), said.get("archetype")
    if toml is None:
        if name is None:
            return open_origin(place.config, place.sets, prices=None, archetype_name=None)
        return open_origin(None, (), prices=None, archetype_name=name)
    if name is not None:
        raise _bad("archetype", "There is a text of settings as well.", "Take one of them out.")
    reading = read_text(toml, "toml", need_providers=False)
    for field in files_named(reading.settings):
        raise _bad(
            f"toml: {field}",
            "A text that is given here may name no file of this machine.",
            "Take it out; [prices] takes prices, and a plan needs no router.",
        )
    return Origin(reading, "the settings given", example=False)


def _alternative(said: Said, name: str) -> str | None:
    """One side of a comparison; a file, which the command line takes too, is none here."""
    found: str | None = said.get(name)
    if found is not None and found.endswith(".toml"):
        raise _bad(
            name,
            "A settings file cannot be compared with here.",
            "Ask `plan` about each text by itself, or run `headgate tripwire` on the files.",
        )
    return found


def _bad(field: str, problem: str, fix: str) -> ConfigError:
    fault = ConfigFault(problem, fix=fix, field=field)
    return ConfigError("This cannot be answered:", faults=[fault])


def _changes(said: Said) -> dict[str, str | None]:
    return {field: _given(said, field) for field in CHANGES}


def _given(said: Said, name: str) -> str | None:
    return _written(said[name]) if name in said else None


def _written(value: float | str) -> str:
    """A number as the command line would have it: no exponent, no rounding."""
    return value if isinstance(value, str) else f"{Decimal(str(value)):f}"
