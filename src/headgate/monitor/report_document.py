"""The report as a document of tables and charts, for Markdown and HTML."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.monitor.blocked import unit_text
from headgate.monitor.figures import (
    alone,
    axis_places,
    between,
    day_and_time,
    is_known,
    money,
    paid,
    percent,
    places,
    signed,
)
from headgate.monitor.report import Line, Report
from headgate.render import chart, page, palette
from headgate.render.palette import tier_colour
from headgate.render.table import Column, Table
from headgate.values import dollars

__all__ = ["bill_bars", "bill_table", "driver_spans", "report_document"]

USD = 10**9


def report_document(report: Report) -> page.Page:
    """The whole report; what only a plan can say is left out without one."""
    blocks: list[page.Block] = [
        page.Text(report.verdict.sentence, lead=True),
        _figures(report),
        bill_bars(report),
        bill_table(report),
    ]
    if report.bill.planned_nano is not None and any(driver.nano for driver in report.drivers):
        blocks += [driver_spans(report), _drivers(report)]
    blocks.append(page.Items("What was counted", tuple(_counted(report))))
    rests = f"The verdict rests on {report.verdict.rests_on}."
    blocks.append(page.Text(f"{rests} {report.basis}".strip()))
    return page.Page(
        title="Is routing paying?",
        subtitle=_subtitle(report),
        blocks=tuple(blocks),
        footer="Money is what the ledger's attempts cost at their list prices, in US dollars.",
    )


def _subtitle(report: Report) -> str:
    facts = [f"{report.requests:,} routed requests"]
    if report.first_us is not None and report.last_us is not None:
        facts.append(f"{day_and_time(report.first_us)} to {day_and_time(report.last_us)} UTC")
    if report.planned_requests_per_month is not None:
        facts.append(
            f"the plan's {report.planned_requests_per_month:,} requests a month are scaled to these"
        )
    return " · ".join(facts)


def _figures(report: Report) -> page.Figures:
    bill, saving, escalation = report.bill, report.saving, report.escalation
    figures = [
        page.Figure("Paid", alone(bill.actual_nano, bill.unpriced), "for routed requests"),
        page.Figure("All premium", alone(saving.baseline_nano, saving.unpriced), "the same tokens"),
    ]
    if saving.share is not None:
        interval = ""
        if saving.low is not None and saving.high is not None:
            over = unit_text(saving.by, saving.blocks, saving.stray)
            interval = f"95 %: {between(saving.low, saving.high)}{over}"
        good = {"yes": True, "no": False}.get(report.verdict.answer)
        figures.append(page.Figure("Saved", percent(saving.share), interval, good=good))
    if escalation.rate is not None:
        planned = "" if escalation.planned is None else f"planned {percent(escalation.planned)}"
        state = {"within": True, "over": False}.get(escalation.state)
        figures.append(page.Figure("Escalated", percent(escalation.rate), planned, good=state))
    return page.Figures(tuple(figures))


def _named(line: Line) -> str:
    """A line's name, and the tier's own where that is another."""
    return line.name if line.tier in (None, line.name) else f"{line.name} ({line.tier})"


def _colours(lines: Sequence[Line]) -> dict[str, int]:
    """Each tier's own colour, and those of the other kinds of line; tiers stand cheapest first."""
    kinds = {
        "classifier": palette.CLASSIFIER,
        "check": palette.CHECK,
        "retry": palette.RETRIES,
        "draft": palette.QUIET,
        "shadow": palette.QUIET,
    }
    tiers = [line.name for line in lines if line.role == "answer"]
    return {
        _named(line): tier_colour(tiers.index(line.name), len(tiers))
        if line.role == "answer"
        else kinds.get(line.role, palette.QUIET)
        for line in lines
    }


def bill_bars(report: Report) -> chart.Bars:
    """Plan, bill and all-premium, each by its lines."""
    bill = report.bill
    names = _colours(bill.lines)

    def parts(planned: bool) -> tuple[chart.Part, ...]:
        return tuple(
            chart.Part(_named(line), nano / USD, money(nano), names[_named(line)])
            for line in bill.lines
            if (nano := line.planned_nano if planned else line.actual_nano)
        )

    bars = [chart.Bar("paid", parts(planned=False), alone(bill.actual_nano, bill.unpriced))]
    if bill.planned_nano is not None:
        bars.insert(0, chart.Bar("plan", parts(planned=True), money(bill.planned_nano)))
    saving = report.saving
    compared = [("all premium", saving.baseline_nano, palette.PREMIUM)]
    if saving.left_out:  # what was paid for requests without a price for all is in neither
        compared.insert(0, ("paid, comparable", saving.paid_nano, palette.ROUTED))
    for name, nano, colour in compared:
        bars.append(
            chart.Bar(
                name,
                (chart.Part(name, nano / USD, money(nano), colour),),
                alone(nano, saving.unpriced),
            )
        )
    planned = "" if bill.planned_nano is None else "What was planned for as many requests, "
    rest = "what was paid, and what the served tokens would have cost on the premium tier."
    text = planned + rest
    return chart.Bars(
        title="The bill against the plan" if planned else "The bill",
        description=text[0].upper() + text[1:],
        groups=(("", tuple(bars)),),
    )


