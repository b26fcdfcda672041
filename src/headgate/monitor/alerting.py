"""Who is told what and when: news, repetitions, quiet hours; and what an alert says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from headgate.monitor.conditions import Condition, Level
from headgate.monitor.standing import Standing

__all__ = ["CALM_US", "Alert", "News", "Quiet", "Rules", "due", "news_of", "quiet_of"]

News = Literal["raised", "repeated", "cleared", "test"]

CALM_US = 86_400_000_000
"""How long a figure must have been well for its alarm to be over."""
FORGET_US = 7 * 86_400_000_000
"""A cleared alarm is told of within this time; older ones are history."""


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of the day in which only what is critical is told; they may go over midnight."""

    begins: time
    ends: time
    zone: str = "UTC"

    def holds(self, at_us: int) -> bool:
        """Whether it is quiet at a moment."""
        local = datetime.fromtimestamp(at_us / 1e6, UTC).astimezone(ZoneInfo(self.zone)).time()
        if self.begins < self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends


def quiet_of(hours: str | None, zone: str) -> Quiet | None:
    """The quiet hours as the settings write them, `HH:MM-HH:MM`."""
    if hours is None:
        return None
    begins, ends = (time.fromisoformat(part) for part in hours.split("-"))
    return Quiet(begins=begins, ends=ends, zone=zone)


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What is told, and how often."""

    least: Level = "warning"
    repeat_us: int = 86_400_000_000
    """What still holds is told again after this time; 0 never."""
    quiet: Quiet | None = None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One message, the same for all channels."""

    id: str
    """The same for every try to deliver it: receivers may drop what they have had."""
    subject: str
    news: News
    level: Level
    at_us: int
    since_us: int
    """When the alarm was raised."""
    title: str
    text: str


def due(conditions: Sequence[Condition], now: Standing, rules: Rules, at_us: int) -> list[Alert]:
    """The alerts that are to be sent at a moment, `now` being what the events say.

    An alarm that is on and was not told is news; one that was is told again after a while; one that
    is over is told if its beginning was. Two processes that ask at once get alerts of the same id.
    """
    found = {condition.subject: condition for condition in conditions}
    alerts = [
        alert
        for subject, since_us in now.alarms.items()
        if (alert := _of_alarm(subject, since_us, found, now, rules, at_us)) is not None
    ]
    for subject, cleared_us in now.cleared.items():
        told = now.told.get(subject)
        if told is not None and told.news != "cleared" and at_us - cleared_us < FORGET_US:
            alerts.append(
                Alert(
                    id=_identity(subject, told.alarm_us, "cleared"),
                    subject=subject,
                    news="cleared",
                    level=now.levels.get(subject, "warning"),
                    at_us=cleared_us,
                    since_us=told.alarm_us,
                    title=f"Over: {now.titles.get(subject, subject)}",
                    text="The alarm was cleared.",
                )
            )
    return [alert for alert in alerts if _may(alert, rules, at_us)]


def _of_alarm(
    subject: str,
    since_us: int,
    found: Mapping[str, Condition],
    now: Standing,
    rules: Rules,
    at_us: int,
) -> Alert | None:
    told = now.told.get(subject)
    number = 0
    if told is not None and told.alarm_us == since_us and told.news != "cleared":
        if not rules.repeat_us or at_us - told.at_us < rules.repeat_us:
            return None
        number = (at_us - since_us) // rules.repeat_us
    condition = found.get(subject)
    return Alert(
        id=_identity(subject, since_us, str(number)),
        subject=subject,
        news="repeated" if number else "raised",
        level=condition.level if condition else "warning",
        at_us=at_us,
        since_us=since_us,
        title=condition.title if condition else now.titles.get(subject, subject),
        text=condition.text if condition else "",
    )


def _identity(*parts: object) -> str:
    """An id of plain letters, whatever a route or a key is called."""
    text = "/".join(map(str, parts))
    return f"alert_{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def _may(alert: Alert, rules: Rules, at_us: int) -> bool:
    """What is critical is told at any hour, but for its end."""
    if rules.least == "critical" and alert.level != "critical":
        return False
    urgent = alert.level == "critical" and alert.news != "cleared"
    return urgent or rules.quiet is None or not rules.quiet.holds(at_us)


def news_of(
    conditions: Sequence[Condition], now: Standing, seen: Mapping[str, int], at_us: int
) -> tuple[list[Condition], list[str]]:
    """Conditions whose alarm is to be raised, and subjects whose alarm is to be cleared.

    `seen` says when each subject was last among the conditions. Those with a detector of their own
    are cleared as soon as they are not; those that compare two figures, which may go to and fro,
    when they have not been for `CALM_US`.
    """
    subjects = {condition.subject for condition in conditions}
    raised = [condition for condition in conditions if condition.subject not in now.alarms]
    cleared = [
        subject
        for subject in now.alarms
        if subject not in subjects
        and (_decided(subject) or at_us - seen.get(subject, at_us) >= CALM_US)
    ]
    return raised, cleared


def _decided(subject: str) -> bool:
    return subject.partition("/")[0] in ("escalation", "certificate", "quality")
