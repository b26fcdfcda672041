"""What the calculator says of one plan, or of two, block by block: on its page and in a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from headgate.costs.columns import ColumnName
from headgate.costs.parameters import parameters
from headgate.costs.plan import assumptions, cards_of
from headgate.costs.plan_charts import bill_bars, gap_bars, growth_bars, saving_curve
from headgate.costs.plan_document import facts, follows
from headgate.costs.plan_tables import bills_table, growth_table, lines_table, prices_table
from headgate.costs.sensitivity import saving_map, tornado
from headgate.costs.sensitivity_charts import map_chart, tornado_chart
from headgate.costs.tripwire import Tripwire, tripwire
from headgate.costs.wording import headline as flip
from headgate.render import page
from headgate.web.comparison import comparison
from headgate.web.opening import opening
from headgate.web.planner import Planned
from headgate.web.question import View

__all__ = ["Parts", "parts_of", "plan_page"]

MAP_CELLS = (16, 8)
_FLAG = re.compile(r" \(--[a-z-]+\)")


class Parts(NamedTuple):
    """What is said of a plan, in the order in which it is read."""

    lead: str
    facts: Sequence[str]
    figures: page.Figures
    main: Sequence[page.Block]
    firm: Sequence[page.Block]
    rest: Sequence[page.Block]
    second: Parts | None
    both: Sequence[page.Block]


def parts_of(made: Sequence[Planned], view: View) -> Parts:
    """What is said of one plan; of two, each is told, and how they differ."""
    first, *others = made
    shown = _one(first, view)
    for second in others:
        shown = shown._replace(second=_one(second, view), both=comparison(first, second))
    return shown


def _one(made: Planned, view: View) -> Parts:
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
    return Parts(
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
    return [*blocks, _map(made, view, wire)]


def _map(made: Planned, view: View, wire: Tripwire) -> page.Block:
    """The saving over two parameters, or why there is no map."""
    scenario = made.plan.breakdown.scenario
    known = parameters(scenario)
    across, down = view.across, view.down
    for name in (across, down):
        if name not in known:
            return page.Text(f"No map: this scenario has no {name} that could be moved.")
    if across == down:
        return page.Text("No map: its two sides are the same parameter; choose another for one.")
    found = saving_map(
        scenario, across, down, a=made.a, b=made.b, column=view.column, cells=MAP_CELLS
    )
    now = (Decimal(known[across].now), Decimal(known[down].now))
    labels = known[across].label, known[down].label
    return map_chart(found, wire, now)._replace(
        title=f"{labels[1][0].upper()}{labels[1][1:]} against {labels[0]}",
        x_title=labels[0],
        y_title=labels[1],
    )


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
