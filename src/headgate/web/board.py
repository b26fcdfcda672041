"""What the dashboard says of what is seen: its sentence, its figures, and its parts in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headgate.monitor.endings import Ending, ending_words
from headgate.monitor.figures import UNKNOWN, between, is_known, percent
from headgate.monitor.report import Bill
from headgate.monitor.report_document import bill_bars, bill_table, driver_spans
from headgate.monitor.status import assumed
from headgate.render import page
from headgate.web.breakdowns import groups_table, retries_table, timings_table
from headgate.web.budget_account import budget_blocks
from headgate.web.certificates import CertificateSeen, certificates, stale_sentence
from headgate.web.numbers import milliseconds, money
from headgate.web.observer import Seen, Unplanned
from headgate.web.period import Period, moment_text
from headgate.web.quality_kept import quality_blocks
from headgate.web.series import Series, series

__all__ = ["Board", "Part", "board"]


class Part(NamedTuple):
    """Blocks below a heading."""

    title: str
    name: str
    """For the style sheet, and for the ids of its blocks."""
    blocks: Sequence[page.Block]


class Board(NamedTuple):
    """What the template shows."""

    sentence: str
    mood: str
    """`good`, `bad` or nothing."""
    facts: Sequence[str]
    figures: page.Figures
    series: Sequence[Series]
    firm: Sequence[page.Block]
    """How firm that is: the budget's account, what retries cost."""
    certificates: Sequence[CertificateSeen]
    parts: Sequence[Part]
    empty: bool
    unplanned: Unplanned | None


def board(seen: Seen, period: Period) -> Board:
    """All that is shown of a period."""
    report, escalation = seen.report, seen.escalation
    breached = escalation is not None and escalation.breached
    fallen = seen.quality is not None and seen.quality.alarm_us is not None
    stale = stale_sentence(seen.drift)
    bad = bool(breached or fallen or stale) or report.verdict.answer == "no"
    sentence = stale + report.verdict.sentence
    if breached:
        sentence = f"The escalation budget is breached. {sentence}"
    if fallen:
        sentence = f"Cheap answers no longer keep the floor of quality. {sentence}"
    return Board(
        sentence=sentence,
        mood="bad" if bad else "good" if report.verdict.answer == "yes" else "",
        facts=list(_facts(seen, period)),
        figures=page.Figures(tuple(_figures(seen, narrowed=bool(period.only)))),
        series=list(series(seen)),
        firm=list(_firm(seen, narrowed=bool(period.only))),
        certificates=certificates(seen.drift),
        parts=[part for part in _parts(seen) if part.blocks],
        empty=not report.requests and not report.pinned.requests,
        unplanned=seen.unplanned,
    )


def _firm(seen: Seen, *, narrowed: bool) -> Iterator[page.Block]:
    yield from budget_blocks(seen.escalation, narrowed=narrowed)
    if seen.report.requests:
        yield retries_table(seen.retries)


def _parts(seen: Seen) -> Iterator[Part]:
    yield Part("The bill", "bill", list(_bill(seen)))
    yield Part("Quality", "quality", list(quality_blocks(seen.quality, seen.feedback)))
    yield Part("Tiers", "tiers", list(_tiers(seen)))
    groups = [groups_table(name, groups) for name, groups in seen.groups.items()]
    yield Part("Where it comes from", "groups", groups)


def _tiers(seen: Seen) -> Iterator[page.Block]:
    if seen.timings:
        yield timings_table(seen.timings, seen.newest)
    if seen.ends:
        yield page.Items("Ends announced", tuple(map(_end, seen.ends)))


def _end(ending: Ending) -> str:
    users = f" ({', '.join(ending.used_by)})" if ending.used_by else ""
    return f"{ending_words(ending)}{users}"


def _bill(seen: Seen) -> Iterator[page.Block]:
    report = seen.report
    if not report.requests:
        return
    yield bill_table(report)
    yield bill_bars(report)
    if report.bill.planned_nano is not None and any(one.nano for one in report.drivers):
        yield driver_spans(report)


