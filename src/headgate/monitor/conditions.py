"""What is wrong now, in words: from a status to the alarms that should be on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec

from headgate.monitor.assessment import Assessment, Scope
from headgate.monitor.drift import Drift
from headgate.monitor.endings import ending_words, is_near
from headgate.monitor.figures import alone, between, money, percent
from headgate.monitor.headroom import Headroom
from headgate.monitor.quality import Quality
from headgate.monitor.status import Month, Status, TierSpend

__all__ = ["LEAST_ATTEMPTS", "Condition", "Level", "conditions"]

Level = Literal["warning", "critical"]

LEAST_ATTEMPTS = 100
"""Attempts of a tier below which its retry rate is no news."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    subject: str
    """What it is about; an alarm of the same subject is the same alarm."""
    since_us: int
    level: Level
    title: str
    """One line."""
    text: str
    """Some sentences: how it is known, and what to do."""


def conditions(status: Status, *, worst_retry_rate: float = 0.2) -> list[Condition]:
    """All that is wrong at the moment of a status, the most severe first.

    `worst_retry_rate` is the plan's worst case for the share of attempts that fail.
    """
    found = [
        *_escalation(status.escalation),
        *(_scope(scope) for scope in status.escalation.scopes if scope.own and scope.alarm_us),
        *_tripwire(status.headroom, status.looked_us),
        *_saving(status),
        *_quality(status.quality),
        *(_drift(one) for one in status.drift if one.stale_us is not None),
        *_month(status.month, status.looked_us),
        *(
            _retries(tier, worst_retry_rate, status.looked_us)
            for tier in status.retries.tiers
            if _fails(tier, worst_retry_rate)
        ),
        *_ends(status),
    ]
    return sorted(found, key=lambda one: one.level != "critical")


def _escalation(escalation: Assessment) -> Iterator[Condition]:
    if escalation.alarm_us is None or escalation.budget is None:
        return
    rates = f"{_percent(escalation.slow.rate)} of the routed requests escalated lately, "
    rates += f"{_percent(escalation.fast.rate)} in the fast window"
    sentences = [f"{rates}; the budget is {percent(escalation.budget)}."]
    if escalation.creep is not None:
        creep = escalation.creep
        how = "at once" if creep.shape == "step" else "bit by bit"
        sentences.append(f"It went from {percent(creep.before)} to {percent(creep.after)} {how}.")
    cause = None if escalation.attribution is None else escalation.attribution.cause
    if cause is not None:
        sentences.append(f"Most of it is of the {cause[0]} {_named(cause[1].name)}.")
    sentences.append("`headgate status` says more.")
    yield Condition(
        subject="escalation",
        since_us=escalation.alarm_us,
        level="warning",
        title=f"Escalation has gone above its budget of {percent(escalation.budget)}",
        text=" ".join(sentences),
    )


def _scope(scope: Scope) -> Condition:
    assert scope.alarm_us is not None  # noqa: S101 - the caller has looked
    budget = percent(scope.budget or 0.0)
    return Condition(
        subject=f"escalation/{scope.title}",
        since_us=scope.alarm_us,
        level="warning",
        title=f"Escalation of {scope.kind} {_named(scope.name)} has gone above its budget "
        f"of {budget}",
        text=f"{_percent(scope.window.rate)} of its {scope.window.served:,} requests escalated "
        f"lately; its budget is {budget}. `headgate status` says more.",
    )


def _tripwire(headroom: Headroom | None, at_us: int) -> Iterator[Condition]:
    if headroom is None or not headroom.touched:
        return
    rate = f"{percent(headroom.rate)} escalate now (95 %: {between(headroom.low, headroom.high)})"
    if headroom.crossing is None:
        text = f"Routing pays at no escalation rate: {rate}."
    else:
        text = f"Routing pays until {percent(headroom.crossing)} escalate, and {rate}."
    yield Condition(
        subject="tripwire",
        since_us=at_us,
        level="critical",
        title="Routing may have stopped paying: the rate has reached the break-even",
        text=f"{text} `headgate tripwire` says what would change it.",
    )


