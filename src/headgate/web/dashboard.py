"""The dashboard: is routing paying, is the budget kept, where did the bill go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from headgate.ledger.totals import HOUR_US
from headgate.monitor.budget import Assessment
from headgate.monitor.figures import between, percent
from headgate.monitor.figures import money as amount
from headgate.monitor.quality import Quality
from headgate.monitor.report import Bill
from headgate.monitor.report_document import bill_bars, bill_table, driver_spans
from headgate.render import chart, page, palette
from headgate.render.table import Column, Table, csv_text
from headgate.web.certificates import CertificateSeen, certificates, stale_sentence
from headgate.web.observer import Group, Hour, Observer, Seen, Unplanned
from headgate.web.period import DIMENSIONS, PERIODS, Period, moment_text, period_of
from headgate.web.templates import Templates
from headgate.web.visit import Answer, Visit, query_of

__all__ = ["Dashboard"]

USD = 10**9
MOST_POINTS = 24 * 15
"""Points of a drawn series; beyond them hours are put together."""


class Dashboard:
    """The pages at `/`, and the same as JSON and CSV.

    Args:
        observer: looks at the ledger.
        templates: how it looks.
        now_us: the time, microseconds since 1970.
    """

    def __init__(self, observer: Observer, templates: Templates, now_us: Callable[[], int]) -> None:
        self._observer = observer
        self._templates = templates
        self._now_us = now_us

    def show(self, visit: Visit) -> Answer:
        """The whole page, or the part that changes for a script."""
        period = period_of(visit.query, self._now_us())
        seen = self._observer.look(period)
        shown: dict[str, Any] = {"board": _board(seen, period), "period": period}
        if visit.wants_fragment:
            return Answer(self._templates("dashboard_live.html", **shown))
        return Answer(
            self._templates(
                "dashboard.html",
                title="Dashboard",
                csrf=visit.csrf,
                periods=PERIODS,
                choices=_choices(seen, period),
                query=query_of(period.query()),
                chips=[
                    (query_of({**_without(period), "since": name}), title, name == period.since)
                    for name, (_, title) in PERIODS.items()
                ],
                **shown,
            )
        )

    def json(self, visit: Visit) -> Answer:
        """What is seen, as one JSON document: amounts in nano-USD, times in microseconds."""
        seen = self._observer.look(period_of(visit.query, self._now_us()))
        told = msgspec.to_builtins(seen, enc_hook=float)
        return Answer(json.dumps(told, indent=2, ensure_ascii=False).encode(), "application/json")

    def csv(self, visit: Visit) -> Answer:
        """The routed requests hour by hour, as CSV."""
        seen = self._observer.look(period_of(visit.query, self._now_us()))
        names = ("hour", "served", "escalated", "paid_nano", "baseline_nano")
        rows = tuple(
            (
                moment_text(hour.hour * HOUR_US),
                *(str(getattr(hour, name)) for name in names[1:]),
            )
            for hour in seen.hours
        )
        text = csv_text(Table(tuple(map(Column, names)), rows))
        header = ("content-disposition", 'attachment; filename="hours.csv"')
        return Answer(text.encode(), "text/csv; charset=utf-8", headers=(header,))


class Board(NamedTuple):
    """What the template shows."""

    sentence: str
    mood: str
    """`good`, `bad` or nothing."""
    facts: Sequence[str]
    figures: page.Figures
    series: Sequence[_Series]
    blocks: Sequence[page.Block]
    firm: Sequence[page.Block]
    empty: bool
    unplanned: Unplanned | None
    certificates: Sequence[CertificateSeen]


class _Series(NamedTuple):
    """A drawn series, and its numbers for whoever has a script to look closer."""

    block: chart.Lines
    data: str
    """JSON: times in seconds, then a row a line."""
    names: str
    colours: str
    unit: str


def _board(seen: Seen, period: Period) -> Board:
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
    blocks: list[page.Block] = []
    if report.requests:
        blocks += [bill_bars(report), bill_table(report)]
        if report.bill.planned_nano is not None and any(one.nano for one in report.drivers):
            blocks.append(driver_spans(report))
        blocks.append(_retries(seen))
    if seen.timings:
        blocks.append(_timings(seen))
    blocks += [_groups(name, groups) for name, groups in seen.groups.items()]
    return Board(
        sentence=sentence,
        mood="bad" if bad else "good" if report.verdict.answer == "yes" else "",
        facts=list(_facts(seen, period)),
        figures=page.Figures(tuple(_figures(seen))),
        series=list(_series(seen)),
        blocks=blocks,
        firm=[*_firm(seen), *_quality(seen.quality), *_feedback(seen)],
        empty=not report.requests and not report.pinned.requests,
        unplanned=seen.unplanned,
        certificates=certificates(seen.drift),
    )


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


def _figures(seen: Seen) -> Iterator[page.Figure]:
    report, month = seen.report, seen.month
    saving, escalation = report.saving, report.escalation
    if saving.share is not None:
        good = {"yes": True, "no": False}.get(report.verdict.answer)
        note = f"{money(saving.saved_nano)} of {money(saving.baseline_nano)}"
        if saving.low is not None and saving.high is not None:
            note += f"; 95 %: {between(saving.low, saving.high)}"
        yield page.Figure("Saved", percent(saving.share), note, good=good)
    yield page.Figure("Paid", money(report.bill.actual_nano), _beside(report.bill))
    if escalation.rate is not None:
        state = {"within": True, "over": False}.get(escalation.state)
        budget = (
            "no budget" if escalation.budget is None else f"budget {percent(escalation.budget)}"
        )
        yield page.Figure("Escalated", percent(escalation.rate), budget, good=state)
    planned = "" if month.planned_nano is None else f"planned {money(month.planned_nano)}"
    yield page.Figure("This month so far", money(month.spent_nano), planned)
    if (
        month.expected_nano is not None
        and month.low_nano is not None
        and month.high_nano is not None
    ):
        note = f"95 %: {money(month.low_nano)} to {money(month.high_nano)}"
        yield page.Figure("Month's forecast", money(month.expected_nano), note)
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
        note = f"of premium's; 95 %: {between(quality.all.low, quality.all.high)}"
        yield page.Figure("Quality kept", percent(quality.all.kept), note, good=good)
    if seen.overhead_us is not None:
        p50, p95, p99 = (_milliseconds(value) for value in seen.overhead_us)
        yield page.Figure("Before the first call", p50, f"p95 {p95}, p99 {p99}")


def _beside(bill: Bill) -> str:
    nano = bill.planned_nano
    note = "for routed requests" if nano is None else f"planned {money(nano)}"
    if not bill.unpriced:
        return note
    calls = "call without a price is" if bill.unpriced == 1 else "calls without a price are"
    return f"{note}; {bill.unpriced:,} {calls} not in it"


def _firm(seen: Seen) -> Iterator[page.Block]:
    """The budget: what speaks for a breach, and when and why it began."""
    account = seen.escalation
    if account is None:
        yield page.Text("The ledger is being read for the budget's alarm; it shows in a moment.")
        return
    if not account.served:
        return
    facts = list(_account(account))
    yield page.Items("The escalation budget", tuple(facts))


def _span(seconds: float) -> str:
    """A window in words; the fast one is a fraction of the slow one, and seldom whole hours."""
    hours = seconds / 3600
    if hours >= 48:
        return f"{hours / 24:.3g} days"
    if hours >= 2:
        return f"{hours:.3g} hours"
    minutes = max(1, round(seconds / 60))
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _quality(quality: Quality | None) -> Iterator[page.Block]:
    """What cheap keeps of premium's quality, how it is known, and where it differs."""
    if quality is None or quality.all.kept is None:
        return
    yield page.Items("The quality kept", tuple(_kept(quality)))
    rows = tuple(
        (
            scope.kind,
            scope.name,
            f"{scope.decided:,}",
            "–" if scope.kept is None else percent(scope.kept),
            between(scope.low, scope.high),
            f"{scope.premium_wins:,} / {scope.ties:,} / {scope.cheap_wins:,}",
        )
        for scope in (msgspec.structs.replace(quality.all, name="requests"), *quality.scopes)
    )
    heads = ("compared", "kept", "95 % at every look", "premium better / neither / cheap")
    yield Table(
        (Column("of"), Column("name"), *(Column(head, right=True) for head in heads)),
        rows,
        title="Cheap answers beside premium's",
    )


