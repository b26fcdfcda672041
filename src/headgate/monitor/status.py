"""The state of the house at one moment: does routing pay, is the budget kept, where is the bill?"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

import msgspec

from headgate.ledger.store import DAY_US, DayTotal, RequestTotal, TierTotal, Window
from headgate.monitor.assessment import Assessment
from headgate.monitor.blocked import over_time, share
from headgate.monitor.drift import Drift
from headgate.monitor.endings import Ending
from headgate.monitor.feedback import TierFeedback
from headgate.monitor.figures import is_known, percent
from headgate.monitor.headroom import Headroom
from headgate.monitor.mishaps import Mishaps
from headgate.monitor.planned import Planned
from headgate.monitor.quality import Quality
from headgate.monitor.report import Report, report
from headgate.monitor.saving import SURE
from headgate.monitor.standing import Action
from headgate.stats.blocks import Block
from headgate.stats.forecast import forecast
from headgate.stats.intervals import wilson

__all__ = [
    "HISTORY_DAYS",
    "Month",
    "Retries",
    "RetryReason",
    "Status",
    "TierSpend",
    "assumed",
    "bill_window",
    "month",
    "retries",
    "status",
]

HISTORY_DAYS = 91
"""Whole days that a forecast rests on, at most: thirteen weeks tell weekdays and trends apart, and
twice as many are hardly better and take twice the reading (`benchmarks.intervals.forecasts`)."""
_EPOCH = 3
"""The weekday of day 0, 1970-01-01: a Thursday."""
LEAST_TREND = 0.0005
"""A day, below which a trend is not worth a word: 1.5 % a month."""


class RetryReason(msgspec.Struct, frozen=True, kw_only=True):
    """The attempts of one tier that failed in one way."""

    reason: str
    """The ledger's word: `timeout`, `status`, `connect`, `reset`, …; `superseded` without one."""
    retries: int
    nano: int
    """What those of known cost cost."""
    unpriced: int


class TierSpend(msgspec.Struct, frozen=True, kw_only=True):
    """What one tier did for the routed requests."""

    tier: str
    premium: bool
    answers: int
    retries: int
    """Attempts that served nobody."""
    retry_rate: float | None
    """Of all its attempts; None without any."""
    spent_nano: int
    """All its attempts, drafts and retries included."""
    retry_nano: int
    unpriced: int
    """Of all its attempts, those of unknown cost; they are in no sum of money."""
    retry_unpriced: int
    """Of these, retries."""
    sure_low: float = 0.0
    """Where the 99.9 % interval of the retry rate begins: over days or hours where its sums are
    told apart by the hour and there are enough, else over attempts."""
    reasons: tuple[RetryReason, ...] = ()
    """Its retries by why they failed, the most frequent first; empty where it was not asked."""


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """The attempts that bought nothing."""

    tiers: tuple[TierSpend, ...]
    """Cheapest first."""
    spent_nano: int
    unpriced: int
    premium_share: float | None
    """Of the money that retries cost, 0 to 1; None where they cost none."""


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """The bill of the calendar month (UTC), everything through the gateway, pinned included."""

    first_day: str
    """As in 2026-11-01."""
    spent_nano: int
    unpriced: int
    """Attempts of this month whose cost is not known."""
    days_left: float
    expected_nano: int | None
    low_nano: int | None
    high_nano: int | None
    """The whole month, and its 95 % interval; None for too few days to tell, and where of what was
    spent nothing is known. Where too few days have all their attempts priced, only the lower end
    is told: what the priced attempts alone will come to, or more."""
    history_days: int
    unknown_days: int = 0
    """Whole days with attempts of unknown cost: no forecast takes their cost for known."""
    weekend: float | None = None
    """What the forecast takes a weekend day to cost of another one; None where it has seen none."""
    trend: float | None = None
    """By how much of itself it takes a day to cost more than the last; None without a forecast."""
    planned_nano: int | None
    """The plan's bill for a month of routed requests; None without a plan."""
    worst_nano: int | None = None
    """The plan's worst case for it."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """All that one screen shows."""

    looked_us: int
    """When it was looked at."""
    report: Report
    """The bill's window against the plan."""
    escalation: Assessment
    """Of the whole ledger."""
    retries: Retries
    month: Month
    headroom: Headroom | None
    """None for too few requests, or without settings."""
    drift: tuple[Drift, ...] = ()
    """Each certified router at work, against the sample of its certificate."""
    action: Action | None = None
    """What the watch does to routing now."""
    quality: Quality | None = None
    """Of cheap answers beside premium's; None where none were ever compared and no floor is set."""
    feedback: tuple[TierFeedback, ...] = ()
    """What users say of each tier's answers."""
    beside: Mishaps | None = None
    """What befell the process beside the gateway within a day; None for nothing."""
    ends: tuple[Ending, ...] = ()
    """The models of the settings and of the last day's calls whose end is announced, the soonest
    first."""

    @property
    def stale(self) -> bool:
        """Traffic is no longer like the sample of a certificate."""
        return any(drift.stale_us is not None for drift in self.drift)

    @property
    def answer(self) -> bool:
        """All is well: the budget and the quality are kept, no certificate is stale, and routing
        is not known to cost more than it saves."""
        return (
            not self.escalation.breached
            and not self.stale
            and not self.fallen
            and self.report.verdict.answer != "no"
        )

    @property
    def fallen(self) -> bool:
        """The quality kept has gone below its floor."""
        return self.quality is not None and self.quality.alarm_us is not None


