"""The calculator: a form whose URL is its whole state, and the plan that it asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from headgate.costs.columns import ColumnName
from headgate.costs.parameters import parameters
from headgate.costs.plan import assumptions, cards_of
from headgate.costs.plan_document import (
    bill_bars,
    bills_table,
    facts,
    follows,
    gap_bars,
    growth_bars,
    growth_table,
    lines_table,
    plan_rows,
    prices_table,
    saving_curve,
)
from headgate.costs.plan_json import document
from headgate.costs.sensitivity import saving_map, tornado
from headgate.costs.sensitivity_charts import map_chart, tornado_chart
from headgate.costs.tripwire import tripwire
from headgate.costs.wording import headline as flip
from headgate.errors import ConfigError
from headgate.render import page
from headgate.render.table import csv_text
from headgate.web.comparison import comparison
from headgate.web.faults import Problem
from headgate.web.opening import opening
from headgate.web.planner import Planned, Planner
from headgate.web.question import (
    COLUMNS,
    FIELDS,
    SECOND,
    Control,
    Question,
    View,
    question_of,
    second_of,
    view_of,
)
from headgate.web.templates import Templates
from headgate.web.visit import Answer, Visit, query_of

__all__ = ["Calculator", "plan_page"]

MAP_CELLS = (16, 8)
_FLAG = re.compile(r" \(--[a-z-]+\)")


class Calculator:
    """The pages below `/plan`.

    Args:
        planner: makes the plans.
        templates: how they look.
    """

    def __init__(self, planner: Planner, templates: Templates) -> None:
        self._planner = planner
        self._templates = templates

    def show(self, visit: Visit) -> Answer:
        """The whole page, or the answer alone for a script."""
        asked = _Asked.of(visit.query)
        made, problem = self._made(asked)
        status = 200 if problem is None else 422
        shown: dict[str, Any] = {
            "parts": None if made is None else _parts(made, asked),
            "problem": problem,
            "links": _links(visit.query),
            "states": _states(asked, visit.query),
        }
        if visit.wants_fragment:
            return Answer(self._templates("plan_answer.html", **shown), status=status)
        body = self._templates(
            "plan.html",
            title="Plan",
            csrf=visit.csrf,
            groups=self._groups(asked, made, problem),
            origins=self._origins(asked),
            sources=self._planner.sources,
            asked=asked,
            columns=COLUMNS,
            parameters=[] if made is None else _parameters(made[0]),
            known=self._planner.models("")[:40],
            **shown,
        )
        return Answer(body, status=status)

    def json(self, visit: Visit) -> Answer:
        """The same URL as one JSON document; the second scenario, if any, is `second`."""
        asked = _Asked.of(visit.query)
        first = self._planner.plan(asked.first)
        told: dict[str, Any] = document(first.plan)
        told["headline"], _ = opening(first)
        if asked.second is not None:
            told["second"] = document(self._planner.plan(asked.second).plan)
        return Answer(json.dumps(told, indent=2, ensure_ascii=False).encode(), "application/json")

    def csv(self, visit: Visit) -> Answer:
        """The money of the first scenario as CSV."""
        made = self._planner.plan(_Asked.of(visit.query).first)
        return _file(csv_text(plan_rows(made.plan)), "text/csv; charset=utf-8", "plan.csv")

    def markdown(self, visit: Visit) -> Answer:
        """The page as Markdown."""
        return _file(
            page.markdown(self._document(visit)), "text/markdown; charset=utf-8", "plan.md"
        )

    def html(self, visit: Visit) -> Answer:
        """The page as one file."""
        return _file(page.html(self._document(visit)), "text/html; charset=utf-8", "plan.html")

    def toml(self, visit: Visit) -> Answer:
        """The scenario as a settings file."""
        text = self._planner.toml(_Asked.of(visit.query).first)
        return _file(text, "application/toml", "headgate.toml")

    def models(self, visit: Visit) -> Answer:
        """Names of models that fit `q`, as a list of options."""
        names = self._planner.models(visit.query.get("q", "")[:100])[:20]
        return Answer(self._templates("options.html", names=names))

    def _document(self, visit: Visit) -> page.Page:
        asked = _Asked.of(visit.query)
        return plan_page(self._planner.plan(asked.first), asked.view)

    def _made(self, asked: _Asked) -> tuple[tuple[Planned, Planned | None] | None, Problem | None]:
        if asked.problem is not None:
            return None, asked.problem
        try:
            first = self._planner.plan(asked.first)
        except ConfigError as error:
            return None, Problem.of(error)
        if asked.second is None:
            return (first, None), None
        try:
            return (first, self._planner.plan(asked.second)), None
        except ConfigError as error:
            return None, Problem.of(error, SECOND)

    def _origins(self, asked: _Asked) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """Where a scenario can start from, as links; each of two keeps the other."""
        first, second = asked.first, asked.second
        if second is None:
            return [("Start from", self._starts(first.origin, "archetype", {}))]
        ours, theirs = first.query(), second.query(SECOND)
        return [
            ("A starts from", self._starts(first.origin, "archetype", {**theirs, "compare": "1"})),
            (
                "B starts from",
                self._starts(second.origin, f"{SECOND}archetype", {**ours, "compare": "1"}),
            ),
        ]

    def _starts(
        self, here: str, field: str, kept: Mapping[str, str]
    ) -> list[tuple[str, str, bool]]:
        return [
            (
                query_of({**kept, field: one.name} if one.name else kept),
                one.title,
                one.name == here,
            )
            for one in self._planner.origins
        ]

    def _groups(
        self,
        asked: _Asked,
        made: tuple[Planned, Planned | None] | None,
        problem: Problem | None,
    ) -> list[tuple[str, list[_Row]]]:
        """The form: every control with what it holds, for one scenario or for two."""
        firm = [self._firm(asked.first)]
        questions = [("", asked.first)]
        if asked.second is not None:
            firm.append(self._firm(asked.second))
            questions.append((SECOND, asked.second))
        wrong = {} if problem is None else problem.fields
        groups: dict[str, list[_Row]] = {}
        for control in FIELDS:
            cells = []
            for place, (prefix, question) in enumerate(questions):
                plan = None if made is None else made[place]
                given = question.changes.get(control.name)
                held = firm[place].get(control.name, "")
                value = given if given is not None else held
                if given is None and plan is not None:
                    value = held
                name = prefix + control.name
                cells.append(_Cell(name, value, held, wrong.get(name, "")))
            groups.setdefault(control.group, []).append(_Row(control, cells))
        return list(groups.items())

    def _firm(self, question: Question) -> Mapping[str, str]:
        """What the fields hold before any change; nothing where even that cannot be planned."""
        bare = Question(origin=question.origin, measured=question.measured, at=question.at)
        try:
            return self._planner.plan(bare).values
        except ConfigError:
            return {}


class _Cell(NamedTuple):
    name: str
    value: str
    held: str
    """What it holds without a change."""
    problem: str


class _Row(NamedTuple):
    control: Control
    cells: Sequence[_Cell]


class _Asked(NamedTuple):
    first: Question
    second: Question | None
    view: View
    problem: Problem | None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> _Asked:
        try:
            return cls(question_of(query), second_of(query), view_of(query), None)
        except ConfigError as error:
            nothing = View("realistic", "escalation", "price_ratio")
            return cls(Question(), None, nothing, Problem.of(error))


# ---- what the answer shows


class _Parts(NamedTuple):
    lead: str
    facts: Sequence[str]
    figures: page.Figures
    main: Sequence[page.Block]
    firm: Sequence[page.Block]
    rest: Sequence[page.Block]
    second: _Parts | None
    both: Sequence[page.Block]


def _parts(made: tuple[Planned, Planned | None], asked: _Asked) -> _Parts:
    first, second = made
    shown = _one(first, asked.view)
    if second is None:
        return shown
    return shown._replace(second=_one(second, asked.view), both=comparison(first, second))


def _one(made: Planned, view: View) -> _Parts:
    plan = made.plan
    breakdown = plan.breakdown
    main: list[page.Block] = [
        saving_curve(breakdown, made.interval),
        bills_table(breakdown, _others(made)),
        bill_bars(breakdown),
        lines_table(breakdown),
    ]
    rest: list[page.Block] = []
    if plan.gap is not None and plan.gap.nano > 0:
        rest.append(gap_bars(plan.gap))
    if plan.growth:
        rest += [growth_bars(plan.growth), growth_table(plan.growth)]
    if told := follows(plan):
        rest.append(page.Items("What follows", told))
    rest += [
        page.Items(
            "What each column takes for granted",
            tuple(
                # the form stands beside it: no flag of the command line needs to be named
                _FLAG.sub("", f"{n}: {text}.")
                for n, text in assumptions(breakdown.scenario).items()
            ),
        ),
        prices_table(cards_of(breakdown.scenario)),
    ]
    notes = (*([made.measured] if made.measured else []), *plan.notes)
    if notes:
        rest.append(page.Items("Notes", notes))
    lead, figures = opening(made)
    return _Parts(
        lead=lead,
        facts=facts(plan),
        figures=figures,
        main=main,
        firm=_firmness(made, view, lead),
        rest=rest,
        second=None,
        both=(),
    )


def _firmness(made: Planned, view: View, lead: str) -> list[page.Block]:
    """How firm the ranking is: the tripwire in words unless said, the tornado, the map."""
    scenario, column = made.plan.breakdown.scenario, view.column
    stated = None if made.interval is None else {"escalation": made.interval}
    wire = tripwire(scenario, a=made.a, b=made.b, column=column, interval=made.interval)
    swings = tornado(scenario, a=made.a, b=made.b, column=column, stated=stated)
    swings = swings[:8]
    told = flip(wire)
    blocks: list[page.Block] = [page.Text(told)] if told != lead else []
    if swings:
        blocks.append(tornado_chart(swings, wire))
    known = parameters(scenario)
    across, down = view.across, view.down
    if across in known and down in known and across != down:
        found = saving_map(
            scenario, across, down, a=made.a, b=made.b, column=column, cells=MAP_CELLS
        )
        now = (Decimal(known[across].now), Decimal(known[down].now))
        drawn = map_chart(found, wire, now)
        labels = known[across].label, known[down].label
        blocks.append(
            drawn._replace(
                title=f"{labels[1][0].upper()}{labels[1][1:]} against {labels[0]}",
                x_title=labels[0],
                y_title=labels[1],
            )
        )
    return blocks


def _others(made: Planned) -> list[tuple[str, tuple[int, ...]]]:
    """The bill of a single model that is no tier's."""
    names = {f"all {tier.name}" for tier in made.plan.breakdown.scenario.tiers}
    if made.b.name in names:
        return []
    columns: tuple[ColumnName, ...] = ("naive", "realistic", "worst case")
    return [(made.b.name, tuple(round(made.b.nano(column)) for column in columns))]