def _kept(quality: Quality) -> Iterator[str]:
    if quality.floor is None:
        yield "No floor is set, and no router's certificate states one."
    elif quality.alarm_us is None:
        yield f"The floor of {percent(quality.floor)} is {quality.state}."
        yield f"No alarm. Evidence for a fall: {percent(quality.evidence)} of what raises it."
    else:
        since = moment_text(quality.alarm_us)[:16]
        yield f"Below the floor of {percent(quality.floor)} since {since} UTC."
    yield (
        f"The judge's preference turned with the order in {quality.all.swung:,} of "
        f"{quality.all.decided:,} comparisons."
    )
    funnel = quality.funnel
    yield (
        f"{funnel.sampled:,} sampled, {funnel.judged:,} judged, {funnel.decided:,} decided, "
        f"{funnel.unpaid:,} beyond the day's money; {money(funnel.cost_nano)} spent."
    )


def _feedback(seen: Seen) -> Iterator[page.Block]:
    if not seen.feedback:
        return
    rows = tuple(
        (
            one.tier or "none",
            f"{one.rated:,}",
            f"{one.good:,}",
            f"{one.bad:,}",
            between(one.low, one.high),
        )
        for one in seen.feedback
    )
    heads = ("rated", "good", "bad", "good, 95 % at every look")
    yield Table(
        (Column("tier"), *(Column(head, right=True) for head in heads)),
        rows,
        title="What users say",
    )


