"""The calculator: a form whose URL is its whole state, and the plan that it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from headgate.costs.parameters import parameters
from headgate.costs.plan_json import document
from headgate.costs.plan_tables import plan_rows
from headgate.errors import ConfigError
from headgate.render import page
from headgate.render.table import csv_text
from headgate.web.faults import Problem
from headgate.web.opening import opening
from headgate.web.plan_parts import parts_of, plan_page
from headgate.web.planner import Planned, Planner
from headgate.web.question import COLUMNS, FIELDS, SECOND, Asked, Control, Question, View, asked_of
from headgate.web.templates import Templates
from headgate.web.visit import CSV, Answer, Visit, as_json, download, query_of

__all__ = ["Calculator"]


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
        asked = asked_of(visit.query)
        made, problems = self._made(asked)
        shown: dict[str, Any] = {
            "parts": parts_of(made, asked.view) if made else None,
            "problems": problems,
            "two": asked.second is not None,
            "links": _links(visit.query),
            "states": _states(asked, visit.query),
        }
        status = 422 if problems else 200
        if visit.wants_fragment:
            return Answer(self._templates("plan_answer.html", **shown), status=status)
        bare = [self._bare(question) for _, question in asked.questions]
        held = [
            self._held(question, made)
            for (_, question), made in zip(asked.questions, bare, strict=True)
        ]
        first = made[0] if made else bare[0] or self._bare(Question())
        body = self._templates(
            "plan.html",
            title="Plan",
            csrf=visit.csrf,
            groups=_groups(asked, held, problems),
            origins=self._origins(asked),
            sources=self._planner.sources,
            asked=asked,
            columns=COLUMNS,
            map_axes=_map_axes(asked.view, first),
            known=self._planner.models("")[:40],
            **shown,
        )
        return Answer(body, status=status)

    def json(self, visit: Visit) -> Answer:
        """The same URL as one JSON document; the second scenario, if any, is `second`."""
        asked = asked_of(visit.query).checked()
        first = self._planner.plan(asked.first)
        told: dict[str, Any] = document(first.plan)
        told["headline"], _ = opening(first)
        if asked.second is not None:
            told["second"] = document(self._planner.plan(asked.second).plan)
        return as_json(told)

    def csv(self, visit: Visit) -> Answer:
        """The money of the first scenario as CSV."""
        made = self._planner.plan(asked_of(visit.query).checked().first)
        return download(csv_text(plan_rows(made.plan)), CSV, "plan.csv")

    def markdown(self, visit: Visit) -> Answer:
        """The page as Markdown."""
        return download(
            page.markdown(self._document(visit)), "text/markdown; charset=utf-8", "plan.md"
        )

    def html(self, visit: Visit) -> Answer:
        """The page as one file."""
        return download(page.html(self._document(visit)), "text/html; charset=utf-8", "plan.html")

    def toml(self, visit: Visit) -> Answer:
        """The scenario as a settings file."""
        text = self._planner.toml(asked_of(visit.query).checked().first)
        return download(text, "application/toml", "headgate.toml")

    def models(self, visit: Visit) -> Answer:
        """Names of models that fit `q`, as a list of options."""
        names = self._planner.models(visit.query.get("q", "")[:100])[:20]
        return Answer(self._templates("options.html", names=names))

    def _document(self, visit: Visit) -> page.Page:
        asked = asked_of(visit.query).checked()
        return plan_page(self._planner.plan(asked.first), asked.view)

    def _made(self, asked: Asked) -> tuple[Sequence[Planned], Sequence[Problem]]:
        """The plan of each scenario; none where anything is wrong with any of them."""
        made: list[Planned] = []
        problems: list[Problem] = []
        for prefix, question in asked.questions:
            if wrong := asked.wrong[prefix]:
                unread = ConfigError("The plan cannot be made:", faults=wrong)
                problems.append(Problem.of(unread, prefix))
            try:
                made.append(self._planner.plan(question))
            except ConfigError as error:
                problems.append(Problem.of(error, prefix))
        return ([] if problems else made), problems

    def _held(self, question: Question, bare: Planned | None) -> Mapping[str, str]:
        """What the fields hold without a change; where nothing can be planned, what is stated."""
        if bare is not None:
            return bare.values
        try:
            return self._planner.stated(question.origin)
        except ConfigError:  # there is no such origin
            return {}

    def _bare(self, question: Question) -> Planned | None:
        """The plan before any change; None where even that cannot be made."""
        bare = Question(origin=question.origin, measured=question.measured, at=question.at)
        try:
            return self._planner.plan(bare)
        except ConfigError:
            return None

    def _origins(self, asked: Asked) -> list[tuple[str, list[tuple[str, str, bool]]]]:
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


class _Cell(NamedTuple):
    name: str
    value: str
    held: str
    """What it holds without a change."""
    problem: str


class _Row(NamedTuple):
    control: Control
    cells: Sequence[_Cell]


def _groups(
    asked: Asked, held: Sequence[Mapping[str, str]], problems: Sequence[Problem]
) -> list[tuple[str, list[_Row]]]:
    """The form: every control with what it holds, for one scenario or for two."""
    wrong = {name: told for problem in problems for name, told in problem.fields.items()}
    groups: dict[str, list[_Row]] = {}
    for control in FIELDS:
        cells = []
        for (prefix, question), values in zip(asked.questions, held, strict=True):
            usual = values.get(control.name, "")
            value = question.changes.get(control.name, usual)
            name = prefix + control.name
            cells.append(_Cell(name, value, usual, wrong.get(name, "")))
        groups.setdefault(control.group, []).append(_Row(control, cells))
    return list(groups.items())


def _map_axes(
    view: View, made: Planned | None
) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """Each side of the map: its field, what it holds without a change, the choice, all choices."""
    known = {} if made is None else parameters(made.plan.breakdown.scenario)
    choices = [(name, parameter.label) for name, parameter in known.items()]
    axes = []
    for field, held, chosen in (
        ("across", "escalation", view.across),
        ("down", "price_ratio", view.down),
    ):
        # another scenario may have no such parameter: what was chosen stays chosen
        more = [] if chosen in known else [(chosen, f"{chosen} (not in this scenario)")]
        axes.append((field, held, chosen, choices + more))
    return axes


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


def _states(asked: Asked, query: Mapping[str, str]) -> dict[str, str]:
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