def plan_page(made: Planned, view: View) -> page.Page:
    """All that the calculator shows of one scenario, as a page that can be sent."""
    parts = _one(made, view)
    return page.Page(
        title="What routing would cost and save",
        subtitle=" · ".join(parts.facts),
        blocks=(
            page.Text(parts.lead, lead=True),
            parts.figures,
            *parts.main,
            *parts.firm,
            *parts.rest,
        ),
        footer=f"Prices: {made.plan.prices}. Bills are US dollars a month, made from list prices.",
    )


def _parameters(made: Planned) -> list[tuple[str, str]]:
    known = parameters(made.plan.breakdown.scenario)
    return [(name, parameter.label) for name, parameter in known.items()]


def _links(query: Mapping[str, str]) -> list[tuple[str, str]]:
    """The same URL in other forms."""
    kept = query_of(query)
    forms = (
        ("toml", "headgate.toml"),
        ("html", "One HTML file"),
        ("md", "Markdown"),
        ("csv", "CSV"),
        ("json", "JSON"),
    )
    return [(f"/plan.{end}{kept}", title) for end, title in forms]


def _states(asked: _Asked, query: Mapping[str, str]) -> dict[str, str]:
    """Other states of the page that are one click away, as URLs."""
    first = asked.first.query()
    looks = {name: query[name] for name in ("column", "across", "down") if query.get(name)}
    found = {
        "second": query_of({**first, **asked.first.query(SECOND), **looks, "compare": "1"}),
        "first": query_of({**first, **looks}),
        "bare": query_of({"archetype": asked.first.origin} if asked.first.origin else {}),
    }
    if asked.second is not None:
        swapped = {**asked.second.query(), **asked.first.query(SECOND), **looks, "compare": "1"}
        found["swapped"] = query_of(swapped)
    for source in ("ledger", "sample"):
        found[source] = query_of({**_unmeasured(first), "measured": source, **looks})
    return found


def _unmeasured(fields: Mapping[str, str]) -> dict[str, str]:
    """Models, prices and what is compared stay; numbers come from the measurement."""
    stay = ("archetype", "at", "strategy", "against", "cheap", "premium", "classifier")
    return {name: value for name, value in fields.items() if name in stay}


def _file(text: str, kind: str, name: str) -> Answer:
    header = ("content-disposition", f'attachment; filename="{name}"')
    return Answer(text.encode(), kind, headers=(header,))