def _account(account: Assessment) -> Iterator[str]:
    slow, fast = account.slow, account.fast
    for burn in (fast, slow):
        if burn.rate is not None:
            span = _span(burn.span_seconds)
            spent = "" if burn.burn is None else f", {burn.burn:.2f} times the budget"
            yield (
                f"Last {span}: {percent(burn.rate)} of {burn.served:,} escalated "
                f"(95 %: {between(burn.low, burn.high)}){spent}."
            )
    yield (
        f"Since the beginning: {account.escalated:,} of {account.served:,}; 95 % confidence "
        f"sequence {between(account.low, account.high)}, good for every look at once."
    )
    if account.budget is None:
        yield "No budget is set."
    elif account.alarm_us is None:
        yield f"No alarm. Evidence for a breach: {percent(account.evidence)} of what raises it."
    else:
        yield f"Alarm since {moment_text(account.alarm_us)[:16]} UTC."
    creep = account.creep
    if creep is not None:
        yield (
            f"It began {moment_text(creep.began_us)[:16]} UTC (95 %: "
            f"{moment_text(creep.earliest_us)[:16]} to {moment_text(creep.latest_us)[:16]}) as a "
            f"{creep.shape}: from {percent(creep.before)} to {percent(creep.after)}."
        )
    if account.attribution is not None and account.attribution.cause is not None:
        dimension, cell = account.attribution.cause
        yield f"Most of it comes from {dimension} {cell.name}."


# ---- series


def _series(seen: Seen) -> Iterator[_Series]:
    hours = seen.hours
    if len(hours) < 2:
        return
    drawn = _drawn(hours)
    budget = seen.report.escalation.budget
    rates = [(hour, hour.escalated / hour.served) for hour in drawn if hour.served]
    if len(rates) > 1:
        lines = [chart.Line("escalated", tuple((float(h.hour), rate) for h, rate in rates), 1)]
        if budget is not None:
            ends = (float(drawn[0].hour), budget), (float(drawn[-1].hour), budget)
            lines.append(chart.Line("budget", ends, 7, dashed=True))
        top = max(*(rate for _, rate in rates), budget or 0.0)
        marks = []
        account = seen.escalation
        if account is not None and account.creep is not None:
            at = account.creep.began_us / HOUR_US
            if drawn[0].hour <= at <= drawn[-1].hour:
                marks.append(chart.Mark("creep began", at))
        yield _Series(
            chart.Lines(
                title="Escalation",
                description="Share of the served routed requests that the premium tier answered.",
                x=_times(drawn),
                y=chart.Axis("", tuple((at, percent(at)) for at in chart.ticks(0, top, 5))),
                lines=tuple(lines),
                marks=tuple(marks),
            ),
            _data(
                [hour.hour for hour, _ in rates],
                [rate for _, rate in rates],
                *([[budget] * len(rates)] if budget is not None else []),
            ),
            "|".join(line.name for line in lines),
            "|".join(str(line.colour) for line in lines),
            "%",
        )
    paid = tuple((float(hour.hour), hour.paid_nano / USD) for hour in drawn)
    whole = tuple((float(hour.hour), hour.baseline_nano / USD) for hour in drawn)
    top = max(value for _, value in (*paid, *whole)) or 1.0
    step = "an hour" if drawn is hours else "a day"
    yield _Series(
        chart.Lines(
            title=f"Paid, and all premium, {step}",
            description="What the comparable requests cost, and what their served tokens would "
            "have cost on the premium tier. The space between is the saving.",
            x=_times(drawn),
            y=chart.Axis("", tuple((at, money(round(at * USD))) for at in chart.ticks(0, top, 5))),
            lines=(
                chart.Line("paid", paid, palette.ROUTED),
                chart.Line("all premium", whole, palette.PREMIUM),
            ),
        ),
        _data(
            [hour.hour for hour in drawn],
            [hour.paid_nano / USD for hour in drawn],
            [hour.baseline_nano / USD for hour in drawn],
        ),
        "paid|all premium",
        f"{palette.ROUTED}|{palette.PREMIUM}",
        "$",
    )


def _data(hours: Sequence[int], *rows: Sequence[float]) -> str:
    return json.dumps(
        [[hour * 3600 for hour in hours], *([round(v, 6) for v in row] for row in rows)]
    )


