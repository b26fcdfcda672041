"""What an agent can ask: each tool is a command that only reads, its page and its document."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, cast

import click

from headgate.bootstrap.archetypes import NAMES, archetype
from headgate.bootstrap.book import book_of
from headgate.bootstrap.forecast import Forecaster
from headgate.bootstrap.policies import policies_of
from headgate.bootstrap.watch import Watch
from headgate.cli import archetypes, check, decision, plan, prices, report, route, tripwire
from headgate.cli.mcp_schemas import SCHEMAS, Schema
from headgate.cli.open_ledger import Opened, open_ledger
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
from headgate.cli.what_if import CHANGES, Origin, day_of, open_origin
from headgate.costs.columns import ColumnName
from headgate.costs.plan_json import document as plan_document
from headgate.errors import ConfigError, ConfigFault
from headgate.prices.catalogue import Mix, Order, search
from headgate.render.table import aligned
from headgate.settings import Reading, files_named, read_text, without_files

__all__ = ["INSTRUCTIONS", "TOOLS", "Place", "Told", "Tool"]

WIDTH = 100
FEW = 10

INSTRUCTIONS = """\
Headgate sends each LLM request to a cheap model or a premium one, and says what that saves. Ask \
`plan` what routing would cost a month, `tripwire` where it stops paying, the price tools what \
models cost; `status` and `report` say whether routing pays by the bill so far. Nothing is \
written, and no provider is called. Amounts are US dollars as exact text (`..._usd`), prices US \
dollars per million tokens, shares numbers from 0 to 1; null is not known, which is not 0."""


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


Said = Mapping[str, Any]


class Tool(NamedTuple):
    """One thing that can be asked."""

    title: str
    description: str
    answer: Callable[[Place, Said], Told]
    """Arguments that have passed `schema`.

    Raises:
        HeadgateError, click.ClickException: what is wrong with them, or with the settings.
    """
    schema: Schema


# ---- the cost model


def _plan(place: Place, said: Said) -> Told:
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


def _tripwire(place: Place, said: Said) -> Told:
    question = tripwire.Question(
        a=_alternative(said, "a") or "routed",
        b=_alternative(said, "b"),
        over=tuple(said.get("over", ())),
        intervals=tuple(
            f"{name}={_written(low)}:{_written(high)}"
            for name, (low, high) in said.get("intervals", {}).items()
        ),
        column=cast("ColumnName", tripwire.COLUMN_FLAGS[said.get("column", "realistic")]),
    )
    found = tripwire.wires_of(
        _origin(place, said), day_of(said.get("at")), _changes(said), question
    )
    return Told(tripwire_page(found, width=WIDTH), tripwire_document(found))


def _archetypes(_: Place, said: Said) -> Told:
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


def _search_prices(place: Place, said: Said) -> Told:
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
    return Told(f"{text}\n{prices.legend_of(Mix())}", prices.noted(document, desk))


def _model_price(place: Place, said: Said) -> Told:
    desk = _desk(place, said)
    sheet = prices.sheet_of(desk, said["model"])
    return Told(sheet_page(sheet, WIDTH), prices.noted(sheet_json(sheet), desk))


def _compare_prices(place: Place, said: Said) -> Told:
    desk = _desk(place, said)
    asked = prices.Traffic(*(_given(said, name) for name in prices.Traffic._fields))
    rows, usage, monthly = prices.comparison(desk, said["models"], asked)
    document = comparison_json(rows, usage, monthly, desk.book.source)
    return Told(aligned(comparison_table(rows), WIDTH), prices.noted(document, desk))


# ---- settings


def _check(place: Place, said: Said) -> Told:
    reading: Reading | None = None
    warnings: tuple[ConfigFault, ...] = ()
    faults: tuple[ConfigFault, ...] = ()
    try:
        if "toml" in said:
            reading, warnings = _checked_text(said["toml"])
        else:
            reading = open_settings(place.config, place.sets, need_file=True)
            book = book_of(reading.settings, str(reading.file))
            policies_of(reading.settings)
            warnings = check.warnings_of(reading, book)
    except ConfigError as error:
        reading = None
        faults = error.faults or (ConfigFault(error.message, fix=error.fix or ""),)
    document = check.findings_document(faults, warnings, reading)
    if not said.get("values"):
        document.pop("values", None)
    what = "The settings" if reading is None or reading.file is None else reading.file
    text = "\n".join(check.lines_of(faults, warnings, what))
    return Told(click.unstyle(text), document)


def _checked_text(toml: str) -> tuple[Reading, tuple[ConfigFault, ...]]:
    """The settings of a text, and what is doubtful in them; files that it names are not read."""
    reading = read_text(toml, "toml")
    named = files_named(reading.settings)
    bare = reading._replace(settings=without_files(reading.settings))
    book = book_of(bare.settings, "toml")
    if not named:
        policies_of(bare.settings)
    policies_of(bare.settings) if not named else None
    unread = (
        ConfigFault(
            "The file that it names was not looked at.",
            fix="`headgate check` on the machine that has it reads it.",
            field=field,
        )
        for field in named
    )
    return reading, (*check.warnings_of(bare, book), *unread)


def _route(place: Place, said: Said) -> Told:
    reading = open_settings(place.config, place.sets, need_file=True)
    book = book_of(reading.settings, str(reading.file))
    forecaster = Forecaster(reading.settings, book, datetime.now(UTC))
    common = route.Common(model=said.get("model", "auto"), max_tokens=said.get("max_tokens"))
    told = route.forecast(forecaster, common, {"prompt": said["prompt"]})
    return Told(route.block(told), route.forecast_document(told))


# ---- the ledger


def _status(place: Place, said: Said) -> Told:
    now = datetime.now(UTC)
    asked = window(said.get("since", BILL), None, now)
    with open_ledger(*place, take_in=False) as opened:
        watch = Watch(*opened, keeps=False)
        found = watch.look(now, asked)
    return Told(
        click.unstyle(status_page(found)) + _unplanned(watch.unplanned),
        json.loads(status_document(found)),
    )


def _report(place: Place, said: Said) -> Told:
    now = datetime.now(UTC)
    asked = window(said.get("since"), said.get("until"), now)
    with open_ledger(*place, take_in=False) as opened:
        held, missing = report.held_report(opened, asked, now)
        nothing = report.nothing(opened.store, asked) if held.first_us is None else None
    text = click.unstyle(report_page(held)) if nothing is None else nothing
    return Told(text + _unplanned(missing), json.loads(report_document(held)))


def _unplanned(why: ConfigError | None) -> str:
    return "" if why is None else f"\nThere is no plan to compare with. {why}"


def _decision(place: Place, said: Said) -> Told:
    with open_ledger(*place, take_in=False) as opened:
        found = decision.found_decision(Opened(*opened), said["request_id"])
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


def _tool(
    name: str, title: str, description: str, answer: Callable[[Place, Said], Told]
) -> tuple[str, Tool]:
    return name, Tool(title, description, answer, SCHEMAS[name])


TOOLS: dict[str, Tool] = dict(
    (
        _tool(
            "plan",
            "Plan what routing costs",
            "What a month of LLM traffic would cost when easy requests go to a cheap model and "
            "hard ones to a premium one, beside all-premium and all-cheap: naive, realistic and "
            "worst case, with the saving, the break-even and what would reach a target. Plans "
            "with the server's settings (or a built-in example), a text or an archetype; the other "
            "arguments try changes out.",
            _plan,
        ),
        _tool(
            "tripwire",
            "Find where routing stops paying",
            "For each parameter (escalation, prices, tokens, retries ...) the value at which two "
            "alternatives cost the same, and how far away that is. By default routing against the "
            "premium model for everything.",
            _tripwire,
        ),
        _tool(
            "archetypes",
            "List typical applications",
            "Typical LLM applications with their traffic, their sources and what a month costs; "
            "with a name also its headgate.toml, to change and give to `plan` as `toml`.",
            _archetypes,
        ),
        _tool(
            "search_prices",
            "Search models by name and price",
            "Models whose name has all the words, with their prices in US dollars per million "
            "tokens on a day, from a dated public list and the settings' own prices.",
            _search_prices,
        ),
        _tool(
            "model_price",
            "Show a model's prices",
            "Every price of one model on a day, US dollars per million tokens: input, output, "
            "cache reads and writes, long contexts, hours, batches; with its source.",
            _model_price,
        ),
        _tool(
            "compare_prices",
            "Compare models on one call",
            "What one call of so many tokens, and a month of such calls, costs on several models, "
            "cheapest first. Without retries, caches or routing: `plan` knows those.",
            _compare_prices,
        ),
        _tool(
            "check",
            "Check a headgate.toml",
            "What is wrong with the text of a headgate.toml, or with the server's own file: every "
            "fault with its line, its field and how to mend it, and what is doubtful.",
            _check,
        ),
        _tool(
            "route",
            "Say where a prompt would go",
            "What the gateway would do with a prompt by the server's settings: the tier and model, "
            "why, the score and its threshold, and what one answer would cost on each tier. Nobody "
            "is called.",
            _route,
        ),
        _tool(
            "status",
            "Say whether routing pays now",
            "From the ledger: whether routing pays, whether the escalation budget holds, drift, "
            "quality, the month's bill and its forecast. `ok` is false where the answer is no.",
            _status,
        ),
        _tool(
            "report",
            "Hold the bill against the plan",
            "From the ledger, over a period: what was paid beside what was planned, line by line, "
            "what the difference comes from, the saving, and a verdict with its interval.",
            _report,
        ),
        _tool(
            "decision",
            "Explain one request",
            "From the ledger: what became of one request, what decided, every call that was made "
            "for it and its cost, and what the other tiers would have cost. Never its text.",
            _decision,
        ),
    )
)
"""By name, in the order in which they are listed."""