def bill_window(now_us: int, days: int) -> Window:
    """The last `days` days up to now, to the microsecond."""
    return Window(now_us - days * DAY_US, now_us + 1)


def status(
    *,
    looked_us: int,
    tiers: Sequence[TierTotal],
    requests: Sequence[RequestTotal],
    window: Window,
    days: Sequence[DayTotal],
    escalation: Assessment,
    planned: Planned | None,
    headroom: Headroom | None,
    drift: tuple[Drift, ...] = (),
    action: Action | None = None,
    quality: Quality | None = None,
    feedback: tuple[TierFeedback, ...] = (),
    beside: Mishaps | None = None,
    ends: tuple[Ending, ...] = (),
) -> Status:
    """Put together what a store said of `window` and what the budget's account makes of it all."""
    return Status(
        looked_us=looked_us,
        report=report(tiers, requests, planned, window),
        escalation=escalation,
        retries=retries(tiers, hourly=True),
        month=month(days, looked_us, planned),
        headroom=headroom,
        drift=drift,
        action=action,
        quality=quality,
        feedback=feedback,
        beside=beside,
        ends=ends,
    )


def retries(totals: Sequence[TierTotal], *, hourly: bool = False) -> Retries:
    """Answers, drafts and retries of the routed requests by tier.

    Calls of the classifier and of checks are no tier's, and shadows are the watch's. `hourly`: the
    second of the totals' further dimensions is the hour; else it may be anything.
    """
    tried = ("answer", "draft", "retry")
    ours = [total for total in totals if total.routed and total.role in tried]
    names = sorted({(total.premium, total.tier) for total in ours})
    tiers = tuple(
        _tier(
            tier,
            premium,
            [total for total in ours if (total.premium, total.tier) == key],
            hourly=hourly,
        )
        for key in names
        for premium, tier in (key,)
    )
    spent = sum(tier.retry_nano for tier in tiers)
    premium = sum(tier.retry_nano for tier in tiers if tier.premium)
    return Retries(
        tiers=tiers,
        spent_nano=spent,
        unpriced=sum(tier.retry_unpriced for tier in tiers),
        premium_share=premium / spent if spent else None,
    )


def _tier(tier: str, premium: bool, totals: Sequence[TierTotal], *, hourly: bool) -> TierSpend:
    answers = sum(total.attempts for total in totals if total.role == "answer")
    failed = [total for total in totals if total.role == "retry"]
    tried = sum(total.attempts for total in failed)
    return TierSpend(
        tier=tier,
        premium=premium,
        answers=answers,
        retries=tried,
        retry_rate=tried / (tried + answers) if tried + answers else None,
        sure_low=_sure_low(totals, hourly=hourly),
        spent_nano=sum(total.cost_nano for total in totals),
        retry_nano=sum(total.cost_nano for total in failed),
        unpriced=_unpriced(totals),
        retry_unpriced=_unpriced(failed),
        reasons=_reasons(failed),
    )


