"""The status as one screen of text: 80 columns; styles fall away where none are shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from textwrap import wrap

import click

from headgate.monitor.attribution import Attribution, Part
from headgate.monitor.budget import (
    FALSE_ALARM_REQUESTS,
    FALSE_ALARMS,
    Assessment,
    Burn,
    Creep,
    Scope,
)
from headgate.monitor.drift import Drift
from headgate.monitor.feedback import TierFeedback
from headgate.monitor.figures import between, day_and_time, money, percent, places
from headgate.monitor.headroom import Headroom
from headgate.monitor.quality import Quality
from headgate.monitor.standing import Action
from headgate.monitor.status import Month, Retries, Status
from headgate.values import dollars

__all__ = ["line", "page", "span"]

WIDTH = 80
_FACT = 15
_MARK = {"yes": "green", "no": "red", "too little": "yellow"}
_MOST_SCOPES = 4
_MOST_SHIFTS = 3
_MOST_REASONS = 4
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def page(status: Status) -> str:
    """The whole screen, a newline at its end."""
    blocks = [
        [_head(status)],
        list(_routing(status)),
        [
            *_escalation(status.escalation),
            *_action(status.action),
            *(row for drift in status.drift for row in _drift(drift)),
        ],
        [*_quality(status.quality), *_feedback(status.feedback)],
        list(_retries(status.retries)),
        [*_month(status.month), *_headroom(status.headroom)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def line(status: Status) -> str:
    """The status in one line, for a log: moment, verdict, rate, evidence, month."""
    escalation, month = status.escalation, status.month
    slow = escalation.slow
    parts = [
        f"{day_and_time(status.looked_us)} UTC",
        click.unstyle(_verdict(status)[0]),
        f"routing {status.report.verdict.answer}",
        "escalation "
        + ("none" if slow.rate is None else f"{percent(slow.rate)} over {span(slow.span_seconds)}"),
    ]
    if escalation.budget is not None:
        parts.append(f"budget {percent(escalation.budget)}")
        parts.append(f"evidence {percent(escalation.evidence)}")
    parts.append(f"month {_money(month.spent_nano)}")
    return " · ".join(parts)


def span(seconds: float) -> str:
    """A length of time in its largest whole unit.

    >>> span(7 * 86_400), span(6 * 3_600), span(90), span(8.57)
    ('7 d', '6 h', '2 min', '8.6 s')
    """
    for unit, name in ((_DAY, "d"), (_HOUR, "h")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds / unit:.0f} {name}"
    if seconds >= 2 * _HOUR:
        return f"{seconds / _HOUR:.1f} h"
    if seconds >= _MINUTE:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds:.2g} s"


def _head(status: Status) -> str:
    words, colour = _verdict(status)
    left = f"Headgate status · {day_and_time(status.looked_us)} UTC"
    gap = " " * max(1, WIDTH - len(left) - len(words))
    return click.style(left, bold=True) + gap + click.style(words, fg=colour, bold=True)


def _verdict(status: Status) -> tuple[str, str]:
    wrong = [
        words
        for words, holds in (
            ("BUDGET BREACHED", status.escalation.breached),
            ("ROUTING DOES NOT PAY", status.report.verdict.answer == "no"),
            ("QUALITY BELOW ITS FLOOR", status.fallen),
            ("CERTIFICATE STALE", status.stale),
        )
        if holds
    ]
    if wrong:
        # the first line is one line: a third thing is told below
        return ", ".join(wrong[:2]), "red"
    if status.report.verdict.answer == "too little":
        return "too little to tell", "yellow"
    budget, low = status.escalation.budget, status.escalation.slow.low
    if budget is not None and low > budget:
        return "over its budget, no alarm yet", "yellow"
    return "all is well", "green"


def _routing(status: Status) -> Iterator[str]:
    report = status.report
    yield from _fact("Routing", report.verdict.sentence, _MARK[report.verdict.answer])
    since = "" if report.since_us is None else f" since {day_and_time(report.since_us)}"
    yield from _fact("", f"{_count(report.requests, 'routed request')}{since}", dim=True)


def _escalation(escalation: Assessment) -> Iterator[str]:
    slow = escalation.slow
    if not escalation.served:
        yield from _fact("Escalation", "no routed request was served yet")
        return
    if slow.rate is None:
        text = f"no served request in the last {span(slow.span_seconds)}"
    else:
        text = (
            f"{percent(slow.rate)} in the last {span(slow.span_seconds)} "
            f"(95 %: {between(slow.low, slow.high)})"
        )
    budget = "no budget is set" if escalation.budget is None else percent(escalation.budget)
    yield from _fact("Escalation", f"{text}; budget {budget}" if escalation.budget else text)
    if escalation.budget is None:
        yield from _fact("", "No budget is set: [escalation] budget.", dim=True)
    if escalation.first_us is not None and escalation.rate is not None:
        yield from _fact(
            "",
            f"{percent(escalation.rate)} since {_day(escalation.first_us)} "
            f"(95 % at every look: {between(escalation.low, escalation.high)})",
            dim=True,
        )
    if escalation.budget is not None:
        yield from _alarm(escalation)
        yield from _fact("Burn", _burns(escalation.fast, slow), _burn_colour(escalation))
    yield from _scopes(escalation.scopes)


def _alarm(escalation: Assessment) -> Iterator[str]:
    evidence = percent(min(escalation.evidence, 1.0))
    if escalation.alarm_us is None:
        cleared = ""
        if escalation.cleared_us is not None:
            cleared = f"; the last was cleared {day_and_time(escalation.cleared_us)}"
        yield from _fact(
            "Alarm", f"none; the evidence is {evidence} of the way to one{cleared}", "green"
        )
        return
    yield from _fact(
        "Alarm",
        f"since {day_and_time(escalation.alarm_us)}: the rate has gone above its budget",
        "red",
    )
    yield from _fact(
        "",
        f"False alarms: a chance of at most {FALSE_ALARMS * 100:.0f} % in "
        f"{FALSE_ALARM_REQUESTS:,} requests.",
        dim=True,
    )
    yield from _fact("", f"{evidence} of the way to an all-clear", dim=True)
    if escalation.creep is not None:
        yield from _fact("Creep", _creep(escalation.creep))
    if escalation.attribution is not None:
        yield from _because(escalation.attribution)


def _creep(creep: Creep) -> str:
    how = "at once" if creep.shape == "step" else "bit by bit"
    when = _between_days(creep.earliest_us, creep.latest_us)
    rates = f"{percent(creep.before)} → {percent(creep.after)}"
    return f"began {_day(creep.began_us)} (95 %: {when}), {how}: {rates}"


def _because(attribution: Attribution) -> Iterator[str]:
    cause = attribution.cause
    if cause is None:
        yield from _fact("Because", "of no one group of requests: several moved together")
        return
    dimension, part = cause
    yield from _fact("Because", _reason(dimension, part))
    if len(attribution.dimensions[dimension]) == 1:
        return
    for one in attribution.dimensions[dimension][:3]:
        name = f"{dimension} {one.name}"
        yield from _fact(
            "",
            f"{name if len(name) <= 32 else name[:31] + '…':<32} {_points(one.total)} = "
            f"rate {_points(one.rate_shift)} mix {_points(one.mix_shift)}",
            dim=True,
        )
    yield from _fact(
        "",
        f"{'all, parts adding up':<32} {_points(attribution.change)}",
        dim=True,
    )


def _reason(dimension: str, part: Part) -> str:
    who = f"{dimension} {part.name}"
    if abs(part.rate_shift) >= abs(part.mix_shift):
        before, after = part.rate_before, part.rate_after
        if before is not None and after is not None:
            verb = "escalates more" if after > before else "escalates less"
            return f"{who} {verb}: {_moved(before, after)} of its own requests"
    verb = "has grown" if part.share_after > part.share_before else "has shrunk"
    return f"{who} {verb}: {_moved(part.share_before, part.share_after)} of the traffic"


def _moved(before: Fraction, after: Fraction) -> str:
    return f"{percent(float(before))} → {percent(float(after))}"


def _points(share: Fraction) -> str:
    return f"{float(share) * 100:+5.1f}"


def _burns(fast: Burn, slow: Burn) -> str:
    """Both windows; what they are multiples of is said once."""
    parts, of = [], " the budget"
    for one in (fast, slow):
        if one.burn is None:
            parts.append(f"no requests over {span(one.span_seconds)}")
        else:
            parts.append(f"{one.burn:.2f} ×{of} over {span(one.span_seconds)}")
            of = ""
    return ", ".join(parts)


def _burn_colour(escalation: Assessment) -> str | None:
    """Red where both windows overspend: it has been so, and it still is."""
    burns = [burn.burn for burn in (escalation.fast, escalation.slow)]
    over = sum(burn is not None and burn > 1 for burn in burns)
    return (None, "yellow", "red")[over]


def _action(action: Action | None) -> Iterator[str]:
    if action is None:
        return
    what = "pinned to the premium tier"
    if action.kind == "hold" and action.threshold is not None:
        what = f"held at a threshold of {action.threshold:g}"
    by = "the watch" if action.by == "watch" else "command"
    text = f"{what} since {day_and_time(action.since_us)} by {by}"
    yield from _fact("Routing is", text, "yellow")
    yield from _fact("", "`headgate escalation release` ends it.", dim=True)


def _drift(drift: Drift) -> Iterator[str]:
    evidence = f"{percent(min(drift.evidence, 1.0))} of the way to a stale certificate"
    if drift.stale_us is None:
        text = f"none; the evidence is {evidence}"
        yield from _fact("Drift", text, "green")
    else:
        text = f"the certificate of router {drift.router} is stale since {_day(drift.stale_us)}"
        yield from _fact("Drift", text, "red")
    for shift in drift.shifts[:_MOST_SHIFTS]:
        part = shift.part if len(shift.part) <= 24 else f"{shift.part[:23]}…"
        yield from _fact(
            "",
            f"{shift.facet} {part}: {percent(shift.share_then)} then, "
            f"{percent(shift.share_now)} now",
            dim=True,
        )
    of = f"{_count(drift.requests, 'request')} of router {drift.router}"
    unwatched = f"; not watched: {', '.join(drift.unwatched)}" if drift.unwatched else ""
    yield from _fact("", f"{of}, sample of {drift.rows:,} rows{unwatched}", dim=True)


_STATES = {"kept": "green", "not kept": "red", "not yet known": "yellow"}


def _quality(quality: Quality | None) -> Iterator[str]:
    if quality is None:
        return
    all_, funnel = quality.all, quality.funnel
    if all_.kept is None:
        text = "no cheap answer has been compared with premium's yet"
    else:
        text = (
            f"cheap keeps {percent(all_.kept)} of premium's (95 % at every look: "
            f"{between(all_.low, all_.high)})"
        )
    floor = "" if quality.floor is None else f"; the floor of {percent(quality.floor)} is "
    state = "" if quality.floor is None else quality.state
    yield from _fact("Quality", text + floor + state, _STATES[state] if state else None)
    if quality.alarm_us is not None:
        yield from _fact("", f"below the floor since {day_and_time(quality.alarm_us)}", "red")
    if all_.decided:
        yield from _fact(
            "",
            f"premium was better {all_.premium_wins:,} times, cheap {all_.cheap_wins:,}, neither "
            f"{all_.ties:,}; the judge turned with the order {all_.swung:,} times",
            dim=True,
        )
    spent = money(funnel.cost_nano) if funnel.cost_nano else dollars(0)
    lost = f", {funnel.unpaid:,} beyond the day's money" if funnel.unpaid else ""
    yield from _fact(
        "",
        f"{funnel.sampled:,} sampled, {funnel.judged:,} judged, {funnel.decided:,} decided{lost}; "
        f"{spent} spent",
        dim=True,
    )


def _feedback(feedback: tuple[TierFeedback, ...]) -> Iterator[str]:
    for number, tier in enumerate(feedback):
        name = tier.tier if len(tier.tier) <= 20 else f"{tier.tier[:19]}…"
        rated = tier.good + tier.bad
        share = f"{percent(tier.good / rated)} good of {rated:,}" if rated else "undecided"
        interval = f" (95 %: {between(tier.low, tier.high)})" if rated else ""
        yield from _fact("" if number else "Users", f"{name:<20} {share}{interval}")


def _scopes(scopes: tuple[Scope, ...]) -> Iterator[str]:
    for number, scope in enumerate(scopes[:_MOST_SCOPES]):
        window = scope.window
        rate = "none" if window.rate is None else percent(window.rate)
        alarm = "" if scope.alarm_us is None else f"; alarm since {_day(scope.alarm_us)}"
        budget = (
            "" if not scope.own or scope.budget is None else f", budget {percent(scope.budget)}"
        )
        title = scope.name if scope.kind == "route" else scope.title
        name = title if len(title) <= 20 else f"{title[:19]}…"
        yield from _fact(
            "" if number else "Apart",
            f"{name:<20} {rate:>7} of {window.served:,}{budget}{alarm}",
            "red" if alarm else None,
        )
    if len(scopes) > _MOST_SCOPES:
        yield from _fact("", f"and {len(scopes) - _MOST_SCOPES} more: see --json", dim=True)


def _retries(retries: Retries) -> Iterator[str]:
    if not retries.tiers:
        return
    decimals = places(max(tier.spent_nano for tier in retries.tiers))
    yield click.style(_row("tier", "answers", "retries", "rate", "spent", "on retries"), dim=True)
    for tier in retries.tiers:
        yield _row(
            tier.tier,
            f"{tier.answers:,}",
            f"{tier.retries:,}",
            "" if tier.retry_rate is None else percent(tier.retry_rate),
            dollars(tier.spent_nano, decimals) + ("*" if tier.unpriced else ""),
            dollars(tier.retry_nano, decimals),
        )
    for tier in retries.tiers:
        if tier.reasons:
            parts = (
                f"{one.reason} {one.retries:,} ({dollars(one.nano, decimals)})"
                for one in tier.reasons[:_MOST_REASONS]
            )
            name = tier.tier if len(tier.tier) <= 20 else f"{tier.tier[:19]}…"
            for row in wrap(f"{name} failed by {', '.join(parts)}", WIDTH - 2):
                yield click.style(f"  {row}", dim=True)
    if any(tier.unpriced for tier in retries.tiers):
        yield click.style("  * without attempts of unknown cost", dim=True)
    if retries.premium_share is not None:
        yield f"  Premium is {percent(retries.premium_share)} of what retries cost."


def _row(tier: str, answers: str, tried: str, rate: str, spent: str, wasted: str) -> str:
    name = tier if len(tier) <= 20 else f"{tier[:19]}…"
    return f"  {name:<20}{answers:>11}{tried:>10}{rate:>9}{spent:>14}{wasted:>13}"


def _month(month: Month) -> Iterator[str]:
    name = date.fromisoformat(month.first_day).strftime("%B")
    text = f"{_money(month.spent_nano)} so far in {name}"
    if month.expected_nano is None or month.low_nano is None or month.high_nano is None:
        text += "; too few whole days for a forecast"
    else:
        low, high = money(month.low_nano), money(month.high_nano)
        text += f", {money(month.expected_nano)} by its end (95 %: {low} to {high})"
    if month.planned_nano is not None:
        text += f"; planned {money(month.planned_nano)}"
    if month.worst_nano is not None:
        text += f", {money(month.worst_nano)} at worst"
    yield from _fact("Month", text)
    if month.unpriced:
        yield from _fact("", f"{_count(month.unpriced, 'attempt')} of unknown cost", "yellow")


def _headroom(headroom: Headroom | None) -> Iterator[str]:
    if headroom is None:
        return
    now = f"now {percent(headroom.rate)} (95 %: {between(headroom.low, headroom.high)})"
    colour = "green"
    if headroom.pays == "below" and headroom.crossing is not None and headroom.room is not None:
        text = f"routing pays until {percent(headroom.crossing)} escalate; {now}: "
        if headroom.room >= 0:
            text += f"{headroom.room * 100:.1f} points of headroom"
        else:
            text += f"{-headroom.room * 100:.1f} points beyond"
            colour = "red"
        if headroom.fragile:
            text += "; fragile, the interval holds the crossing"
            colour = "yellow"
    elif headroom.pays == "always":
        text = f"routing pays at any escalation rate; {now}"
    elif headroom.pays == "equal":
        text, colour = "routing and all-premium cost the same at any rate", "yellow"
    else:
        text, colour = f"routing pays at no escalation rate; {now}", "red"
    yield from _fact("Tripwire", text, colour)
    if headroom.assumed:
        names = ", ".join(headroom.assumed)
        yield from _fact("", f"Not measured, and taken from the plan: {names}.", dim=True)


def _fact(label: str, text: str, colour: str | None = None, *, dim: bool = False) -> Iterator[str]:
    for number, row in enumerate(
        wrap(text, WIDTH - _FACT) if len(text) > WIDTH - _FACT else [text]
    ):
        yield f"  {'' if number else label:<{_FACT - 2}}{click.style(row, fg=colour, dim=dim)}"


def _money(nano: int) -> str:
    return money(nano) if nano else dollars(0)


def _day(at_us: int) -> str:
    return f"{datetime.fromtimestamp(at_us // 1_000_000, UTC):%Y-%m-%d}"


def _between_days(low_us: int, high_us: int) -> str:
    low, high = _day(low_us), _day(high_us)
    if low == high:
        return f"{day_and_time(low_us)[11:]} to {day_and_time(high_us)[11:]} that day"
    return f"{low} to {high}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