def _facts(seen: Seen, period: Period) -> Iterator[str]:
    report = seen.report
    yield f"{report.requests:,} routed requests"
    if report.first_us is not None and report.last_us is not None:
        yield f"{moment_text(report.first_us)[:16]} to {moment_text(report.last_us)[:16]} UTC"
    if report.pinned.requests:
        yield f"{report.pinned.requests:,} more pinned by their callers"
    for name, value in period.only.items():
        yield f"{name} {value}"
    if "model" in period.only:
        yield "requests that it answered; the bill is of its own calls"
    yield f"as of {moment_text(seen.at_us)[11:]} UTC"


def _paid(nano: int, unpriced: int) -> str:
    return money(nano) if is_known(nano, unpriced) else UNKNOWN


def _figures(seen: Seen, *, narrowed: bool) -> Iterator[page.Figure]:
    report, month = seen.report, seen.month
    # what cannot be narrowed says so
    whole = "all requests; " if narrowed else ""
    saving, escalation = report.saving, report.escalation
    if saving.share is not None:
        good = {"yes": True, "no": False}.get(report.verdict.answer)
        note = f"{money(saving.saved_nano)} of {money(saving.baseline_nano)}"
        if saving.low is not None and saving.high is not None:
            note += f"; 95 %: {between(saving.low, saving.high)}"
        yield page.Figure("Saved", percent(saving.share), note, good=good)
    bill = report.bill
    yield page.Figure("Paid", _paid(bill.actual_nano, bill.unpriced), _beside(bill))
    if escalation.rate is not None:
        state = {"within": True, "over": False}.get(escalation.state)
        limit = escalation.budget  # the plan's; without a plan the watch knows it all the same
        if limit is None and seen.escalation is not None:
            limit = seen.escalation.budget
        budget = "no budget" if limit is None else f"budget {percent(limit)}"
        yield page.Figure("Escalated", percent(escalation.rate), budget, good=state)
    planned = "" if month.planned_nano is None else f"planned {money(month.planned_nano)}"
    note = f"{whole}{planned}".removesuffix("; ")
    yield page.Figure("This month so far", _paid(month.spent_nano, month.unpriced), note)
    if (
        month.expected_nano is not None
        and month.low_nano is not None
        and month.high_nano is not None
    ):
        note = f"{whole}95 %: {money(month.low_nano)} to {money(month.high_nano)}"
        note += f"; {assumed(month)}"
        if month.unknown_days:
            note += f", {month.unknown_days} of unknown cost left out"
        yield page.Figure("Month's forecast", money(month.expected_nano), note)
    elif month.low_nano is not None:
        note = f"{whole}95 %; other calls have no known price"
        yield page.Figure("Month's forecast", f"{money(month.low_nano)} or more", note)
    if seen.headroom is not None:
        room, crossing = seen.headroom.room, seen.headroom.crossing
        if room is not None and crossing is not None:
            note = f"routing pays until {percent(crossing)}"
            yield page.Figure("Headroom", f"{room * 100:.1f} points", note, good=room > 0)
        else:
            yield page.Figure("Headroom", seen.headroom.pays, "routing pays, at any rate")
    quality = seen.quality
    if quality is not None and quality.all.kept is not None:
        good = {"kept": True, "not kept": False}.get(quality.state)
        note = f"{whole}of premium's; 95 %: {between(quality.all.low, quality.all.high)}"
        yield page.Figure("Quality kept", percent(quality.all.kept), note, good=good)
    if seen.overhead_us is not None:
        p50, p95, p99 = (milliseconds(value) for value in seen.overhead_us)
        note = f"p95 {p95}, p99 {p99}; the newest {seen.waited:,} requests"
        yield page.Figure("Before the first call", p50, note)


def _beside(bill: Bill) -> str:
    nano = bill.planned_nano
    note = "for routed requests" if nano is None else f"planned {money(nano)}"
    if not bill.unpriced:
        return note
    calls = "call without a price is" if bill.unpriced == 1 else "calls without a price are"
    return f"{note}; {bill.unpriced:,} {calls} not in it"