def _saving(status: Status) -> Iterator[Condition]:
    high = status.report.saving.sure_high
    if status.report.verdict.answer == "no" and high is not None and high < 0:
        yield Condition(
            subject="saving",
            since_us=status.looked_us,
            level="critical",
            title="Routing costs more than it saves",
            text=f"{status.report.verdict.sentence} `headgate report` says what drives it.",
        )


def _quality(quality: Quality | None) -> Iterator[Condition]:
    if quality is None or quality.alarm_us is None or quality.floor is None:
        return
    all_ = quality.all
    yield Condition(
        subject="quality",
        since_us=quality.alarm_us,
        level="critical",
        title=f"Cheap answers no longer keep {percent(quality.floor)} of the premium quality",
        text=f"Over {all_.decided:,} comparisons they kept {_percent(all_.kept)} (95 % at every "
        f"look: {between(all_.low, all_.high)}), and less lately; {all_.premium_wins:,} times "
        "premium's answer was the better one. Escalate more, or certify the router anew.",
    )


def _drift(drift: Drift) -> Condition:
    assert drift.stale_us is not None  # noqa: S101 - the caller has looked
    moved = "; ".join(
        f"{shift.facet} {_named(shift.part)}: {percent(shift.share_then)} then, "
        f"{percent(shift.share_now)} now"
        for shift in drift.shifts[:3]
    )
    return Condition(
        subject=f"certificate/{drift.router}",
        since_us=drift.stale_us,
        level="warning",
        title=f"The certificate of router {drift.router} is stale: traffic has changed",
        text=(f"Farthest from the sample: {moved}. " if moved else "")
        + "Grade a new sample and run `headgate certify`.",
    )


def _month(month: Month, at_us: int) -> Iterator[Condition]:
    worst = month.worst_nano
    if worst is None or month.low_nano is None or month.low_nano <= worst:
        return
    yield Condition(
        subject="month",
        since_us=at_us,
        level="warning",
        title="The month will cost more than the plan's worst case",
        text=f"{money(month.spent_nano)} so far; by its end {money(month.low_nano)} or more "
        f"(95 %), and the worst case planned is {money(worst)}.",
    )


def _fails(tier: TierSpend, most: float) -> bool:
    attempts = tier.answers + tier.retries
    return attempts >= LEAST_ATTEMPTS and tier.sure_low > most


def _retries(tier: TierSpend, most: float, at_us: int) -> Condition:
    return Condition(
        subject=f"retries/{tier.tier}",
        since_us=at_us,
        level="warning",
        title=f"Tier {_named(tier.tier)} fails more often than the plan's worst case",
        text=f"{_percent(tier.retry_rate)} of its attempts served nobody; the worst case planned "
        f"is {percent(most)}. What retries have cost: "
        f"{alone(tier.retry_nano, tier.retry_unpriced)}.",
    )


def _ends(status: Status) -> Iterator[Condition]:
    today = datetime.fromtimestamp(status.looked_us // 1_000_000, UTC).date()
    for ending in status.ends:
        if is_near(ending, today):
            users = ", ".join(ending.used_by)
            named = f"The settings name it: {users}. " if users else ""
            called = f"It was called {ending.calls:,} times within a day. " if ending.calls else ""
            page = f" Announced: {ending.source}." if ending.source else ""
            yield Condition(
                subject=f"end/{_named(ending.model)}",
                since_us=status.looked_us,
                level="warning",
                title=f"{_named(ending.model)} ends on {ending.day}",
                text=f"{ending_words(ending)} {named}{called}"
                f"`headgate check` says where the file names it.{page}",
            )


def _percent(rate: float | None) -> str:
    return "none" if rate is None else percent(rate)


def _named(name: str) -> str:
    """A name that a caller may have chosen: one line, and no longer than a line."""
    shown = "".join(letter if letter.isprintable() else " " for letter in name)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