def _sure_low(totals: Sequence[TierTotal], *, hourly: bool) -> float:
    """Over the hours, where the totals are by them: failures come on bad days."""
    counts = [(total, total.attempts * (total.role != "draft")) for total in totals]
    tried = sum(n for _, n in counts)
    failed = sum(total.attempts for total in totals if total.role == "retry")
    by_hour = [
        (int(total.of[1]), Block(float(n * (total.role == "retry")), float(n)))
        for total, n in counts
        if hourly and len(total.of) > 1
    ]
    alone = wilson(failed, tried, SURE)
    return share(over_time(alone, by_hour, SURE).interval or alone).low


def _unpriced(totals: Iterable[TierTotal]) -> int:
    return sum(total.attempts for total in totals if not total.priced)


def _reasons(failed: Sequence[TierTotal]) -> tuple[RetryReason, ...]:
    """By the first of the further dimensions, which is the error."""
    names = {str(total.of[0]) for total in failed if total.of}
    of = {name: [total for total in failed if total.of and total.of[0] == name] for name in names}
    found = [
        RetryReason(
            reason=name or "superseded",
            retries=sum(total.attempts for total in theirs),
            nano=sum(total.cost_nano for total in theirs),
            unpriced=_unpriced(theirs),
        )
        for name, theirs in of.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.retries, one.reason)))


def month(days: Sequence[DayTotal], at_us: int, planned: Planned | None = None) -> Month:
    """The month that `at_us` lies in: spent so far, and what it will come to.

    `days` must reach back `HISTORY_DAYS` days and to the first of the month. The forecast is what
    was spent plus what the time left comes to by the last whole days, their weekdays and their
    trend (`headgate.stats.forecast`); days before the first of `days` are no history, days without
    any attempt cost nothing. What a day with attempts of unknown cost has cost is not known either,
    only that it was no less than its priced ones.
    """
    now = datetime.fromtimestamp(at_us // 1_000_000, UTC)
    first = now.date().replace(day=1)
    length = monthrange(first.year, first.month)[1]
    begins = (first - date(1970, 1, 1)).days
    left = begins + length - at_us / DAY_US
    this = [total for total in days if total.day >= begins]
    spent = sum(total.cost_nano for total in this)
    unpriced = sum(total.unpriced for total in this)
    history = _history(days, at_us // DAY_US)
    whole = [None if total.unpriced else float(total.cost_nano) for total in history]
    begun = history[0].day + _EPOCH if history else 0
    found = least = None
    if is_known(spent, unpriced):
        found = forecast(whole, begun % 7, left)
        least = found or forecast([float(one.cost_nano) for one in history], begun % 7, left)
    return Month(
        first_day=first.isoformat(),
        spent_nano=spent,
        unpriced=unpriced,
        days_left=left,
        expected_nano=None if found is None else spent + round(found.expected),
        low_nano=None if least is None else spent + round(least.interval.low),
        high_nano=None if found is None else spent + round(found.interval.high),
        history_days=0 if found is None else found.days,
        unknown_days=whole.count(None),
        weekend=None if found is None else found.weekend,
        trend=None if found is None else found.trend,
        planned_nano=None
        if planned is None
        else round(planned.nano_per_request * planned.requests_per_month),
        worst_nano=None
        if planned is None or planned.worst_nano is None
        else round(planned.worst_nano * planned.requests_per_month),
    )


def assumed(month: Month) -> str:
    """What the forecast rests on, and takes for given; empty without one."""
    if month.expected_nano is None:
        return ""
    week = "no weekend yet"
    if month.weekend is not None:
        week = f"weekends {percent(month.weekend)} of other days"
    trend = month.trend or 0.0
    moving = f"trend {trend * 100:+.1f} % a day" if abs(trend) >= LEAST_TREND else "no trend"
    return f"from {month.history_days:,} days: {week}, {moving}"


def _history(days: Sequence[DayTotal], today: int) -> list[DayTotal]:
    """The last whole days, the ledger's first day left out as it may be none."""
    known = {total.day: total for total in days}
    if not known:
        return []
    return [
        known.get(day) or DayTotal(day=day, attempts=0, unpriced=0, cost_nano=0)
        for day in range(max(today - HISTORY_DAYS, min(known) + 1), today)
    ]