def bill_table(report: Report) -> Table:
    """Each line of the bill: calls, and beside a plan what it says and the difference."""
    bill, saving = report.bill, report.saving
    decimals = places(max(bill.actual_nano, bill.planned_nano or 0, saving.baseline_nano))
    beside_plan = bill.planned_nano is not None

    def row(
        name: str, calls: int | None, planned: int | None, actual: int, unpriced: int = 0
    ) -> tuple[str, ...]:
        told = (name, "" if calls is None else f"{calls:,}", paid(actual, unpriced, decimals))
        if not beside_plan:
            return told
        if planned is None:
            return (*told[:2], "", told[2], "")
        difference = signed(actual - planned, decimals) if is_known(actual, unpriced) else ""
        return (*told[:2], dollars(planned, decimals), told[2], difference)

    rows = []
    for line in bill.lines:
        beside = (line.planned_nano, line.actual_nano, line.unpriced)
        rows.append(row(_named(line), line.attempts, *beside))
        rows += [
            row(f"– on {part.tier}", part.attempts, None, part.actual_nano, part.unpriced)
            for part in line.parts
        ]
    total = len(rows)
    rows.append(row("total", None, bill.planned_nano, bill.actual_nano, bill.unpriced))
    if saving.left_out:
        beside = (None, saving.paid_nano, saving.unpriced)
        rows.append(row("paid for comparable ones", saving.comparable, *beside))
    whole = (saving.planned_baseline_nano, saving.baseline_nano, saving.unpriced)
    rows.append(row("all premium, same tokens", None, *whole))
    headings = ("calls", "plan", "actual", "difference") if beside_plan else ("calls", "actual")
    return Table(
        (Column("line"), *(Column(title, right=True) for title in headings)),
        tuple(rows),
        title="Line by line",
        strong=frozenset({total}),
    )


def driver_spans(report: Report) -> chart.Spans:
    """What each driver has added to the plan or taken off it."""
    drivers = [driver for driver in report.drivers if driver.nano]
    ends = [driver.nano / USD for driver in drivers]
    marks = chart.ticks(min(*ends, 0.0), max(*ends, 0.0), 6)
    decimals = axis_places(marks)
    return chart.Spans(
        title="Why the bill is not the plan",
        description="What each driver has added to the planned bill, or taken off it.",
        x=chart.Axis(
            "difference from the plan",
            tuple((at, signed(round(at * USD), decimals)) for at in marks),
        ),
        spans=tuple(
            chart.Span(driver.name, 0.0, driver.nano / USD, money(driver.nano))
            for driver in drivers
        ),
    )


def _drivers(report: Report) -> Table:
    drivers = [driver for driver in report.drivers if driver.nano]
    decimals = places(max(abs(driver.nano) for driver in drivers))
    return Table(
        (Column("driver"), Column("what happened"), Column("difference", right=True)),
        tuple((driver.name, driver.detail, signed(driver.nano, decimals)) for driver in drivers),
        title="The drivers in figures",
    )


def _counted(report: Report) -> list[str]:
    bill, escalation, saving, pinned = (
        report.bill, report.escalation, report.saving, report.pinned,
    )  # fmt: skip
    unsure = f"{bill.estimated:,} attempts whose tokens are an estimate"
    counted = [
        f"{report.unserved:,} unserved requests, {bill.unpriced:,} unpriced attempts, {unsure}"
    ]
    if saving.left_out:
        unpriced = f"{saving.left_out:,} have an attempt without a price"
        counted.append(f"the saving is over {saving.comparable:,} requests; {unpriced}")
    if escalation.rate is not None:
        counted.append(
            f"escalation: {escalation.escalated:,} of {escalation.served:,} answers "
            f"(95 %: {between(escalation.low, escalation.high)})"
        )
    if escalation.budget is not None:
        counted.append(f"budget: {percent(escalation.budget)} may escalate ({escalation.state})")
    shadows = report.shadows
    if shadows.attempts:
        counted.append(
            f"{shadows.attempts:,} attempts of the watch, to compare answers, "
            f"{alone(shadows.actual_nano, shadows.unpriced)}; in no other figure"
        )
    if pinned.requests:
        counted.append(
            f"{pinned.requests:,} requests pinned by their callers, "
            f"{alone(pinned.actual_nano, pinned.unpriced)}; in no other figure"
        )
    return counted
