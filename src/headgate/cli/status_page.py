"""The status as one screen of text: 80 columns; styles fall away where none are shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from textwrap import wrap

import click

from headgate.cli.status_escalation import escalation_rows
from headgate.cli.status_rows import WIDTH, day, fact, span
from headgate.monitor.drift import Drift
from headgate.monitor.endings import Ending, ending_words
from headgate.monitor.feedback import TierFeedback
from headgate.monitor.figures import (
    between,
    day_and_time,
    is_known,
    money,
    paid,
    percent,
    places,
)
from headgate.monitor.headroom import Headroom
from headgate.monitor.mishaps import Mishaps
from headgate.monitor.quality import Quality
from headgate.monitor.standing import Action
from headgate.monitor.status import Month, Retries, Status, assumed
from headgate.values import counted

__all__ = ["line", "page"]

_MARK = {"yes": "green", "no": "red", "too little": "yellow"}
_MOST_SHIFTS = 3
_MOST_REASONS = 4
_MOST_ENDS = 4


def page(status: Status) -> str:
    """The whole screen, a newline at its end."""
    blocks = [
        [_head(status)],
        list(_routing(status)),
        [
            *escalation_rows(status.escalation),
            *_action(status.action),
            *(row for drift in status.drift for row in _drift(drift)),
        ],
        [*_quality(status.quality), *_feedback(status.feedback)],
        list(_retries(status.retries)),
        [*_month(status.month), *_headroom(status.headroom)],
        list(_ends(status.ends)),
        list(_beside(status.beside)),
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
    parts.append(f"month {_spent(month.spent_nano, month.unpriced)}")
    return " · ".join(parts)


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
    yield from fact("Routing", report.verdict.sentence, _MARK[report.verdict.answer])
    since = "" if report.since_us is None else f" since {day_and_time(report.since_us)}"
    yield from fact("", f"{counted(report.requests, 'routed request')}{since}", dim=True)


def _action(action: Action | None) -> Iterator[str]:
    if action is None:
        return
    what = "pinned to the premium tier"
    if action.kind == "hold" and action.threshold is not None:
        what = f"held at a threshold of {action.threshold:g}"
    by = "the watch" if action.by == "watch" else "command"
    text = f"{what} since {day_and_time(action.since_us)} by {by}"
    yield from fact("Routing is", text, "yellow")
    yield from fact("", "`headgate escalation release` ends it.", dim=True)


def _drift(drift: Drift) -> Iterator[str]:
    evidence = f"{percent(min(drift.evidence, 1.0))} of the way to a stale certificate"
    if drift.stale_us is None:
        text = f"none; the evidence is {evidence}"
        yield from fact("Drift", text, "green")
    else:
        text = f"the certificate of router {drift.router} is stale since {day(drift.stale_us)}"
        yield from fact("Drift", text, "red")
    for shift in drift.shifts[:_MOST_SHIFTS]:
        part = shift.part if len(shift.part) <= 24 else f"{shift.part[:23]}…"
        yield from fact(
            "",
            f"{shift.facet} {part}: {percent(shift.share_then)} then, "
            f"{percent(shift.share_now)} now",
            dim=True,
        )
    of = f"{counted(drift.requests, 'request')} of router {drift.router}"
    unwatched = f"; not watched: {', '.join(drift.unwatched)}" if drift.unwatched else ""
    yield from fact("", f"{of}, sample of {drift.rows:,} rows{unwatched}", dim=True)


_STATES = {"kept": "green", "not kept": "red", "not yet known": "yellow"}


def _quality(quality: Quality | None) -> Iterator[str]:
    if quality is None:
        return
    all_, funnel = quality.all, quality.funnel
    if all_.kept is None:
        text = "no cheap answer has been compared with premium's yet"
    else:
        over = f", over {all_.days} days" if all_.days else ""
        text = (
            f"cheap keeps {percent(all_.kept)} of premium's (95 % at every look{over}: "
            f"{between(all_.low, all_.high)})"
        )
    floor = "" if quality.floor is None else f"; the floor of {percent(quality.floor)} is "
    state = "" if quality.floor is None else quality.state
    yield from fact("Quality", text + floor + state, _STATES[state] if state else None)
    if quality.alarm_us is not None:
        yield from fact("", f"below the floor since {day_and_time(quality.alarm_us)}", "red")
    if all_.decided:
        yield from fact(
            "",
            f"premium was better {all_.premium_wins:,} times, cheap {all_.cheap_wins:,}, neither "
            f"{all_.ties:,}; the judge turned with the order {all_.swung:,} times",
            dim=True,
        )
    spent = _spent(funnel.cost_nano, funnel.unpriced)
    lost = f", {funnel.unpaid:,} beyond the day's money" if funnel.unpaid else ""
    yield from fact(
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
        yield from fact("" if number else "Users", f"{name:<20} {share}{interval}")


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
            paid(tier.spent_nano, tier.unpriced, decimals)
            + ("*" if tier.unpriced and tier.spent_nano else ""),
            paid(tier.retry_nano, tier.retry_unpriced, decimals)
            + ("*" if tier.retry_unpriced and tier.retry_nano else ""),
        )
    for tier in retries.tiers:
        if tier.reasons:
            parts = (
                f"{one.reason} {one.retries:,} ({paid(one.nano, one.unpriced, decimals)})"
                for one in tier.reasons[:_MOST_REASONS]
            )
            name = tier.tier if len(tier.tier) <= 20 else f"{tier.tier[:19]}…"
            for row in wrap(f"{name} failed by {', '.join(parts)}", WIDTH - 2):
                yield click.style(f"  {row}", dim=True)
    if any(tier.unpriced and tier.spent_nano for tier in retries.tiers):
        yield click.style("  * without attempts of unknown cost", dim=True)
    if retries.premium_share is not None:
        of = "retries of known cost came to" if retries.unpriced else "retries cost"
        yield f"  Premium is {percent(retries.premium_share)} of what {of}."


def _row(tier: str, answers: str, tried: str, rate: str, spent: str, wasted: str) -> str:
    name = tier if len(tier) <= 20 else f"{tier[:19]}…"
    return f"  {name:<20}{answers:>11}{tried:>10}{rate:>9}{spent:>14}{wasted:>13}"


def _month(month: Month) -> Iterator[str]:
    name = date.fromisoformat(month.first_day).strftime("%B")
    text = f"{_spent(month.spent_nano, month.unpriced)} so far in {name}"
    if not is_known(month.spent_nano, month.unpriced):
        text += ", and so is what it comes to"
    elif month.low_nano is None:
        text += "; too few whole days for a forecast"
    elif month.expected_nano is None or month.high_nano is None:
        text += f", {money(month.low_nano)} or more by its end (95 %)"
    else:
        low, high = money(month.low_nano), money(month.high_nano)
        text += f", {money(month.expected_nano)} by its end (95 %: {low} to {high})"
    if month.planned_nano is not None:
        text += f"; planned {money(month.planned_nano)}"
    if month.worst_nano is not None:
        text += f", {money(month.worst_nano)} at worst"
    yield from fact("Month", text)
    if rests_on := assumed(month):
        yield from fact("", rests_on.capitalize(), dim=True)
    if month.unpriced:
        text = f"{counted(month.unpriced, 'attempt')} of unknown cost"
        if month.low_nano is not None:
            text += ", in none of this"
        yield from fact("", text, "yellow")
    if month.unknown_days and month.low_nano is not None:
        days = counted(month.unknown_days, "whole day")
        how = "left out of the forecast" if month.expected_nano is not None else "so no forecast"
        yield from fact("", f"{days} with attempts of unknown cost, {how}", dim=True)


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
    yield from fact("Tripwire", text, colour)
    if headroom.assumed:
        names = ", ".join(headroom.assumed)
        yield from fact("", f"Not measured, and taken from the plan: {names}.", dim=True)


def _ends(ends: tuple[Ending, ...]) -> Iterator[str]:
    """What is announced of models in use; near or not, for whoever plans looks here."""
    for number, ending in enumerate(ends[:_MOST_ENDS]):
        yield from fact("" if number else "Ends", ending_words(ending), "yellow")
    if len(ends) > _MOST_ENDS:
        yield from fact("", f"and {len(ends) - _MOST_ENDS} more models later", dim=True)


def _beside(mishaps: Mishaps | None) -> Iterator[str]:
    """What was within a day, and what gateways say of it now."""
    if mishaps is None:
        return
    words = "fell silent" if mishaps.last == "silent" else "ended"
    text = f"the process beside the gateway {words} at {day_and_time(mishaps.last_us)}"
    text += f": {mishaps.why}" if mishaps.why else ""
    if mishaps.back_us is not None:
        yield from fact("Beside", f"well since {day_and_time(mishaps.back_us)}; {text}")
    else:
        yield from fact("Beside", f"{text}; nothing was heard of it since", "yellow")
        named = ", ".join(filter(None, mishaps.without))
        if named:
            yield from fact("", f"beside the gateway at {named}; its /healthz says more", dim=True)
    yield from fact(
        "",
        f"within a day it fell silent {_times(mishaps.silent)} and ended {_times(mishaps.ended)}",
        dim=True,
    )


def _times(number: int) -> str:
    return "once" if number == 1 else "twice" if number == 2 else f"{number:,} times"


def _spent(nano: int, unpriced: int) -> str:
    return paid(nano, unpriced, places(nano) if nano else 2)
