"""The report as a page of text: 80 columns; `click.echo` drops its styles where none are shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from textwrap import wrap

import click

from headgate.monitor.blocked import unit_text
from headgate.monitor.figures import (
    alone,
    between,
    day_and_time,
    is_known,
    paid,
    percent,
    places,
    signed,
)
from headgate.monitor.report import Line, Report
from headgate.values import counted, dollars

__all__ = ["page", "period"]

WIDTH = 80
_LABEL = 26
_FACT = 15
_MARK = {"yes": "green", "no": "red", "too little": "yellow"}
_BUDGET = {
    "within": ("within it", "green"),
    "unclear": ("too few requests to say on which side of it", "yellow"),
    "over": ("over it", "red"),
}


def page(report: Report, *, reason_told: bool = False) -> str:
    """The whole report, a newline at its end.

    Args:
        reason_told: where there is no plan, somebody has already said why.
    """
    blocks = [
        list(_head(report, reason_told)),
        list(_bill(report)),
        list(_saving(report)),
        list(_facts(report)),
        list(_drivers(report)),
        list(_verdict(report)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def period(since_us: int | None, until_us: int | None) -> str:
    """A window in words; whole days without their midnights."""
    midnight = all(at is None or at % 86_400_000_000 == 0 for at in (since_us, until_us))
    if not midnight:
        since = "" if since_us is None else f"from {day_and_time(since_us)}"
        until = "" if until_us is None else f"until {day_and_time(until_us)}"
    else:
        since = "" if since_us is None else f"from {_day(since_us)}"
        until = "" if until_us is None else f"to the end of {_day(until_us, back=True)}"
    return " ".join(filter(None, (since, until))) or "in the whole ledger"


def _day(at_us: int, *, back: bool = False) -> str:
    at = datetime.fromtimestamp(at_us // 1_000_000, UTC)
    return f"{at - timedelta(days=1) if back else at:%Y-%m-%d}"


def _head(report: Report, reason_told: bool) -> Iterator[str]:
    yield _bold(f"Headgate report · {counted(report.requests, 'routed request')}")
    if report.first_us is not None and report.last_us is not None:
        yield f"{day_and_time(report.first_us)} to {day_and_time(report.last_us)} UTC"
    if report.planned_requests_per_month is not None:
        yield _dim(
            f"The plan's {report.planned_requests_per_month:,} requests a month are scaled to "
            f"these {report.requests:,}."
        )
    elif reason_told:
        yield _dim("Without a plan, for the reason that is told beside.")
    else:
        yield _dim("Without a plan: name the settings with --config to hold the bill against them.")


def _bill(report: Report) -> Iterator[str]:
    bill, planned = report.bill, report.bill.planned_nano is not None
    decimals = places(max(bill.actual_nano, bill.planned_nano or 0))
    columns = ("calls", "plan", "actual", "difference") if planned else ("calls", "", "actual", "")
    yield _dim(_row("", *columns))
    for line in bill.lines:
        yield _row(_label(line), f"{line.attempts:,}", *_amounts(line, decimals))
        for part in line.parts:
            actual = paid(part.actual_nano, part.unpriced, decimals)
            yield _dim(_row(f"    on {part.tier}", f"{part.attempts:,}", "", actual, ""))
    difference = ""
    if bill.planned_nano is not None and is_known(bill.actual_nano, bill.unpriced):
        difference = signed(bill.actual_nano - bill.planned_nano, decimals)
    plan = "" if bill.planned_nano is None else dollars(bill.planned_nano, decimals)
    actual = paid(bill.actual_nano, bill.unpriced, decimals)
    yield _bold(_row("  total", "", plan, actual, difference))


def _label(line: Line) -> str:
    """The line's name, and the settings' own name of the tier where that is another."""
    if line.tier is None or line.tier == line.name:
        return f"  {line.name}"
    return f"  {line.name:<11} {line.tier}"


def _amounts(line: Line, decimals: int) -> tuple[str, str, str]:
    actual = paid(line.actual_nano, line.unpriced, decimals)
    if line.planned_nano is None:
        return "", actual, ""
    known = is_known(line.actual_nano, line.unpriced)
    difference = signed(line.actual_nano - line.planned_nano, decimals) if known else ""
    return dollars(line.planned_nano, decimals), actual, difference


def _saving(report: Report) -> Iterator[str]:
    saving = report.saving
    decimals = places(saving.baseline_nano)
    plan = difference = ""
    if saving.planned_baseline_nano is not None:
        plan = dollars(saving.planned_baseline_nano, decimals)
        if not saving.unpriced:
            difference = signed(saving.baseline_nano - saving.planned_baseline_nano, decimals)
    actual = paid(saving.baseline_nano, saving.unpriced, decimals)
    yield _row("  all premium, same tokens", "", plan, actual, difference)
    if saving.left_out:
        comparable = f"{saving.comparable:,}"
        told = paid(saving.paid_nano, saving.unpriced, decimals)
        yield _row("  paid for comparable ones", comparable, "", told, "")
    planned = "" if saving.planned is None else percent(saving.planned)
    share = "none" if saving.share is None else percent(saving.share)
    points = ""
    if saving.planned is not None and saving.share is not None:
        points = f"{(saving.share - saving.planned) * 100:+.1f} pts"
    yield _bold(_row("  saving", "", planned, share, points))


def _facts(report: Report) -> Iterator[str]:
    saving, escalation, pinned = report.saving, report.escalation, report.pinned
    if saving.low is not None and saving.high is not None:
        yield from _fact(
            "Saving",
            f"95 %: {between(saving.low, saving.high)} of all-premium, "
            f"over {counted(saving.comparable, 'request')}"
            f"{unit_text(saving.by, saving.blocks, saving.stray)}",
        )
    if escalation.rate is not None:
        planned = escalation.planned
        yield from _fact(
            "Escalation",
            f"{percent(escalation.rate)} of {counted(escalation.served, 'answer')} "
            f"(95 %: {between(escalation.low, escalation.high)})"
            + ("" if planned is None else f", planned {percent(planned)}"),
        )
    if escalation.budget is not None and escalation.state != "none":
        words, colour = _BUDGET[escalation.state]
        yield from _fact("Budget", f"{percent(escalation.budget)} may escalate: {words}", colour)
    yield from _fact(
        "Counted",
        f"unserved requests {report.unserved:,} · unpriced attempts {report.bill.unpriced:,} · "
        f"estimated usage {report.bill.estimated:,}",
    )
    if pinned.requests:
        yield from _fact(
            "Pinned",
            f"{counted(pinned.requests, 'request')} by their callers, "
            f"{_apart(pinned.actual_nano, pinned.unpriced)}; in no other figure",
        )
    shadows = report.shadows
    if shadows.attempts:
        yield from _fact(
            "Shadows",
            f"{counted(shadows.attempts, 'attempt')} of the watch, to compare answers, "
            f"{_apart(shadows.actual_nano, shadows.unpriced)}; in no other figure",
        )


def _apart(nano: int, unpriced: int) -> str:
    """What calls cost that are in no sum, and how many of them that leaves out."""
    cost = alone(nano, unpriced)
    return f"{cost}, {counted(unpriced, 'attempt')} unpriced" if unpriced else cost


def _fact(label: str, text: str, colour: str | None = None) -> Iterator[str]:
    for number, line in enumerate(wrap(text, WIDTH - _FACT)):
        yield f"  {'' if number else label:<{_FACT - 2}}{click.style(line, fg=colour)}"


def _drivers(report: Report) -> Iterator[str]:
    bill = report.bill
    if bill.planned_nano is None or not report.drivers:
        return
    difference = bill.actual_nano - bill.planned_nano
    decimals = places(max(bill.actual_nano, bill.planned_nano))
    yield _spread(_bold("  Why the bill is not the plan"), signed(difference, decimals))
    for driver in report.drivers:
        if driver.nano:
            amount = signed(driver.nano, decimals)
            name = f"    {driver.name:<23}"
            if len(name) + len(driver.detail) + len(amount) > WIDTH - 5:
                yield _spread(name, amount)
                yield _dim(f"      {driver.detail}")
            else:
                yield _spread(name + _dim(driver.detail), amount)


def _verdict(report: Report) -> Iterator[str]:
    for line in wrap(report.verdict.sentence, WIDTH):
        yield click.style(line, fg=_MARK[report.verdict.answer], bold=True)
    yield from wrap(f"It rests on {report.verdict.rests_on}.", WIDTH)
    if report.basis:
        yield from map(_dim, wrap(report.basis, WIDTH))


def _row(label: str, calls: str, plan: str, actual: str, difference: str) -> str:
    if len(label) > _LABEL:
        label = f"{label[: _LABEL - 1]}…"
    return f"{label:<{_LABEL}}{calls:>10}{plan:>14}{actual:>14}{difference:>14}".rstrip()


def _spread(left: str, right: str) -> str:
    """Two texts at the two edges of the page; styles do not count."""
    gap = WIDTH - 2 - len(click.unstyle(left)) - len(right)
    return f"{left}{' ' * max(gap, 1)}{right}"


def _bold(text: str) -> str:
    return click.style(text, bold=True)


def _dim(text: str) -> str:
    return click.style(text, dim=True)