def _drawn(hours: tuple[Hour, ...]) -> tuple[Hour, ...]:
    """The hours, or where they are many the days, as a picture can show them."""
    if len(hours) <= MOST_POINTS:
        return hours
    days: dict[int, list[Hour]] = {}
    for hour in hours:
        days.setdefault(hour.hour // 24, []).append(hour)
    last = max(days)
    if hours[-1].hour % 24 < 23 and len(days) > 2:
        del days[last]  # a day that is not over would look like a fall
    return tuple(
        Hour(
            hour=day * 24 + 12,
            served=sum(one.served for one in own),
            escalated=sum(one.escalated for one in own),
            paid_nano=sum(one.paid_nano for one in own),
            baseline_nano=sum(one.baseline_nano for one in own),
        )
        for day, own in sorted(days.items())
    )


def _times(hours: Sequence[Hour]) -> chart.Axis:
    """Up to seven moments, evenly apart; days where the hours span several."""
    first, last = hours[0].hour, hours[-1].hour
    span = max(last - first, 1)
    step = next((s for s in (1, 2, 4, 6, 12, 24, 48, 96, 168, 336, 720) if span / s <= 7), 2160)
    begin = -(-first // step) * step
    marks = [(float(at), _hour_text(at, step)) for at in range(begin, last + 1, step)]
    inner = [mark for mark in marks if first < mark[0] < last]
    return chart.Axis("UTC", ((float(first), ""), *inner, (float(max(last, first + 1)), "")))


def _hour_text(hour: int, step: int) -> str:
    at = datetime.fromtimestamp(hour * 3600, UTC)
    return f"{at:%d %b}" if step >= 24 else f"{at:%H:%M}"


# ---- tables


def _retries(seen: Seen) -> Table:
    rows = tuple(
        (
            tier.tier,
            f"{tier.answers:,}",
            f"{tier.retries:,}",
            "–" if tier.retry_rate is None else percent(tier.retry_rate),
            money(tier.retry_nano),
            money(tier.spent_nano),
        )
        for tier in seen.retries.tiers
    )
    heads = ("answers", "retries", "retry rate", "spent on retries", "spent")
    return Table(
        (Column("tier"), *(Column(head, right=True) for head in heads)),
        rows,
        title="Retries by tier",
    )


def _timings(seen: Seen) -> Table:
    rows = tuple(
        (
            f"{one.tier}: {one.model}",
            f"{one.attempts:,}",
            percent(one.failed / one.attempts) if one.attempts else "–",
            _three(one.first_us),
            _three(one.total_us),
            money(one.cost_nano) + (f", {one.unpriced:,} unpriced" if one.unpriced else ""),
        )
        for one in seen.timings
    )
    heads = ("attempts", "failed", "first byte p50 / p95 / p99", "whole p50 / p95 / p99", "spent")
    return Table(
        (Column("model"), *(Column(head, right=True) for head in heads)),
        rows,
        title="Tiers' health",
    )


def _groups(name: str, groups: Sequence[Group]) -> Table:
    rows = tuple(
        (
            one.name or "none",
            f"{one.requests:,}",
            percent(one.escalated / one.served) if one.served else "–",
            money(one.paid_nano),
            money(one.baseline_nano - one.paid_nano),
            percent(1 - one.paid_nano / one.baseline_nano) if one.baseline_nano else "–",
        )
        for one in groups
    )
    heads = ("requests", "escalated", "paid", "saved", "as a share")
    return Table(
        (Column(name), *(Column(head, right=True) for head in heads)),
        rows,
        title=f"By {name}",
    )


def money(nano: int) -> str:
    """An amount; nothing is nothing, without its digits."""
    return amount(nano) if nano else "$0.00"


def _three(us: tuple[float | None, float | None, float | None]) -> str:
    """Three latencies in the unit that suits the longest."""
    known = [value for value in us if value is not None]
    if not known:
        return "–"
    if known[-1] >= 1_000_000:
        return " / ".join(f"{value / 1e6:.2f}" for value in known) + " s"
    return " / ".join(f"{value / 1000:.0f}" for value in known) + " ms"


def _milliseconds(us: float | None) -> str:
    if us is None:
        return "–"
    if us >= 10_000_000:
        return f"{us / 1e6:.0f} s"
    if us >= 1_000_000:
        return f"{us / 1e6:.1f} s"
    return f"{us / 1000:.0f} ms" if us >= 10_000 else f"{us / 1000:.1f} ms"


def _choices(seen: Seen, period: Period) -> list[tuple[str, str, list[str]]]:
    """What the period can be narrowed to: (dimension, chosen, values)."""
    found = []
    for name in DIMENSIONS:
        values = [group.name for group in seen.groups.get(name, ()) if group.name]
        chosen = period.only.get(name, "")
        if chosen and chosen not in values:
            values.append(chosen)
        if values:
            found.append((name, chosen, values))
    return found


def _without(period: Period) -> dict[str, str]:
    return dict(period.only)
