"""How the escalation stands, on the status screen: the rate, an alarm and its causes, the burn."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from headgate.cli.status_rows import between_days, day, fact, span
from headgate.monitor.assessment import Assessment, Creep, Scope
from headgate.monitor.attribution import Attribution, Part
from headgate.monitor.budget import FALSE_ALARM_REQUESTS, FALSE_ALARMS
from headgate.monitor.figures import between, day_and_time, percent
from headgate.monitor.watched import Burn

__all__ = ["escalation_rows"]

_MOST_SCOPES = 4


def escalation_rows(escalation: Assessment) -> Iterator[str]:
    """All that is said of it, with the groups that are looked at apart."""
    slow = escalation.slow
    if not escalation.served:
        yield from fact("Escalation", "no routed request was served yet")
        return
    if slow.rate is None:
        text = f"no served request in the last {span(slow.span_seconds)}"
    else:
        text = (
            f"{percent(slow.rate)} in the last {span(slow.span_seconds)} "
            f"(95 %: {between(slow.low, slow.high)})"
        )
    budget = "no budget is set" if escalation.budget is None else percent(escalation.budget)
    yield from fact("Escalation", f"{text}; budget {budget}" if escalation.budget else text)
    if escalation.budget is None:
        yield from fact("", "No budget is set: [escalation] budget.", dim=True)
    if escalation.first_us is not None and escalation.rate is not None:
        yield from fact(
            "",
            f"{percent(escalation.rate)} since {day(escalation.first_us)} "
            f"(95 % at every look: {between(escalation.low, escalation.high)})",
            dim=True,
        )
    if escalation.budget is not None:
        yield from _alarm(escalation)
        yield from fact("Burn", _burns(escalation.fast, slow), _burn_colour(escalation))
    yield from _scopes(escalation.scopes)


def _alarm(escalation: Assessment) -> Iterator[str]:
    evidence = percent(min(escalation.evidence, 1.0))
    if escalation.alarm_us is None:
        cleared = ""
        if escalation.cleared_us is not None:
            cleared = f"; the last was cleared {day_and_time(escalation.cleared_us)}"
        yield from fact(
            "Alarm", f"none; the evidence is {evidence} of the way to one{cleared}", "green"
        )
        return
    yield from fact(
        "Alarm",
        f"since {day_and_time(escalation.alarm_us)}: the rate has gone above its budget",
        "red",
    )
    yield from fact(
        "",
        f"False alarms: a chance of at most {FALSE_ALARMS * 100:.0f} % in "
        f"{FALSE_ALARM_REQUESTS:,} requests.",
        dim=True,
    )
    yield from fact("", f"{evidence} of the way to an all-clear", dim=True)
    if escalation.creep is not None:
        yield from fact("Creep", _creep(escalation.creep))
    if escalation.attribution is not None:
        yield from _because(escalation.attribution)


def _creep(creep: Creep) -> str:
    how = "at once" if creep.shape == "step" else "bit by bit"
    when = between_days(creep.earliest_us, creep.latest_us)
    rates = f"{percent(creep.before)} → {percent(creep.after)}"
    return f"began {day(creep.began_us)} (95 %: {when}), {how}: {rates}"


def _because(attribution: Attribution) -> Iterator[str]:
    cause = attribution.cause
    if cause is None:
        yield from fact("Because", "of no one group of requests: several moved together")
        return
    dimension, part = cause
    yield from fact("Because", _reason(dimension, part))
    if len(attribution.dimensions[dimension]) == 1:
        return
    for one in attribution.dimensions[dimension][:3]:
        name = f"{dimension} {one.name}"
        yield from fact(
            "",
            f"{name if len(name) <= 32 else name[:31] + '…':<32} {_points(one.total)} = "
            f"rate {_points(one.rate_shift)} mix {_points(one.mix_shift)}",
            dim=True,
        )
    yield from fact(
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


def _scopes(scopes: tuple[Scope, ...]) -> Iterator[str]:
    for number, scope in enumerate(scopes[:_MOST_SCOPES]):
        window = scope.window
        rate = "none" if window.rate is None else percent(window.rate)
        alarm = "" if scope.alarm_us is None else f"; alarm since {day(scope.alarm_us)}"
        budget = (
            "" if not scope.own or scope.budget is None else f", budget {percent(scope.budget)}"
        )
        title = scope.name if scope.kind == "route" else scope.title
        name = title if len(title) <= 20 else f"{title[:19]}…"
        yield from fact(
            "" if number else "Apart",
            f"{name:<20} {rate:>7} of {window.served:,}{budget}{alarm}",
            "red" if alarm else None,
        )
    if len(scopes) > _MOST_SCOPES:
        yield from fact("", f"and {len(scopes) - _MOST_SCOPES} more: see --json", dim=True)
